//! A unit of work: one ordered transaction and what it changes. Its commit publishes the changes, and nothing else does
//! (`docs/architecture.md#floors`).

use crate::{
    commit_events::{CommitEvents, publish},
    state::App,
    store::{OrderedTx, StoreError},
};

/// An ordered transaction with the changes that its commit publishes. Dropped without a commit, it changes nothing.
#[derive(Debug)]
pub struct UnitOfWork {
    pub tx: OrderedTx,
    pub events: CommitEvents,
}

impl UnitOfWork {
    /// Begins a unit of work. Lock the documents that it writes before; it waits for other ordered transactions.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn begin(app: &App) -> Result<Self, StoreError> {
        Ok(Self {
            tx: app.store.begin_ordered().await?,
            events: CommitEvents::default(),
        })
    }

    /// Commits, and publishes the changes.
    ///
    /// # Errors
    /// The transaction was not committed. Nothing is published then.
    pub async fn commit(self, app: &App) -> Result<(), StoreError> {
        self.commit_held().await?.publish(app);
        Ok(())
    }

    /// Commits, and leaves it to the caller to publish once the documents in memory have the changes as well.
    ///
    /// # Errors
    /// The transaction was not committed.
    pub async fn commit_held(self) -> Result<Committed, StoreError> {
        self.tx.commit().await?;
        Ok(Committed { events: self.events })
    }
}

/// The changes of a committed unit of work that are not published yet.
#[must_use = "nobody learns of the changes until they are published"]
#[derive(Debug)]
pub struct Committed {
    pub events: CommitEvents,
}

impl Committed {
    /// Publishes the changes. No `await` may lie between the commit and this call: a request that is dropped there would
    /// leave them unpublished.
    pub fn publish(self, app: &App) {
        publish(app, self.events);
    }
}
