//! WebKitGTK's own small browser on a screen that nobody sees, driven through WebKitWebDriver.

use std::{
    fs,
    io::{self, BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use serde_json::json;

use super::{
    Theme,
    program::Program,
    separate::{Start, command},
};

/// Larger than any window of a story.
const SCREEN: &str = "1600x1200x24";
/// A window may be as narrow as a phone when nothing around the page takes document.
const STYLE: &str = "* { min-width: 0; min-height: 0; padding: 0; margin: 0; border: 0; font-size: 1px; }";

/// Starts a screen and WebKitWebDriver on it; their settings lie in `folder`.
pub(super) async fn start(folder: &Path, port: u16, theme: Theme) -> Result<Start, String> {
    settings(folder, theme).expect("settings can be written");
    let (display, number) = display(folder).await?;
    let mut webdriver = command("WebKitWebDriver", folder);
    webdriver
        .arg("--host=127.0.0.1")
        .arg(format!("--port={port}"))
        .env("DISPLAY", format!(":{number}"))
        .env("GDK_BACKEND", "x11")
        .env("XDG_CONFIG_HOME", folder)
        .env("XDG_DATA_HOME", folder)
        .env("LC_ALL", "C.UTF-8")
        .env("LANGUAGE", "en_US");
    let driver = Program::start(
        &mut webdriver,
        "WebKitWebDriver is installed (on Debian: webkit2gtk-driver)",
    );
    // The driver opens the story's window by a script.
    let options = json!({ "args": ["--automation", "--javascript-can-open-windows-automatically=true"] });
    Ok(Start {
        driver,
        display: Some(display),
        options: ("webkitgtk:browserOptions", options),
    })
}

/// What the system says of colours and motion.
fn settings(folder: &Path, theme: Theme) -> io::Result<()> {
    let gtk = folder.join("gtk-3.0");
    fs::create_dir(&gtk)?;
    let dark = u8::from(theme == Theme::Dark);
    let settings =
        format!("[Settings]\ngtk-enable-animations=0\ngtk-application-prefer-dark-theme={dark}\ngtk-font-name=Inter\n");
    fs::write(gtk.join("settings.ini"), settings)?;
    fs::write(gtk.join("gtk.css"), STYLE)
}

/// A screen, and the number that it chose itself.
async fn display(folder: &Path) -> Result<(Program, u32), String> {
    let (read, write) = io::pipe().expect("a pipe");
    let mut xvfb: Command = command("Xvfb", folder);
    xvfb.args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", SCREEN])
        .stdout(Stdio::from(write));
    let program = Program::start(&mut xvfb, "Xvfb is installed (on Debian: xvfb)");
    // The pipe ends when Xvfb does, so not here too.
    drop(xvfb);
    let said = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        BufReader::new(read).read_line(&mut line).map(|_| line)
    });
    let line = said.await.expect("a line can be read");
    let number = line.map_err(|error| error.to_string())?.trim().parse();
    Ok((program, number.map_err(|_| "Xvfb has no screen".to_owned())?))
}
