//! Every change of a conversation's state, as one pure function (`docs/domain.md#states`).

mod from;

use serde::{Deserialize, Serialize};

use self::from::{Offer, Request, Wait};
use super::{Facts, FailReason, State};
use crate::{
    Millis,
    ids::UserId,
    refusal::{Code, Refusal},
};

/// The cause of an event. `supervises` says whether the user supervises the chat's inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    User { id: UserId, supervises: bool },
    Contact,
    Bot,
    System,
}

impl Actor {
    /// The user, if a user of the company caused the event.
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(id),
            Self::Contact | Self::Bot | Self::System => None,
        }
    }
}

/// The name of the conversation event after a reminder of the inactivity rule; marks that the rule has acted in this
/// silence.
pub const REMINDED: &str = "reminded";
/// Like [`REMINDED`], if the channel did not allow the message.
pub const NOT_REMINDED: &str = "not_reminded";

/// What happens to a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The bot hands the chat over, or the contact asks for an agent.
    HandOver,
    /// A member takes over a bot chat.
    JumpIn,
    /// The bot is done, or an hour passed without a message.
    BotDone,
    /// Routing (`auto`) or a supervisor (`manual`) offers the chat to an agent.
    Offer {
        agent: UserId,
    },
    /// A member takes the chat from a broadcast queue, or a supervisor assigns it to themself.
    Start,
    Accept,
    Decline,
    /// The acceptance timer is over.
    Expire,
    /// The agent with an unanswered offer became busy or stayed disconnected past the grace period.
    AgentGone {
        agent: UserId,
    },
    /// The agent who has the chat was deactivated: the chat returns to the queue.
    AgentRemoved {
        agent: UserId,
    },
    /// A supervisor withdraws an offer.
    Withdraw,
    TransferToAgent {
        to: UserId,
    },
    CancelTransfer,
    TransferToInbox,
    End,
    /// The visitor left or ended the chat.
    Leave,
    /// Nobody wrote for the maximum time of the rule.
    Inactive,
    /// The contact stayed silent: the inbox's message was sent to the contact, or the channel did not allow it.
    Reminded {
        sent: bool,
    },
    /// The queue timer is over.
    QueueOver,
    /// The inbox closed by its business hours.
    HoursOver,
    AccountRemoved,
    Undo,
}

impl Event {
    /// The cause as the conversation's events store it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::HandOver => "hand_over",
            Self::JumpIn => "jump_in",
            Self::BotDone => "bot_done",
            Self::Offer { .. } => "offer",
            Self::Start => "start",
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::Expire => "expire",
            Self::AgentGone { .. } => "agent_gone",
            Self::AgentRemoved { .. } => "agent_removed",
            Self::Withdraw => "withdraw",
            Self::TransferToAgent { .. } => "transfer_to_agent",
            Self::CancelTransfer => "cancel_transfer",
            Self::TransferToInbox => "transfer_to_inbox",
            Self::End => "end",
            Self::Leave => "leave",
            Self::Inactive => "inactive",
            Self::Reminded { sent: true } => REMINDED,
            Self::Reminded { sent: false } => NOT_REMINDED,
            Self::QueueOver => "queue_over",
            Self::HoursOver => "hours_over",
            Self::AccountRemoved => "account_removed",
            Self::Undo => "undo",
        }
    }
}

/// The state of a conversation at its first message.
pub fn begin(has_bot: bool, offline: bool, now: Millis) -> State {
    if has_bot {
        State::Bot { since: now }
    } else {
        State::Waiting {
            since: now,
            overdue: false,
            offline,
        }
    }
}

/// Returns the next state, or the reason for a refusal. The caller's claim checks capacity and membership in the same
/// database transaction; this function only applies the table of `docs/domain.md#states`.
pub fn transition(state: State, event: &Event, actor: Actor, facts: &Facts, now: Millis) -> Result<State, Refusal> {
    if let Event::AccountRemoved = event {
        return if state.status().is_final() {
            Err(closed())
        } else {
            Ok(State::Failed {
                reason: FailReason::ChannelRemoved,
                at: now,
            })
        };
    }
    match state {
        State::Bot { .. } => from::bot(event, actor, facts, now),
        State::Waiting {
            since,
            overdue,
            offline,
        } => {
            let wait = Wait {
                since,
                overdue,
                offline,
            };
            from::waiting(wait, event, actor, facts, now)
        }
        State::Assigning {
            agent,
            deadline,
            waiting_since,
            overdue,
            offline,
        } => {
            let wait = Wait {
                since: waiting_since,
                overdue,
                offline,
            };
            from::assigning(Offer { agent, deadline, wait }, event, actor, facts, now)
        }
        State::Assigned { agent, since } => from::assigned(agent, since, event, actor, facts, now),
        State::Transferring {
            from,
            to,
            by,
            deadline,
            since,
        } => {
            let request = Request {
                from,
                to,
                by,
                deadline,
                since,
            };
            from::transferring(request, event, actor, facts, now)
        }
        State::Ended { by, at, last_agent, .. } => from::ended(by, at, last_agent, event, actor, facts, now),
        State::Failed { .. } => Err(closed()),
    }
}

pub(super) fn closed() -> Refusal {
    Refusal::new(Code::Closed, "the chat has ended")
}

#[cfg(test)]
mod tests;
