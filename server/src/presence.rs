//! Presence: declared availability, and connectivity over all of a user's devices with a grace period of 30 s, or of 15
//! minutes for users with push notifications.

pub mod visitors;

use causerie_shared::{
    Millis,
    access::Access,
    conversation::transition::{Actor, Event},
    ids::{ConversationId, InboxId, TimerId, UserId},
    refusal::{Code, Refusal},
    timer::TimerKind,
    user::{Availability, PRESENCE_GRACE_MS, PUSH_GRACE_MS},
};

use crate::{
    audit::Trail,
    clock::random_u128,
    commit_events::CommitEvents,
    conversations::{change, lifecycle},
    error::ServiceError,
    state::App,
    store::{
        Db, OrderedTx, StoreError, conversations, places, presence, push,
        timers::{self, TimerRecord},
        users,
    },
    unit_of_work::UnitOfWork,
};

/// Records that a socket of the user opened.
pub async fn connected(app: &App, user: UserId) -> Result<(), ServiceError> {
    let mut unit = UnitOfWork::begin(app).await?;
    presence::lease(&mut unit.tx, app.node, user).await?;
    timers::cancel(&mut unit.tx, TimerKind::Presence, &user.to_string()).await?;
    if presence::set_connected(&mut unit.tx, user, true).await? {
        change::user_changed(&mut unit.tx, user, &mut unit.events).await?;
        freed(&mut unit.tx, user, &mut unit.events).await?;
    }
    unit.commit(app).await?;
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

/// Handles an offer or a transfer request that nobody answered in time.
pub async fn offer_expired(
    unit: &mut UnitOfWork,
    conversation: ConversationId,
    fence: i64,
    now: Millis,
) -> Result<(), ServiceError> {
    let (event, actor) = (Event::Expire, Actor::System);
    let before = lifecycle::apply_in(unit, conversation, &event, actor, Some(fence), now).await?;
    match before.as_ref().and_then(conversations::asked) {
        Some(user) => unanswered(&mut unit.tx, user, now, &mut unit.events).await,
        None => Ok(()),
    }
}

/// Handles an offer to the user that expired. A user who was connected only by push notifications is left with the
/// normal grace period.
async fn unanswered(
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
    let mut unit = UnitOfWork::begin(app).await?;
    for user in presence::reap(&mut unit.tx, engine, app.node).await? {
        grace(&mut unit.tx, user, now).await?;
    }
    for contact in presence::reap_visitors(&mut unit.tx, engine, app.node).await? {
        visitors::lost(&mut unit.tx, contact, &mut unit.events).await?;
    }
    unit.commit(app).await?;
    app.timers_changed.notify_one();
    Ok(())
}

/// Handles the end of the grace period: unless a socket has reopened, the user is disconnected.
pub async fn lost(unit: &mut UnitOfWork, user: UserId, now: Millis) -> Result<(), ServiceError> {
    if presence::is_leased(&mut unit.tx, user).await? {
        return Ok(());
    }
    gone(&mut unit.tx, user, now, &mut unit.events).await
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
    let mut unit = UnitOfWork::begin(app).await?;
    let nobody = || Refusal::new(Code::NotFound, "there is no such user");
    let before = users::user(&mut unit.tx, user).await?.ok_or_else(nobody)?;
    let actor = users::user(&mut unit.tx, access.user).await?.ok_or_else(nobody)?;
    let mut trail = Trail::default();
    trail.field("availability", before.availability.as_str(), availability.as_str());
    if !trail.is_empty() {
        let now = app.clock.now();
        trail
            .write(&mut unit.tx, &actor, "user.availability", &before.name, now)
            .await?;
    }
    set_availability(app, unit, user, availability).await
}

/// Sets the user's own availability. Becoming busy withdraws open offers and transfer requests.
pub async fn declare(app: &App, user: UserId, availability: Availability) -> Result<(), ServiceError> {
    let unit = UnitOfWork::begin(app).await?;
    set_availability(app, unit, user, availability).await
}

async fn set_availability(
    app: &App,
    mut unit: UnitOfWork,
    user: UserId,
    availability: Availability,
) -> Result<(), ServiceError> {
    if presence::set_availability(&mut unit.tx, user, availability).await? {
        change::user_changed(&mut unit.tx, user, &mut unit.events).await?;
    }
    match availability {
        Availability::Busy => give_back(&mut unit.tx, user, None, app.clock.now(), &mut unit.events).await?,
        Availability::Available => freed(&mut unit.tx, user, &mut unit.events).await?,
    }
    Ok(unit.commit(app).await?)
}

/// Recovers presence after a start: every connected user whom no other node has gets the grace period to reconnect.
pub async fn recover(app: &App) -> Result<(), ServiceError> {
    let now = app.clock.now();
    let mut unit = UnitOfWork::begin(app).await?;
    presence::reap(&mut unit.tx, app.store.engine(), app.node).await?;
    presence::reap_visitors(&mut unit.tx, app.store.engine(), app.node).await?;
    for contact in conversations::adrift(&mut unit.tx).await? {
        visitors::lost(&mut unit.tx, contact, &mut unit.events).await?;
    }
    let users = users::users(&mut unit.tx).await?;
    app.visitors
        .learn(users.iter().map(|user| (user.id, user.name.clone())));
    for user in users.into_iter().filter(|user| user.connected) {
        let least = now + PRESENCE_GRACE_MS;
        match timers::due_of(&mut unit.tx, TimerKind::Presence, &user.id.to_string()).await? {
            // The timer ran while no server was there to reconnect to.
            Some(due) if due < least => timers::set(&mut unit.tx, &timer(user.id, least, now)).await?,
            Some(_) => {}
            None => grace(&mut unit.tx, user.id, now).await?,
        }
    }
    unit.commit(app).await?;
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
