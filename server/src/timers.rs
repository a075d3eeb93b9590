//! The timer worker: sleeps until the next timer is due and runs it. Several nodes share the due timers.

use causerie_shared::{
    conversation::transition::{Actor, Event},
    timer::TimerKind,
};

use crate::{
    conversations::{closing, hours, inactivity, lifecycle, queue},
    error::ServiceError,
    presence,
    state::{App, Shared},
    store::timers::{self, TimerRecord},
    workers,
};

/// Timers claimed at once: few enough that other nodes get a share of many due timers.
const BATCH: i64 = 25;
/// Pause after an error of the database.
const RETRY: std::time::Duration = std::time::Duration::from_secs(1);

/// Runs the worker until the server stops.
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

/// Runs all due timers and returns the time at which the next one is due, if there is one.
pub async fn round(app: &App) -> Result<Option<i64>, ServiceError> {
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
                // A refused timer has lost its meaning and must not block the others.
                Err(ServiceError::Refused(refusal)) => {
                    tracing::error!(%refusal, kind = timer.kind.as_str(), "a timer was refused");
                    drop_timer(app, &timer).await?;
                }
                other => other?,
            }
        }
    }
}

async fn fire(app: &App, timer: &TimerRecord) -> Result<(), ServiceError> {
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
        TimerKind::Round => return crate::conversations::offer_rounds::new_round(app, conversation, timer).await,
        TimerKind::Inactivity | TimerKind::Silence => return inactivity::due(app, conversation, timer).await,
        TimerKind::Ending => return closing::over(app, conversation, timer).await,
        TimerKind::Presence | TimerKind::Hours => return Ok(()),
    };
    // The event's transaction removes the timer together with the state that set it, so after a crash before its commit
    // the timer fires again. A timer whose fence is old is dropped here.
    if !lifecycle::apply_system_event(app, conversation, event, Actor::System, Some(timer.fence)).await? {
        drop_timer(app, timer).await?;
    }
    Ok(())
}

async fn drop_timer(app: &App, timer: &TimerRecord) -> Result<(), ServiceError> {
    let mut tx = app.store.begin().await?;
    timers::take(&mut tx, timer).await?;
    tx.commit().await?;
    Ok(())
}
