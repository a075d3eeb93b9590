//! Presence: declared availability, and connectivity over all of a user's devices with 30 s grace, 15 minutes with
//! push notifications.

use causerie_shared::{
    Millis,
    access::Access,
    conversation::transition::{Actor, Event},
    ids::{InboxId, TimerId, UserId},
    refusal::{Code, Refusal},
    timer::TimerKind,
    user::{Availability, PRESENCE_GRACE_MS, PUSH_GRACE_MS},
};

use super::{DeskError, change, visitors};
use crate::{
    clock::random_u128,
    settings::Trail,
    state::App,
    store::{
        Db, OrderedTx, StoreError, conversations, places, presence, push,
        timers::{self, TimerRecord},
        users,
    },
    sync::CommitEvents,
};

/// A socket of the user opened.
pub async fn connected(app: &App, user: UserId) -> Result<(), DeskError> {
    let mut tx = app.store.begin_ordered().await?;
    presence::lease(&mut tx, app.node, user).await?;
    timers::cancel(&mut tx, TimerKind::Presence, &user.to_string()).await?;
    let mut events = CommitEvents::default();
    if presence::set_connected(&mut tx, user, true).await? {
        change::user_changed(&mut tx, user, &mut events).await?;
        freed(&mut tx, user, &mut events).await?;
    }
    tx.commit().await?;
    change::publish(app, events);
    Ok(())
}

/// The user's last socket on this node closed. With the last one anywhere the grace begins.
pub async fn disconnected(app: &App, user: UserId) -> Result<(), DeskError> {
    let now = app.clock.now();
    let mut tx = app.store.begin_ordered().await?;
    // One that opened meanwhile has said so in the line before this transaction, or will after it.
    if !app.hub.is_connected(user) {
        presence::release(&mut tx, app.node, user).await?;
    }
    grace(&mut tx, user, now).await?;
    tx.commit().await?;
    app.timers_changed.notify_one();
    Ok(())
}

/// Whoever can be reached by push notifications stays connected for longer. A grace that runs already is not renewed.
async fn grace(db: &mut Db, user: UserId, now: Millis) -> Result<(), StoreError> {
    if presence::is_leased(&mut *db, user).await? {
        return Ok(());
    }
    let grace = match push::has_any(&mut *db, user).await? {
        true => PUSH_GRACE_MS,
        false => PRESENCE_GRACE_MS,
    };
    timers::set_if_none(db, &timer(user, now + grace, now)).await
}

fn timer(user: UserId, due: Millis, now: Millis) -> TimerRecord {
    TimerRecord {
        id: TimerId::new(now, random_u128()),
        kind: TimerKind::Presence,
        subject: user.to_string(),
        fence: 0,
        due,
    }
}

/// An offer to the user was not answered in time. When only push notifications kept them connected, that is over:
/// what is left is the grace that everybody has.
pub async fn unanswered(
    db: &mut OrderedTx,
    user: UserId,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<(), DeskError> {
    let subject = user.to_string();
    let Some(due) = timers::due_of(&mut *db, TimerKind::Presence, &subject).await? else {
        return Ok(());
    };
    if !push::has_any(&mut *db, user).await? || presence::is_leased(&mut *db, user).await? {
        return Ok(());
    }
    let due = due - PUSH_GRACE_MS + PRESENCE_GRACE_MS;
    if due > now {
        return change::set(db, TimerKind::Presence, subject, 0, due, now).await;
    }
    timers::cancel(&mut *db, TimerKind::Presence, &subject).await?;
    gone(db, user, now, events).await
}

/// The user is disconnected: offers and requests return, accepted chats stay.
async fn gone(db: &mut OrderedTx, user: UserId, now: Millis, events: &mut CommitEvents) -> Result<(), DeskError> {
    if presence::set_connected(&mut *db, user, false).await? {
        change::user_changed(&mut *db, user, events).await?;
    }
    give_back(db, user, None, now, events).await
}

/// Offers and transfer requests to the user return to where they came from; with an inbox, those of its chats.
pub(super) async fn give_back(
    db: &mut OrderedTx,
    user: UserId,
    inbox: Option<InboxId>,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<(), DeskError> {
    for asking in conversations::asking(&mut *db, user).await? {
        if inbox.is_some_and(|inbox| inbox != asking.inbox) {
            continue;
        }
        let Some(mut head) = conversations::lock(&mut *db, asking.id).await? else {
            continue;
        };
        let event = Event::AgentGone { agent: user };
        change::apply(&mut *db, &mut head, &event, Actor::System, now, events).await?;
    }
    Ok(())
}

/// The user is deactivated: all their chats return to the queue, requests to them to whoever has the chat. In the
/// caller's transaction, which ends their sign-ins too.
pub async fn deactivate(
    db: &mut OrderedTx,
    user: UserId,
    actor: Actor,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<(), DeskError> {
    timers::cancel(&mut *db, TimerKind::Presence, &user.to_string()).await?;
    presence::set_connected(&mut *db, user, false).await?;
    for chat in conversations::of_user(&mut *db, user).await? {
        let Some(mut head) = conversations::lock(&mut *db, chat.id).await? else {
            continue;
        };
        let event = Event::AgentRemoved { agent: user };
        change::apply(&mut *db, &mut head, &event, actor, now, events).await?;
        events.woken(head.inbox);
    }
    change::user_changed(db, user, events).await
}

/// A node is gone without a word: its users get the grace to come to another one, its visitors are offline.
pub async fn reap(app: &App) -> Result<(), DeskError> {
    let engine = app.store.engine();
    if !presence::has_dead(&mut *app.store.read().await?, engine, app.node).await? {
        return Ok(());
    }
    let now = app.clock.now();
    let mut tx = app.store.begin_ordered().await?;
    let mut events = CommitEvents::default();
    for user in presence::reap(&mut tx, engine, app.node).await? {
        grace(&mut tx, user, now).await?;
    }
    for contact in presence::reap_visitors(&mut tx, engine, app.node).await? {
        visitors::lost(&mut tx, contact, &mut events).await?;
    }
    tx.commit().await?;
    change::publish(app, events);
    app.timers_changed.notify_one();
    Ok(())
}

/// The grace is over and no socket came back: offers return to the queue, accepted chats stay. In the transaction
/// that takes the timer, so that a crash leaves it to fire again, and of two nodes one lets it happen.
pub async fn lost(app: &App, user: UserId, timer: &TimerRecord) -> Result<(), DeskError> {
    let now = app.clock.now();
    let mut tx = app.store.begin_ordered().await?;
    if !timers::take(&mut tx, timer).await? {
        return Ok(());
    }
    let mut events = CommitEvents::default();
    if !presence::is_leased(&mut tx, user).await? {
        gone(&mut tx, user, now, &mut events).await?;
    }
    tx.commit().await?;
    change::publish(app, events);
    Ok(())
}

/// An owner or admin sets a colleague's availability.
///
/// # Errors
/// [`Code::Forbidden`] for everybody else, [`Code::NotFound`] without such a user.
pub async fn declare_for(
    app: &App,
    access: &Access,
    user: UserId,
    availability: Availability,
) -> Result<(), DeskError> {
    if !access.role.manages() {
        let text = "only owners and admins set a colleague's availability";
        return Err(Refusal::new(Code::Forbidden, text).into());
    }
    let mut tx = app.store.begin_ordered().await?;
    let nobody = || Refusal::new(Code::NotFound, "there is no such user");
    let before = users::user(&mut tx, user).await?.ok_or_else(nobody)?;
    let actor = users::user(&mut tx, access.user).await?.ok_or_else(nobody)?;
    let mut trail = Trail::default();
    trail.field("availability", before.availability.as_str(), availability.as_str());
    if !trail.is_empty() {
        let now = app.clock.now();
        trail
            .write(&mut tx, &actor, "user.availability", &before.name, now)
            .await?;
    }
    set_availability(app, tx, user, availability).await
}

/// The user declares availability. Busy withdraws open offers and transfer requests.
pub async fn declare(app: &App, user: UserId, availability: Availability) -> Result<(), DeskError> {
    let tx = app.store.begin_ordered().await?;
    set_availability(app, tx, user, availability).await
}

async fn set_availability(
    app: &App,
    mut tx: OrderedTx,
    user: UserId,
    availability: Availability,
) -> Result<(), DeskError> {
    let mut events = CommitEvents::default();
    if presence::set_availability(&mut tx, user, availability).await? {
        change::user_changed(&mut tx, user, &mut events).await?;
    }
    match availability {
        Availability::Busy => give_back(&mut tx, user, None, app.clock.now(), &mut events).await?,
        Availability::Available => freed(&mut tx, user, &mut events).await?,
    }
    tx.commit().await?;
    change::publish(app, events);
    Ok(())
}

/// After a start everyone who was connected, and is not to another node, gets the grace to come back.
pub async fn recover(app: &App) -> Result<(), DeskError> {
    let now = app.clock.now();
    let mut tx = app.store.begin_ordered().await?;
    presence::reap(&mut tx, app.store.engine(), app.node).await?;
    presence::reap_visitors(&mut tx, app.store.engine(), app.node).await?;
    let mut events = CommitEvents::default();
    for contact in conversations::adrift(&mut tx).await? {
        visitors::lost(&mut tx, contact, &mut events).await?;
    }
    let users = users::users(&mut tx).await?;
    app.visitors
        .learn(users.iter().map(|user| (user.id, user.name.clone())));
    for user in users.into_iter().filter(|user| user.connected) {
        let least = now + PRESENCE_GRACE_MS;
        match timers::due_of(&mut tx, TimerKind::Presence, &user.id.to_string()).await? {
            // It ran while no server was there to come back to.
            Some(due) if due < least => timers::set(&mut tx, &timer(user.id, least, now)).await?,
            Some(_) => {}
            None => grace(&mut tx, user.id, now).await?,
        }
    }
    tx.commit().await?;
    change::publish(app, events);
    // Chats that wait since before the restart must not wait for the next event.
    for inbox in places::inboxes(&mut *app.store.read().await?).await? {
        app.dispatch(inbox.id, true);
    }
    Ok(())
}

/// Somebody became eligible: every inbox of theirs is looked at. Also when their capacity grew.
pub async fn freed(db: &mut Db, user: UserId, events: &mut CommitEvents) -> Result<(), StoreError> {
    for inbox in places::memberships(db, user).await? {
        events.freed(inbox);
    }
    Ok(())
}
