//! Headless Chromium, driven through chromedriver.

use std::process::Stdio;

use serde_json::{Value, json};
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities, WebDriver};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

use crate::Page;

/// The size of the screen and how it is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// 1440 × 900 with a mouse.
    Desktop,
    /// 390 × 844 with fingers.
    Phone,
}

/// The system's colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

/// One chromedriver; it ends with its owner.
pub struct Driver {
    _process: Child,
    address: String,
}

impl Driver {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// When chromedriver is not installed or does not start.
    pub async fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver is installed (on Debian: chromium-driver)");
        let output = process.stdout.take().expect("its output is a pipe");
        let mut lines = BufReader::new(output).lines();
        let port = loop {
            let line = lines
                .next_line()
                .await
                .expect("chromedriver's output")
                .expect("chromedriver says its port");
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        // It must not be stopped by a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self {
            _process: process,
            address: format!("http://127.0.0.1:{port}"),
        }
    }

    /// A browser with a profile of its own.
    ///
    /// # Panics
    /// When Chromium does not start.
    pub async fn open(&self, screen: Screen, theme: Theme) -> Page {
        let driver = WebDriver::new(self.address.as_str(), capabilities(screen, theme))
            .await
            .expect("Chromium starts");
        let page = Page::new(driver);
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
            // The window's own size includes the bars of a browser that nobody sees.
            let metrics = json!({ "width": 1440, "height": 900, "deviceScaleFactor": 1, "mobile": false });
            page.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        }
        page
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
    // For the widget too, which is a frame of another site and so a process of its own.
    arguments.push(match theme {
        Theme::Light => "--blink-settings=preferredColorScheme=1",
        Theme::Dark => "--blink-settings=preferredColorScheme=0",
    });
    for argument in arguments {
        capabilities.add_arg(argument).expect("an argument");
    }
    if screen == Screen::Phone {
        let emulation: Value = json!({
            "deviceMetrics": { "width": 390, "height": 844, "pixelRatio": 2.0, "touch": true, "mobile": true },
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
