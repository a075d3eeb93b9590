//! Write transactions: in the feed's order, or without it.
//!
//! On PostgreSQL all ordered transactions of all nodes stand in one line, which is a locked row (`feed.rs` says what
//! for). That nobody waits for somebody who waits for them:
//! - The feed's row is locked first or never.
//! - An unordered transaction locks one row that is there, or rows of one table in the order of their key, and never
//!   chats, users, loads or counters; rows that it adds are its own.
//! - Ordered writers of a node wait in the process before they take a connection, so that a long line leaves
//!   connections to the others.
//! - Nobody asks for a connection while they hold one.

use std::ops::{Deref, DerefMut};

use sqlx::{Any, Transaction};
use tokio::sync::OwnedSemaphorePermit;

use super::{Db, Engine, Store, StoreError};

/// A write transaction outside of the feed's order.
pub type Tx = Transaction<'static, Any>;

/// A write transaction that has the feed's row: what it appends is numbered in the order of the commits, and no other
/// ordered one writes until it ends.
#[derive(Debug)]
pub struct OrderedTx {
    tx: Tx,
    /// Held for its drop alone; `None` on SQLite, whose pool is the line.
    _place: Option<OwnedSemaphorePermit>,
}

impl OrderedTx {
    /// Makes everything durable.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        self.tx.commit().await
    }

    /// Undoes everything, its numbers too.
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
    /// Begins a write transaction that appends nothing to the feed; on SQLite with the write lock at once, so that it
    /// cannot fail half-way.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self.engine {
            Engine::Sqlite => self.write.begin_with("BEGIN IMMEDIATE").await?,
            Engine::Postgres => self.write.begin().await?,
        })
    }

    /// Begins a write transaction in the feed's order.
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

/// Attempts of an unordered write that the database gives up.
const TRIES: usize = 5;

/// Makes an unordered write again that the database gave up for others.
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
