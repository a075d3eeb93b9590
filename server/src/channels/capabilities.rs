//! What a channel can do, and its limits.

use causerie_shared::{Millis, inbox::HUMAN_AGENT_MS};

use super::element::Class;

/// What a text's length is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Unicode scalar values.
    Chars,
    /// UTF-16 code units.
    Utf16,
    /// Bytes of UTF-8.
    Bytes,
}

/// A longest text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub max: usize,
    pub unit: Unit,
}

/// A class of files that can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaRule {
    pub class: Class,
    /// Media types; empty: any.
    pub types: &'static [&'static str],
    /// Bytes.
    pub max: u64,
}

/// The time after a message of the contact in which anything may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub open: Millis,
    /// Accounts that may write on as a human agent do so until [`HUMAN_AGENT_MS`] after it closed.
    pub human_agent: bool,
    /// Afterwards templates may be sent.
    pub templates: bool,
}

/// How something may be written now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    Freely,
    AsHumanAgent,
    /// Not at all, but for a template.
    Not,
}

impl Window {
    /// How a window that closes at `closes` stands; `human_agent`: the account may write as one.
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

/// How fast may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Calls a second of the account.
    pub account: u32,
    /// Milliseconds between two messages to one person; 0: none.
    pub pair: Millis,
}

/// All of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    pub text: Limit,
    /// Longest text beside a file; `None`: the text is a message of its own.
    pub caption: Option<Limit>,
    /// The first rule that fits a file's type and size decides how it is sent; no rule: it is refused.
    pub media: &'static [MediaRule],
    pub window: Option<Window>,
    /// A message can quote another one.
    pub quotes: bool,
    pub rate: Rate,
    /// The bytes of a file go with the call; otherwise the provider fetches them from a public address.
    pub uploads: bool,
}

impl Limit {
    /// The length of a text in this unit.
    pub fn length(self, text: &str) -> usize {
        match self.unit {
            Unit::Chars => text.chars().count(),
            Unit::Utf16 => text.encode_utf16().count(),
            Unit::Bytes => text.len(),
        }
    }
}
