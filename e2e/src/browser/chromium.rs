//! Headless Chromium, controlled through chromedriver.

use std::process::Stdio;

use serde_json::{Value, json};
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities, WebDriver};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use super::{Engine, STARTS, Screen, Theme};
use crate::Page;

/// One chromedriver process, which ends when this is dropped.
pub(super) struct Driver {
    _process: Child,
    address: String,
}

impl Driver {
    /// Starts chromedriver on a free port.
    ///
    /// chromedriver picks a port that is free for IPv6 and gives up if the port is taken for IPv4, for example by
    /// another test's server. In that case it is started again.
    ///
    /// # Panics
    /// Panics if chromedriver is not installed or does not start.
    pub(super) async fn start() -> Self {
        for _ in 0..STARTS {
            match Self::start_once().await {
                Ok(started) => return started,
                Err(said) => eprintln!("chromedriver did not start: {said}"),
            }
        }
        panic!("chromedriver starts in one of {STARTS} times");
    }

    /// Starts chromedriver once. The error is its output before it gave up.
    async fn start_once() -> Result<Self, String> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver is installed (on Debian: chromium-driver)");
        let output = process.stdout.take().expect("its output is a pipe");
        let mut lines = BufReader::new(output).lines();
        let mut said = String::new();
        let port = loop {
            let Some(line) = lines.next_line().await.expect("chromedriver's output") else {
                return Err(said);
            };
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
            said.push_str(&line);
            said.push('\n');
        };
        // chromedriver must not block on a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            _process: process,
            address: format!("http://127.0.0.1:{port}"),
        })
    }

    /// Opens a browser with a new profile.
    ///
    /// # Panics
    /// Panics if Chromium does not start.
    pub(super) async fn open(&self, screen: Screen, theme: Theme) -> Page {
        let page = Page::new(self.session(screen, theme).await, Engine::Chromium, None);
        let scheme = match theme {
            Theme::Light => "light",
            Theme::Dark => "dark",
        };
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        page.devtools("Emulation.setEmulatedMedia", json!({ "features": features }))
            .await;
        if screen == Screen::Desktop {
            let (width, height) = screen.size();
            // The size of the window would include the bars of the browser.
            let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
            page.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        }
        page
    }

    /// Starts Chromium, again if it dies before it answers.
    async fn session(&self, screen: Screen, theme: Theme) -> WebDriver {
        for _ in 0..STARTS {
            match WebDriver::new(self.address.as_str(), capabilities(screen, theme)).await {
                Ok(driver) => return driver,
                Err(error) => eprintln!("Chromium did not start: {error}"),
            }
        }
        panic!("Chromium starts in one of {STARTS} times");
    }
}

fn capabilities(screen: Screen, theme: Theme) -> thirtyfour::ChromeCapabilities {
    let mut capabilities = DesiredCapabilities::chrome();
    let mut arguments = vec![
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--force-prefers-reduced-motion",
        "--lang=en-US",
    ];
    // This setting also covers the widget, which is a frame of another site and so in another process.
    arguments.push(match theme {
        Theme::Light => "--blink-settings=preferredColorScheme=1",
        Theme::Dark => "--blink-settings=preferredColorScheme=0",
    });
    for argument in arguments {
        capabilities.add_arg(argument).expect("an argument");
    }
    if screen == Screen::Phone {
        let (width, height) = screen.size();
        let emulation: Value = json!({
            "deviceMetrics": { "width": width, "height": height, "pixelRatio": 2.0, "touch": true, "mobile": true },
            "userAgent": "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) \
                Chrome/140.0.0.0 Mobile Safari/537.36",
        });
        capabilities
            .add_experimental_option("mobileEmulation", emulation)
            .expect("an option");
    }
    let languages = json!({ "intl.accept_languages": "en-US,en" });
    capabilities
        .add_experimental_option("prefs", languages)
        .expect("an option");
    capabilities
}
