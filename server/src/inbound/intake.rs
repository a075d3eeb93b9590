//! Stores webhook bodies before they are answered, many with one write.
//!
//! Without this, a burst would be flushed to disk body by body. The task that holds the lock `turn` stores all bodies
//! that wait; the other tasks find theirs stored. The write does not take the feed's order, because nothing is
//! published before a body is processed.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use causerie_shared::ids::AccountId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{
    clock::sequence,
    state::Shared,
    store::{
        StoreError,
        raw_events::{self, RawEvent},
    },
};

/// Maximum number of bodies in one write; each may have megabytes.
const MAX_BATCH: usize = 100;
/// Maximum number of bytes that wait to be stored.
const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;
/// The least that a body counts for, in bytes: small bodies take memory too.
const MIN_BODY_BYTES: usize = 1024;

struct Waiting {
    event: RawEvent,
    stored: oneshot::Sender<()>,
    _room: OwnedSemaphorePermit,
}

/// The bodies that wait to be stored.
pub struct Intake {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
    room: Arc<Semaphore>,
}

impl Default for Intake {
    fn default() -> Self {
        Self {
            waiting: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            room: Arc::new(Semaphore::new(MAX_WAITING_BYTES)),
        }
    }
}

/// Why a body was not stored. The provider delivers it again.
#[derive(Debug)]
pub enum IntakeError {
    /// Too many bodies wait.
    Full,
    Store(StoreError),
}

impl From<StoreError> for IntakeError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl fmt::Display for IntakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("too many webhooks wait to be stored"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for IntakeError {}

impl Intake {
    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let many = waiting.len().min(MAX_BATCH);
        waiting.drain(..many).collect()
    }

    /// Reserves room for a body of `length` bytes.
    fn reserve(&self, length: usize) -> Result<OwnedSemaphorePermit, IntakeError> {
        let room = u32::try_from(length.max(MIN_BODY_BYTES)).map_err(|_| IntakeError::Full)?;
        Arc::clone(&self.room).try_acquire_many_owned(room).map_err(|_| {
            metrics::counter!("causerie_webhooks_refused_total").increment(1);
            IntakeError::Full
        })
    }
}

/// Stores a body and wakes the worker; returns when the body is durable.
///
/// # Errors
/// The body was not stored.
pub async fn keep(app: &Shared, account: AccountId, body: Vec<u8>) -> Result<(), IntakeError> {
    let room = app.intake.reserve(body.len())?;
    let now = app.clock.now();
    let event = RawEvent {
        id: sequence(now),
        account,
        body,
        received_at: now,
    };
    let (sender, mut stored) = oneshot::channel();
    let intake = &app.intake;
    intake
        .waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Waiting {
            event,
            stored: sender,
            _room: room,
        });
    loop {
        let turn = intake.turn.lock().await;
        match stored.try_recv() {
            Ok(()) => return Ok(()),
            Err(oneshot::error::TryRecvError::Empty) => {}
            // The write that contained this body failed.
            Err(oneshot::error::TryRecvError::Closed) => return Err(StoreError::Damaged("write of webhooks").into()),
        }
        // In a task of its own, so that a sender who hangs up does not cancel the write of other senders' bodies.
        let task = tokio::spawn(write(Arc::clone(app), intake.take()));
        let written = task.await;
        drop(turn);
        match written {
            Ok(result) => result?,
            Err(_) => return Err(StoreError::Damaged("write of webhooks").into()),
        }
    }
}

async fn write(app: Shared, batch: Vec<Waiting>) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    for waiting in &batch {
        raw_events::insert(&mut tx, &waiting.event).await?;
    }
    tx.commit().await?;
    for waiting in batch {
        // An error means that the sender has hung up.
        let _hung_up = waiting.stored.send(()).is_err();
    }
    app.hooked.notify_one();
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::{http::StatusCode, response::IntoResponse as _};
    use tokio::task::JoinSet;

    use super::*;
    use crate::{clock::Clock, config::Config, demo, http::error::ApiError};

    #[tokio::test]
    async fn bodies_beyond_the_room_are_refused_for_now_and_the_others_are_stored() {
        let folder = tempfile::tempdir().unwrap();
        let app = crate::build(Config::for_test(folder.path()), Clock::System)
            .await
            .unwrap();
        let account = demo::workspace(&app).await.unwrap().orders.row.id;
        let large = || vec![b' '; MAX_WAITING_BYTES / 8];
        let turn = app.intake.turn.lock().await;
        let mut waiting = JoinSet::new();
        for _ in 0..8 {
            let app = app.clone();
            waiting.spawn(async move { keep(&app, account, large()).await });
        }
        while app.intake.room.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let full = keep(&app, account, large()).await.unwrap_err();
        assert!(matches!(full, IntakeError::Full), "{full}");
        assert_eq!(
            ApiError::from(full).into_response().status(),
            StatusCode::SERVICE_UNAVAILABLE,
            "the provider tries again"
        );
        drop(turn);
        for stored in waiting.join_all().await {
            stored.unwrap();
        }
        keep(&app, account, large()).await.unwrap();
        app.shutdown.send_replace(true);
    }
}
