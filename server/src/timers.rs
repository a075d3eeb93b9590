//! The timer worker: sleeps until the next timer is due and runs it. Several nodes share the due timers.

use causerie_shared::{
    Millis,
    conversation::transition::{Actor, Event},
    ids::ConversationId,
    refusal::Code,
    timer::TimerKind,
};

use crate::{
    conversations::{
        closing, hours,
        inactivity::{self, Reminder},
        lifecycle, offer_rounds, queue,
    },
    error::ServiceError,
    presence,
    state::{App, Shared},
    store::timers::{self, TimerRecord},
    unit_of_work::{UnitOfWork, retry_conflicts},
    workers,
};

/// Timers claimed at once: few enough that other nodes get a share of many due timers.
const MAX_CLAIMED: i64 = 25;
/// Pause after an error of the database.
const RETRY_PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

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
                    crate::clock::pause(RETRY_PAUSE).await;
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
        let due = timers::claim(&mut db, engine, app.node, now, MAX_CLAIMED).await?;
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

/// Takes a due timer and runs it, in one unit of work: a crash leaves the timer in place, and one of several nodes runs
/// it. A timer whose subject cannot be read, or whose fence is old, is only removed.
async fn fire(app: &App, timer: &TimerRecord) -> Result<(), ServiceError> {
    match retry_conflicts(|| attempt(app, timer)).await {
        // The timer stays due: the next round runs it.
        Err(ServiceError::Refused(refusal)) if refusal.code == Code::Conflict => {
            tracing::warn!(
                subject = timer.subject,
                kind = timer.kind.as_str(),
                "a timer's chat is too busy"
            );
            Ok(())
        }
        other => other,
    }
}

async fn attempt(app: &App, timer: &TimerRecord) -> Result<(), ServiceError> {
    let now = app.clock.now();
    let mut unit = UnitOfWork::begin(app).await?;
    if !timers::take(&mut unit.tx, timer).await? {
        return Ok(());
    }
    match timer.kind {
        TimerKind::Presence => {
            if let Ok(user) = timer.subject.parse() {
                presence::lost(&mut unit, user, now).await?;
            }
        }
        TimerKind::Hours => {
            if let Ok(inbox) = timer.subject.parse() {
                hours::apply(&mut unit.tx, inbox, now, &mut unit.events).await?;
            }
        }
        TimerKind::Queue
        | TimerKind::Acceptance
        | TimerKind::BotSilence
        | TimerKind::Round
        | TimerKind::Ending
        | TimerKind::Inactivity
        | TimerKind::Silence => {
            if let Ok(conversation) = timer.subject.parse()
                && let Some(reminder) = of_conversation(&mut unit, conversation, timer, now).await?
            {
                drop(unit);
                return inactivity::send(app, reminder, timer).await;
            }
        }
    }
    unit.commit(app).await?;
    app.timers_changed.notify_one();
    Ok(())
}

/// Runs a timer of a conversation. Returns the reminder that has to be sent, if any.
async fn of_conversation(
    unit: &mut UnitOfWork,
    conversation: ConversationId,
    timer: &TimerRecord,
    now: Millis,
) -> Result<Option<Reminder>, ServiceError> {
    let fence = timer.fence;
    match timer.kind {
        TimerKind::Queue => queue::over(unit, conversation, fence, now).await?,
        TimerKind::Acceptance => presence::offer_expired(unit, conversation, fence, now).await?,
        TimerKind::BotSilence => {
            let (event, actor) = (Event::BotDone, Actor::System);
            lifecycle::apply_in(unit, conversation, &event, actor, Some(fence), now).await?;
        }
        TimerKind::Round => offer_rounds::new_round(unit, conversation, now).await?,
        TimerKind::Ending => closing::over(unit, conversation, fence, now).await?,
        TimerKind::Inactivity | TimerKind::Silence => {
            return inactivity::due(unit, conversation, timer, now).await;
        }
        TimerKind::Presence | TimerKind::Hours => {}
    }
    Ok(None)
}

/// Removes a timer that was refused.
async fn drop_timer(app: &App, timer: &TimerRecord) -> Result<(), ServiceError> {
    let mut tx = app.store.begin().await?;
    timers::take(&mut tx, timer).await?;
    tx.commit().await?;
    Ok(())
}
