//! The dispatcher: offers the waiting chats of an inbox to the agents that `shared` picks. It reacts to events and
//! never polls.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Mutex, MutexGuard, PoisonError},
};

use causerie_shared::{ids::InboxId, routing::pick::Candidates};

use tokio::sync::Notify;

use crate::{
    conversations::{
        change,
        offer_rounds::{is_dispatched, offer_some},
    },
    error::ServiceError,
    state::{App, Shared},
    store::{agent_load, conversations},
    unit_of_work::UnitOfWork,
    workers,
};

/// The queue of inboxes that the dispatcher has to examine. It holds each inbox at most once.
#[derive(Default)]
pub struct Wakes {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Default)]
struct Waiting {
    /// Whether an agent became eligible in the inbox; if so, its finished rounds start again.
    inboxes: BTreeMap<InboxId, bool>,
    /// The inbox that was examined last. Inboxes with greater ids come first, so that none starves.
    last: Option<InboxId>,
    /// Number of [`Look`]s in progress.
    looks: usize,
}

/// An inbox that is being examined. Dropping the value before it is `done` puts the inbox back into the queue.
struct Look<'a> {
    wakes: &'a Wakes,
    inbox: InboxId,
    freed: bool,
    done: bool,
}

impl Wakes {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues an inbox. `freed`: an agent became eligible in it.
    pub(crate) fn add(&self, inbox: InboxId, freed: bool) {
        *self.lock().inboxes.entry(inbox).or_default() |= freed;
        self.changed.notify_one();
    }

    fn next(&self) -> Option<Look<'_>> {
        let mut waiting = self.lock();
        let after = waiting.last.map_or(Bound::Unbounded, Bound::Excluded);
        let mut later = waiting.inboxes.range((after, Bound::Unbounded));
        let inbox = *later.next().or_else(|| waiting.inboxes.iter().next())?.0;
        let freed = waiting.inboxes.remove(&inbox)?;
        waiting.last = Some(inbox);
        waiting.looks += 1;
        Some(Look {
            wakes: self,
            inbox,
            freed,
            done: false,
        })
    }
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.wakes.add(self.inbox, self.freed);
        }
        self.wakes.lock().looks -= 1;
    }
}

/// Runs the dispatcher until the server stops.
pub async fn run(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    loop {
        settle(&app).await;
        tokio::select! {
            () = app.wakes.changed.notified() => {}
            () = workers::stop(&mut shutdown) => return,
        }
    }
}

/// Examines all queued inboxes and returns when none is left. The worker calls it, as do tests.
pub async fn settle(app: &App) {
    while let Some(mut look) = app.wakes.next() {
        match dispatch(app, look.inbox, look.freed).await {
            Ok(()) => look.done = true,
            // Another node took one of the free places; dropping `look` queues the inbox again.
            Err(ServiceError::Refused(_)) => {}
            Err(error) => {
                tracing::error!(%error, inbox = %look.inbox, "the dispatcher failed");
                look.done = true;
            }
        }
    }
}

/// Whether no inbox is queued or being examined.
pub fn is_at_rest(app: &App) -> bool {
    let waiting = app.wakes.lock();
    waiting.inboxes.is_empty() && waiting.looks == 0
}

/// Offers the waiting chats of an `auto` inbox, the longest waiting first. Other inboxes are left alone.
async fn dispatch(app: &App, inbox: InboxId, freed: bool) -> Result<(), ServiceError> {
    let now = app.clock.now();
    // Usually there is nothing to do, which a read connection finds out without the write lock.
    {
        let mut db = app.store.read().await?;
        let routing = change::routing(&mut db, inbox).await?;
        if !is_dispatched(&routing, now)
            || conversations::waiting(&mut db, inbox, None, 1).await?.is_empty()
            || Candidates::new(&agent_load::eligible(&mut db, inbox).await?).is_empty()
        {
            return Ok(());
        }
    }
    let mut after = None;
    loop {
        let mut unit = UnitOfWork::begin(app).await?;
        after = offer_some(&mut unit.tx, inbox, after, freed, now, &mut unit.events).await?;
        unit.commit(app).await?;
        // The end of a round sets a timer but adds no event to `news`.
        app.timers_changed.notify_one();
        if after.is_none() {
            return Ok(());
        }
    }
}
