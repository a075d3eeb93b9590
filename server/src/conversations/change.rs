//! One change of a conversation's state: transition, the agents' load, timers, conversation events and feed, all in the
//! caller's transaction.

use causerie_shared::{
    Millis,
    conversation::{
        Facts, State,
        transition::{Actor, Event, transition},
    },
    ids::{InboxId, TimerId, UserId},
    inbox::Rules,
    refusal::{Code, Refusal},
    row::{ConversationRow, JourneyRow},
    timer::{Countdown, TimerKind},
};

use crate::{
    clock::random_u128,
    commit_events::CommitEvents,
    error::ServiceError,
    state::App,
    store::{
        Db, OrderedTx, agent_load, conversation_events, conversations,
        feed::{self, FeedKind},
        offer_rounds,
        places::{self, Routing},
        timers, users,
    },
};

/// Returns the rules of a conversation's inbox.
pub async fn rules(db: &mut Db, inbox: InboxId) -> Result<Rules, ServiceError> {
    Ok(places::rules_of(db, inbox).await?.ok_or_else(super::not_found)?)
}

/// Returns everything that decides where and when the chats of an inbox are routed.
pub async fn routing(db: &mut Db, inbox: InboxId) -> Result<Routing, ServiceError> {
    Ok(places::routing_of(db, inbox).await?.ok_or_else(super::not_found)?)
}

/// Applies `event` to a locked conversation row and writes everything that follows from it. Afterwards `head` is the
/// new row.
///
/// # Errors
/// [`ServiceError::Refused`] when the transition, the version or a capacity does not allow the event. The caller rolls
/// back.
pub async fn apply(
    db: &mut OrderedTx,
    head: &mut ConversationRow,
    event: &Event,
    actor: Actor,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    let here = routing(&mut *db, head.inbox).await?;
    apply_transition(db, head, event, Between { here, there: None }, actor, now, events).await
}

/// Transfers the conversation to another inbox, where it waits by the rules of that inbox. The audience of the
/// conversation changes in the same transaction.
///
/// # Errors
/// As for [`apply`]; `NotFound` when the inbox does not exist or is deleted.
pub async fn to_inbox(
    db: &mut OrderedTx,
    head: &mut ConversationRow,
    inbox: InboxId,
    actor: Actor,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    let there = places::routing_of(&mut *db, inbox)
        .await?
        .filter(|routing| !routing.deleted)
        .ok_or_else(|| Refusal::new(Code::NotFound, "there is no such inbox"))?;
    let here = routing(&mut *db, head.inbox).await?;
    let between = Between {
        here,
        there: Some((inbox, there)),
    };
    apply_transition(&mut *db, head, &Event::TransferToInbox, between, actor, now, events).await?;
    events.woken(inbox);
    Ok(())
}

/// The inbox of a chat, and the inbox to which the chat is transferred.
struct Between {
    here: Routing,
    there: Option<(InboxId, Routing)>,
}

async fn apply_transition(
    db: &mut OrderedTx,
    head: &mut ConversationRow,
    event: &Event,
    between: Between,
    actor: Actor,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    let Between { here, there } = between;
    let facts = Facts {
        inbox: head.inbox,
        channel: head.channel,
        rules: here.rules,
        open: there.as_ref().map_or(&here, |(_, there)| there).is_open(now),
        waiting_since: head.waiting_since,
    };
    let before_scope = head.scope(here.rules.mode);
    let before = head.state.clone();
    head.state = transition(before.clone(), event, actor, &facts, now)?;
    move_places(&mut *db, head.inbox, &before, &head.state, now, events).await?;
    let routing = match there {
        Some((inbox, there)) => {
            head.inbox = inbox;
            // The invited users were invited as colleagues in the old inbox.
            head.invited.clear();
            there
        }
        None => here,
    };
    let read_version = head.version;
    head.version += 1;
    follow(head, &routing.rules, now);
    set_timer(&mut *db, head, &routing, now).await?;
    mark_asked(&mut *db, head, event).await?;
    let after_scope = head.scope(routing.rules.mode);
    let entry = feed::append(
        &mut *db,
        FeedKind::Conversation,
        head.id.to_string(),
        Some(before_scope),
        Some(after_scope),
    )
    .await?;
    head.seq = entry.seq;
    if !conversations::save(&mut *db, head, read_version).await? {
        return Err(Refusal::new(Code::Conflict, "the chat changed meanwhile").into());
    }
    let user = subject(event, actor, &before);
    write_journey(&mut *db, head, event.as_str(), actor, user, now, events).await?;
    events.entry(entry);
    events.head(head.clone());
    Ok(())
}

/// Records an offer in the current round. A transfer to another inbox begins a new round, as does every state other
/// than `Waiting` and `Assigning`.
async fn mark_asked(db: &mut Db, head: &ConversationRow, event: &Event) -> Result<(), ServiceError> {
    if let Event::Offer { agent } = event {
        offer_rounds::add(&mut *db, head.id, *agent).await?;
    }
    let asks = matches!(head.state, State::Waiting { .. } | State::Assigning { .. });
    if !asks || matches!(event, Event::TransferToInbox) {
        offer_rounds::begin(db, head.id).await?;
    }
    Ok(())
}

/// Returns the user whom an event concerns: the one who gets or loses an offer or a request, else the acting user.
fn subject(event: &Event, actor: Actor, before: &State) -> Option<UserId> {
    match event {
        Event::Offer { agent } | Event::AgentGone { agent } | Event::AgentRemoved { agent } => Some(*agent),
        Event::TransferToAgent { to } => Some(*to),
        Event::Expire | Event::Withdraw => match before {
            State::Transferring { to, .. } => Some(*to),
            State::Bot { .. }
            | State::Waiting { .. }
            | State::Assigning { .. }
            | State::Assigned { .. }
            | State::Ended { .. }
            | State::Failed { .. } => before.agent(),
        },
        Event::HandOver
        | Event::JumpIn
        | Event::BotDone
        | Event::Start
        | Event::Accept
        | Event::Decline
        | Event::CancelTransfer
        | Event::TransferToInbox
        | Event::End
        | Event::Leave
        | Event::Inactive
        | Event::Reminded { .. }
        | Event::QueueOver
        | Event::HoursOver
        | Event::AccountRemoved
        | Event::Undo => actor.user(),
    }
}

/// Adds a conversation event for the row's current version.
pub async fn write_journey(
    db: &mut Db,
    head: &ConversationRow,
    cause: &str,
    actor: Actor,
    user: Option<UserId>,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    let row = JourneyRow {
        conversation: head.id,
        version: head.version,
        at: now,
        actor,
        cause: cause.to_owned(),
        user,
        state: head.state.clone(),
        position: head.position,
        seq: head.seq,
    };
    conversation_events::insert(db, &row).await?;
    events.journey(row);
    Ok(())
}

/// Derives the fields of the conversation row that follow from its state.
pub fn follow(head: &mut ConversationRow, rules: &Rules, now: Millis) {
    head.ring = head.state.timer(rules).map(|(_, due)| Countdown {
        due,
        total: (due - now).max(1),
    });
    if let State::Waiting { since, .. } = head.state {
        head.waiting_since = since;
        // The countdown of the queue covers the whole wait, even after a declined offer.
        if let Some(ring) = &mut head.ring {
            ring.total = i64::from(rules.queue_secs) * 1000;
        }
    }
    head.ended_at = match head.state {
        State::Ended { at, .. } | State::Failed { at, .. } => {
            // A chat that has ended does not count as unread.
            head.unread = 0;
            Some(at)
        }
        State::Bot { .. }
        | State::Waiting { .. }
        | State::Assigning { .. }
        | State::Assigned { .. }
        | State::Transferring { .. } => None,
    };
}

/// Sets the timers of the current state and cancels all others.
pub async fn set_timer(
    db: &mut Db,
    head: &ConversationRow,
    routing: &Routing,
    now: Millis,
) -> Result<(), ServiceError> {
    let subject = head.id.to_string();
    timers::cancel_all(&mut *db, &subject).await?;
    if let Some((kind, due)) = head.state.timer(&routing.rules) {
        let due = head.ring.map_or(due, |ring| ring.due);
        set(&mut *db, kind, subject.clone(), head.version, due, now).await?;
    }
    if let Some((kind, after)) = head.state.silence(routing.inactivity.as_ref()) {
        // An offer that returns to the queue does not restart the wait.
        let from = match head.state {
            State::Waiting { since, .. } => since,
            State::Bot { .. }
            | State::Assigning { .. }
            | State::Assigned { .. }
            | State::Transferring { .. }
            | State::Ended { .. }
            | State::Failed { .. } => now,
        };
        set(&mut *db, kind, subject, head.version, from + after, now).await?;
    }
    Ok(())
}

/// Sets a timer under a new id.
pub async fn set(
    db: &mut Db,
    kind: TimerKind,
    subject: String,
    fence: i64,
    due: Millis,
    now: Millis,
) -> Result<(), ServiceError> {
    let timer = crate::store::timers::TimerRecord {
        id: TimerId::new(now, random_u128()),
        kind,
        subject,
        fence,
        due,
    };
    Ok(timers::set(db, &timer).await?)
}

async fn move_places(
    db: &mut OrderedTx,
    inbox: InboxId,
    before: &State,
    after: &State,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    let (had, have) = (before.holders(), after.holders());
    for user in had.iter().filter(|user| !have.contains(user)) {
        agent_load::release(&mut *db, inbox, *user, now).await?;
        // An offer that returns goes to the next agent, so it must not begin a new round. Only a place that an accepted
        // chat used makes the agent eligible again, in all inboxes of the agent.
        let used = !matches!(before, State::Assigning { .. });
        for inbox in places::memberships(&mut *db, *user).await?.into_iter().chain([inbox]) {
            match used {
                true => events.freed(inbox),
                false => events.woken(inbox),
            }
        }
        user_changed(&mut *db, *user, events).await?;
    }
    for user in have.iter().filter(|user| !had.contains(user)) {
        if let Err(load) = agent_load::claim(&mut *db, inbox, *user, now).await? {
            let name = users::user(&mut *db, *user)
                .await?
                .map(|user| user.name)
                .unwrap_or_default();
            let (used, limit) = load.reached();
            return Err(Refusal::capacity(*user, name, used, limit).into());
        }
        user_changed(&mut *db, *user, events).await?;
    }
    Ok(())
}

/// Adds a user's row to the commit events after a change of load, availability, connectivity or account.
pub async fn user_changed(db: &mut OrderedTx, user: UserId, events: &mut CommitEvents) -> Result<(), ServiceError> {
    let entry = feed::append(&mut *db, FeedKind::User, user.to_string(), None, None).await?;
    events.entry(entry);
    if let Some(record) = users::user(db, user).await? {
        events.user(record.row());
    }
    Ok(())
}

/// Publishes the commit events of a transaction and wakes the workers. Call it after the commit.
pub fn publish(app: &App, events: CommitEvents) {
    for inbox in events.inboxes() {
        app.dispatch(inbox.inbox, inbox.freed);
    }
    // Only a change of state sets timers; a new message sets none.
    if events.heads().any(|head| events.moved(head.id)) {
        app.timers_changed.notify_one();
    }
    if events.sends() {
        app.outbox_changed.notify_one();
    }
    app.web_pushes.observe(&events);
    app.hub.announce(events, &app.visitors);
}
