//! Several servers on one PostgreSQL: how a node says that it wrote something, hears that another did, and
//! shows that it lives. SQLite has one node, which needs none of it.

use sqlx::{Executor as _, Row as _, postgres::PgListener};

use super::{Engine, Store, StoreError};

/// The channel of the notifications; the payload is the node that wrote.
const CHANNEL: &str = "causerie";

/// The turn to process webhooks: one node at a time, so that their order is kept.
pub const INBOUND: i64 = -1;
/// The turn to ask Telegram for updates.
pub const POLLING: i64 = -2;

/// Something that one node does at a time; the turn ends when this is dropped.
pub struct Turn(#[expect(dead_code, reason = "held for its lock alone")] Option<super::Tx>);

/// A session of its own with the database: it listens, and holds the lock by which the others see that this
/// node lives. The lock falls when the process or its network is gone.
pub struct Link {
    listener: PgListener,
    node: i64,
}

/// What a [`Link`] heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Another node wrote something.
    News,
    /// The session was lost and is there again: what was said meanwhile was not heard, and the lock was free.
    Again,
}

impl Store {
    /// Takes a turn, unless another node has it. SQLite has one node.
    pub async fn turn(&self, turn: i64) -> Result<Option<Turn>, StoreError> {
        match self.engine {
            Engine::Sqlite => Ok(Some(Turn(None))),
            Engine::Postgres => {
                // Not the line of writers: it is held while others write.
                let mut tx = self.read.begin().await?;
                let row = sqlx::query("SELECT pg_try_advisory_xact_lock($1) AS mine")
                    .bind(turn)
                    .fetch_one(&mut *tx)
                    .await?;
                Ok(row.try_get::<bool, _>("mine")?.then_some(Turn(Some(tx))))
            }
        }
    }

    /// The session of this node. `None` on SQLite.
    pub async fn link(&self, node: i64) -> Result<Option<Link>, StoreError> {
        match self.engine {
            Engine::Sqlite => Ok(None),
            Engine::Postgres => {
                let mut listener = PgListener::connect(&self.address).await?;
                lock(&mut listener, node).await?;
                listener.listen(CHANNEL).await?;
                Ok(Some(Link { listener, node }))
            }
        }
    }

    /// Tells the other nodes that this one wrote something. Never inside a transaction that writes: there a
    /// notification puts all commits in one line.
    pub async fn shout(&self, node: i64) -> Result<(), StoreError> {
        match self.engine {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => {
                sqlx::query("SELECT pg_notify($1, $2)")
                    .bind(CHANNEL)
                    .bind(node.to_string())
                    .execute(&self.read)
                    .await?;
                Ok(())
            }
        }
    }
}

impl Link {
    /// Waits until another node wrote, or until the session had to be made again.
    pub async fn hear(&mut self) -> Result<Heard, StoreError> {
        loop {
            match self.listener.try_recv().await? {
                Some(heard) if heard.payload() == self.node.to_string() => {}
                Some(_) => return Ok(Heard::News),
                None => {
                    lock(&mut self.listener, self.node).await?;
                    return Ok(Heard::Again);
                }
            }
        }
    }
}

/// A condition of PostgreSQL: the node of this column holds its lock.
pub(super) fn lives(column: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM pg_locks k WHERE k.locktype = 'advisory' AND k.granted AND k.objsubid = 1 \
         AND ((CAST(k.classid AS BIGINT) << 32) | CAST(k.objid AS BIGINT)) = {column})"
    )
}

async fn lock(listener: &mut PgListener, node: i64) -> Result<(), StoreError> {
    // A peer that vanished without a word is noticed in half a minute instead of two hours.
    for setting in [
        "SET tcp_keepalives_idle = 10",
        "SET tcp_keepalives_interval = 5",
        "SET tcp_keepalives_count = 3",
    ] {
        listener.execute(setting).await?;
    }
    let lock = format!("SELECT pg_advisory_lock({node})");
    listener.execute(sqlx::AssertSqlSafe(lock)).await?;
    Ok(())
}
