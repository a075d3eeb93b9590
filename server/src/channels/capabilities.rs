//! What a channel can do, and its limits.

use causerie_shared::{Millis, inbox::HUMAN_AGENT_MS};

use super::inbound_event::Class;

/// The unit in which a text's length is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Unicode scalar values.
    Chars,
    /// UTF-16 code units.
    Utf16,
    /// Bytes of UTF-8.
    Bytes,
}

/// The maximum length of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub max: usize,
    pub unit: Unit,
}

/// A rule for files: the types and size that may be sent as a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaRule {
    pub class: Class,
    /// Allowed media types; empty allows any.
    pub types: &'static [&'static str],
    /// Maximum size in bytes.
    pub max: u64,
}

/// The time after a contact's message in which the channel allows free answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub open: Millis,
    /// Whether accounts with the permission may answer as a human agent until [`HUMAN_AGENT_MS`] after the window
    /// closed.
    pub human_agent: bool,
    /// Whether templates may be sent after the window closed.
    pub templates: bool,
}

/// How a message may be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    Freely,
    AsHumanAgent,
    /// Only as a template.
    Not,
}

impl Window {
    /// Returns how a message may be sent at `now`, if the window closes at `closes`. `human_agent` says whether the
    /// account may answer as a human agent.
    pub fn stands(self, closes: Millis, human_agent: bool, now: Millis) -> Open {
        if now <= closes {
            Open::Freely
        } else if self.human_agent && human_agent && now <= closes + HUMAN_AGENT_MS {
            Open::AsHumanAgent
        } else {
            Open::Not
        }
    }
}

/// The maximum rate of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Calls per second of the account.
    pub account: u32,
    /// Minimum pause between two messages of one conversation, in milliseconds; 0 for none.
    pub pair: Millis,
}

/// What a channel can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    pub text: Limit,
    /// Longest text beside a file; `None` if the text is a message of its own.
    pub caption: Option<Limit>,
    /// Rules for files: the first one that fits a file's type and size decides how it is sent. Without one it is
    /// refused.
    pub media: &'static [MediaRule],
    pub window: Option<Window>,
    /// Whether a message can quote another one.
    pub quotes: bool,
    pub rate: Rate,
    /// Whether a file's bytes go with the call. Otherwise the provider fetches them from a public address.
    pub uploads: bool,
}

impl Limit {
    /// Returns the length of a text in this unit.
    pub fn length(self, text: &str) -> usize {
        match self.unit {
            Unit::Chars => text.chars().count(),
            Unit::Utf16 => text.encode_utf16().count(),
            Unit::Bytes => text.len(),
        }
    }
}
