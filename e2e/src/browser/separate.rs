//! Browsers with one driver each, since their driver serves only one browser at a time.

use std::{fs::File, path::Path, process::Command};

use serde_json::{Map, Value};
use tempfile::TempDir;
use thirtyfour::{Capabilities, WebDriver, error::WebDriverResult};
use tokio::{net::TcpStream, time::sleep};

use super::{Engine, STARTS, Screen, Theme, firefox, program::Program, webkit};
use crate::{
    Page,
    port::Port,
    wait::{LOOK, until},
};

/// The file for the output of the programs, which is reported if they do not start.
const SAID: &str = "said.txt";

/// What a page needs while it is open. The order of the fields is the order of the end: programs first, then their
/// files.
pub(crate) struct Held {
    driver: Program,
    _display: Option<Program>,
    /// The folder for profiles and settings.
    folder: TempDir,
    port: Port,
}

/// What an engine needs to start its browser.
pub(super) struct Start {
    pub(super) driver: Program,
    pub(super) display: Option<Program>,
    /// The name and value of the browser's options among the capabilities.
    pub(super) options: (&'static str, Value),
}

/// Opens a browser, again if it dies before it answers.
pub(super) async fn open(engine: Engine, screen: Screen, theme: Theme) -> Page {
    for _ in 0..STARTS {
        match open_once(engine, screen, theme).await {
            Ok(page) => return page,
            Err(said) => eprintln!("{engine:?} did not start: {said}"),
        }
    }
    panic!("{engine:?} starts in one of {STARTS} times");
}

async fn open_once(engine: Engine, screen: Screen, theme: Theme) -> Result<Page, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let port = Port::take();
    let start = match engine {
        Engine::Chromium => unreachable!("one chromedriver is enough"),
        Engine::Firefox => firefox::start(folder.path(), port.number(), screen, theme),
        Engine::WebKit => webkit::start(folder.path(), port.number(), theme).await?,
    };
    let mut held = Held {
        driver: start.driver,
        _display: start.display,
        folder,
        port,
    };
    let found = session(&mut held, start.options).await;
    let driver = found.map_err(|error| format!("{error}\n{}", held.said()))?;
    if let Err(error) = bare_window(&driver, screen).await {
        // The window may be half open. The browser ends with its driver.
        drop(driver.quit().await);
        return Err(error.to_string());
    }
    Ok(Page::new(driver, engine, Some(held)))
}

impl Held {
    fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join(SAID)).unwrap_or_default()
    }
}

/// A command whose output is kept in `folder`.
pub(super) fn command(program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
    let said = || {
        let path = folder.join(SAID);
        let file = File::options().create(true).append(true).open(path);
        file.expect("a file for what the programs say")
    };
    let mut command = Command::new(program);
    command.stdin(std::process::Stdio::null()).stdout(said()).stderr(said());
    command
}

/// Waits until the driver listens, and returns a session of the browser.
async fn session(held: &mut Held, (name, options): (&str, Value)) -> Result<WebDriver, String> {
    let number = held.port.number();
    while TcpStream::connect(("127.0.0.1", number)).await.is_err() {
        if held.driver.ended() {
            return Err("its driver ended".into());
        }
        sleep(LOOK).await;
    }
    let capabilities = Map::from_iter([(name.to_owned(), options)]);
    let driver = WebDriver::new(format!("http://127.0.0.1:{number}"), Capabilities::from(capabilities)).await;
    driver.map_err(|error| error.to_string())
}

/// Replaces the first window, which is never as narrow as a phone, by a popup with few bars.
async fn bare_window(driver: &WebDriver, screen: Screen) -> WebDriverResult<()> {
    let first = driver.window().await?;
    let open = "window.open('about:blank', '_blank', 'popup'); return null";
    driver.execute(open, vec![]).await?;
    let bare = until("a window without bars", async || {
        let windows = driver.windows().await.ok()?;
        windows.into_iter().find(|window| *window != first)
    })
    .await;
    driver.close_window().await?;
    driver.switch_to_window(bare).await?;
    fit(driver, screen.size()).await;
    Ok(())
}

/// Resizes the window so that the page has this size, in CSS pixels.
pub(crate) async fn fit(driver: &WebDriver, (width, height): (u32, u32)) {
    let measure = "return [innerWidth, innerHeight, outerWidth - innerWidth, outerHeight - innerHeight]";
    until("a window of the right size", async || {
        let measured = driver.execute(measure, vec![]).await.ok()?;
        let [wide, high, beside, above]: [u32; 4] = measured.convert().ok()?;
        if (wide, high) == (width, height) {
            return Some(());
        }
        let sized = driver.set_window_rect(0, 0, width + beside, height + above).await;
        sized.ok().filter(|()| false)
    })
    .await;
}
