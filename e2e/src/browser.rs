//! Headless browsers of three engines, each driven through the driver that comes with it.

mod chromium;
mod firefox;
mod program;
mod separate;
mod webkit;

use crate::Page;

pub(crate) use separate::{Held, fit};

/// What draws the pages and runs their scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Chromium, through chromedriver.
    Chromium,
    /// Firefox, through geckodriver.
    Firefox,
    /// WebKitGTK's own small browser, through WebKitWebDriver.
    WebKit,
}

impl Engine {
    /// Can a phone's fingers be imitated, so that `pointer: coarse` holds?
    pub fn imitates_fingers(self) -> bool {
        match self {
            Self::Chromium | Self::Firefox => true,
            Self::WebKit => false,
        }
    }
}

/// The size of the screen and how it is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// 1440 × 900 with a mouse.
    Desktop,
    /// 390 × 844 with fingers.
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

/// The system's colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    Light,
    Dark,
}

/// How often a driver or its browser is started before a story gives up.
const STARTS: usize = 5;

/// Opens browsers of one engine.
pub struct Driver(Kind);

enum Kind {
    /// One chromedriver for all; it ends with its owner.
    Chromium(Box<chromium::Driver>),
    /// These drivers know one browser at a time, so each browser has its own.
    Separate(Engine),
}

impl Driver {
    /// Starts what all browsers of the engine share.
    ///
    /// # Panics
    /// When the engine's driver is not installed or does not start.
    pub async fn start(engine: Engine) -> Self {
        Self(match engine {
            Engine::Chromium => Kind::Chromium(Box::new(chromium::Driver::start().await)),
            Engine::Firefox | Engine::WebKit => Kind::Separate(engine),
        })
    }

    /// A browser with a profile of its own.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn open(&self, screen: Screen, theme: Theme) -> Page {
        match &self.0 {
            Kind::Chromium(driver) => driver.open(screen, theme).await,
            Kind::Separate(engine) => separate::open(*engine, screen, theme).await,
        }
    }
}
