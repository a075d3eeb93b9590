//! Messages: the immutable part lives in the timeline document, everything that changes later in a row.

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    ids::{ConversationId, FileId, MessageId, UserId},
};

/// Longest text of one message in bytes of UTF-8 (issue "bad input": refused before it is sent).
pub const MAX_TEXT: usize = 16 * 1024;
/// Most files on one message.
pub const MAX_FILES: usize = 10;

/// Who wrote a message. In documents: `contact`, `system`, `bot`, `agent:<user id>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Author {
    Contact,
    Agent(UserId),
    System,
    Bot,
}

impl Author {
    /// The form used inside documents.
    pub fn to_key(self) -> String {
        match self {
            Self::Contact => "contact".into(),
            Self::System => "system".into(),
            Self::Bot => "bot".into(),
            Self::Agent(user) => format!("agent:{user}"),
        }
    }

    /// Reads the form used inside documents.
    pub fn from_key(key: &str) -> Option<Self> {
        match key {
            "contact" => Some(Self::Contact),
            "system" => Some(Self::System),
            "bot" => Some(Self::Bot),
            other => other.strip_prefix("agent:")?.parse().ok().map(Self::Agent),
        }
    }

    /// The user, if an agent wrote it.
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::Agent(user) => Some(user),
            Self::Contact | Self::System | Self::Bot => None,
        }
    }
}

/// What a message is. More kinds come with the channels; the text form is stored in documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    Text,
    /// Files, with or without a text.
    File,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::File => "file",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        match key {
            "text" => Some(Self::Text),
            "file" => Some(Self::File),
            _ => None,
        }
    }
}

/// A message as it stands in a timeline document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub id: MessageId,
    pub author: Author,
    pub kind: Kind,
    pub body: String,
    /// The author's clock: a hint, never an order (`sync.md`, Message rows).
    pub at: Millis,
    pub reply_to: Option<MessageId>,
    pub attachments: Vec<FileId>,
}

/// How far an outgoing message came. Incoming ones are `Read` or not by the head's `unread`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Delivery {
    /// Accepted by the server, waiting for the channel.
    Queued,
    /// The channel took it; on the web: the server has it and will show it.
    Sent,
    Delivered,
    Read,
    /// The channel refused it; the row's `reason` says why.
    Failed,
    /// No answer; an echo or status settles it.
    Unconfirmed,
}

impl Delivery {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        [
            Self::Queued,
            Self::Sent,
            Self::Delivered,
            Self::Read,
            Self::Failed,
            Self::Unconfirmed,
        ]
        .into_iter()
        .find(|state| state.as_str() == key)
    }
}

/// What everyone needs to draw a file without fetching it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileBrief {
    pub id: FileId,
    pub name: String,
    pub mime: String,
    /// Bytes.
    pub size: i64,
}

/// The server's row beside a message of the timeline (`sync.md`, Message rows).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRow {
    pub id: MessageId,
    pub conversation: ConversationId,
    /// Order in the chat: the order in which the server accepted the messages, from 1.
    pub position: i64,
    /// Segment of the timeline that holds the message.
    pub segment: u32,
    pub author: Author,
    pub accepted_at: Millis,
    pub delivery: Delivery,
    /// The provider's reason in plain words, when `delivery` is `Failed`.
    pub reason: Option<String>,
    pub files: Vec<FileBrief>,
    /// When its text and files were removed for everybody; the bubble stays as a mark.
    pub redacted_at: Option<Millis>,
    /// Feed number of the last change; a client asks for rows above the one it knows.
    pub seq: i64,
}
