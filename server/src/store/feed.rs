//! The feed: the log of changed rows in the order of the commits, with the users who could see each row before and
//! after.
//!
//! An entry gets its number from a counter row that its transaction keeps locked until it ends
//! (`Store::begin_ordered` takes the lock before anything else). So a transaction gets a number only after the commit
//! of the previous number is visible: a reader of number n can read all lower numbers, a cursor never skips a change,
//! and a rollback leaves no gap.
//!
//! The cost is that transactions with feed entries run one at a time across all nodes of a PostgreSQL database,
//! including their round trips and their flush to disk (`docs/sync.md#several-servers`). The alternative is that the
//! holder of an advisory lock assigns the numbers after the commit. Three things prevent that: conversation, message
//! and event rows store the number of their entry in the same transaction, and clients catch up by it; the hub needs
//! the number to publish right after the commit; and the lock also prevents deadlocks between transactions that change
//! the same rows (chats, loads, users, folder counters), which would otherwise need one lock order everywhere.

use causerie_shared::access::Scope;
use sqlx::{Row as _, any::AnyRow};

use super::{Db, OrderedTx, StoreError, from_json, to_json};

/// The kind of row that a feed entry names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedKind {
    Conversation,
    User,
    Inbox,
    Account,
    /// The access of a user changed. The row is the user.
    Grants,
    /// A sign-in ended. The row is the sign-in.
    Session,
}

impl FeedKind {
    /// Returns the stored form.
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

/// One entry of the feed. Only conversations have scopes; for other kinds the row itself decides who may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEntry {
    pub seq: i64,
    pub kind: FeedKind,
    pub row_id: String,
    pub before: Option<Scope>,
    pub after: Option<Scope>,
}

/// Returns the next number of a gapless counter. The counter's row stays locked until the transaction ends, so the
/// order of the numbers is the order of the commits.
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

/// Returns the number of the newest entry.
pub async fn newest(db: &mut Db) -> Result<i64, StoreError> {
    let row = sqlx::query("SELECT value FROM counters WHERE name = 'feed'")
        .fetch_one(db)
        .await?;
    Ok(row.try_get("value")?)
}

/// Returns the number of the oldest entry that is kept; 0 if there is none.
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

/// Returns at most `limit` entries after `cursor`, in order.
pub async fn after(db: &mut Db, cursor: i64, limit: i64) -> Result<Vec<FeedEntry>, StoreError> {
    let rows = sqlx::query("SELECT seq, kind, row_id, before, after FROM feed WHERE seq > $1 ORDER BY seq LIMIT $2")
        .bind(cursor)
        .bind(limit)
        .fetch_all(db)
        .await?;
    rows.iter().map(entry).collect()
}

/// Deletes at most `batch` of the oldest entries, keeping the newest `keep`. Returns the number of deleted entries.
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
