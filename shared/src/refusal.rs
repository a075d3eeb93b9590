//! Refusals: one fixed list of reasons, used on the socket, in HTTP responses and in the console.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// A fixed reason for a refusal. The console translates it; the text form is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The bytes are not a frame, body or change that this version knows.
    Malformed,
    /// The data is larger than its limit.
    TooLarge,
    /// A required value is missing, or a value is out of its range.
    Invalid,
    /// There is no valid session.
    Unauthorized,
    /// The user is signed in but lacks the permission.
    Forbidden,
    /// The thing does not exist, or the user may not see it.
    NotFound,
    /// The thing has changed since the caller read it.
    Conflict,
    /// Somebody else took the chat; `name` is that user's name.
    Taken,
    /// The agent (`name`) is busy or not connected.
    Away,
    /// The agent (`name`) already has `have` of `limit` chats.
    Capacity,
    /// The chat has ended.
    Closed,
    /// The document's segment is sealed; write to the next one.
    Sealed,
    /// The document continues in another epoch.
    StaleEpoch,
    /// The change does not fit the document: actor, sequence, dependencies or operation numbers.
    BadHeader,
    /// The change contains an operation that its author may not make.
    BadOperation,
    /// The content breaks a rule (missing key, size, author).
    BadContent,
    /// The document is in quarantine: it could not be used safely and is read-only.
    Quarantined,
    /// Too many requests; try again later.
    RateLimited,
    /// The request comes from a page of another origin.
    BadOrigin,
    /// The client's schema version is not the server's.
    Schema,
    /// The file type is not allowed, or the content does not match the name.
    BadFile,
    /// The link was used already, has expired or never existed.
    BadLink,
    /// E-mail or password is wrong.
    BadCredentials,
    /// Something failed on the server; nothing has changed.
    Internal,
    /// The channel's window for free replies is closed; the channel may still accept a template.
    WindowClosed,
}

impl Code {
    /// The stable text form, e.g. `too_large`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::Invalid => "invalid",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Taken => "taken",
            Self::Away => "away",
            Self::Capacity => "capacity",
            Self::Closed => "closed",
            Self::Sealed => "sealed",
            Self::StaleEpoch => "stale_epoch",
            Self::BadHeader => "bad_header",
            Self::BadOperation => "bad_operation",
            Self::BadContent => "bad_content",
            Self::Quarantined => "quarantined",
            Self::RateLimited => "rate_limited",
            Self::BadOrigin => "bad_origin",
            Self::Schema => "schema",
            Self::BadFile => "bad_file",
            Self::BadLink => "bad_link",
            Self::BadCredentials => "bad_credentials",
            Self::Internal => "internal",
            Self::WindowClosed => "window_closed",
        }
    }
}

/// A refusal with what a person needs to understand it. A refused request has changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub code: Code,
    /// Plain English, for logs and for clients that have no text of their own for the code.
    pub text: String,
    /// The user concerned: who took the chat, is away, or has no capacity left.
    pub user: Option<UserId>,
    /// That user's name.
    pub name: Option<String>,
    /// The numbers to show: used and allowed.
    pub numbers: Option<(u32, u32)>,
}

impl Refusal {
    /// Creates a refusal without a user or numbers.
    pub fn new(code: Code, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
            user: None,
            name: None,
            numbers: None,
        }
    }

    /// Creates the refusal of a chat that `user` took first.
    pub fn taken(user: UserId, name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            code: Code::Taken,
            text: format!("{name} took it"),
            user: Some(user),
            name: Some(name),
            numbers: None,
        }
    }

    /// Creates the refusal for `user`, who is busy or not connected and cannot be given a chat.
    pub fn away(user: UserId, name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            code: Code::Away,
            text: format!("{name} is busy or not connected"),
            user: Some(user),
            name: Some(name),
            numbers: None,
        }
    }

    /// Creates the refusal for `user`, who has `have` of `limit` chats and cannot take another
    /// (`docs/domain.md#capacity`).
    pub fn capacity(user: UserId, name: impl Into<String>, have: u32, limit: u32) -> Self {
        let name = name.into();
        Self {
            code: Code::Capacity,
            text: format!("{name} has {have} of {limit} chats"),
            user: Some(user),
            name: Some(name),
            numbers: Some((have, limit)),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.text)
    }
}

impl std::error::Error for Refusal {}
