//! The values that views get from the store, ready to render.

use causerie_shared::{
    Millis,
    document::notes::Note,
    frame::Command,
    ids::{ContactId, ConversationId, IntentId, MessageId, UserId},
    message::{Author, Delivery, Extra, FileBrief, Kind, TemplateUse},
    refusal::Refusal,
    row::JourneyRow,
};

/// The state of the connection to the server. The heartbeat decides, not the browser's own online state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    Online,
    /// The connection was lost a moment ago and is being restored.
    Reconnecting,
    /// The connection has been lost for longer. The data is from `as_of` (server's clock); `None` if nothing was ever
    /// fetched.
    Offline {
        as_of: Option<Millis>,
    },
}

/// Whether a user is signed in on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    /// The local copy is being read, or there is none and the server has not answered yet.
    Starting,
    /// No user is signed in: the console shows the sign-in page.
    SignedOut,
    SignedIn,
    /// The server ended the session: a dialog asks to sign in again. Local data is kept.
    Expired,
}

/// One item of a chat, in the order of display.
#[derive(Debug, Clone, PartialEq)]
pub enum Bubble {
    Message(MessageBubble),
    /// A system line: a chat was accepted, ended and so on.
    Line(JourneyRow),
}

impl Bubble {
    /// Stable key for keyed lists.
    pub fn key(&self) -> u128 {
        match self {
            Self::Message(message) => message.id.to_u128(),
            // A version is far below any id made in this century.
            Self::Line(line) => line.version.max(0) as u128,
        }
    }
}

/// A message with its delivery state.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageBubble {
    pub id: MessageId,
    pub author: Author,
    pub kind: Kind,
    /// The text after the last edit.
    pub body: String,
    /// When the contact wrote it, otherwise when the server accepted it; before that, by the author's clock.
    pub at: Millis,
    /// The position in the server's order; `None` until the server has accepted the message.
    pub position: Option<i64>,
    pub files: Vec<FileBrief>,
    /// Whether text and files were removed for everybody; the bubble remains as a mark.
    pub redacted: bool,
    /// The quoted message, if it is loaded.
    pub quote: Option<Quote>,
    /// Whether only the author of the thread's first comment sees it.
    pub private: bool,
    /// What the channel added, and later changes on the channel.
    pub extra: Option<Box<Extra>>,
    /// Grows with every change of `extra`.
    pub version: i64,
    pub stage: Stage,
}

impl MessageBubble {
    /// The author's name if a person other than the contact wrote the message: under the same post, or in the group
    /// that the contact stands for.
    pub fn stranger(&self) -> Option<&String> {
        self.extra.as_ref()?.author_name.as_ref()
    }
}

/// The message that another one answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Quote {
    pub author: Author,
    /// The author's name if it is another person under the same post or in the same group.
    pub author_name: Option<String>,
    pub kind: Kind,
    /// Empty if the message has no text, or was deleted or redacted.
    pub text: String,
}

/// The delivery state of a message (`docs/ux.md#bubbles`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// The message is from the contact, a bot or the system.
    Incoming,
    /// The message is in this device's outbox.
    Unsent,
    /// The reply is in this device's outbox and stale: "Send anyway?" ([`super::Store::send_anyway`],
    /// [`super::Store::discard`]).
    Held,
    /// The server has the message; the delivery state is the channel's.
    Sent(Delivery),
    /// The channel refused the message; the reason in plain words.
    Failed(Option<String>),
    /// It is unknown whether the provider took the message; what is known, in plain words.
    Unconfirmed(Option<String>),
}

/// A note with the point in its history at which the text was read. An edit needs both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedNote {
    pub note: Note,
    pub heads: Vec<[u8; 32]>,
}

/// A refused intent, kept with its text until the user copies or discards it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    pub intent: IntentId,
    /// Set for messages and commands of a conversation.
    pub conversation: Option<ConversationId>,
    /// Set for profile fields and notes.
    pub contact: Option<ContactId>,
    pub text: Option<String>,
    /// When the user acted.
    pub at: Millis,
    pub refusal: Refusal,
}

/// A short notice to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The id for [`super::Store::dismiss`].
    pub id: u64,
    pub at: Millis,
    pub body: NoticeBody,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeBody {
    /// A command was refused; the refusal contains names and numbers.
    Refused { command: Command, refusal: Refusal },
    /// A colleague took a chat that was offered or waiting here. It is no error and shown for 2 s.
    Taken {
        conversation: ConversationId,
        contact_name: String,
        user: UserId,
        name: String,
    },
    /// A transfer request made by the user, or for their chat, was answered. It is shown until dismissed.
    Transfer {
        conversation: ConversationId,
        contact_name: String,
        /// The colleague who was asked.
        name: String,
        /// The agent who keeps the chat if the request was not accepted; `None` for the user.
        keeper: Option<String>,
        answer: Answer,
    },
    /// The user ended a chat and may undo it.
    Ended {
        conversation: ConversationId,
        contact_name: String,
        /// The end of the undo window, by the server's clock.
        until: Millis,
    },
    /// An offer in a `manual` inbox that the user supervises was not accepted: the chat waits again.
    CameBack {
        conversation: ConversationId,
        contact_name: String,
        /// The agent to whom the chat was offered.
        name: String,
    },
    /// A colleague invited the user to the internal discussion of a chat that has not ended.
    Invited {
        conversation: ConversationId,
        contact_name: String,
    },
    /// The connection was lost before the outcome arrived; the list will show the result.
    Interrupted { command: Command },
    /// The browser could not store something; unsent work may not survive a reload.
    Storage { text: String },
}

/// The answer to a transfer request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Accepted,
    Rejected,
    Expired,
    /// Another user cancelled the request.
    Cancelled,
    /// The asked colleague went away, or the reason is unknown.
    NotTaken,
}

/// The form in which a reply is sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Way {
    #[default]
    Plain,
    /// A private reply: only the author of the first comment sees it.
    Private,
    Template(TemplateUse),
}

/// The reason why a reply was not queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyError {
    Empty,
    /// The text's size and the limit, in bytes of UTF-8.
    TooLong {
        have: usize,
        limit: usize,
    },
    TooManyFiles {
        have: usize,
        limit: usize,
    },
}

impl std::fmt::Display for ReplyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("the message is empty"),
            Self::TooLong { have, limit } => write!(f, "the message has {have} of at most {limit} bytes"),
            Self::TooManyFiles { have, limit } => write!(f, "the message has {have} of at most {limit} files"),
        }
    }
}

impl std::error::Error for ReplyError {}

/// The reason why an edit of a profile or note was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditError {
    /// The value is not a plausible e-mail address or phone number.
    NotPlausible,
    /// The text is longer than the limit.
    TooLong,
    /// The note has been removed meanwhile.
    Missing,
}

/// The known rows of a list around the view; see [`super::Store::look`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// The number of rows of the list.
    pub total: u32,
    /// Known rows by their index, ascending. For the missing ones show skeletons.
    pub rows: Vec<(u32, ConversationId)>,
}

impl Rows {
    /// The row at an index, if it is known.
    pub fn at(&self, index: u32) -> Option<ConversationId> {
        let found = self.rows.binary_search_by_key(&index, |(at, _)| *at).ok()?;
        self.rows.get(found).map(|(_, id)| *id)
    }

    /// The index of a conversation, if its row is known.
    pub fn index(&self, id: ConversationId) -> Option<u32> {
        self.rows.iter().find(|(_, other)| *other == id).map(|(at, _)| *at)
    }
}

/// A colleague who has a chat open or types in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colleague {
    pub user: UserId,
    pub name: String,
    pub typing: bool,
}
