//! Crashes of the console: the reports of its page, and the list for owners and admins.

use serde::{Deserialize, Serialize};

use crate::Millis;

/// Maximum size of a report's body, in bytes.
pub const MAX_REPORT: usize = 8 * 1024;

/// The part of the console whose code was running.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Main,
    Settings,
    Desk,
}

impl Part {
    /// The stable text form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Settings => "settings",
            Self::Desk => "desk",
        }
    }

    /// Parses the stable text form.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Main, Self::Settings, Self::Desk]
            .into_iter()
            .find(|part| part.as_str() == key)
    }
}

/// `POST /api/crash`, in JSON only, because the sender (`public/crash.js`) must work when the program does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrashReport {
    /// The console's build.
    pub build: String,
    pub part: Part,
    /// The kind of error and one line per frame: file, function index and offset, without texts.
    pub stack: String,
    /// The path of the page's address.
    pub route: String,
}

/// One row of `GET /api/crashes`: all reports of a build with the same part and stack; latest report first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrashRow {
    pub build: String,
    pub part: Part,
    pub stack: String,
    /// The route of the last report.
    pub route: String,
    /// The browser's engine and its major version in the last report, e.g. `Firefox 140`; empty if unknown.
    pub engine: String,
    pub first_seen: Millis,
    pub last_seen: Millis,
    /// Number of reports.
    pub count: u32,
}
