//! The state of a conversation (`docs/domain.md#states`). Each variant holds its own data; `transition` changes the
//! state.

pub mod transition;

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    ids::{InboxId, UserId},
    inbox::{Channel, Mode, Rules, inactivity::Inactivity},
    timer::TimerKind,
};

/// The undo window: how long the user who ended a chat may undo it.
pub const UNDO_MS: i64 = 10_000;
/// A bot chat ends after an hour without a message. The value is fixed.
pub const BOT_SILENCE_MS: i64 = 3_600_000;
/// An assigned chat ends after an hour without a message from either side, unless its inbox has an inactivity rule.
pub const ASSIGNED_SILENCE_MS: i64 = 3_600_000;
/// A waiting chat ends after six hours without a message.
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

/// The state with its data. People see exactly these seven names as statuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Bot {
        since: Millis,
    },
    Waiting {
        /// The start of the wait. An offer that comes back keeps it, so that the queue stays first in, first out.
        since: Millis,
        /// Whether the queue timer is over, on a channel that keeps the chat waiting.
        overdue: bool,
        /// Whether the chat was left as a message, after a miss or outside business hours; no queue timer runs.
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
        /// The user who ended the chat and may undo that for [`UNDO_MS`].
        by: Option<UserId>,
        at: Millis,
        /// The agent who had the chat, for undo and History.
        last_agent: Option<UserId>,
    },
    Failed {
        reason: FailReason,
        at: Millis,
    },
}

/// The name of a state, without its data.
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

    /// Whether the status is final: Ended or Failed. Only the undo of an end leaves it.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Ended | Self::Failed)
    }
}

impl State {
    /// The state of a chat that starts to wait now.
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

    /// The agent who has the chat, including an unanswered offer; while Transferring, the previous agent.
    pub fn agent(&self) -> Option<UserId> {
        match self {
            Self::Assigning { agent, .. } | Self::Assigned { agent, .. } => Some(*agent),
            Self::Transferring { from, .. } => Some(*from),
            Self::Bot { .. } | Self::Waiting { .. } | Self::Ended { .. } | Self::Failed { .. } => None,
        }
    }

    /// All users in whose capacity the chat counts (`docs/domain.md#capacity`). An incoming transfer reserves a place
    /// in its receiver's capacity.
    pub fn holders(&self) -> Vec<UserId> {
        match self {
            Self::Assigning { agent, .. } | Self::Assigned { agent, .. } => vec![*agent],
            Self::Transferring { from, to, .. } => vec![*from, *to],
            Self::Bot { .. } | Self::Waiting { .. } | Self::Ended { .. } | Self::Failed { .. } => vec![],
        }
    }

    /// The timer of this state that people see as a countdown, and when it is due.
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

    /// The silence after which this state ends, and its length; people do not see this timer. Messages extend it
    /// without a change of state, so whoever lets the timer fire checks the messages first.
    ///
    /// A message that was left while nobody could answer waits for a person without a limit.
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

/// What a transition needs to know about the conversation besides its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    pub inbox: InboxId,
    pub channel: Channel,
    pub rules: Rules,
    /// Whether the inbox in which the chat would wait is within its business hours.
    pub open: bool,
    /// When the chat's current or last wait began.
    pub waiting_since: Millis,
}
