//! The feed: which row changed, in the order of the commits, with who could see it before and after.
//!
//! An entry gets its number from a counter row that its transaction keeps locked until it ends
//! (`Store::begin_ordered` takes the lock before anything else). Hence a number is given only after the commit of the
//! one before it is visible: who reads number n can read all below n, a cursor never overtakes a change, and a
//! rollback leaves no hole.
//!
//! The price is that all nodes of a PostgreSQL write one after another what the feed announces: at most one such
//! transaction in the time that one takes, with its round trips and its flush to disk
//! (`docs/sync.md#several-servers`). The alternative is to give the numbers after the commit, by a holder of an
//! advisory lock. What stands in the way: heads, message rows and journey rows keep the number of the entry they were
//! written with, in the same transaction, and clients catch up by it; the hub announces right after the commit and
//! needs the number for that; and the line is also what keeps two
//! transactions from waiting for each other's rows (chat, loads, users, tallies), which would need one order of
//! locks everywhere.

use causerie_shared::access::Scope;
use sqlx::{Row as _, any::AnyRow};

use super::{Db, OrderedTx, StoreError, from_json, to_json};

/// The kind of row a feed entry names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedKind {
    Conversation,
    User,
    Inbox,
    Account,
    /// What a user may see has changed; the row is the user.
    Grants,
    /// A sign-in was ended.
    Session,
}

impl FeedKind {
    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::User => "user",
            Self::Inbox => "inbox",
            Self::Account => "account",
            Self::Grants => "grants",
            Self::Session => "session",
        }
    }

    fn from_key(key: &str) -> Option<Self> {
        [
            Self::Conversation,
            Self::User,
            Self::Inbox,
            Self::Account,
            Self::Grants,
            Self::Session,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == key)
    }
}

/// One entry. Scopes are those of a conversation; other kinds are decided by the row itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEntry {
    pub seq: i64,
    pub kind: FeedKind,
    pub row_id: String,
    pub before: Option<Scope>,
    pub after: Option<Scope>,
}

/// The next number of a gapless counter; its row stays locked until the transaction ends, so the order
/// of the numbers is the order of the commits.
pub async fn next_number(tx: &mut OrderedTx, counter: &str) -> Result<i64, StoreError> {
    let row = sqlx::query("UPDATE counters SET value = value + 1 WHERE name = $1 RETURNING value")
        .bind(counter.to_owned())
        .fetch_one(&mut **tx)
        .await?;
    Ok(row.try_get("value")?)
}

/// Appends an entry and returns it with its number.
pub async fn append(
    tx: &mut OrderedTx,
    kind: FeedKind,
    row_id: String,
    before: Option<Scope>,
    after: Option<Scope>,
) -> Result<FeedEntry, StoreError> {
    let seq = next_number(tx, "feed").await?;
    let json = |scope: &Option<Scope>| scope.as_ref().map(|scope| to_json(scope, "scope")).transpose();
    sqlx::query("INSERT INTO feed (seq, kind, row_id, before, after) VALUES ($1, $2, $3, $4, $5)")
        .bind(seq)
        .bind(kind.as_str())
        .bind(row_id.clone())
        .bind(json(&before)?)
        .bind(json(&after)?)
        .execute(&mut **tx)
        .await?;
    Ok(FeedEntry {
        seq,
        kind,
        row_id,
        before,
        after,
    })
}

/// The number of the newest entry.
pub async fn newest(db: &mut Db) -> Result<i64, StoreError> {
    let row = sqlx::query("SELECT value FROM counters WHERE name = 'feed'")
        .fetch_one(db)
        .await?;
    Ok(row.try_get("value")?)
}

/// The number of the oldest entry that is kept; 0 when there is none.
pub async fn oldest(db: &mut Db) -> Result<i64, StoreError> {
    let row = sqlx::query("SELECT COALESCE(MIN(seq), 0) AS seq FROM feed")
        .fetch_one(db)
        .await?;
    Ok(row.try_get("seq")?)
}

fn entry(row: &AnyRow) -> Result<FeedEntry, StoreError> {
    let scope = |column: &'static str| -> Result<Option<Scope>, StoreError> {
        let text: Option<String> = row.try_get(column)?;
        text.map(|text| from_json(&text, "scope")).transpose()
    };
    Ok(FeedEntry {
        seq: row.try_get("seq")?,
        kind: FeedKind::from_key(&row.try_get::<String, _>("kind")?).ok_or(StoreError::Damaged("feed kind"))?,
        row_id: row.try_get("row_id")?,
        before: scope("before")?,
        after: scope("after")?,
    })
}

/// Entries after `cursor`, at most `limit`, in order.
pub async fn after(db: &mut Db, cursor: i64, limit: i64) -> Result<Vec<FeedEntry>, StoreError> {
    let rows = sqlx::query("SELECT seq, kind, row_id, before, after FROM feed WHERE seq > $1 ORDER BY seq LIMIT $2")
        .bind(cursor)
        .bind(limit)
        .fetch_all(db)
        .await?;
    rows.iter().map(entry).collect()
}

/// Forgets at most `batch` entries beyond the newest `keep`; how many there were.
pub async fn trim(db: &mut Db, keep: i64, batch: i64) -> Result<u64, StoreError> {
    let last = newest(&mut *db).await? - keep;
    let first = oldest(&mut *db).await?;
    if first == 0 || first > last {
        return Ok(0);
    }
    let done = sqlx::query("DELETE FROM feed WHERE seq <= $1")
        .bind(last.min(first + batch - 1))
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}
