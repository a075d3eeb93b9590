//! The timer worker: sleeps until the next row is due, takes it once and lets it happen. Of several nodes each
//! takes some of what is due.

use causerie_shared::{
    conversation::transition::{Actor, Event},
    timer::TimerKind,
};

use crate::{
    desk::{DeskError, closing, hours, inactivity, lifecycle, presence, queue},
    state::{App, Shared},
    store::timers::{self, TimerRecord},
    workers,
};

/// Timers taken in one go: few enough that another node has its share of many.
const BATCH: i64 = 25;
/// Pause after the database failed.
const RETRY: std::time::Duration = std::time::Duration::from_secs(1);

/// The worker.
pub async fn run(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    loop {
        let next = round(&app).await;
        let wait = async {
            match next {
                Ok(Some(due)) => app.clock.sleep_until(due).await,
                Ok(None) => std::future::pending().await,
                Err(error) => {
                    tracing::error!(%error, "timers could not be run");
                    tokio::time::sleep(RETRY).await;
                }
            }
        };
        tokio::select! {
            () = wait => {}
            () = app.timers_changed.notified() => {}
            () = workers::stop(&mut shutdown) => return,
        }
    }
}

/// Runs what is due; returns when the next timer is.
pub async fn round(app: &App) -> Result<Option<i64>, DeskError> {
    loop {
        let (engine, now) = (app.store.engine(), app.clock.now());
        let mut db = app.store.read().await?;
        let due = timers::claim(&mut db, engine, app.node, now, BATCH).await?;
        if due.is_empty() {
            return Ok(timers::next_due(&mut db, engine, app.node).await?);
        }
        drop(db);
        for timer in due {
            match fire(app, &timer).await {
                // It has lost its meaning; the others must not wait for it.
                Err(DeskError::Refused(refusal)) => {
                    tracing::error!(%refusal, kind = timer.kind.as_str(), "a timer was refused");
                    drop_timer(app, &timer).await?;
                }
                other => other?,
            }
        }
    }
}

async fn fire(app: &App, timer: &TimerRecord) -> Result<(), DeskError> {
    if timer.kind == TimerKind::Presence {
        let Ok(user) = timer.subject.parse() else {
            return drop_timer(app, timer).await;
        };
        return presence::lost(app, user, timer).await;
    }
    if timer.kind == TimerKind::Hours {
        let Ok(inbox) = timer.subject.parse() else {
            return drop_timer(app, timer).await;
        };
        return hours::turn(app, inbox, timer).await;
    }
    let Ok(conversation) = timer.subject.parse() else {
        return drop_timer(app, timer).await;
    };
    let event = match timer.kind {
        TimerKind::Queue => return queue::over(app, conversation, timer).await,
        TimerKind::Acceptance => Event::Expire,
        TimerKind::BotSilence => Event::BotDone,
        TimerKind::Round => return crate::routing::new_round(app, conversation, timer).await,
        TimerKind::Inactivity | TimerKind::Silence => return inactivity::due(app, conversation, timer).await,
        TimerKind::Ending => return closing::over(app, conversation, timer).await,
        TimerKind::Presence | TimerKind::Hours => return Ok(()),
    };
    // The event's own transaction stops the timer with the state it belongs to, so a crash before its
    // commit leaves the timer to fire again; one that came too late is dropped here.
    if !lifecycle::apply_system_event(app, conversation, event, Actor::System, Some(timer.fence)).await? {
        drop_timer(app, timer).await?;
    }
    Ok(())
}

async fn drop_timer(app: &App, timer: &TimerRecord) -> Result<(), DeskError> {
    let mut tx = app.store.begin().await?;
    timers::take(&mut tx, timer).await?;
    tx.commit().await?;
    Ok(())
}
