//! The timer worker: sleeps until the next row is due, takes it once and lets it happen.

use std::sync::Arc;

use causerie_shared::{
    conversation::transition::{Actor, Event},
    timer::TimerKind,
};

use crate::{
    desk::{DeskError, ending, hours, inactivity, lifecycle, presence, queue},
    state::{App, Shared},
    store::timers::{self, TimerRecord},
};

/// Timers taken in one go.
const BATCH: i64 = 100;
/// Pause after the database failed.
const RETRY: std::time::Duration = std::time::Duration::from_secs(1);

/// Starts the worker.
pub fn start(app: &Shared) {
    tokio::spawn(run(Arc::clone(app)));
}

async fn run(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    loop {
        let next = match round(&app).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(%error, "timers could not be run");
                tokio::time::sleep(RETRY).await;
                continue;
            }
        };
        let wait = async {
            match next {
                Some(due) => app.clock.sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = wait => {}
            () = app.timers_changed.notified() => {}
            _ = shutdown.changed() => return,
        }
    }
}

/// Runs what is due; returns when the next timer is.
async fn round(app: &App) -> Result<Option<i64>, DeskError> {
    loop {
        let due = timers::due(&mut *app.store.read().await?, app.clock.now(), BATCH).await?;
        if due.is_empty() {
            return Ok(timers::next_due(&mut *app.store.read().await?).await?);
        }
        for timer in due {
            fire(app, &timer).await?;
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
        TimerKind::Ending => return ending::over(app, conversation, timer).await,
        TimerKind::Presence | TimerKind::Hours => return Ok(()),
    };
    // The event's own transaction stops the timer with the state it belongs to, so a crash before its
    // commit leaves the timer to fire again; one that came too late is dropped here.
    if !lifecycle::happen(app, conversation, event, Actor::System, Some(timer.fence)).await? {
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
