//! Inactivity (`docs/domain.md#inactivity`): the inbox's rule, or the fixed hours.
//!
//! A message costs no statement here. The timer stays where it was set; when it is due, the messages decide whether the
//! time is really over, and otherwise when it will be.

use causerie_shared::{
    Millis,
    conversation::{
        State,
        transition::{Actor, Event},
    },
    ids::{ConversationId, InboxId},
    inbox::inactivity::{Inactivity, TimeOut, may_remind},
    message::Author,
    refusal::{Code, Refusal},
    row::ConversationRow,
    timer::TimerKind,
};

use super::{change, system_message::SystemMessage};
use crate::{
    commit_events::CommitEvents,
    error::ServiceError,
    state::App,
    store::{
        Db, OrderedTx, conversation_events, conversations,
        messages::{self, Words},
        timers::{self, TimerRecord},
    },
    unit_of_work::UnitOfWork,
};

/// The result of checking a chat when its inactivity timer is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// Nobody wrote within the limit.
    Silence,
    /// The limit is not reached before this time.
    Later(Millis),
}

/// Checks the fixed limit: how long neither the contact nor an agent has written.
fn quiet(words: Words, limit: Millis, now: Millis) -> Found {
    let last = [words.contact, words.agent]
        .into_iter()
        .flatten()
        .map(|(_, at)| at)
        .max();
    match last.map(|at| at + limit) {
        Some(due) if due > now => Found::Later(due),
        Some(_) | None => Found::Silence,
    }
}

/// Checks how long the contact has not answered the agent's last message. If the contact wrote last, or the rule has
/// already been applied to this silence, the limit is not reached before the rule's time has passed once more.
async fn unanswered(
    db: &mut Db,
    head: &ConversationRow,
    words: Words,
    rule: &Inactivity,
    now: Millis,
) -> Result<Found, ServiceError> {
    let again = Found::Later(now + rule.millis());
    let heard = words.contact.map_or(0, |(position, _)| position);
    let Some((_, at)) = words.agent.filter(|(position, _)| *position > heard) else {
        return Ok(again);
    };
    if at + rule.millis() > now {
        return Ok(Found::Later(at + rule.millis()));
    }
    Ok(match conversation_events::reminded_since(db, head.id, heard).await? {
        true => again,
        false => Found::Silence,
    })
}

/// Sets the timers of an inbox's assigned chats by its current rule, after the rule was switched on, changed or
/// switched off.
pub async fn rearm(db: &mut Db, inbox: InboxId, now: Millis) -> Result<(), ServiceError> {
    let rule = change::routing(&mut *db, inbox).await?.inactivity;
    for head in conversations::assigned(&mut *db, inbox).await? {
        let State::Assigned { since, .. } = head.state else {
            continue;
        };
        let subject = head.id.to_string();
        for kind in [TimerKind::Inactivity, TimerKind::Silence] {
            timers::cancel(&mut *db, kind, &subject).await?;
        }
        let Some((kind, after)) = head.state.silence(rule.as_ref()) else {
            continue;
        };
        let words = messages::words(&mut *db, head.id).await?;
        let found = match &rule {
            Some(rule) => unanswered(&mut *db, &head, words, rule, now).await?,
            None => quiet(words, after, now),
        };
        let due = match found {
            Found::Silence => now,
            Found::Later(due) => due,
        };
        change::set(&mut *db, kind, subject, head.version, due.max(since + after), now).await?;
    }
    Ok(())
}

/// A reminder that an inactivity rule sends. Its document must be locked before the database, so [`send`] writes it in
/// a unit of work of its own, which also takes the timer.
#[derive(Debug)]
pub struct Reminder {
    head: ConversationRow,
    rule: Inactivity,
}

/// Handles an inactivity timer that is due. Returns the reminder to send, if the rule has one: the caller then drops
/// this unit of work.
pub async fn due(
    unit: &mut UnitOfWork,
    conversation: ConversationId,
    timer: &TimerRecord,
    now: Millis,
) -> Result<Option<Reminder>, ServiceError> {
    let head = conversations::lock(&mut unit.tx, conversation).await?;
    let Some(mut head) = head.filter(|head| head.version == timer.fence) else {
        return Ok(None);
    };
    let rule = change::routing(&mut unit.tx, head.inbox).await?.inactivity;
    let rule = rule.filter(|_| matches!(head.state, State::Assigned { .. }));
    let words = messages::words(&mut unit.tx, head.id).await?;
    let found = match (&rule, head.state.silence(None)) {
        (Some(rule), _) => Some(unanswered(&mut unit.tx, &head, words, rule, now).await?),
        (None, Some((_, limit))) => Some(quiet(words, limit, now)),
        // This state has no inactivity limit.
        (None, None) => None,
    };
    match (found, rule) {
        (None, _) => {}
        (Some(Found::Later(due)), _) => {
            change::set(&mut unit.tx, timer.kind, timer.subject.clone(), timer.fence, due, now).await?;
        }
        (Some(Found::Silence), Some(rule)) if rule.action.sends() => {
            if may_remind(head.channel, words.contact.map_or(0, |(_, at)| at), now) {
                return Ok(Some(Reminder { head, rule }));
            }
            remind(&mut unit.tx, &mut head, rule.action, false, now, &mut unit.events).await?;
        }
        (Some(Found::Silence), _) => {
            let (db, events) = (&mut unit.tx, &mut unit.events);
            change::apply(db, &mut head, &Event::Inactive, Actor::System, now, events).await?;
        }
    }
    Ok(None)
}

/// Records that the rule was applied to this silence, with or without a message, and ends the chat if the rule says so.
async fn remind(
    db: &mut OrderedTx,
    head: &mut ConversationRow,
    action: TimeOut,
    sent: bool,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    change::apply(&mut *db, head, &Event::Reminded { sent }, Actor::System, now, events).await?;
    if action.closes() {
        change::apply(db, head, &Event::Inactive, Actor::System, now, events).await?;
    }
    Ok(())
}

/// Sends a reminder, and takes its timer.
///
/// # Errors
/// `Conflict` when the chat has changed since the reminder was decided; the caller then decides again.
pub async fn send(app: &App, reminder: Reminder, timer: &TimerRecord) -> Result<(), ServiceError> {
    let Reminder { head: known, rule } = reminder;
    let now = app.clock.now();
    let mut saying = SystemMessage::begin(app, &known, Author::System, &rule.message, None).await?;
    let mut unit = UnitOfWork::begin(app).await?;
    let head = conversations::lock(&mut unit.tx, known.id).await?;
    let same = |head: &ConversationRow| {
        (head.version, head.position, head.segment) == (known.version, known.position, known.segment)
    };
    let mut head = head
        .filter(same)
        .ok_or_else(|| Refusal::new(Code::Conflict, "the chat has changed; look again"))?;
    if !timers::take(&mut unit.tx, timer).await? {
        return Ok(());
    }
    let scope = saying.write(&mut unit.tx, &mut head, now, &mut unit.events).await?;
    remind(&mut unit.tx, &mut head, rule.action, true, now, &mut unit.events).await?;
    saying.committed(app, &scope, unit.commit_held().await?);
    Ok(())
}
