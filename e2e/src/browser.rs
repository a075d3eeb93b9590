//! Headless browsers of three engines, each controlled through its own WebDriver.

mod chromium;
mod firefox;
mod program;
mod separate;
mod webkit;

use crate::Page;

pub(crate) use separate::{Held, fit};

/// A browser engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Chromium, through chromedriver.
    Chromium,
    /// Firefox, through geckodriver.
    Firefox,
    /// WebKitGTK's MiniBrowser, through WebKitWebDriver.
    WebKit,
}

impl Engine {
    /// Whether the engine can emulate a phone's touch screen, so that `pointer: coarse` holds.
    pub fn imitates_fingers(self) -> bool {
        match self {
            Self::Chromium | Self::Firefox => true,
            Self::WebKit => false,
        }
    }
}

/// The size of the screen, and whether it has a mouse or is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// 1440 × 900 with a mouse.
    Desktop,
    /// 390 × 844 with touch.
    Phone,
}

impl Screen {
    /// Width and height in CSS pixels.
    fn size(self) -> (u32, u32) {
        match self {
            Self::Desktop => (1440, 900),
            Self::Phone => (390, 844),
        }
    }
}

/// The system's colour scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

/// How often a driver or its browser is started before the test gives up.
const STARTS: usize = 5;

/// Opens browsers of one engine.
pub struct Driver(Kind);

enum Kind {
    /// One chromedriver for all browsers; it ends when this is dropped.
    Chromium(Box<chromium::Driver>),
    /// The driver serves one browser at a time, so each browser has its own driver.
    Separate(Engine),
}

impl Driver {
    /// Starts what all browsers of the engine share.
    ///
    /// # Panics
    /// Panics if the engine's driver is not installed or does not start.
    pub async fn start(engine: Engine) -> Self {
        Self(match engine {
            Engine::Chromium => Kind::Chromium(Box::new(chromium::Driver::start().await)),
            Engine::Firefox | Engine::WebKit => Kind::Separate(engine),
        })
    }

    /// Opens a browser with a new profile.
    ///
    /// # Panics
    /// Panics if the browser does not start.
    pub async fn open(&self, screen: Screen, theme: Theme) -> Page {
        match &self.0 {
            Kind::Chromium(driver) => driver.open(screen, theme).await,
            Kind::Separate(engine) => separate::open(*engine, screen, theme).await,
        }
    }
}
