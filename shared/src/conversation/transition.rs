//! Every change of state of a conversation, as one pure function (`domain.md` §2).

use serde::{Deserialize, Serialize};

use super::{EndReason, Facts, FailReason, State, Status, UNDO_MS};
use crate::{
    Millis,
    ids::UserId,
    inbox::{Channel, Mode},
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
    /// The queue timer is over.
    QueueOver,
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
            Self::Withdraw => "withdraw",
            Self::TransferToAgent { .. } => "transfer_to_agent",
            Self::CancelTransfer => "cancel_transfer",
            Self::TransferToInbox => "transfer_to_inbox",
            Self::End => "end",
            Self::Leave => "leave",
            Self::Inactive => "inactive",
            Self::QueueOver => "queue_over",
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
/// by the caller's claim in the same database transaction; here the table of `domain.md` §2 alone decides.
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
        State::Bot { .. } => from_bot(event, actor, now),
        State::Waiting {
            since,
            overdue,
            offline,
        } => from_waiting(
            Wait {
                since,
                overdue,
                offline,
            },
            event,
            actor,
            facts,
            now,
        ),
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
            from_assigning(agent, deadline, wait, event, actor, now)
        }
        State::Assigned { agent, .. } => from_assigned(agent, event, actor, facts, now),
        State::Transferring {
            from, to, by, since, ..
        } => from_transferring(from, to, by, since, event, actor, now),
        State::Ended { by, at, last_agent, .. } => from_ended(by, at, last_agent, event, actor, now),
        State::Failed { .. } => Err(closed()),
    }
}

struct Wait {
    since: Millis,
    overdue: bool,
    offline: bool,
}

impl Wait {
    fn back(self) -> State {
        State::Waiting {
            since: self.since,
            overdue: self.overdue,
            offline: self.offline,
        }
    }
}

fn closed() -> Refusal {
    Refusal::new(Code::Closed, "the chat has ended")
}

fn impossible(event: &Event, status: Status) -> Refusal {
    Refusal::new(
        Code::Conflict,
        format!("{} is not possible while {}", event.as_str(), status.as_str()),
    )
}

fn forbidden(text: &str) -> Refusal {
    Refusal::new(Code::Forbidden, text)
}

fn user(actor: Actor) -> Result<UserId, Refusal> {
    actor.user().ok_or_else(|| forbidden("only a person can do this"))
}

fn supervisor(actor: Actor) -> Result<UserId, Refusal> {
    match actor {
        Actor::User { id, supervises: true } => Ok(id),
        Actor::User { .. } | Actor::Contact | Actor::Bot | Actor::System => {
            Err(forbidden("only a supervisor of this inbox can do this"))
        }
    }
}

fn ended(reason: EndReason, by: Option<UserId>, last_agent: Option<UserId>, now: Millis) -> State {
    State::Ended {
        reason,
        by,
        at: now,
        last_agent,
    }
}

fn from_bot(event: &Event, actor: Actor, now: Millis) -> Result<State, Refusal> {
    match event {
        Event::HandOver => Ok(State::waiting(now)),
        Event::JumpIn => Ok(State::Assigned {
            agent: user(actor)?,
            since: now,
        }),
        Event::BotDone => Ok(ended(EndReason::BotResolved, None, None, now)),
        Event::Offer { .. }
        | Event::Start
        | Event::Accept
        | Event::Decline
        | Event::Expire
        | Event::AgentGone { .. }
        | Event::Withdraw
        | Event::TransferToAgent { .. }
        | Event::CancelTransfer
        | Event::TransferToInbox
        | Event::End
        | Event::Leave
        | Event::Inactive
        | Event::QueueOver
        | Event::AccountRemoved
        | Event::Undo => Err(impossible(event, Status::Bot)),
    }
}

fn from_waiting(wait: Wait, event: &Event, actor: Actor, facts: &Facts, now: Millis) -> Result<State, Refusal> {
    match event {
        Event::Offer { agent } => {
            match facts.rules.mode {
                Mode::Auto if actor == Actor::System => {}
                Mode::Auto | Mode::Manual | Mode::Broadcast => {
                    supervisor(actor)?;
                }
            }
            Ok(State::Assigning {
                agent: *agent,
                deadline: now + i64::from(facts.rules.accept_secs) * 1000,
                waiting_since: wait.since,
                overdue: wait.overdue,
                offline: wait.offline,
            })
        }
        Event::Start => {
            let agent = match facts.rules.mode {
                Mode::Broadcast => user(actor)?,
                Mode::Auto | Mode::Manual => supervisor(actor)?,
            };
            Ok(State::Assigned { agent, since: now })
        }
        Event::End => Ok(ended(EndReason::Supervisor, Some(supervisor(actor)?), None, now)),
        Event::Leave => Ok(ended(EndReason::Visitor, None, None, now)),
        Event::Inactive => Ok(ended(EndReason::Inactivity, None, None, now)),
        Event::QueueOver => match facts.channel {
            Channel::Web => Ok(State::Failed {
                reason: FailReason::Missed,
                at: now,
            }),
            Channel::Whatsapp
            | Channel::Messenger
            | Channel::Instagram
            | Channel::Telegram
            | Channel::FacebookComments
            | Channel::InstagramComments => Ok(State::Waiting {
                since: wait.since,
                overdue: true,
                offline: wait.offline,
            }),
        },
        Event::TransferToInbox => {
            // The server itself, when the queue timer is over and the inbox overflows into another one.
            if actor != Actor::System {
                supervisor(actor)?;
            }
            Ok(State::waiting(now))
        }
        Event::HandOver
        | Event::JumpIn
        | Event::BotDone
        | Event::Accept
        | Event::Decline
        | Event::Expire
        | Event::AgentGone { .. }
        | Event::Withdraw
        | Event::TransferToAgent { .. }
        | Event::CancelTransfer
        | Event::AccountRemoved
        | Event::Undo => Err(impossible(event, Status::Waiting)),
    }
}

fn from_assigning(
    agent: UserId,
    deadline: Millis,
    wait: Wait,
    event: &Event,
    actor: Actor,
    now: Millis,
) -> Result<State, Refusal> {
    match event {
        Event::Accept => {
            if user(actor)? != agent {
                return Err(forbidden("the chat is offered to somebody else"));
            }
            if now >= deadline {
                return Err(Refusal::new(Code::Conflict, "the offer has expired"));
            }
            Ok(State::Assigned { agent, since: now })
        }
        Event::Decline => {
            if user(actor)? != agent {
                return Err(forbidden("the chat is offered to somebody else"));
            }
            Ok(wait.back())
        }
        Event::Expire if now >= deadline => Ok(wait.back()),
        Event::Expire => Err(Refusal::new(Code::Conflict, "the offer still stands")),
        Event::AgentGone { agent: gone } if *gone == agent => Ok(wait.back()),
        Event::AgentGone { .. } => Err(impossible(event, Status::Assigning)),
        Event::Withdraw => {
            supervisor(actor)?;
            Ok(wait.back())
        }
        // The visitor may give up while the offer rings; it would be wrong to hold them.
        Event::Leave => Ok(ended(EndReason::Visitor, None, None, now)),
        Event::HandOver
        | Event::JumpIn
        | Event::BotDone
        | Event::Offer { .. }
        | Event::Start
        | Event::TransferToAgent { .. }
        | Event::CancelTransfer
        | Event::TransferToInbox
        | Event::End
        | Event::Inactive
        | Event::QueueOver
        | Event::AccountRemoved
        | Event::Undo => Err(impossible(event, Status::Assigning)),
    }
}

/// Its agent, or a supervisor of the inbox.
fn owner_or_supervisor(agent: UserId, actor: Actor) -> Result<UserId, Refusal> {
    match actor {
        Actor::User { id, supervises } if id == agent || supervises => Ok(id),
        Actor::User { .. } | Actor::Contact | Actor::Bot | Actor::System => {
            Err(forbidden("the chat is somebody else's"))
        }
    }
}

fn end_by(agent: UserId, actor: Actor, now: Millis) -> Result<State, Refusal> {
    let by = owner_or_supervisor(agent, actor)?;
    let reason = if by == agent {
        EndReason::Agent
    } else {
        EndReason::Supervisor
    };
    Ok(ended(reason, Some(by), Some(agent), now))
}

fn from_assigned(agent: UserId, event: &Event, actor: Actor, facts: &Facts, now: Millis) -> Result<State, Refusal> {
    match event {
        Event::TransferToAgent { to } => {
            let by = owner_or_supervisor(agent, actor)?;
            if *to == agent {
                return Err(Refusal::new(Code::Invalid, "the chat is already theirs"));
            }
            let deadline = now + i64::from(facts.rules.accept_secs) * 1000;
            Ok(State::Transferring {
                from: agent,
                to: *to,
                by,
                deadline,
                since: now,
            })
        }
        Event::TransferToInbox => {
            owner_or_supervisor(agent, actor)?;
            Ok(State::waiting(now))
        }
        Event::End => end_by(agent, actor, now),
        Event::Leave => Ok(ended(EndReason::Visitor, None, Some(agent), now)),
        Event::Inactive => Ok(ended(EndReason::Inactivity, None, Some(agent), now)),
        Event::HandOver
        | Event::JumpIn
        | Event::BotDone
        | Event::Offer { .. }
        | Event::Start
        | Event::Accept
        | Event::Decline
        | Event::Expire
        | Event::AgentGone { .. }
        | Event::Withdraw
        | Event::CancelTransfer
        | Event::QueueOver
        | Event::AccountRemoved
        | Event::Undo => Err(impossible(event, Status::Assigned)),
    }
}

fn from_transferring(
    from: UserId,
    to: UserId,
    by: UserId,
    since: Millis,
    event: &Event,
    actor: Actor,
    now: Millis,
) -> Result<State, Refusal> {
    let stays = State::Assigned { agent: from, since };
    match event {
        Event::Accept if user(actor)? == to => Ok(State::Assigned { agent: to, since: now }),
        Event::Decline if user(actor)? == to => Ok(stays),
        Event::Accept | Event::Decline => Err(forbidden("the chat is handed to somebody else")),
        Event::Expire => Ok(stays),
        Event::AgentGone { agent } if *agent == to => Ok(stays),
        Event::AgentGone { .. } => Err(impossible(event, Status::Transferring)),
        Event::CancelTransfer => {
            let who = owner_or_supervisor(from, actor)?;
            if who == from || who == by || matches!(actor, Actor::User { supervises: true, .. }) {
                Ok(stays)
            } else {
                Err(forbidden("the transfer is somebody else's"))
            }
        }
        Event::End => end_by(from, actor, now),
        Event::Leave => Ok(ended(EndReason::Visitor, None, Some(from), now)),
        Event::HandOver
        | Event::JumpIn
        | Event::BotDone
        | Event::Offer { .. }
        | Event::Start
        | Event::Withdraw
        | Event::TransferToAgent { .. }
        | Event::TransferToInbox
        | Event::Inactive
        | Event::QueueOver
        | Event::AccountRemoved
        | Event::Undo => Err(impossible(event, Status::Transferring)),
    }
}

fn from_ended(
    by: Option<UserId>,
    at: Millis,
    last_agent: Option<UserId>,
    event: &Event,
    actor: Actor,
    now: Millis,
) -> Result<State, Refusal> {
    match (event, last_agent) {
        (Event::Undo, Some(agent)) if by.is_some() && by == actor.user() && now < at + UNDO_MS => {
            Ok(State::Assigned { agent, since: now })
        }
        _ => Err(closed()),
    }
}

#[cfg(test)]
mod tests;
