//! Headless Firefox, controlled through geckodriver.

use std::path::Path;

use serde_json::json;

use super::{
    Screen, Theme,
    program::Program,
    separate::{Start, command},
};

/// The path at which `scripts/packages.sh` installs geckodriver.
const GECKODRIVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/bin/geckodriver");
/// The program's name on Debian, then its usual name.
const NAMES: [&str; 2] = ["firefox-esr", "firefox"];

/// Starts geckodriver, which keeps its files in `folder`.
pub(super) fn start(folder: &Path, port: u16, screen: Screen, theme: Theme) -> Start {
    let mut geckodriver = command(GECKODRIVER, folder);
    geckodriver
        .args(["--host=127.0.0.1", "--log=warn"])
        .arg(format!("--port={port}"))
        .arg("--profile-root")
        .arg(folder);
    let driver = Program::start(
        &mut geckodriver,
        "geckodriver is in target/tools: run scripts/packages.sh",
    );
    let mut prefs = json!({
        "intl.accept_languages": "en-US,en",
        "layout.css.prefers-color-scheme.content-override": match theme {
            Theme::Dark => 0,
            Theme::Light => 1,
        },
        "ui.prefersReducedMotion": 1,
        // The driver opens the test's window by a script.
        "dom.disable_open_during_load": false,
    });
    if screen == Screen::Phone {
        const COARSE: u32 = 1;
        prefs["ui.primaryPointerCapabilities"] = COARSE.into();
        prefs["ui.allPointerCapabilities"] = COARSE.into();
    }
    let options = json!({ "binary": firefox(), "args": ["-headless"], "prefs": prefs });
    Start {
        driver,
        display: None,
        options: ("moz:firefoxOptions", options),
    }
}

/// The path of Firefox.
fn firefox() -> String {
    let folders = std::env::var_os("PATH").expect("a search path");
    let found = NAMES.iter().find_map(|name| {
        let mut places = std::env::split_paths(&folders).map(|folder| folder.join(name));
        places.find(|place| place.is_file())
    });
    let found = found.expect("Firefox is installed (on Debian: firefox-esr)");
    found.into_os_string().into_string().expect("a path in UTF-8")
}
