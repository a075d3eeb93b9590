//! The worker that brings messages to providers: in order within a conversation, never twice without a person's word.

mod bind;
mod deliver;
mod pace;
mod settle;

use std::sync::{Arc, Mutex, PoisonError};

use causerie_shared::{Millis, ids::MessageId, message::Delivery, row::Head};
use tokio::sync::Semaphore;

use self::{deliver::deliver, pace::Pace, settle::give_up};
use super::adapter;
use crate::{
    desk::DeskError,
    state::{App, Shared},
    store::{
        Engine, StoreError, channel_accounts,
        outbox::{self, OutboxRow, Stage},
        provider::ProviderMessage,
    },
};

pub use bind::{Whose, bind_by_opaque, bind_by_text};
pub use deliver::call;
pub use settle::{resume, trouble};

/// Messages that are on their way at a time.
const AT_ONCE: usize = 16;
/// Rows that are looked at together.
const BATCH: i64 = 100;
/// A worker that has a message for longer has died, milliseconds.
const LEASE: Millis = 5 * 60_000;
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// Starts the worker.
pub fn start(app: &Shared) {
    tokio::spawn(run(Arc::clone(app)));
}

async fn run(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    let pace = Arc::new(Mutex::new(Pace::default()));
    let room = Arc::new(Semaphore::new(AT_ONCE));
    // What this file's only server was sending when it stopped.
    let mut looked = match app.store.engine() {
        Engine::Sqlite => orphans(&app, Millis::MAX).await,
        Engine::Postgres => Ok(()),
    };
    loop {
        if let Err(error) = looked {
            tracing::error!(%error, "what was being sent could not be looked at");
        }
        looked = orphans(&app, app.clock.now()).await;
        let next = round(&app, &pace, &room).await;
        let wait = async {
            match next {
                Ok(Some(due)) => tokio::select! {
                    () = app.clock.sleep_until(due) => {}
                    () = tokio::time::sleep(PAUSE) => {}
                },
                Ok(None) => tokio::time::sleep(PAUSE).await,
                Err(error) => {
                    tracing::error!(%error, "the outbox could not be read");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        };
        tokio::select! {
            () = wait => {}
            () = app.outbox_changed.notified() => {}
            _ = shutdown.changed() => return,
        }
    }
}

/// A worker died while it sent: nobody knows what came of a part that was begun; what was not goes on.
async fn orphans(app: &App, now: Millis) -> Result<(), DeskError> {
    let rows = outbox::orphans(&mut *app.store.read().await?, now, BATCH).await?;
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
    Ok(())
}

/// Sends what is due; when the next one is.
async fn round(app: &Shared, pace: &Arc<Mutex<Pace>>, room: &Arc<Semaphore>) -> Result<Option<Millis>, DeskError> {
    let now = app.clock.now();
    let due = outbox::due(&mut *app.store.read().await?, now, BATCH).await?;
    let mut soonest = None;
    for row in due {
        let Some(account) = channel_accounts::get(&mut *app.store.read().await?, row.account).await? else {
            let mut row = row;
            give_up(
                app,
                &mut row,
                Stage::Failed,
                Delivery::Failed,
                Some("The account was removed.".to_owned()),
            )
            .await?;
            continue;
        };
        if account.health.token_invalid {
            settle::hold_back(app, account.row.id).await?;
            continue;
        }
        let Some(adapter) = adapter(account.row.channel) else {
            continue;
        };
        let held = pace
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .held(account.row.id, now);
        if let Some(until) = held {
            let mut tx = app.store.begin().await?;
            outbox::hold_account(&mut tx, account.row.id, until).await?;
            tx.commit().await?;
            continue;
        }
        let person = row.conversation.to_string();
        let wait = pace.lock().unwrap_or_else(PoisonError::into_inner).take(
            account.row.id,
            &person,
            adapter.capabilities().rate,
            now,
        );
        if wait > 0 {
            soonest = Some(soonest.unwrap_or(Millis::MAX).min(now + wait));
            continue;
        }
        let Ok(permit) = Arc::clone(room).acquire_owned().await else {
            return Ok(None);
        };
        let mut tx = app.store.begin().await?;
        let taken = outbox::take(&mut tx, &row, now + LEASE).await?;
        tx.commit().await?;
        let Some(taken) = taken else { continue };
        let (app, pace) = (Arc::clone(app), Arc::clone(pace));
        tokio::spawn(async move {
            match deliver(&app, &account, adapter, taken).await {
                Ok(None) => {}
                Ok(Some(until)) => {
                    let mut pace = pace.lock().unwrap_or_else(PoisonError::into_inner);
                    pace.hold(account.row.id, until);
                }
                Err(error) => tracing::error!(%error, "a message is between here and its provider"),
            }
            drop(permit);
            // The next of the conversation may go.
            app.outbox_changed.notify_one();
        });
    }
    let next = outbox::next_due(&mut *app.store.read().await?).await?;
    Ok(match (soonest, next.filter(|next| *next > now)) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    })
}

fn bound(row: &OutboxRow, external: String) -> ProviderMessage {
    ProviderMessage {
        account: row.account,
        external,
        message: row.message,
        conversation: row.conversation,
        outgoing: true,
        quoted: None,
        at: 0,
    }
}

async fn save(app: &App, row: &OutboxRow) -> Result<bool, StoreError> {
    let mut tx = app.store.begin().await?;
    let mine = outbox::save(&mut tx, row).await?;
    tx.commit().await?;
    Ok(mine)
}

/// The row of a new message.
pub fn row(head: &Head, message: MessageId, position: i64, now: Millis) -> OutboxRow {
    OutboxRow {
        message,
        account: head.account,
        conversation: head.id,
        position,
        stage: Stage::Waiting,
        attempts: 0,
        due: now,
        fence: 0,
        progress: outbox::Progress::default(),
    }
}
