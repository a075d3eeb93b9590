//! The visitor's socket: JSON text frames, one object per frame, tagged by `t` (`docs/sync.md#visitors`).
//!
//! Visitors never receive documents, only the incoming, outgoing and public system messages of their own chats. The
//! server makes the message ids; `cid`, the id that the visitor's page gives a message, only removes duplicates.

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    ids::{ConversationId, FileId, MessageId},
    message::FileBrief,
};

/// Version of this protocol.
pub const VERSION: u16 = 1;
/// Largest frame from a visitor, in bytes: a message of 16 KB, escaped, with its envelope.
pub const MAX_VISITOR_FRAME: usize = 128 * 1024;
/// Maximum length of a `cid`, in bytes.
pub const MAX_CID: usize = 64;

/// Whether the pre-chat form asks for a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    Off,
    #[default]
    Optional,
    Required,
}

/// The pre-chat form of an inbox's widget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Form {
    pub name: Ask,
    pub email: Ask,
}

/// Visitor → server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum VisitorFrame {
    Hello {
        v: u16,
        /// 64 lower-case hexadecimal digits; the panel makes one per browser.
        token: String,
        /// Feed number of the newest message that the visitor has; 0 requests all.
        #[serde(default)]
        cursor: i64,
        #[serde(default)]
        url: String,
        #[serde(default)]
        title: String,
        #[serde(default)]
        lang: String,
    },
    /// Begins a chat.
    Start {
        cid: String,
        #[serde(default)]
        name: String,
        #[serde(default)]
        email: String,
        text: String,
    },
    Message {
        cid: String,
        #[serde(default)]
        text: String,
        #[serde(default)]
        files: Vec<FileId>,
    },
    Typing {
        on: bool,
    },
    /// The newest position seen while the panel is open and visible.
    Read {
        position: i64,
    },
    Page {
        url: String,
        #[serde(default)]
        title: String,
    },
    End,
    Pong,
}

/// The state of the visitor's chat, as the widget shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatState {
    Waiting,
    Assigned,
    Ended,
    Missed,
}

/// The agent, under the name that the visitor sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AgentName {
    pub name: String,
}

/// The visitor's chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chat {
    pub id: ConversationId,
    pub number: i64,
    pub state: ChatState,
    /// 1-based position in the queue while the chat waits.
    pub place: Option<u32>,
    pub agent: Option<AgentName>,
    /// Whether the chat was left as a message, so that nobody is expected to answer at once.
    pub offline: bool,
    /// When the inbox opens next, outside business hours.
    pub opens_at: Option<Millis>,
    /// Newest position that the agent has read.
    pub read: i64,
}

/// The sender of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    Visitor,
    Agent,
    System,
}

/// What a system line says; the panel translates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SystemEvent {
    Joined,
    Ended,
    Missed,
}

/// A message as the visitor receives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VisitorMessage {
    /// The server's id. The ids of system lines have a form of their own.
    pub id: String,
    pub chat: ConversationId,
    pub cid: Option<String>,
    pub position: i64,
    pub from: From,
    pub name: Option<String>,
    pub text: String,
    pub at: Millis,
    pub files: Vec<FileBrief>,
    pub event: Option<SystemEvent>,
}

/// What the company knows about the visitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Known {
    pub name: Option<String>,
    pub email: Option<String>,
}

/// Server → visitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum WidgetFrame {
    Welcome {
        v: u16,
        now: Millis,
        org: String,
        form: Form,
        max_text: usize,
        max_file: usize,
        extensions: Vec<&'static str>,
        contact: Known,
        chat: Option<Chat>,
        messages: Vec<VisitorMessage>,
        cursor: i64,
    },
    Chat {
        chat: Chat,
    },
    Message {
        message: VisitorMessage,
        cursor: i64,
    },
    /// The message is stored.
    Ack {
        cid: String,
        id: MessageId,
        position: i64,
        at: Millis,
    },
    /// The message was not stored.
    Refused {
        cid: String,
        code: &'static str,
        detail: String,
    },
    Typing {
        on: bool,
        name: Option<String>,
    },
    Ping,
    Error {
        code: &'static str,
        detail: String,
    },
}

/// The response to `GET /widget/config`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WidgetConfig {
    pub name: String,
    pub lang: String,
    pub form: Form,
}

/// Whether the text is a visitor's token: 64 lower-case hexadecimal digits.
pub fn is_token(token: &str) -> bool {
    token.len() == 64 && token.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Whether the text is a valid `cid`: 1 to [`MAX_CID`] letters, digits, `-` or `_`, in ASCII.
pub fn is_cid(cid: &str) -> bool {
    (1..=MAX_CID).contains(&cid.len()) && cid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
