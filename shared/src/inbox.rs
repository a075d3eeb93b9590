//! Inboxes and channels (`docs/domain.md#inboxes` and `docs/domain.md#channels-and-messaging-accounts`).

pub mod hours;
pub mod inactivity;

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, InboxId, UserId};

/// Default acceptance timer ("reassignment timing"), in seconds.
pub const DEFAULT_ACCEPT_SECS: u32 = 30;
/// Default queue timer of a broadcast inbox, in seconds.
pub const DEFAULT_QUEUE_SECS: u32 = 120;
/// The range of either timer, in seconds: five seconds to a day.
pub const TIMER_SECS: std::ops::RangeInclusive<u32> = 5..=86_400;
/// The range of the capacity of a member or user, in chats at a time.
pub const CAPACITY: std::ops::RangeInclusive<u32> = 0..=100;
/// Maximum length of an inbox's name, in characters.
pub const MAX_INBOX_NAME: usize = 80;

/// How chats reach an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Broadcast,
    Auto,
    Manual,
}

impl Mode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Broadcast => "broadcast",
            Self::Auto => "auto",
            Self::Manual => "manual",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Broadcast, Self::Auto, Self::Manual]
            .into_iter()
            .find(|m| m.as_str() == key)
    }
}

/// The channel on which a conversation takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Web,
    Whatsapp,
    Messenger,
    Instagram,
    Telegram,
    FacebookComments,
    InstagramComments,
}

impl Channel {
    pub const ALL: [Self; 7] = [
        Self::Web,
        Self::Whatsapp,
        Self::Messenger,
        Self::Instagram,
        Self::Telegram,
        Self::FacebookComments,
        Self::InstagramComments,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Whatsapp => "whatsapp",
            Self::Messenger => "messenger",
            Self::Instagram => "instagram",
            Self::Telegram => "telegram",
            Self::FacebookComments => "facebook_comments",
            Self::InstagramComments => "instagram_comments",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == key)
    }

    /// Returns the paired channel, which has the same account id at the provider: comments under posts, and the direct
    /// messages that a private reply opens.
    pub fn paired(self) -> Option<Self> {
        match self {
            Self::Messenger => Some(Self::FacebookComments),
            Self::FacebookComments => Some(Self::Messenger),
            Self::Instagram => Some(Self::InstagramComments),
            Self::InstagramComments => Some(Self::Instagram),
            Self::Web | Self::Whatsapp | Self::Telegram => None,
        }
    }

    /// Whether the channel is comments under posts: public, one conversation per thread.
    pub fn is_comments(self) -> bool {
        matches!(self, Self::FacebookComments | Self::InstagramComments)
    }
}

/// The mode and timers of an inbox that routing needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    pub mode: Mode,
    /// Seconds within which an agent must accept an offer.
    pub accept_secs: u32,
    /// Seconds that a chat may wait in a broadcast queue.
    pub queue_secs: u32,
    /// The inbox that gets a chat whose queue timer is over, so that the chat is not missed or overdue.
    pub overflow: Option<InboxId>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            mode: Mode::Auto,
            accept_secs: DEFAULT_ACCEPT_SECS,
            queue_secs: DEFAULT_QUEUE_SECS,
            overflow: None,
        }
    }
}

/// A member of an inbox, with the number of its chats that the member may have at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub user: UserId,
    pub capacity: u32,
}

/// An inbox as clients receive it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxRow {
    pub id: InboxId,
    pub name: String,
    pub rules: Rules,
    pub members: Vec<Member>,
}

/// A messaging account: one line that the company owns on a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    pub id: AccountId,
    pub inbox: InboxId,
    pub channel: Channel,
    pub name: String,
    pub enabled: bool,
    /// Whether the provider rejects the account's token. Nothing is sent until the token is renewed.
    pub trouble: bool,
    /// For Messenger and Instagram: whether the account may write as a human agent for [`HUMAN_AGENT_MS`] after its
    /// free window of 24 hours.
    pub human_agent: bool,
}

/// How long after the free window an account may write as a human agent: 6 more days, 7 in all.
pub const HUMAN_AGENT_MS: i64 = 6 * 24 * 3_600_000;
