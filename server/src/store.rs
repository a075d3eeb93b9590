//! The database: the only room that speaks SQL. SQLite and PostgreSQL run the same statements;
//! what must differ is in [`Engine`].

pub mod audit;
pub mod blacklist;
pub mod channel_accounts;
pub mod contacts;
pub mod conversations;
pub mod crashes;
pub mod departments;
pub mod documents;
pub mod feed;
pub mod files;
pub mod inboxes;
pub mod journey;
pub mod loads;
pub mod messages;
pub mod nodes;
pub mod outbox;
pub mod people;
pub mod persons;
pub mod places;
pub mod posts;
pub mod preferences;
pub mod presence;
pub mod provider;
pub mod push;
pub mod raw_events;
pub mod rounds;
pub mod sessions;
pub mod settings;
pub mod tallies;
pub mod templates;
pub mod threads;
pub mod timers;
pub mod trial;
pub mod windows;

use std::{fmt, path::Path, time::Duration};

use sqlx::{
    Any, AnyConnection, AnyPool, Transaction,
    any::{AnyPoolOptions, install_default_drivers},
};

/// What differs between the two engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// The database failed or holds something that cannot be read.
#[derive(Debug)]
pub enum StoreError {
    Database(sqlx::Error),
    Migration(sqlx::migrate::MigrateError),
    /// A stored value that this version cannot read; names the column.
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
    /// A unique constraint refused the row: somebody else wrote it first.
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }

    /// Trying again may help: the database was busy, full or out of reach. What it refuses for what it was given, it
    /// refuses the next time too.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Database(error)) => {
                let code = error.code().unwrap_or_default();
                // Data exceptions and limits of PostgreSQL, such as that of an index; of SQLite: too big, mismatch.
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

/// A write transaction. All statements of the store take its connection.
pub type Tx = Transaction<'static, Any>;

/// A connection inside or outside a transaction.
pub type Db = AnyConnection;

/// The database.
#[derive(Debug, Clone)]
pub struct Store {
    read: AnyPool,
    /// SQLite has one writer; a pool of one makes the others wait in line instead of failing.
    write: AnyPool,
    engine: Engine,
    address: String,
}

impl Store {
    /// Connects, makes the SQLite file and its folder if they are not there, and migrates.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        install_default_drivers();
        let engine = if address.starts_with("sqlite:") {
            Engine::Sqlite
        } else if address.starts_with("postgres:") || address.starts_with("postgresql:") {
            Engine::Postgres
        } else {
            return Err(StoreError::Address);
        };
        let store = match engine {
            Engine::Sqlite => Self::open_sqlite(address).await?,
            Engine::Postgres => {
                let pool = AnyPoolOptions::new()
                    .max_connections(16)
                    .acquire_timeout(Duration::from_secs(10))
                    .connect(address)
                    .await?;
                Self {
                    read: pool.clone(),
                    write: pool,
                    engine,
                    address: address.to_owned(),
                }
            }
        };
        sqlx::migrate!("./migrations").run(&store.write).await?;
        let mut tx = store.begin().await?;
        tallies::begin(&mut tx).await?;
        tx.commit().await?;
        Ok(store)
    }

    async fn open_sqlite(address: &str) -> Result<Self, StoreError> {
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
                // A file does not hang up; asking it before each use would cost as much as a statement.
                .test_before_acquire(false)
                .after_connect(|connection, _| {
                    Box::pin(async move {
                        // Nothing is acknowledged before it is durable (`sync.md`): FULL with a write-ahead log.
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
        Ok(Self {
            read,
            write,
            engine: Engine::Sqlite,
            address,
        })
    }

    /// Which of the two it is.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// A connection for reading; it may lag behind a transaction that is not committed yet.
    pub async fn read(&self) -> Result<sqlx::pool::PoolConnection<Any>, StoreError> {
        Ok(self.read.acquire().await?)
    }

    /// Begins a write transaction; on SQLite with the write lock at once, so that it cannot fail half-way.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self.engine {
            Engine::Sqlite => self.write.begin_with("BEGIN IMMEDIATE").await?,
            Engine::Postgres => {
                let mut tx = self.write.begin().await?;
                // Writers stand in one line, as on SQLite: feed numbers without gaps in the order of the
                // commits, and no two transactions that wait for each other's rows.
                sqlx::query("UPDATE counters SET value = value WHERE name = 'feed'")
                    .execute(&mut *tx)
                    .await?;
                tx
            }
        })
    }

    /// Waits for open statements and closes all connections.
    pub async fn close(&self) {
        self.write.close().await;
        self.read.close().await;
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
