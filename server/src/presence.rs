//! Presence: declared availability, and connectivity over all of a user's devices with a grace period of 30 s, or of 15
//! minutes for users with push notifications.

pub mod visitors;

use causerie_shared::{
    Millis,
    access::Access,
    conversation::transition::{Actor, Event},
    ids::{InboxId, TimerId, UserId},
    refusal::{Code, Refusal},
    timer::TimerKind,
    user::{Availability, PRESENCE_GRACE_MS, PUSH_GRACE_MS},
};

use crate::{
    audit::Trail,
    clock::random_u128,
    commit_events::CommitEvents,
    conversations::change,
    error::ServiceError,
    state::App,
    store::{
        Db, OrderedTx, StoreError, conversations, places, presence, push,
        timers::{self, TimerRecord},
        users,
    },
};

/// Records that a socket of the user opened.
pub async fn connected(app: &App, user: UserId) -> Result<(), ServiceError> {
    let mut tx = app.store.begin_ordered().await?;
    presence::lease(&mut tx, app.node, user).await?;
    timers::cancel(&mut tx, TimerKind::Presence, &user.to_string()).await?;
    let mut events = CommitEvents::default();
    if presence::set_connected(&mut tx, user, true).await? {
        change::user_changed(&mut tx, user, &mut events).await?;
        freed(&mut tx, user, &mut events).await?;
    }
    tx.commit().await?;
    crate::commit_events::publish(app, events);
    Ok(())
}

/// Records that the user's last socket on this node closed. If no other node has one, the grace period begins.
pub async fn disconnected(app: &App, user: UserId) -> Result<(), ServiceError> {
    let now = app.clock.now();
    let mut tx = app.store.begin_ordered().await?;
    // A socket that opened meanwhile has recorded it in a transaction before this one, or will do so after it.
    if !app.hub.is_connected(user) {
        presence::release(&mut tx, app.node, user).await?;
    }
    grace(&mut tx, user, now).await?;
    tx.commit().await?;
    app.timers_changed.notify_one();
    Ok(())
}

/// Starts the grace period unless a node has the user; longer for users with push notifications. A period that is
/// running is not renewed.
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

/// Handles an offer to the user that expired. A user whom only push notifications kept connected is left with the
/// normal grace period.
pub async fn unanswered(
    db: &mut OrderedTx,
    user: UserId,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
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

/// Disconnects the user: offers and transfer requests are withdrawn, accepted chats stay.
async fn gone(db: &mut OrderedTx, user: UserId, now: Millis, events: &mut CommitEvents) -> Result<(), ServiceError> {
    if presence::set_connected(&mut *db, user, false).await? {
        change::user_changed(&mut *db, user, events).await?;
    }
    give_back(db, user, None, now, events).await
}

/// Withdraws the offers and transfer requests to the user; with an inbox, only those for chats of that inbox.
pub(crate) async fn give_back(
    db: &mut OrderedTx,
    user: UserId,
    inbox: Option<InboxId>,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
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

/// Deactivates the user: all assigned and offered chats return to the queue, and transfer requests to the user are
/// withdrawn. The caller's transaction also ends the user's sessions.
pub async fn deactivate(
    db: &mut OrderedTx,
    user: UserId,
    actor: Actor,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
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

/// Handles nodes that stopped without releasing their leases: their users get the grace period to reach another node,
/// and their visitors go offline.
pub async fn reap(app: &App) -> Result<(), ServiceError> {
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
    crate::commit_events::publish(app, events);
    app.timers_changed.notify_one();
    Ok(())
}

/// Handles the end of the grace period: unless a socket has reopened, the user is disconnected. This happens in the
/// transaction that takes the timer, so a crash leaves the timer in place, and only one of several nodes handles it.
pub async fn lost(app: &App, user: UserId, timer: &TimerRecord) -> Result<(), ServiceError> {
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
    crate::commit_events::publish(app, events);
    Ok(())
}

/// Sets the availability of another user, as an owner or admin.
///
/// # Errors
/// [`Code::Forbidden`] for all other roles, [`Code::NotFound`] when there is no such user.
pub async fn declare_for(
    app: &App,
    access: &Access,
    user: UserId,
    availability: Availability,
) -> Result<(), ServiceError> {
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

/// Sets the user's own availability. Becoming busy withdraws open offers and transfer requests.
pub async fn declare(app: &App, user: UserId, availability: Availability) -> Result<(), ServiceError> {
    let tx = app.store.begin_ordered().await?;
    set_availability(app, tx, user, availability).await
}

async fn set_availability(
    app: &App,
    mut tx: OrderedTx,
    user: UserId,
    availability: Availability,
) -> Result<(), ServiceError> {
    let mut events = CommitEvents::default();
    if presence::set_availability(&mut tx, user, availability).await? {
        change::user_changed(&mut tx, user, &mut events).await?;
    }
    match availability {
        Availability::Busy => give_back(&mut tx, user, None, app.clock.now(), &mut events).await?,
        Availability::Available => freed(&mut tx, user, &mut events).await?,
    }
    tx.commit().await?;
    crate::commit_events::publish(app, events);
    Ok(())
}

/// Recovers presence after a start: every connected user whom no other node has gets the grace period to reconnect.
pub async fn recover(app: &App) -> Result<(), ServiceError> {
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
            // The timer ran while no server was there to reconnect to.
            Some(due) if due < least => timers::set(&mut tx, &timer(user.id, least, now)).await?,
            Some(_) => {}
            None => grace(&mut tx, user.id, now).await?,
        }
    }
    tx.commit().await?;
    crate::commit_events::publish(app, events);
    // Chats that have waited since before the restart must not wait for the next event.
    for inbox in places::inboxes(&mut *app.store.read().await?).await? {
        app.dispatch(inbox.id, true);
    }
    Ok(())
}

/// Makes the dispatcher check all inboxes of a user who became eligible or got more capacity.
pub async fn freed(db: &mut Db, user: UserId, events: &mut CommitEvents) -> Result<(), StoreError> {
    for inbox in places::memberships(db, user).await? {
        events.freed(inbox);
    }
    Ok(())
}
