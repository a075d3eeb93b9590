//! Rows that the server alone writes and every client keeps a copy of (`docs/sync.md#three-lanes`).

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

/// Longest preview of a last message, characters.
pub const PREVIEW_CHARS: usize = 140;

/// The last message of a conversation, shortened for the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    pub author: Author,
    /// What it is, for messages whose text does not say it. Rows written before there was one are texts.
    #[serde(default)]
    pub kind: Kind,
    pub text: String,
    /// Number of files, when the message is files without a text.
    pub files: u32,
    pub at: Millis,
}

impl Preview {
    /// The message is gone: nothing of it is shown any more.
    pub fn clear(&mut self) {
        self.kind = Kind::Text;
        self.text.clear();
        self.files = 0;
    }
}

/// Where the chat was started and the visitor is now; only the server writes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Origin {
    pub ip: Option<String>,
    /// Page on which the chat was started.
    pub started_on: Option<String>,
    /// Page on which the visitor is now.
    pub page: Option<String>,
    /// ISO 3166 code from a trusted proxy's header.
    pub country: Option<String>,
}

/// A post of the company's, as those who answer its comments need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    pub id: PostId,
    /// Its first words, or what it is.
    pub title: String,
    /// Its public address, if the channel says it.
    pub url: Option<String>,
}

/// One row of the conversation list, with all that list and profile need before a document is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversationRow {
    pub id: ConversationId,
    /// The number people say aloud (#1042).
    pub number: i64,
    pub inbox: InboxId,
    pub account: AccountId,
    pub channel: Channel,
    pub contact: ContactId,
    /// Name to show: the contact's, or the generated one.
    pub contact_name: String,
    /// First time this contact wrote to the company.
    pub contact_since: Millis,
    pub state: State,
    /// Grows with every change of state; the fence of timers and commands.
    pub version: i64,
    pub created_at: Millis,
    pub waiting_since: Millis,
    /// The timer that runs, if any.
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
    /// The visitor's page is open and connected.
    pub online: bool,
    pub origin: Origin,
    /// The post under which the thread of comments stands.
    pub post: Option<Post>,
    /// When the channel's window for free replies closes; `None`: it has none.
    pub window: Option<Millis>,
    /// Colleagues who were asked into the internal discussion: they may read the chat.
    pub invited: Vec<UserId>,
    /// Messages of the internal discussion.
    pub discussed: u32,
    /// Number of the newest timeline segment.
    pub segment: u32,
    /// Feed number of the last change.
    pub seq: i64,
}

impl ConversationRow {
    /// Who may read the conversation, in an inbox of `mode`.
    pub fn scope(&self, mode: Mode) -> Scope {
        Scope::of(self.inbox, mode, &self.state, &self.invited)
    }
}

/// A change of state, as the journey keeps it; the server is its only author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JourneyRow {
    pub conversation: ConversationId,
    /// The version that the change produced; 1 is the beginning.
    pub version: i64,
    pub at: Millis,
    pub actor: Actor,
    /// `begin` or an event's name.
    pub cause: String,
    /// The user it is about: who was offered the chat, accepted or ended it.
    pub user: Option<UserId>,
    pub state: State,
    /// Position of the newest message at that time: where the line stands in the chat.
    pub position: i64,
    pub seq: i64,
}

/// Any row of the rows lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Row {
    Head(Box<ConversationRow>),
    Message(MessageRow),
    Journey(JourneyRow),
    User(UserRow),
    Inbox(InboxRow),
    Account(AccountRow),
}

/// A row that this client may no longer see, or that is no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gone {
    Conversation {
        id: ConversationId,
        /// Who has it now, if a colleague of the same inbox took it: shown for 2 s instead of an error.
        taken_by: Option<UserId>,
    },
    User(UserId),
    Inbox(InboxId),
    Account(AccountId),
}
