//! The database. All SQL is in this module. SQLite and PostgreSQL run the same statements, except where code matches on
//! [`Engine`].

pub mod agent_load;
pub mod audit;
pub mod blacklist;
pub mod channel_accounts;
pub mod contact_merges;
pub mod contacts;
pub mod conversation_events;
pub mod conversations;
pub mod crashes;
pub mod departments;
pub mod documents;
pub mod feed;
pub mod files;
pub mod folder_counts;
pub mod inboxes;
pub mod messages;
pub mod nodes;
pub mod offer_rounds;
pub mod outbox;
pub mod places;
pub mod posts;
pub mod preferences;
pub mod presence;
pub mod provider;
pub mod push;
pub mod raw_events;
pub mod sessions;
pub mod settings;
pub mod templates;
#[cfg(feature = "test-api")]
pub mod test_reset;
pub mod threads;
pub mod timers;
mod transactions;
pub mod users;
pub mod windows;

use std::{fmt, path::Path, sync::Arc, time::Duration};

use sqlx::{
    Any, AnyConnection, AnyPool, SqlSafeStr,
    any::{AnyPoolOptions, install_default_drivers},
    migrate::{Migration, MigrationType, Migrator},
};
use tokio::sync::Semaphore;

/// The database engine, for the code in which the two differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// An error of the database, of its contents or of its folder.
#[derive(Debug)]
pub enum StoreError {
    Database(sqlx::Error),
    Migration(sqlx::migrate::MigrateError),
    /// A stored value that this version cannot read. Names the column.
    Damaged(&'static str),
    /// The folder for the database file or the key cannot be used.
    Folder(std::io::Error),
    /// The address is neither `sqlite:` nor `postgres:`.
    Address,
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(error) => write!(f, "database: {error}"),
            Self::Migration(error) => write!(f, "database migration: {error}"),
            Self::Damaged(column) => write!(f, "the database holds an unreadable {column}"),
            Self::Folder(error) => write!(f, "the data folder cannot be used: {error}"),
            Self::Address => f.write_str("the database address must begin with sqlite: or postgres:"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Migration(error)
    }
}

impl StoreError {
    /// Whether a unique constraint refused the row, because it exists already.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }

    /// Whether the database aborted the transaction because of a deadlock or a serialization failure. Nothing was
    /// written.
    pub fn was_given_up(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => {
                matches!(error.code().as_deref(), Some("40P01" | "40001"))
            }
            Self::Database(_) | Self::Migration(_) | Self::Damaged(_) | Self::Folder(_) | Self::Address => false,
        }
    }

    /// Whether a retry may succeed, because the database was busy, full or unreachable. Errors about the data itself do
    /// not pass.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => {
                let code = error.code().unwrap_or_default();
                // PostgreSQL: data exceptions (22) and exceeded limits (54). SQLite: too big (18) and mismatch (20).
                let of_postgres = code.len() == 5 && (code.starts_with("22") || code.starts_with("54"));
                let is_about_data = of_postgres || code == "18" || code == "20";
                matches!(error.kind(), sqlx::error::ErrorKind::Other) && !is_about_data
            }
            Self::Database(sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. })
            | Self::Damaged(_)
            | Self::Address => false,
            Self::Database(_) | Self::Migration(_) | Self::Folder(_) => true,
        }
    }
}

pub use transactions::{OrderedTx, Tx, retried};

/// Version, name and text of each migration.
const MIGRATIONS: &[(i64, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

/// Returns the migrator to the newest version. `sqlx::migrate!` would do the same, but would compile SQLite a second
/// time, for the macro.
fn migrator() -> Migrator {
    let migrations = MIGRATIONS.iter().map(|&(version, name, text)| {
        Migration::new(version, name.into(), MigrationType::Simple, text.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// A connection inside or outside a transaction, on which the functions of the store run.
pub type Db = AnyConnection;

/// Maximum connections of a server to PostgreSQL. Reads and writes have separate pools, so that waiting writers never
/// block a reader. SQLite ignores it.
#[derive(Debug, Clone, Copy)]
pub struct Connections {
    pub read: u32,
    pub write: u32,
}

impl Default for Connections {
    fn default() -> Self {
        Self { read: 16, write: 8 }
    }
}

/// Ordered writers of this server that may hold a connection: one writes while the next one's first statement is on
/// its way. The others wait for a permit and hold no connection.
const IN_LINE: usize = 2;

/// The database.
#[derive(Debug, Clone)]
pub struct Store {
    read: AnyPool,
    /// On SQLite a pool of one connection, so that concurrent writers wait instead of failing.
    write: AnyPool,
    line: Arc<Semaphore>,
    turns: nodes::Turns,
    engine: Engine,
    address: String,
}

impl Store {
    /// Connects and migrates. Creates the SQLite file and its folder if needed.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        Self::open_with(address, Connections::default()).await
    }

    /// As [`Store::open`], with at most `most` connections.
    pub async fn open_with(address: &str, most: Connections) -> Result<Self, StoreError> {
        install_default_drivers();
        let engine = if address.starts_with("sqlite:") {
            Engine::Sqlite
        } else if address.starts_with("postgres:") || address.starts_with("postgresql:") {
            Engine::Postgres
        } else {
            return Err(StoreError::Address);
        };
        let (read, write) = match engine {
            Engine::Sqlite => Self::open_sqlite(address).await?,
            Engine::Postgres => {
                let pool = |connections| {
                    AnyPoolOptions::new()
                        .max_connections(connections)
                        .acquire_timeout(Duration::from_secs(10))
                        .connect(address)
                };
                (pool(most.read).await?, pool(most.write).await?)
            }
        };
        let store = Self {
            read,
            write,
            line: Arc::new(Semaphore::new(IN_LINE)),
            turns: nodes::Turns::new(engine, address)?,
            engine,
            address: address.to_owned(),
        };
        migrator().run(&store.write).await?;
        let mut tx = store.begin_ordered().await?;
        folder_counts::begin(&mut tx).await?;
        tx.commit().await?;
        Ok(store)
    }

    async fn open_sqlite(address: &str) -> Result<(AnyPool, AnyPool), StoreError> {
        let path = address.trim_start_matches("sqlite:").trim_start_matches("//");
        let path = path.split('?').next().unwrap_or(path);
        if let Some(folder) = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(StoreError::Folder)?;
        }
        let address = if address.contains('?') {
            address.to_owned()
        } else {
            format!("{address}?mode=rwc")
        };
        let options = |connections| {
            AnyPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(Duration::from_secs(30))
                // A connection to a file does not break, and a test before each use would cost as much as a statement.
                .test_before_acquire(false)
                .after_connect(|connection, _| {
                    Box::pin(async move {
                        // Nothing is acknowledged before it is durable (`docs/sync.md#the-write-gate`), which takes
                        // FULL with a write-ahead log.
                        for pragma in [
                            "PRAGMA journal_mode = WAL",
                            "PRAGMA synchronous = FULL",
                            "PRAGMA foreign_keys = ON",
                            "PRAGMA busy_timeout = 10000",
                        ] {
                            sqlx::query(pragma).execute(&mut *connection).await?;
                        }
                        Ok(())
                    })
                })
        };
        let write = options(1).connect(&address).await?;
        let read = options(8).connect(&address).await?;
        Ok((read, write))
    }

    /// Returns the database engine.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Returns a connection for reading. It does not see uncommitted transactions.
    pub async fn read(&self) -> Result<sqlx::pool::PoolConnection<Any>, StoreError> {
        Ok(self.read.acquire().await?)
    }

    /// Closes all connections, after the statements that are running.
    pub async fn close(&self) {
        self.write.close().await;
        self.read.close().await;
        self.turns.close().await;
    }
}

/// Reads a JSON column.
fn from_json<T: serde::de::DeserializeOwned>(text: &str, column: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Damaged(column))
}

/// Writes a JSON column.
fn to_json<T: serde::Serialize>(value: &T, column: &'static str) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Damaged(column))
}

/// Reads an id column.
fn id<T: std::str::FromStr>(text: &str, column: &'static str) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::Damaged(column))
}

/// Reads an optional id column.
fn optional_id<T: std::str::FromStr>(text: Option<String>, column: &'static str) -> Result<Option<T>, StoreError> {
    text.map(|text| id(&text, column)).transpose()
}
