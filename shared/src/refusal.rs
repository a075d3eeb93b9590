//! Why something was refused: one fixed list of codes, used on the socket, in HTTP answers and in the console.

use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// A fixed reason. The console words it in the user's language; the text form is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The bytes are not a frame, body or change that this version knows.
    Malformed,
    /// Larger than the rule allows.
    TooLarge,
    /// Something required is missing or a value is out of its range.
    Invalid,
    /// No valid sign-in.
    Unauthorized,
    /// Signed in, but not allowed.
    Forbidden,
    /// There is no such thing, or it may not be seen.
    NotFound,
    /// Changed meanwhile; look again.
    Conflict,
    /// Somebody else took the chat; `name` tells who.
    Taken,
    /// The agent (`name`) is busy or not connected.
    Away,
    /// The agent (`name`) already has `have` of `limit` chats.
    Capacity,
    /// The chat has ended.
    Closed,
    /// The document's segment is sealed; write to the next one.
    Sealed,
    /// The document was begun anew with another epoch.
    StaleEpoch,
    /// The change does not fit the document: actor, sequence, dependencies or operation numbers.
    BadHeader,
    /// The change does something its author may not do.
    BadOperation,
    /// The content breaks a rule (missing key, size, author).
    BadContent,
    /// The document could not be read safely and is set aside.
    Quarantined,
    /// Too many requests; try again later.
    RateLimited,
    /// The request comes from a page that is not ours.
    BadOrigin,
    /// The client is older or newer than the server.
    Schema,
    /// A file type that is not allowed, or content that does not match its name.
    BadFile,
    /// The link was used, has expired or never existed.
    BadLink,
    /// E-mail or password is wrong.
    BadCredentials,
    /// Something failed on the server; nothing was changed.
    Internal,
    /// The channel's window for free replies is closed; perhaps a template may be sent.
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

/// A refusal with what a person needs to understand it. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub code: Code,
    /// Plain English, for logs and for clients that cannot word the code themselves.
    pub text: String,
    /// The user it is about: who took the chat, or whose capacity is used up.
    pub user: Option<UserId>,
    /// That user's name.
    pub name: Option<String>,
    /// Numbers that the message names: used and allowed.
    pub numbers: Option<(u32, u32)>,
}

impl Refusal {
    /// A refusal without a person or numbers.
    pub fn new(code: Code, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
            user: None,
            name: None,
            numbers: None,
        }
    }

    /// The chat was taken by `user` first.
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

    /// `user` is busy or not connected, so nothing can be given to them.
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

    /// `user` has `have` of `limit` chats and cannot take another (`docs/domain.md#capacity`).
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
