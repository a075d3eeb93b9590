//! Windows of the conversation list, sorted by the server: what a client requests and in which order
//! (`docs/sync.md#lists`).

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    access::Access,
    conversation::{State, Status},
    ids::{AccountId, InboxId, PostId},
    inbox::{Channel, Mode},
    row::ConversationRow,
};

/// Maximum number of rows of one window.
pub const MAX_WINDOW: u32 = 200;

/// A folder of the console (`docs/domain.md#folders`). Bot chats have none yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Folder {
    /// Waiting chats that the user may start.
    Queue,
    /// Offers and transfer requests to the user.
    Engaged,
    /// Chats that the user has accepted.
    Mine,
    /// Every open chat of the inboxes that the user supervises.
    All,
    /// Ended and failed chats that the user may see.
    History,
}

impl Folder {
    pub const ALL: [Self; 5] = [Self::Queue, Self::Engaged, Self::Mine, Self::All, Self::History];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Engaged => "engaged",
            Self::Mine => "mine",
            Self::All => "all",
            Self::History => "history",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|folder| folder.as_str() == key)
    }

    /// Whether the folder contains the conversation, for this user.
    pub fn holds(self, access: &Access, mode: Mode, head: &ConversationRow) -> bool {
        let scope = head.scope(mode);
        if !access.reads(&scope) {
            return false;
        }
        match self {
            Self::Queue => {
                head.state.status() == Status::Waiting && mode == Mode::Broadcast && access.is_member(head.inbox)
            }
            Self::Engaged => match &head.state {
                State::Assigning { agent, .. } => *agent == access.user,
                State::Transferring { to, .. } => *to == access.user,
                State::Bot { .. }
                | State::Waiting { .. }
                | State::Assigned { .. }
                | State::Ended { .. }
                | State::Failed { .. } => false,
            },
            Self::Mine => match &head.state {
                State::Assigned { agent, .. } => *agent == access.user,
                State::Transferring { from, .. } => *from == access.user,
                State::Bot { .. }
                | State::Waiting { .. }
                | State::Assigning { .. }
                | State::Ended { .. }
                | State::Failed { .. } => false,
            },
            Self::All => access.supervises(head.inbox) && !head.state.status().is_final(),
            Self::History => head.state.status().is_final(),
        }
    }

    /// Sort key, smallest first: Queue and Engaged by due time, Mine and All by last activity, History by end
    /// (`docs/domain.md#folders`). The id breaks ties so that every client shows the same order.
    pub fn key(self, head: &ConversationRow) -> (i64, u128) {
        let id = head.id.to_u128();
        match self {
            Self::Queue | Self::Engaged => (head.ring.map_or(head.waiting_since, |ring| ring.due), id),
            Self::Mine | Self::All => (-head.active_at, id),
            Self::History => (-head.ended_at.unwrap_or(head.active_at), id),
        }
    }
}

/// A filter on a folder (`docs/domain.md#filters`). The default filter passes everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Filter {
    pub inbox: Option<InboxId>,
    pub channel: Option<Channel>,
    pub account: Option<AccountId>,
    /// Only threads of comments pass.
    pub social: bool,
    /// Only threads under this post pass.
    pub post: Option<PostId>,
    /// Only chats with messages that the agent has not seen pass.
    pub unread: bool,
    /// Only chats whose timer is over, or that wait past their queue timer, pass.
    pub overdue: bool,
}

impl Filter {
    /// Whether the conversation passes the filter. `now` is the server's clock.
    pub fn passes(&self, head: &ConversationRow, now: Millis) -> bool {
        let waits_too_long = matches!(
            head.state,
            State::Waiting { overdue: true, .. } | State::Assigning { overdue: true, .. }
        );
        self.inbox.is_none_or(|inbox| inbox == head.inbox)
            && self.channel.is_none_or(|channel| channel == head.channel)
            && self.account.is_none_or(|account| account == head.account)
            && (!self.social || head.channel.is_comments())
            && self
                .post
                .is_none_or(|post| head.post.as_ref().is_some_and(|of| of.id == post))
            && (!self.unread || head.unread > 0)
            && (!self.overdue || waits_too_long || head.ring.is_some_and(|ring| ring.due <= now))
    }
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Sort {
    /// The order of the folder itself ([`Folder::key`]).
    #[default]
    Folder,
    /// Last activity, newest first.
    Newest,
    /// Last activity, oldest first.
    Oldest,
}

/// A list of which a client can request windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct List {
    pub folder: Folder,
    pub filter: Filter,
    pub sort: Sort,
}

impl List {
    /// Returns the list of the whole folder, in the folder's order.
    pub fn of(folder: Folder) -> Self {
        Self {
            folder,
            filter: Filter::default(),
            sort: Sort::Folder,
        }
    }

    /// Sort key, smallest first; the id breaks ties so that every client shows the same order.
    pub fn key(&self, head: &ConversationRow) -> (i64, u128) {
        match self.sort {
            Sort::Folder => self.folder.key(head),
            Sort::Newest => (-head.active_at, head.id.to_u128()),
            Sort::Oldest => (head.active_at, head.id.to_u128()),
        }
    }
}

/// Folder counters: the number of conversations in each folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    pub queue: u32,
    pub engaged: u32,
    pub mine: u32,
    /// 0 for a user who supervises no inbox.
    pub all: u32,
    pub history: u32,
}

impl Counts {
    pub fn of(&self, folder: Folder) -> u32 {
        match folder {
            Folder::Queue => self.queue,
            Folder::Engaged => self.engaged,
            Folder::Mine => self.mine,
            Folder::All => self.all,
            Folder::History => self.history,
        }
    }
}
