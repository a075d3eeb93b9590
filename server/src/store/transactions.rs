//! Write transactions, ordered and unordered.
//!
//! On PostgreSQL a locked row makes the ordered transactions of all nodes run one at a time (`feed.rs` says why). These
//! rules prevent deadlocks:
//! - A transaction locks the feed's row first or never.
//! - An unordered transaction locks one existing row, or rows of one table in the order of their keys, and never chats,
//!   users, loads or counters. It may add rows.
//! - Ordered writers of a node wait in the process before they take a connection, so that a long queue leaves
//!   connections for other writers.
//! - A task never acquires a connection while it holds one.

use std::ops::{Deref, DerefMut};

use sqlx::{Any, Transaction};
use tokio::sync::OwnedSemaphorePermit;

use super::{Db, Engine, Store, StoreError};

/// A write transaction that appends nothing to the feed.
pub type Tx = Transaction<'static, Any>;

/// A write transaction that has locked the feed's row. Its feed entries are numbered in the order of the commits, and
/// no other ordered transaction runs until it ends.
#[derive(Debug)]
pub struct OrderedTx {
    tx: Tx,
    /// Held only to be dropped. `None` on SQLite, whose pool of one connection makes writers wait.
    _place: Option<OwnedSemaphorePermit>,
}

impl OrderedTx {
    /// Commits the transaction.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.tx.commit().await
    }

    /// Rolls the transaction back, including its numbers.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        self.tx.rollback().await
    }
}

impl Deref for OrderedTx {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.tx
    }
}

impl DerefMut for OrderedTx {
    fn deref_mut(&mut self) -> &mut Db {
        &mut self.tx
    }
}

impl Store {
    /// Begins a write transaction that appends nothing to the feed. On SQLite it takes the write lock at once, so that
    /// no later statement fails for lack of it.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self.engine {
            Engine::Sqlite => self.write.begin_with("BEGIN IMMEDIATE").await?,
            Engine::Postgres => self.write.begin().await?,
        })
    }

    /// Begins an ordered write transaction.
    pub async fn begin_ordered(&self) -> Result<OrderedTx, StoreError> {
        match self.engine {
            Engine::Sqlite => Ok(OrderedTx {
                tx: self.begin().await?,
                _place: None,
            }),
            Engine::Postgres => {
                let place = self.line.clone().acquire_owned().await;
                let place = place.map_err(|_| sqlx::Error::PoolClosed)?;
                let mut tx = self.begin().await?;
                sqlx::query("UPDATE counters SET value = value WHERE name = 'feed'")
                    .execute(&mut *tx)
                    .await?;
                Ok(OrderedTx {
                    tx,
                    _place: Some(place),
                })
            }
        }
    }
}

/// Maximum number of attempts of [`retried`].
const TRIES: usize = 5;

/// Runs an unordered write, and repeats it a few times while the database aborts it ([`StoreError::was_given_up`]).
pub async fn retried<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    for _ in 1..TRIES {
        match attempt().await {
            Err(error) if error.was_given_up() => {}
            other => return other,
        }
    }
    attempt().await
}
