//! Inboxes and channels (`docs/domain.md#inboxes` and `docs/domain.md#channels-and-messaging-accounts`).

pub mod hours;
pub mod inactivity;

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, InboxId, UserId};

/// Default acceptance timer ("reassignment timing"), seconds.
pub const DEFAULT_ACCEPT_SECS: u32 = 30;
/// Default queue timer of a broadcast inbox, seconds.
pub const DEFAULT_QUEUE_SECS: u32 = 120;
/// Seconds that either timer may be set to: five seconds to a day.
pub const TIMER_SECS: std::ops::RangeInclusive<u32> = 5..=86_400;
/// Chats at a time that a member or a user may be given.
pub const CAPACITY: std::ops::RangeInclusive<u32> = 0..=100;
/// Longest name of an inbox, characters.
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

/// Where a conversation comes from.
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

    /// Comments under posts: public, one conversation a thread.
    pub fn is_comments(self) -> bool {
        matches!(self, Self::FacebookComments | Self::InstagramComments)
    }
}

/// The timers and mode that routing needs of an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    pub mode: Mode,
    /// Seconds an offered agent has to accept.
    pub accept_secs: u32,
    /// Seconds a chat may wait in a broadcast queue.
    pub queue_secs: u32,
    /// Where a chat goes when its queue timer is over, instead of being missed or overdue.
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

/// A member of an inbox and how many of its chats they may have at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub user: UserId,
    pub capacity: u32,
}

/// An inbox as those who see it get it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxRow {
    pub id: InboxId,
    pub name: String,
    pub rules: Rules,
    pub members: Vec<Member>,
}

/// A messaging account: one line the company owns on a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    pub id: AccountId,
    pub inbox: InboxId,
    pub channel: Channel,
    pub name: String,
    pub enabled: bool,
    /// The provider does not take the account's token any more: nothing is sent until it is renewed.
    pub trouble: bool,
    /// Messenger and Instagram: after the first 24 hours the account may write as a human agent until
    /// [`HUMAN_AGENT_MS`] after the customer's last message.
    pub human_agent: bool,
}

/// How much longer than its free window an account may write as a human agent: 7 days in all instead of one.
pub const HUMAN_AGENT_MS: i64 = 6 * 24 * 3_600_000;
