//! Crashes of the console: what its page reports, and what owners and admins read.

use serde::{Deserialize, Serialize};

use crate::Millis;

/// Largest body of a report, bytes.
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

    /// The part of a text form.
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Main, Self::Settings, Self::Desk]
            .into_iter()
            .find(|part| part.as_str() == key)
    }
}

/// `POST /api/crash`, in JSON only: the sender (`public/crash.js`) runs when the program does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrashReport {
    /// The console's build.
    pub build: String,
    pub part: Part,
    /// The kind of error and a line a frame: file, function index and offset, without texts.
    pub stack: String,
    /// The path of the address.
    pub route: String,
}

/// One of `GET /api/crashes`: all reports of a build with the same part and stack, the last one first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CrashRow {
    pub build: String,
    pub part: Part,
    pub stack: String,
    /// Of the last report.
    pub route: String,
    /// The browser's engine and its major version in the last report, e.g. `Firefox 140`; empty if unknown.
    pub engine: String,
    pub first_seen: Millis,
    pub last_seen: Millis,
    /// Number of reports.
    pub count: u32,
}
