//! The table of `docs/domain.md#states`, one function per state.

use super::{Actor, Event, closed};
use crate::{
    Millis,
    conversation::{EndReason, Facts, FailReason, State, Status, UNDO_MS},
    ids::UserId,
    inbox::{Channel, Mode},
    refusal::{Code, Refusal},
};

/// The data of a wait. An offer keeps it so that the chat can return to its position in the queue.
pub(super) struct Wait {
    pub since: Millis,
    pub overdue: bool,
    pub offline: bool,
}

impl Wait {
    /// Returns the chat to the queue. Outside business hours nobody is expected to answer at once.
    fn back(self, facts: &Facts) -> State {
        State::Waiting {
            since: self.since,
            overdue: self.overdue,
            offline: self.offline || !facts.open,
        }
    }

    /// Returns the chat to the queue because the agent did not accept the offer. In a manual inbox nobody is asked
    /// next, so the chat becomes overdue to tell the supervisors.
    fn unanswered(self, facts: &Facts) -> State {
        let overdue = self.overdue || facts.rules.mode == Mode::Manual;
        Self { overdue, ..self }.back(facts)
    }
}

/// The data of a pending offer.
pub(super) struct Offer {
    pub agent: UserId,
    pub deadline: Millis,
    pub wait: Wait,
}

/// The data of a pending transfer request.
pub(super) struct Request {
    pub from: UserId,
    pub to: UserId,
    pub by: UserId,
    pub deadline: Millis,
    pub since: Millis,
}

fn anew(facts: &Facts, now: Millis) -> State {
    State::Waiting {
        since: now,
        overdue: false,
        offline: !facts.open,
    }
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

fn expired() -> Refusal {
    Refusal::new(Code::Conflict, "the offer has expired")
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

/// The user, if they are the chat's agent or supervise the inbox.
fn owner_or_supervisor(agent: UserId, actor: Actor) -> Result<UserId, Refusal> {
    match actor {
        Actor::User { id, supervises } if id == agent || supervises => Ok(id),
        Actor::User { .. } | Actor::Contact | Actor::Bot | Actor::System => {
            Err(forbidden("another agent has the chat"))
        }
    }
}

fn end(reason: EndReason, by: Option<UserId>, last_agent: Option<UserId>, now: Millis) -> State {
    State::Ended {
        reason,
        by,
        at: now,
        last_agent,
    }
}

fn end_by(agent: UserId, actor: Actor, now: Millis) -> Result<State, Refusal> {
    let by = owner_or_supervisor(agent, actor)?;
    let reason = if by == agent {
        EndReason::Agent
    } else {
        EndReason::Supervisor
    };
    Ok(end(reason, Some(by), Some(agent), now))
}

pub(super) fn bot(event: &Event, actor: Actor, facts: &Facts, now: Millis) -> Result<State, Refusal> {
    match event {
        Event::HandOver => Ok(anew(facts, now)),
        Event::JumpIn => Ok(State::Assigned {
            agent: user(actor)?,
            since: now,
        }),
        Event::BotDone => Ok(end(EndReason::BotResolved, None, None, now)),
        Event::Offer { .. }
        | Event::Start
        | Event::Accept
        | Event::Decline
        | Event::Expire
        | Event::AgentGone { .. }
        | Event::AgentRemoved { .. }
        | Event::Withdraw
        | Event::TransferToAgent { .. }
        | Event::CancelTransfer
        | Event::TransferToInbox
        | Event::End
        | Event::Leave
        | Event::Inactive
        | Event::Reminded { .. }
        | Event::QueueOver
        | Event::HoursOver
        | Event::AccountRemoved
        | Event::Undo => Err(impossible(event, Status::Bot)),
    }
}

pub(super) fn waiting(wait: Wait, event: &Event, actor: Actor, facts: &Facts, now: Millis) -> Result<State, Refusal> {
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
        Event::End => Ok(end(EndReason::Supervisor, Some(supervisor(actor)?), None, now)),
        Event::Leave => Ok(end(EndReason::Visitor, None, None, now)),
        Event::Inactive => Ok(end(EndReason::Inactivity, None, None, now)),
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
            | Channel::InstagramComments => Ok(Wait { overdue: true, ..wait }.back(facts)),
        },
        Event::HoursOver if wait.offline => Err(impossible(event, Status::Waiting)),
        Event::HoursOver => Ok(Wait { offline: true, ..wait }.back(facts)),
        Event::TransferToInbox => {
            // The server moves the chat itself when the queue timer is over and the inbox has an overflow inbox.
            if actor != Actor::System {
                supervisor(actor)?;
            }
            Ok(anew(facts, now))
        }
        Event::Accept | Event::Decline => Err(expired()),
        Event::HandOver
        | Event::JumpIn
        | Event::BotDone
        | Event::Expire
        | Event::AgentGone { .. }
        | Event::AgentRemoved { .. }
        | Event::Withdraw
        | Event::TransferToAgent { .. }
        | Event::CancelTransfer
        | Event::Reminded { .. }
        | Event::AccountRemoved
        | Event::Undo => Err(impossible(event, Status::Waiting)),
    }
}

pub(super) fn assigning(
    offer: Offer,
    event: &Event,
    actor: Actor,
    facts: &Facts,
    now: Millis,
) -> Result<State, Refusal> {
    let Offer { agent, deadline, wait } = offer;
    match event {
        Event::Accept | Event::Decline if user(actor)? != agent => {
            Err(forbidden("the chat is offered to another agent"))
        }
        Event::Accept if now >= deadline => Err(expired()),
        Event::Accept => Ok(State::Assigned { agent, since: now }),
        Event::Decline => Ok(wait.unanswered(facts)),
        Event::Expire if now >= deadline => Ok(wait.unanswered(facts)),
        Event::Expire => Err(Refusal::new(Code::Conflict, "the offer still stands")),
        Event::AgentGone { agent: gone } | Event::AgentRemoved { agent: gone } if *gone == agent => {
            Ok(wait.unanswered(facts))
        }
        Event::Withdraw => {
            supervisor(actor)?;
            Ok(wait.back(facts))
        }
        // The visitor may leave during an offer; nothing may hold them.
        Event::Leave => Ok(end(EndReason::Visitor, None, None, now)),
        Event::HandOver
        | Event::JumpIn
        | Event::BotDone
        | Event::Offer { .. }
        | Event::Start
        | Event::AgentGone { .. }
        | Event::AgentRemoved { .. }
        | Event::TransferToAgent { .. }
        | Event::CancelTransfer
        | Event::TransferToInbox
        | Event::End
        | Event::Inactive
        | Event::Reminded { .. }
        | Event::QueueOver
        | Event::HoursOver
        | Event::AccountRemoved
        | Event::Undo => Err(impossible(event, Status::Assigning)),
    }
}

pub(super) fn assigned(
    agent: UserId,
    since: Millis,
    event: &Event,
    actor: Actor,
    facts: &Facts,
    now: Millis,
) -> Result<State, Refusal> {
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
                since,
            })
        }
        Event::TransferToInbox => {
            owner_or_supervisor(agent, actor)?;
            Ok(anew(facts, now))
        }
        Event::AgentRemoved { agent: gone } if *gone == agent => Ok(anew(facts, now)),
        Event::End => end_by(agent, actor, now),
        Event::Leave => Ok(end(EndReason::Visitor, None, Some(agent), now)),
        Event::Inactive => Ok(end(EndReason::Inactivity, None, Some(agent), now)),
        Event::Reminded { .. } if actor == Actor::System => Ok(State::Assigned { agent, since }),
        Event::Reminded { .. } => Err(forbidden("the inbox's rule alone does this")),
        Event::Accept | Event::Decline => Err(expired()),
        Event::HandOver
        | Event::JumpIn
        | Event::BotDone
        | Event::Offer { .. }
        | Event::Start
        | Event::Expire
        | Event::AgentGone { .. }
        | Event::AgentRemoved { .. }
        | Event::Withdraw
        | Event::CancelTransfer
        | Event::QueueOver
        | Event::HoursOver
        | Event::AccountRemoved
        | Event::Undo => Err(impossible(event, Status::Assigned)),
    }
}

pub(super) fn transferring(
    request: Request,
    event: &Event,
    actor: Actor,
    facts: &Facts,
    now: Millis,
) -> Result<State, Refusal> {
    let Request {
        from,
        to,
        by,
        deadline,
        since,
    } = request;
    let stays = State::Assigned { agent: from, since };
    match event {
        Event::Accept | Event::Decline if user(actor)? != to => {
            Err(forbidden("the chat is being transferred to another agent"))
        }
        Event::Accept if now >= deadline => Err(expired()),
        Event::Accept => Ok(State::Assigned { agent: to, since: now }),
        Event::Decline => Ok(stays),
        Event::Expire if now >= deadline => Ok(stays),
        Event::Expire => Err(Refusal::new(Code::Conflict, "the request still stands")),
        Event::AgentGone { agent } | Event::AgentRemoved { agent } if *agent == to => Ok(stays),
        Event::AgentRemoved { agent } if *agent == from => Ok(anew(facts, now)),
        Event::CancelTransfer => match actor {
            Actor::User { id, supervises } if supervises || id == from || id == by => Ok(stays),
            Actor::User { .. } | Actor::Contact | Actor::Bot | Actor::System => {
                Err(forbidden("another agent started the transfer"))
            }
        },
        Event::End => end_by(from, actor, now),
        Event::Leave => Ok(end(EndReason::Visitor, None, Some(from), now)),
        Event::HandOver
        | Event::JumpIn
        | Event::BotDone
        | Event::Offer { .. }
        | Event::Start
        | Event::AgentGone { .. }
        | Event::AgentRemoved { .. }
        | Event::Withdraw
        | Event::TransferToAgent { .. }
        | Event::TransferToInbox
        | Event::Inactive
        | Event::Reminded { .. }
        | Event::QueueOver
        | Event::HoursOver
        | Event::AccountRemoved
        | Event::Undo => Err(impossible(event, Status::Transferring)),
    }
}

/// The transitions of an ended chat: only the user who ended it may undo that, within the undo window.
pub(super) fn ended(
    by: Option<UserId>,
    at: Millis,
    last_agent: Option<UserId>,
    event: &Event,
    actor: Actor,
    facts: &Facts,
    now: Millis,
) -> Result<State, Refusal> {
    let undoes = matches!(event, Event::Undo) && by.is_some() && by == actor.user() && now < at + UNDO_MS;
    if !undoes {
        return Err(closed());
    }
    Ok(match last_agent {
        Some(agent) => State::Assigned { agent, since: now },
        None => Wait {
            since: facts.waiting_since,
            overdue: false,
            offline: false,
        }
        .back(facts),
    })
}
