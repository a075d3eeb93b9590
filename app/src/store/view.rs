//! What views get from the store: plain values, ready to draw.

use causerie_shared::{
    Millis,
    document::notes::Note,
    frame::Command,
    ids::{ContactId, ConversationId, IntentId, MessageId, UserId},
    message::{Author, Delivery, Extra, FileBrief, Kind, TemplateUse},
    refusal::Refusal,
    row::JourneyRow,
};

/// The line to the server. The heartbeat decides, not the browser's own idea of being online.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    Online,
    /// Lost a moment ago, being tried again.
    Reconnecting,
    /// Lost for longer. What is shown is `as_of` (server's clock); `None` if nothing was ever fetched.
    Offline {
        as_of: Option<Millis>,
    },
}

/// Whether somebody is signed in on this device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Session {
    /// The local copy is being read, or there is none and the server was not heard yet.
    Starting,
    /// The sign-in page.
    SignedOut,
    SignedIn,
    /// The server ended the session: a dialog asks to sign in again, nothing local is lost.
    Expired,
}

/// One item of a chat, in the order in which it is shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Bubble {
    Message(MessageBubble),
    /// A system line: somebody accepted, ended and so on.
    Line(JourneyRow),
}

impl Bubble {
    /// Stable key for keyed lists.
    pub fn key(&self) -> u128 {
        match self {
            Self::Message(message) => message.id.to_u128(),
            // Far below any id made in this century.
            Self::Line(line) => line.version.max(0) as u128,
        }
    }
}

/// A message with its state.
#[derive(Debug, Clone, PartialEq)]
pub struct MessageBubble {
    pub id: MessageId,
    pub author: Author,
    pub kind: Kind,
    /// As it reads now: after its last edit.
    pub body: String,
    /// When the server accepted it; before that, the author's clock.
    pub at: Millis,
    /// The server's order; `None` until it accepted the message.
    pub position: Option<i64>,
    pub files: Vec<FileBrief>,
    /// Its text and files were removed for everybody; the bubble stays as a mark.
    pub redacted: bool,
    /// The message that it answers, if that is here.
    pub quote: Option<Quote>,
    /// Only the author of the thread's first comment sees it.
    pub private: bool,
    /// What the channel added, and what happened to it there.
    pub extra: Option<Box<Extra>>,
    /// Grows with every change of `extra`.
    pub version: i64,
    pub stage: Stage,
}

impl MessageBubble {
    /// Somebody other than the contact wrote it: under the same post, or of the group that the contact is.
    pub fn stranger(&self) -> Option<&String> {
        self.extra.as_ref()?.author_name.as_ref()
    }
}

/// What a message answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Quote {
    pub author: Author,
    /// Of another person under the same post or in the same group.
    pub author_name: Option<String>,
    pub kind: Kind,
    /// Empty when it has none, or none any more.
    pub text: String,
}

/// How far a message came (`docs/ux.md#bubbles`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// From the customer, a bot or the system.
    Incoming,
    /// In this device's outbox.
    Unsent,
    /// In this device's outbox, and the chat went on meanwhile: "Send anyway?"
    /// ([`super::Store::send_anyway`], [`super::Store::discard`]).
    Held,
    /// The server has it; the delivery state is the channel's.
    Sent(Delivery),
    /// The channel refused it; the reason in plain words.
    Failed(Option<String>),
    /// Nobody knows whether it went; what is known, in plain words.
    Unconfirmed(Option<String>),
}

/// A note and the place in its history that the text was read at: give both back when the text was edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedNote {
    pub note: Note,
    pub heads: Vec<[u8; 32]>,
}

/// Something that was refused for good; kept with its text until the person copies or discards it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    pub intent: IntentId,
    /// Set for replies.
    pub conversation: Option<ConversationId>,
    /// Set for profile fields and notes.
    pub contact: Option<ContactId>,
    pub text: Option<String>,
    /// When it was done.
    pub at: Millis,
    pub refusal: Refusal,
}

/// A passing message to the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// For [`super::Store::dismiss`].
    pub id: u64,
    pub at: Millis,
    pub body: NoticeBody,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeBody {
    /// A command was refused; the refusal names people and numbers.
    Refused { command: Command, refusal: Refusal },
    /// A colleague took a chat that was offered or waiting here: shown for 2 s, not an error.
    Taken {
        conversation: ConversationId,
        contact_name: String,
        user: UserId,
        name: String,
    },
    /// A transfer that I asked for, or of my chat, was answered; shown until dismissed.
    Transfer {
        conversation: ConversationId,
        contact_name: String,
        /// Who was asked.
        name: String,
        /// Who keeps the chat if it was not taken; `None`: me.
        keeper: Option<String>,
        answer: Answer,
    },
    /// I ended a chat and may undo it.
    Ended {
        conversation: ConversationId,
        contact_name: String,
        /// The server's time at which that is over.
        until: Millis,
    },
    /// An offer of a `manual` inbox that I supervise was not taken: the chat waits again.
    CameBack {
        conversation: ConversationId,
        contact_name: String,
        /// Who was asked.
        name: String,
    },
    /// A colleague asked me into the internal discussion of a chat that runs.
    Invited {
        conversation: ConversationId,
        contact_name: String,
    },
    /// The line broke before the server answered; the list will show what became of it.
    Interrupted { command: Command },
    /// The browser could not store something; unsent work may not survive a reload.
    Storage { text: String },
}

/// What became of a transfer to an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Accepted,
    Rejected,
    Expired,
    /// Somebody else took the request back.
    Cancelled,
    /// They went away, or it is not known why.
    NotTaken,
}

/// How a reply is given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Way {
    #[default]
    Plain,
    /// Under a post: for the author of the first comment alone.
    Private,
    Template(TemplateUse),
}

/// Why a reply was not even queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyError {
    Empty,
    /// Bytes of UTF-8, and how many are allowed.
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

/// Why an edit of a profile or note was not even queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditError {
    /// Not a plausible e-mail or phone.
    NotPlausible,
    /// Longer than the rule allows.
    TooLong,
    /// Somebody removed it meanwhile.
    Missing,
}

/// What is known of a list around the rows in view; see [`super::Store::look`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    /// How many rows the list has.
    pub total: u32,
    /// Rows by their index, ascending; those in between are not known yet: draw skeletons.
    pub rows: Vec<(u32, ConversationId)>,
}

impl Rows {
    /// The row at an index, if it is known.
    pub fn at(&self, index: u32) -> Option<ConversationId> {
        let found = self.rows.binary_search_by_key(&index, |(at, _)| *at).ok()?;
        self.rows.get(found).map(|(_, id)| *id)
    }

    /// Where a conversation stands, if its row is among those known.
    pub fn index(&self, id: ConversationId) -> Option<u32> {
        self.rows.iter().find(|(_, other)| *other == id).map(|(at, _)| *at)
    }
}

/// Someone else who has a chat open or types in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colleague {
    pub user: UserId,
    pub name: String,
    pub typing: bool,
}
