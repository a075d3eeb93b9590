//! The state of a conversation (`docs/domain.md#states`). Variants hold their own data; `transition` changes them.

pub mod transition;

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    ids::{InboxId, UserId},
    inbox::{Channel, Mode, Rules, inactivity::Inactivity},
    timer::TimerKind,
};

/// The one who ended a chat may undo it for this long.
pub const UNDO_MS: i64 = 10_000;
/// A bot chat ends after an hour of silence (*fixed*).
pub const BOT_SILENCE_MS: i64 = 3_600_000;
/// An assigned chat without a message from either side completes itself after an hour, unless its inbox has an
/// inactivity rule.
pub const ASSIGNED_SILENCE_MS: i64 = 3_600_000;
/// A waiting chat without a message completes itself after six hours.
pub const WAITING_SILENCE_MS: i64 = 6 * 3_600_000;

/// Why a chat ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    Agent,
    Supervisor,
    Visitor,
    Inactivity,
    BotResolved,
}

/// Why a chat failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailReason {
    Missed,
    ChannelRemoved,
}

/// The state with its data. Statuses shown to people are exactly these seven names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Bot {
        since: Millis,
    },
    Waiting {
        /// Start of the wait: kept when an offer comes back, so that FIFO holds.
        since: Millis,
        /// The queue timer is over and the channel keeps the chat waiting.
        overdue: bool,
        /// Left as a message after a miss or outside business hours: no queue timer runs.
        offline: bool,
    },
    Assigning {
        agent: UserId,
        deadline: Millis,
        waiting_since: Millis,
        overdue: bool,
        offline: bool,
    },
    Assigned {
        agent: UserId,
        since: Millis,
    },
    Transferring {
        from: UserId,
        to: UserId,
        by: UserId,
        deadline: Millis,
        /// When `from` got the chat.
        since: Millis,
    },
    Ended {
        reason: EndReason,
        /// The user who ended it and may undo it for [`UNDO_MS`].
        by: Option<UserId>,
        at: Millis,
        /// Who had it, for undo and History.
        last_agent: Option<UserId>,
    },
    Failed {
        reason: FailReason,
        at: Millis,
    },
}

/// The names of the states, without their data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Bot,
    Waiting,
    Assigning,
    Assigned,
    Transferring,
    Ended,
    Failed,
}

impl Status {
    pub const ALL: [Self; 7] = [
        Self::Bot,
        Self::Waiting,
        Self::Assigning,
        Self::Assigned,
        Self::Transferring,
        Self::Ended,
        Self::Failed,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::Waiting => "waiting",
            Self::Assigning => "assigning",
            Self::Assigned => "assigned",
            Self::Transferring => "transferring",
            Self::Ended => "ended",
            Self::Failed => "failed",
        }
    }

    /// Ended and Failed are final (but for the undo of an end).
    pub fn is_final(self) -> bool {
        matches!(self, Self::Ended | Self::Failed)
    }
}

impl State {
    /// A chat that begins to wait now.
    pub fn waiting(now: Millis) -> Self {
        Self::Waiting {
            since: now,
            overdue: false,
            offline: false,
        }
    }

    pub fn status(&self) -> Status {
        match self {
            Self::Bot { .. } => Status::Bot,
            Self::Waiting { .. } => Status::Waiting,
            Self::Assigning { .. } => Status::Assigning,
            Self::Assigned { .. } => Status::Assigned,
            Self::Transferring { .. } => Status::Transferring,
            Self::Ended { .. } => Status::Ended,
            Self::Failed { .. } => Status::Failed,
        }
    }

    /// The agent who has the chat, an unanswered offer included; while Transferring the old one.
    pub fn agent(&self) -> Option<UserId> {
        match self {
            Self::Assigning { agent, .. } | Self::Assigned { agent, .. } => Some(*agent),
            Self::Transferring { from, .. } => Some(*from),
            Self::Bot { .. } | Self::Waiting { .. } | Self::Ended { .. } | Self::Failed { .. } => None,
        }
    }

    /// Everyone in whose capacity the chat counts (`docs/domain.md#capacity`): an incoming transfer
    /// reserves a place at its receiver.
    pub fn holders(&self) -> Vec<UserId> {
        match self {
            Self::Assigning { agent, .. } | Self::Assigned { agent, .. } => vec![*agent],
            Self::Transferring { from, to, .. } => vec![*from, *to],
            Self::Bot { .. } | Self::Waiting { .. } | Self::Ended { .. } | Self::Failed { .. } => vec![],
        }
    }

    /// The timer of this state that people see, as a ring that drains, and when it is due.
    pub fn timer(&self, rules: &Rules) -> Option<(TimerKind, Millis)> {
        match self {
            Self::Bot { since } => Some((TimerKind::BotSilence, since + BOT_SILENCE_MS)),
            Self::Waiting {
                since,
                overdue: false,
                offline: false,
            } if matches!(rules.mode, Mode::Broadcast) => {
                Some((TimerKind::Queue, since + i64::from(rules.queue_secs) * 1000))
            }
            Self::Waiting { .. } => None,
            Self::Assigning { deadline, .. } | Self::Transferring { deadline, .. } => {
                Some((TimerKind::Acceptance, *deadline))
            }
            Self::Ended { by: Some(_), at, .. } => Some((TimerKind::Ending, at + UNDO_MS)),
            Self::Assigned { .. } | Self::Ended { .. } | Self::Failed { .. } => None,
        }
    }

    /// The silence that ends this state, and after how long; nobody sees it run. Messages move it without a change
    /// of state: whoever lets it happen looks at them first.
    ///
    /// A message that was left while nobody could answer waits for a person, however long that takes.
    pub fn silence(&self, rule: Option<&Inactivity>) -> Option<(TimerKind, Millis)> {
        match self {
            Self::Waiting { offline: false, .. } => Some((TimerKind::Silence, WAITING_SILENCE_MS)),
            Self::Assigned { .. } => Some(match rule {
                Some(rule) => (TimerKind::Inactivity, rule.millis()),
                None => (TimerKind::Silence, ASSIGNED_SILENCE_MS),
            }),
            Self::Bot { .. }
            | Self::Waiting { .. }
            | Self::Assigning { .. }
            | Self::Transferring { .. }
            | Self::Ended { .. }
            | Self::Failed { .. } => None,
        }
    }
}

/// What a transition needs to know of the conversation besides its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    pub inbox: InboxId,
    pub channel: Channel,
    pub rules: Rules,
    /// The inbox in which the chat would wait is within its business hours.
    pub open: bool,
    /// Since when it waits, or last waited.
    pub waiting_since: Millis,
}
