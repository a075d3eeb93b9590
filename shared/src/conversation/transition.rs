//! Every change of state of a conversation, as one pure function (`docs/domain.md#states`).

mod from;

use serde::{Deserialize, Serialize};

use self::from::{Offer, Request, Wait};
use super::{Facts, FailReason, State};
use crate::{
    Millis,
    ids::UserId,
    refusal::{Code, Refusal},
};

/// Who causes an event. `supervises` says whether the user supervises the chat's inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    User { id: UserId, supervises: bool },
    Contact,
    Bot,
    System,
}

impl Actor {
    /// The user, if a person of the company caused it.
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(id),
            Self::Contact | Self::Bot | Self::System => None,
        }
    }
}

/// Causes of the journey's rows by which an inactivity rule knows that it has spoken in this silence.
pub const REMINDED: &str = "reminded";
/// As [`REMINDED`], when the channel forbade the message.
pub const NOT_REMINDED: &str = "not_reminded";

/// What happens to a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The bot hands over, or the contact asks for an agent.
    HandOver,
    /// A member takes a bot chat over.
    JumpIn,
    /// The bot is done, or an hour of silence passed.
    BotDone,
    /// Routing (`auto`) or a supervisor (`manual`) offers it to an agent.
    Offer {
        agent: UserId,
    },
    /// A member takes it from a broadcast queue, or a supervisor assigns it to themself.
    Start,
    Accept,
    Decline,
    /// The acceptance timer is over.
    Expire,
    /// The agent who is asked went busy or stayed disconnected past the grace.
    AgentGone {
        agent: UserId,
    },
    /// The agent who has it is deactivated: it returns to the queue.
    AgentRemoved {
        agent: UserId,
    },
    /// A supervisor takes an offer back.
    Withdraw,
    TransferToAgent {
        to: UserId,
    },
    CancelTransfer,
    TransferToInbox,
    End,
    /// The visitor left or ended the chat.
    Leave,
    /// No message for as long as the rule allows.
    Inactive,
    /// The contact stayed silent: the inbox's message went to them, or the channel forbade it.
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
    /// The cause as the journey stores it.
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

/// The state in which a conversation begins with its first message.
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

/// Consumes the state and gives the next one, or says why not. Capacity and membership are checked
/// by the caller's claim in the same database transaction; here the table of `docs/domain.md#states` alone decides.
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
