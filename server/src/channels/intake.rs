//! Takes webhooks' bodies in: stored before they are answered, many with one write.
//!
//! A burst would otherwise stand in the line of writers one by one, with the processing of the same burst. Whoever has
//! the turn stores everything that came until then; the others find theirs stored.

use std::sync::{Arc, Mutex, PoisonError};

use causerie_shared::ids::AccountId;
use tokio::sync::oneshot;

use super::sequence;
use crate::{
    state::Shared,
    store::{
        StoreError,
        raw_events::{self, RawEvent},
    },
};

/// Most bodies of one write; each may have megabytes.
const MOST: usize = 100;

type Waiting = (RawEvent, oneshot::Sender<()>);

/// Bodies that wait to be stored.
#[derive(Default)]
pub struct Intake {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

impl Intake {
    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let many = waiting.len().min(MOST);
        waiting.drain(..many).collect()
    }
}

/// Stores a body and wakes the worker; returns when it is durable.
///
/// # Errors
/// The database failed; the provider delivers it again.
pub async fn keep(app: &Shared, account: AccountId, body: Vec<u8>) -> Result<(), StoreError> {
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
        .push((event, sender));
    loop {
        let turn = intake.turn.lock().await;
        match stored.try_recv() {
            Ok(()) => return Ok(()),
            Err(oneshot::error::TryRecvError::Empty) => {}
            // It was in a write that failed.
            Err(oneshot::error::TryRecvError::Closed) => return Err(StoreError::Damaged("write of webhooks")),
        }
        // In a task of its own, so that a sender who hangs up does not break off what is the others' too.
        let task = tokio::spawn(write(Arc::clone(app), intake.take()));
        let written = task.await;
        drop(turn);
        match written {
            Ok(result) => result?,
            Err(_) => return Err(StoreError::Damaged("write of webhooks")),
        }
    }
}

async fn write(app: Shared, batch: Vec<Waiting>) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    for (event, _) in &batch {
        raw_events::insert(&mut tx, event).await?;
    }
    tx.commit().await?;
    for (_, sender) in batch {
        // An error: whoever hung up does not want to know.
        let _hung_up = sender.send(()).is_err();
    }
    app.hooked.notify_one();
    Ok(())
}
