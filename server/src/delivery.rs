//! The worker that sends messages to providers: in order within a conversation, and never twice unless a person decides
//! so.

mod deliver;
mod pace;
mod settle;

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use causerie_shared::{Millis, message::Delivery};
use tokio::sync::Semaphore;

use crate::{
    accounts::health,
    channels::adapter,
    error::ServiceError,
    state::{App, Shared},
    store::{
        Engine, StoreError, channel_accounts,
        outbox::{self, OutboxRow, Stage},
    },
    workers::{self, Supervisor},
};
use deliver::deliver;
use pace::Pace;
use settle::give_up;

/// Maximum number of messages that are being sent at a time.
const MAX_CONCURRENT: usize = 16;
/// Maximum number of rows in one round.
const MAX_BATCH: i64 = 100;
/// How long a worker may hold a message, in milliseconds. After that the worker counts as dead.
const LEASE: Millis = 5 * 60_000;
/// How often the worker looks for messages that dead workers left, in milliseconds.
const LOOK: Millis = LEASE / 4;
/// Pause after a failure of the database.
const RETRY_PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// State that outlives a run of the worker: messages that are being sent continue when the worker is restarted.
struct Sending {
    pace: Mutex<Pace>,
    room: Arc<Semaphore>,
    /// Whether the messages that the previous server was sending were recovered.
    recovered: AtomicBool,
}

/// Adds the outbox worker to `workers`.
pub fn add_worker(workers: &mut Supervisor) {
    let sending = Arc::new(Sending {
        pace: Mutex::default(),
        room: Arc::new(Semaphore::new(MAX_CONCURRENT)),
        recovered: AtomicBool::new(false),
    });
    workers.add("outbox", move |app| run(app, Arc::clone(&sending)));
}

async fn run(app: Shared, sending: Arc<Sending>) {
    let mut shutdown = app.shutdown.subscribe();
    // SQLite has one server: what is being sent at its first run was left by a server that stopped.
    let is_first = app.store.engine() == Engine::Sqlite && !sending.recovered.swap(true, Ordering::AcqRel);
    let mut until = is_first.then_some(Millis::MAX);
    let mut look_at = Millis::MIN;
    loop {
        let now = app.clock.now();
        if now >= look_at {
            match orphans(&app, until.take().unwrap_or(now)).await {
                // There may be more, so look again in the next pass.
                Ok(true) => {}
                Ok(false) => look_at = now + LOOK,
                Err(error) => {
                    tracing::error!(%error, "what was being sent could not be looked at");
                    look_at = now + LOOK;
                }
            }
        }
        let next = round(&app, &sending).await;
        let wait = async {
            match next {
                Ok(due) => {
                    let due = due.map_or(look_at, |due| due.min(look_at));
                    tokio::select! {
                        () = app.clock.sleep_until(due) => {}
                        () = workers::fallback(&app) => {}
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the outbox could not be read");
                    crate::clock::pause(RETRY_PAUSE).await;
                }
            }
        };
        tokio::select! {
            () = wait => {}
            () = app.outbox_changed.notified() => {}
            () = workers::stop(&mut shutdown) => return,
        }
    }
}

/// Recovers messages whose worker died while sending. If the call of a part had begun, the message becomes unconfirmed;
/// otherwise it is sent again. Returns `true` if there may be more.
async fn orphans(app: &App, now: Millis) -> Result<bool, ServiceError> {
    let rows = outbox::orphans(&mut *app.store.read().await?, now, MAX_BATCH).await?;
    let is_full = rows.len() as i64 == MAX_BATCH;
    for mut row in rows {
        if !row.progress.begun {
            row.stage = Stage::Waiting;
            row.due = app.clock.now();
            save(app, &row).await?;
            continue;
        }
        let words = "The server stopped while this was being sent.";
        give_up(
            app,
            &mut row,
            Stage::Unconfirmed,
            Delivery::Unconfirmed,
            Some(words.to_owned()),
        )
        .await?;
    }
    Ok(is_full)
}

/// Sends what is due, and returns when to look again. A message that is due but cannot be sent yet does not count: the
/// message before it, or its account, wakes the worker.
async fn round(app: &Shared, sending: &Arc<Sending>) -> Result<Option<Millis>, ServiceError> {
    let now = app.clock.now();
    let due = outbox::due(&mut *app.store.read().await?, now, MAX_BATCH).await?;
    let full = due.len() as i64 == MAX_BATCH;
    let mut soonest = None;
    for row in due {
        match one(app, sending, row, now).await? {
            // There may be more behind a full batch.
            Step::Moved if full => soonest = Some(now),
            Step::Moved | Step::Stays => {}
            Step::Waits(until) => soonest = Some(soonest.unwrap_or(Millis::MAX).min(until)),
        }
    }
    let next = outbox::next_due(&mut *app.store.read().await?, now).await?;
    Ok(soonest.into_iter().chain(next).min())
}

/// The result for a message that is due.
enum Step {
    /// It is being sent, has failed, or is due at another time.
    Moved,
    Stays,
    /// The rate limit allows it at this time.
    Waits(Millis),
}

async fn one(app: &Shared, sending: &Arc<Sending>, mut row: OutboxRow, now: Millis) -> Result<Step, ServiceError> {
    let Some(account) = channel_accounts::get(&mut *app.store.read().await?, row.account).await? else {
        let words = "The account was removed.".to_owned();
        give_up(app, &mut row, Stage::Failed, Delivery::Failed, Some(words)).await?;
        return Ok(Step::Moved);
    };
    if account.health.token_invalid {
        health::hold_back(app, account.row.id).await?;
        return Ok(Step::Moved);
    }
    let Some(adapter) = adapter(account.row.channel) else {
        return Ok(Step::Stays);
    };
    let held = sending.pace().held(account.row.id, now);
    if let Some(until) = held {
        let mut tx = app.store.begin_ordered().await?;
        outbox::hold_account(&mut tx, account.row.id, until).await?;
        tx.commit().await?;
        return Ok(Step::Moved);
    }
    let (person, rate) = (row.conversation.to_string(), adapter.capabilities().rate);
    let wait = sending.pace().take(account.row.id, &person, rate, now);
    if wait > 0 {
        return Ok(Step::Waits(now + wait));
    }
    let Ok(permit) = Arc::clone(&sending.room).acquire_owned().await else {
        return Ok(Step::Stays);
    };
    let mut tx = app.store.begin().await?;
    let taken = outbox::take(&mut tx, &row, now + LEASE).await?;
    tx.commit().await?;
    let Some(taken) = taken else {
        return Ok(Step::Moved);
    };
    let (app, sending) = (Arc::clone(app), Arc::clone(sending));
    // The permits limit the number of these tasks.
    tokio::spawn(async move {
        match deliver(&app, &account, adapter, taken).await {
            Ok(None) => {}
            Ok(Some(until)) => sending.pace().hold(account.row.id, until),
            Err(error) => tracing::error!(%error, "a message is between here and its provider"),
        }
        drop(permit);
        // The next message of the conversation can be sent now.
        app.outbox_changed.notify_one();
    });
    Ok(Step::Moved)
}

impl Sending {
    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn save(app: &App, row: &OutboxRow) -> Result<bool, StoreError> {
    let mut tx = app.store.begin().await?;
    let mine = outbox::save(&mut tx, row).await?;
    tx.commit().await?;
    Ok(mine)
}
