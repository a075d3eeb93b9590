//! Timers are rows: they survive a restart and fire once; a late one changes nothing (`docs/domain.md#timers`).

use serde::{Deserialize, Serialize};

use crate::Millis;

/// What a timer does when it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// A chat has waited in a broadcast queue for the maximum time.
    Queue,
    /// An offer or transfer request was not answered in time.
    Acceptance,
    /// Nobody has written in a bot chat for the maximum time.
    BotSilence,
    /// Every eligible agent was asked; a new round of offers begins.
    Round,
    /// A user's last socket closed and the user did not reconnect.
    Presence,
    /// The contact has not answered the agent's last message; the inbox has an inactivity rule.
    Inactivity,
    /// Nobody has written for the fixed time ([`ASSIGNED_SILENCE_MS`](crate::conversation::ASSIGNED_SILENCE_MS),
    /// [`WAITING_SILENCE_MS`](crate::conversation::WAITING_SILENCE_MS)).
    Silence,
    /// The undo window of an ended chat is over: the closing words are sent.
    Ending,
    /// An inbox opens or closes by its business hours; the timer's subject is the inbox.
    Hours,
}

impl TimerKind {
    pub const ALL: [Self; 9] = [
        Self::Queue,
        Self::Acceptance,
        Self::BotSilence,
        Self::Round,
        Self::Presence,
        Self::Inactivity,
        Self::Silence,
        Self::Ending,
        Self::Hours,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Acceptance => "acceptance",
            Self::BotSilence => "bot_silence",
            Self::Round => "round",
            Self::Presence => "presence",
            Self::Inactivity => "inactivity",
            Self::Silence => "silence",
            Self::Ending => "ending",
            Self::Hours => "hours",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == key)
    }
}

/// A running timer as the console draws it: a countdown that drains from `total` to 0 at `due`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Countdown {
    pub due: Millis,
    /// Length of the whole timer in milliseconds.
    pub total: i64,
}

impl Countdown {
    /// Milliseconds left; negative when overdue.
    pub fn left(self, now: Millis) -> i64 {
        self.due - now
    }

    /// The share of the time that is left, from 0.0 to 1.0.
    pub fn share(self, now: Millis) -> f64 {
        if self.total <= 0 {
            return 0.0;
        }
        (self.left(now) as f64 / self.total as f64).clamp(0.0, 1.0)
    }
}
