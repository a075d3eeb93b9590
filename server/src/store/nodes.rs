//! Several servers on one PostgreSQL: how a node says that it wrote something, hears that another did, and
//! shows that it lives. SQLite has one node, which needs none of it.

use std::time::Duration;

use sqlx::{Any, AnyPool, Executor as _, Row as _, any::AnyPoolOptions, pool::PoolConnection, postgres::PgListener};

use super::{Engine, Store, StoreError};

/// The channel of the notifications; the payload is the node that wrote.
const CHANNEL: &str = "causerie";

/// What one node does at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Webhooks are processed, in their order.
    Inbound,
    /// Telegram is asked for updates.
    Polling,
}

impl Work {
    /// The key of its advisory lock; those of nodes are positive.
    fn key(self) -> i64 {
        match self {
            Self::Inbound => -1,
            Self::Polling => -2,
        }
    }
}

/// Something that one node does at a time; the turn ends when this is dropped.
pub struct ClusterLock(#[expect(dead_code, reason = "held for its lock alone")] Option<PoolConnection<Any>>);

/// A session for each kind of work, outside of the pools that others need: a turn may be held for as long as the
/// server runs. SQLite has one node, which needs none.
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

/// One connection, made when it is first needed. Its lock falls when it is given back, before it is had again.
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

/// A session of its own with the database: it listens, and holds the lock by which the others see that this
/// node lives. The lock falls when the process or its network is gone.
pub struct NodeSession {
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
    /// Takes the turn for some work, unless another node has it.
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

    /// The session of this node. `None` on SQLite.
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

    /// Tells the other nodes that this one wrote something. Never inside a transaction that writes: there a
    /// notification puts all commits in one line.
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
