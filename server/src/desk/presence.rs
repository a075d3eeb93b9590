//! Presence: declared availability, and connectivity over all of a user's devices with 30 s grace.

use causerie_shared::{
    Millis,
    access::Access,
    conversation::transition::{Actor, Event},
    ids::UserId,
    refusal::{Code, Refusal},
    timer::TimerKind,
    user::{Availability, PRESENCE_GRACE_MS},
};

use super::{DeskError, change, lifecycle, visit};
use crate::{
    state::App,
    store::{
        Db, conversations, people, places, presence,
        timers::{self, TimerRecord},
    },
    sync::News,
};

/// A socket of the user opened.
pub async fn connected(app: &App, user: UserId) -> Result<(), DeskError> {
    let mut tx = app.store.begin().await?;
    presence::lease(&mut tx, app.node, user).await?;
    timers::cancel(&mut tx, TimerKind::Presence, &user.to_string()).await?;
    let mut news = News::default();
    if presence::set_connected(&mut tx, user, true).await? {
        change::user_changed(&mut tx, user, &mut news).await?;
        freed(&mut tx, user, &mut news).await?;
    }
    tx.commit().await?;
    change::publish(app, news);
    Ok(())
}

/// The user's last socket on this node closed. With the last one anywhere the grace begins.
pub async fn disconnected(app: &App, user: UserId) -> Result<(), DeskError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    // One that opened meanwhile has said so in the line before this transaction, or will after it.
    if !app.hub.is_connected(user) {
        presence::release(&mut tx, app.node, user).await?;
    }
    grace(&mut tx, user, now).await?;
    tx.commit().await?;
    app.timers_changed.notify_one();
    Ok(())
}

async fn grace(db: &mut Db, user: UserId, now: Millis) -> Result<(), DeskError> {
    if presence::is_leased(&mut *db, user).await? {
        return Ok(());
    }
    change::set(
        db,
        TimerKind::Presence,
        user.to_string(),
        0,
        now + PRESENCE_GRACE_MS,
        now,
    )
    .await
}

/// A node is gone without a word: its users get the grace to come to another one, its visitors are offline.
pub async fn reap(app: &App) -> Result<(), DeskError> {
    let engine = app.store.engine();
    if !presence::has_dead(&mut *app.store.read().await?, engine, app.node).await? {
        return Ok(());
    }
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let mut news = News::default();
    for user in presence::reap(&mut tx, engine, app.node).await? {
        grace(&mut tx, user, now).await?;
    }
    for contact in presence::reap_visitors(&mut tx, engine, app.node).await? {
        visit::lost(&mut tx, contact, &mut news).await?;
    }
    tx.commit().await?;
    change::publish(app, news);
    app.timers_changed.notify_one();
    Ok(())
}

/// The grace is over and no socket came back: offers return to the queue, accepted chats stay. In the transaction
/// that takes the timer, so that a crash leaves it to fire again, and of two nodes one lets it happen.
pub async fn lost(app: &App, user: UserId, timer: &TimerRecord) -> Result<(), DeskError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    if !timers::take(&mut tx, timer).await? {
        return Ok(());
    }
    let mut news = News::default();
    if !presence::is_leased(&mut tx, user).await? {
        if presence::set_connected(&mut tx, user, false).await? {
            change::user_changed(&mut tx, user, &mut news).await?;
        }
        for asking in conversations::asking(&mut tx, user).await? {
            let Some(mut head) = conversations::lock(&mut tx, asking.id).await? else {
                continue;
            };
            let event = Event::AgentGone { agent: user };
            change::apply(&mut tx, &mut head, &event, Actor::System, now, &mut news).await?;
            news.woken(head.inbox);
        }
    }
    tx.commit().await?;
    change::publish(app, news);
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
    if people::user(&mut *app.store.read().await?, user).await?.is_none() {
        return Err(Refusal::new(Code::NotFound, "there is no such user").into());
    }
    declare(app, user, availability).await
}

/// The user declares availability. Busy withdraws open offers.
pub async fn declare(app: &App, user: UserId, availability: Availability) -> Result<(), DeskError> {
    let mut tx = app.store.begin().await?;
    let mut news = News::default();
    if presence::set_availability(&mut tx, user, availability).await? {
        change::user_changed(&mut tx, user, &mut news).await?;
    }
    if availability == Availability::Available {
        freed(&mut tx, user, &mut news).await?;
    }
    tx.commit().await?;
    change::publish(app, news);
    match availability {
        Availability::Busy => withdraw(app, user).await,
        Availability::Available => Ok(()),
    }
}

/// After a start everyone who was connected, and is not to another node, gets the grace to come back.
pub async fn recover(app: &App) -> Result<(), DeskError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    presence::reap(&mut tx, app.store.engine(), app.node).await?;
    presence::reap_visitors(&mut tx, app.store.engine(), app.node).await?;
    let mut news = News::default();
    for contact in conversations::adrift(&mut tx).await? {
        visit::lost(&mut tx, contact, &mut news).await?;
    }
    let users = people::users(&mut tx).await?;
    app.visitors
        .learn(users.iter().map(|user| (user.id, user.name.clone())));
    for user in users.into_iter().filter(|user| user.connected) {
        if presence::is_leased(&mut tx, user.id).await? {
            continue;
        }
        let timer = TimerRecord {
            id: causerie_shared::ids::TimerId::new(now, crate::clock::random_u128()),
            kind: TimerKind::Presence,
            subject: user.id.to_string(),
            fence: 0,
            due: now + PRESENCE_GRACE_MS,
        };
        timers::set(&mut tx, &timer).await?;
    }
    tx.commit().await?;
    change::publish(app, news);
    // Chats that wait since before the restart must not wait for the next event.
    for inbox in places::inboxes(&mut *app.store.read().await?).await? {
        app.dispatch(inbox.id, true);
    }
    Ok(())
}

async fn freed(db: &mut Db, user: UserId, news: &mut News) -> Result<(), DeskError> {
    for inbox in places::memberships(db, user).await? {
        news.freed(inbox);
    }
    Ok(())
}

async fn withdraw(app: &App, user: UserId) -> Result<(), DeskError> {
    let asking = conversations::asking(&mut *app.store.read().await?, user).await?;
    for head in asking {
        let event = Event::AgentGone { agent: user };
        lifecycle::happen(app, head.id, event, Actor::System, Some(head.version)).await?;
    }
    Ok(())
}
