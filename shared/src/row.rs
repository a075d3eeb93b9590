//! Rows: data that only the server writes and of which every client keeps a copy (`docs/sync.md#three-lanes`).

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    access::Scope,
    conversation::{State, transition::Actor},
    ids::{AccountId, ContactId, ConversationId, InboxId, PostId, UserId},
    inbox::{AccountRow, Channel, InboxRow, Mode},
    message::{Author, Kind, MessageRow},
    timer::Countdown,
    user::UserRow,
};

/// Maximum length of the preview of a last message, in characters.
pub const PREVIEW_CHARS: usize = 140;

/// The last message of a conversation, shortened for the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    pub author: Author,
    /// The kind of the message, for messages whose text does not show it. Rows stored before this field existed are
    /// texts.
    #[serde(default)]
    pub kind: Kind,
    pub text: String,
    /// Number of files, when the message is files without a text.
    pub files: u32,
    pub at: Millis,
}

impl Preview {
    /// Removes the content of the preview, after the message itself was removed.
    pub fn clear(&mut self) {
        self.kind = Kind::Text;
        self.text.clear();
        self.files = 0;
    }
}

/// Where the chat was started and where the visitor is now. Only the server writes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Origin {
    pub ip: Option<String>,
    /// The page on which the chat was started.
    pub started_on: Option<String>,
    /// The page on which the visitor is now.
    pub page: Option<String>,
    /// ISO 3166 code from a trusted proxy's header.
    pub country: Option<String>,
}

/// A post of the company, as shown beside its comments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    pub id: PostId,
    /// The first words of the post, or the kind of post it is.
    pub title: String,
    /// The public address of the post, if the channel tells it.
    pub url: Option<String>,
}

/// The summary row of a conversation: everything that list and profile need before a document is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationRow {
    pub id: ConversationId,
    /// The number that people use to name the chat (#1042).
    pub number: i64,
    pub inbox: InboxId,
    pub account: AccountId,
    pub channel: Channel,
    pub contact: ContactId,
    /// The name to show: the contact's own, or a generated one.
    pub contact_name: String,
    /// When this contact first wrote to the company.
    pub contact_since: Millis,
    pub state: State,
    /// Grows with every change of state; fences timers and commands.
    pub version: i64,
    pub created_at: Millis,
    pub waiting_since: Millis,
    /// The running timer, if there is one.
    pub ring: Option<Countdown>,
    pub active_at: Millis,
    pub ended_at: Option<Millis>,
    pub preview: Option<Preview>,
    /// Incoming messages that the agent has not seen.
    pub unread: u32,
    /// Position of the newest message.
    pub position: i64,
    /// Newest position that the agent has seen.
    pub seen: i64,
    /// Whether the visitor's page is open and connected.
    pub online: bool,
    pub origin: Origin,
    /// The post that the thread of comments belongs to.
    pub post: Option<Post>,
    /// When the channel's window for free replies closes; `None` if the channel has no window.
    pub window: Option<Millis>,
    /// Colleagues invited to the internal discussion; they may read the chat.
    pub invited: Vec<UserId>,
    /// Number of messages in the internal discussion.
    pub discussed: u32,
    /// Number of the newest timeline segment.
    pub segment: u32,
    /// Feed number of the last change.
    pub seq: i64,
}

impl ConversationRow {
    /// The users who may read the conversation, in an inbox of `mode`.
    pub fn scope(&self, mode: Mode) -> Scope {
        Scope::of(self.inbox, mode, &self.state, &self.invited)
    }
}

/// A conversation event: one change of state. The server is its only author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JourneyRow {
    pub conversation: ConversationId,
    /// The version that the change produced; the first is 1.
    pub version: i64,
    pub at: Millis,
    pub actor: Actor,
    /// `begin`, or the name of the event.
    pub cause: String,
    /// The user concerned: who was offered the chat, accepted it or ended it.
    pub user: Option<UserId>,
    pub state: State,
    /// Position of the newest message at that time; places the event among the messages.
    pub position: i64,
    pub seq: i64,
}

/// Any row that the server sends to clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Row {
    Head(Box<ConversationRow>),
    Message(MessageRow),
    Journey(JourneyRow),
    User(UserRow),
    Inbox(InboxRow),
    Account(AccountRow),
}

/// A row that no longer exists, or that this client may no longer see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gone {
    Conversation {
        id: ConversationId,
        /// The colleague of the same inbox who took the chat, if one did; the console shows the name for 2 s instead of
        /// an error.
        taken_by: Option<UserId>,
    },
    User(UserId),
    Inbox(InboxId),
    Account(AccountId),
}
