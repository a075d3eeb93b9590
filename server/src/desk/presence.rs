//! Presence: declared availability, and connectivity over all of a user's devices with 30 s grace.

use causerie_shared::{
    conversation::transition::{Actor, Event},
    ids::UserId,
    timer::TimerKind,
    user::{Availability, PRESENCE_GRACE_MS},
};

use super::{DeskError, change, lifecycle};
use crate::{
    state::App,
    store::{Db, conversations, people, places, presence, timers},
    sync::News,
};

/// A socket of the user opened.
pub async fn connected(app: &App, user: UserId) -> Result<(), DeskError> {
    let mut tx = app.store.begin().await?;
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

/// The user's last socket closed: the grace begins.
pub async fn disconnected(app: &App, user: UserId) -> Result<(), DeskError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    change::set(
        &mut tx,
        TimerKind::Presence,
        user.to_string(),
        0,
        now + PRESENCE_GRACE_MS,
        now,
    )
    .await?;
    tx.commit().await?;
    app.timers_changed.notify_one();
    Ok(())
}

/// The grace is over and no socket came back: offers return to the queue, accepted chats stay.
pub async fn lost(app: &App, user: UserId) -> Result<(), DeskError> {
    if app.hub.is_connected(user) {
        return Ok(());
    }
    let mut tx = app.store.begin().await?;
    let mut news = News::default();
    if presence::set_connected(&mut tx, user, false).await? {
        change::user_changed(&mut tx, user, &mut news).await?;
    }
    tx.commit().await?;
    change::publish(app, news);
    withdraw(app, user).await
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

/// After a start nobody is connected yet: everyone who was gets the grace to come back.
pub async fn recover(app: &App) -> Result<(), crate::store::StoreError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    conversations::all_offline(&mut tx).await?;
    let users = people::users(&mut tx).await?;
    app.visitors
        .learn(users.iter().map(|user| (user.id, user.name.clone())));
    for user in users.into_iter().filter(|user| user.connected) {
        let timer = timers::TimerRecord {
            id: causerie_shared::ids::TimerId::new(now, crate::clock::random_u128()),
            kind: TimerKind::Presence,
            subject: user.id.to_string(),
            fence: 0,
            due: now + PRESENCE_GRACE_MS,
        };
        timers::set(&mut tx, &timer).await?;
    }
    tx.commit().await?;
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
