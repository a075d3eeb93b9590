//! Several nodes on one PostgreSQL database: notifications about writes, locks that show which nodes are alive, and
//! cluster locks for work that one node does at a time. SQLite has one node and needs none of this.

use std::time::Duration;

use sqlx::{Any, AnyPool, Executor as _, Row as _, any::AnyPoolOptions, pool::PoolConnection, postgres::PgListener};

use super::{Engine, Store, StoreError};

/// The notification channel. The payload is the id of the node that wrote.
const CHANNEL: &str = "causerie";

/// Work that only one node does at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Processing webhooks, in their order.
    Inbound,
    /// Polling Telegram for updates.
    Polling,
}

impl Work {
    /// Returns the key of the work's advisory lock. It is negative; the keys of nodes are positive.
    fn key(self) -> i64 {
        match self {
            Self::Inbound => -1,
            Self::Polling => -2,
        }
    }
}

/// The cluster lock for some work. Dropping it releases the lock.
pub struct ClusterLock(#[expect(dead_code, reason = "held for its lock alone")] Option<PoolConnection<Any>>);

/// One database session for each kind of work, outside the store's pools, because a cluster lock may be held for as
/// long as the server runs. Empty on SQLite.
#[derive(Debug, Clone)]
pub(super) struct Turns(Option<[AnyPool; 2]>);

impl Turns {
    pub(super) fn new(engine: Engine, address: &str) -> Result<Self, StoreError> {
        match engine {
            Engine::Sqlite => Ok(Self(None)),
            Engine::Postgres => Ok(Self(Some([session(address)?, session(address)?]))),
        }
    }

    fn of(&self, work: Work) -> Option<&AnyPool> {
        let [inbound, polling] = self.0.as_ref()?;
        Some(match work {
            Work::Inbound => inbound,
            Work::Polling => polling,
        })
    }

    pub(super) async fn close(&self) {
        for session in self.0.iter().flatten() {
            session.close().await;
        }
    }
}

/// Returns a pool of one connection, opened at the first use. Giving the connection back releases its advisory locks.
fn session(address: &str) -> Result<AnyPool, StoreError> {
    let options = AnyPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .after_release(|connection, _| {
            Box::pin(async move {
                sqlx::query("SELECT pg_advisory_unlock_all()")
                    .execute(connection)
                    .await?;
                Ok(true)
            })
        });
    Ok(options.connect_lazy(address)?)
}

/// The node session: a database session that listens for notifications and holds the advisory lock by which other
/// nodes see that this node is alive. The database releases the lock when the process or its network connection ends.
pub struct NodeSession {
    listener: PgListener,
    node: i64,
}

/// The result of [`NodeSession::hear`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Another node wrote to the database.
    News,
    /// The session was lost and opened again. Meanwhile notifications were lost, and the lock was free.
    Again,
}

impl Store {
    /// Takes the cluster lock for some work; `None` if another node has it.
    pub async fn cluster_lock(&self, work: Work) -> Result<Option<ClusterLock>, StoreError> {
        let Some(session) = self.turns.of(work) else {
            return Ok(Some(ClusterLock(None)));
        };
        let mut session = session.acquire().await?;
        let row = sqlx::query("SELECT pg_try_advisory_lock($1) AS mine")
            .bind(work.key())
            .fetch_one(&mut *session)
            .await?;
        Ok(row.try_get::<bool, _>("mine")?.then_some(ClusterLock(Some(session))))
    }

    /// Opens the session of this node. `None` on SQLite.
    pub async fn node_session(&self, node: i64) -> Result<Option<NodeSession>, StoreError> {
        match self.engine {
            Engine::Sqlite => Ok(None),
            Engine::Postgres => {
                let mut listener = PgListener::connect(&self.address).await?;
                lock(&mut listener, node).await?;
                listener.listen(CHANNEL).await?;
                Ok(Some(NodeSession { listener, node }))
            }
        }
    }

    /// Notifies the other nodes that this one wrote to the database. Must not run inside a write transaction, because
    /// PostgreSQL serializes the commits of transactions that notify.
    pub async fn notify_nodes(&self, node: i64) -> Result<(), StoreError> {
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

impl NodeSession {
    /// Waits until another node wrote, or until the session was opened again.
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

/// Returns the PostgreSQL condition that the node in `column` holds its lock.
pub(super) fn lives(column: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM pg_locks k WHERE k.locktype = 'advisory' AND k.granted AND k.objsubid = 1 \
         AND ((CAST(k.classid AS BIGINT) << 32) | CAST(k.objid AS BIGINT)) = {column})"
    )
}

async fn lock(listener: &mut PgListener, node: i64) -> Result<(), StoreError> {
    // With these settings a lost connection is noticed within half a minute instead of two hours.
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
