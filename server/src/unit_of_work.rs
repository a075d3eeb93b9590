//! A unit of work: one ordered transaction and what it changes. Its commit publishes the changes, and nothing else does
//! (`docs/architecture.md#floors`).

use causerie_shared::refusal::{Code, Refusal};

use crate::{
    commit_events::{CommitEvents, publish},
    error::ServiceError,
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
#[must_use = "the changes reach no console until they are published"]
#[derive(Debug)]
pub struct Committed {
    pub events: CommitEvents,
}

impl Committed {
    /// Publishes the changes. No `await` may lie between the commit and this call: a request that is dropped there
    /// would leave them unpublished.
    pub fn publish(self, app: &App) {
        publish(app, self.events);
    }
}

/// Maximum number of attempts of [`retry_conflicts`].
const TRIES: usize = 4;

/// Runs a unit of work again while it is refused with [`Code::Conflict`], because another one changed the same chat at
/// the same time.
///
/// # Errors
/// Any other error of an attempt; a `Conflict` that asks for another try after the last one.
pub async fn retry_conflicts<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, ServiceError>
where
    F: Future<Output = Result<T, ServiceError>>,
{
    for _ in 0..TRIES {
        match attempt().await {
            Err(ServiceError::Refused(refusal)) if refusal.code == Code::Conflict => {}
            other => return other,
        }
    }
    Err(Refusal::new(Code::Conflict, "the chat is busy; try again").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_conflict_is_tried_again_and_other_errors_are_not() {
        let mut attempts = 0;
        let done = retry_conflicts(|| {
            attempts += 1;
            std::future::ready(match attempts {
                1 | 2 => Err(Refusal::new(Code::Conflict, "changed").into()),
                _ => Ok(attempts),
            })
        });
        assert_eq!(done.await.expect("the third attempt"), 3);

        let mut attempts = 0;
        let refused = retry_conflicts(|| {
            attempts += 1;
            std::future::ready(Err::<(), _>(Refusal::new(Code::Closed, "ended").into()))
        });
        let refused = refused.await.expect_err("a refusal");
        assert_eq!(refused.into_refusal().code, Code::Closed);
        assert_eq!(attempts, 1);
    }

    #[tokio::test]
    async fn a_lasting_conflict_is_given_up() {
        let mut attempts = 0;
        let refused = retry_conflicts(|| {
            attempts += 1;
            std::future::ready(Err::<(), _>(Refusal::new(Code::Conflict, "changed").into()))
        });
        let refused = refused.await.expect_err("a refusal");
        assert_eq!(refused.into_refusal().code, Code::Conflict);
        assert_eq!(attempts, TRIES);
    }
}
