//! Timer rows.

use causerie_shared::{Millis, ids::TimerId, timer::TimerKind};
use sqlx::{Row as _, any::AnyRow};

use super::{Db, Engine, StoreError, id, nodes};

/// A running timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerRecord {
    pub id: TimerId,
    pub kind: TimerKind,
    /// Id of the conversation, user or inbox.
    pub subject: String,
    /// Version of the conversation for which the timer was set.
    pub fence: i64,
    pub due: Millis,
}

/// Sets a timer. It replaces a running timer of the same kind and subject.
pub async fn set(db: &mut Db, timer: &TimerRecord) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO timers (id, kind, subject, fence, due) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (kind, subject) DO UPDATE SET id = excluded.id, fence = excluded.fence, due = excluded.due, \
         taken_by = 0",
    )
    .bind(timer.id.to_string())
    .bind(timer.kind.as_str())
    .bind(timer.subject.clone())
    .bind(timer.fence)
    .bind(timer.due)
    .execute(db)
    .await?;
    Ok(())
}

/// Sets a timer unless one of the same kind and subject runs.
pub async fn set_if_none(db: &mut Db, timer: &TimerRecord) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO timers (id, kind, subject, fence, due) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (kind, subject) DO NOTHING",
    )
    .bind(timer.id.to_string())
    .bind(timer.kind.as_str())
    .bind(timer.subject.clone())
    .bind(timer.fence)
    .bind(timer.due)
    .execute(db)
    .await?;
    Ok(())
}

/// Returns when the timer of this kind and subject is due, if it runs.
pub async fn due_of(db: &mut Db, kind: TimerKind, subject: &str) -> Result<Option<Millis>, StoreError> {
    let row = sqlx::query("SELECT due FROM timers WHERE kind = $1 AND subject = $2")
        .bind(kind.as_str())
        .bind(subject.to_owned())
        .fetch_optional(db)
        .await?;
    row.map(|row| Ok(row.try_get("due")?)).transpose()
}

/// Stops a timer.
pub async fn cancel(db: &mut Db, kind: TimerKind, subject: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM timers WHERE kind = $1 AND subject = $2")
        .bind(kind.as_str())
        .bind(subject.to_owned())
        .execute(db)
        .await?;
    Ok(())
}

/// Stops every timer of a conversation.
pub async fn cancel_all(db: &mut Db, subject: &str) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM timers WHERE subject = $1")
        .bind(subject.to_owned())
        .execute(db)
        .await?;
    Ok(())
}

/// Removes a due timer. Returns `true` to the one caller that may run it.
pub async fn take(db: &mut Db, timer: &TimerRecord) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM timers WHERE id = $1")
        .bind(timer.id.to_string())
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

fn record(row: &AnyRow) -> Result<TimerRecord, StoreError> {
    Ok(TimerRecord {
        id: id(&row.try_get::<String, _>("id")?, "timer id")?,
        kind: TimerKind::from_key(&row.try_get::<String, _>("kind")?).ok_or(StoreError::Damaged("timer kind"))?,
        subject: row.try_get("subject")?,
        fence: row.try_get("fence")?,
        due: row.try_get("due")?,
    })
}

/// Returns due timers, earliest first, whichever node has claimed them.
pub async fn due(db: &mut Db, now: Millis, limit: i64) -> Result<Vec<TimerRecord>, StoreError> {
    let rows =
        sqlx::query("SELECT id, kind, subject, fence, due FROM timers WHERE due <= $1 ORDER BY due, id LIMIT $2")
            .bind(now)
            .bind(limit)
            .fetch_all(db)
            .await?;
    rows.iter().map(record).collect()
}

/// Returns the condition for timers that this node may claim: unclaimed ones, its own from a run that failed, and those
/// of nodes that are gone. `$1` is this node.
fn free() -> String {
    format!(
        "(taken_by = 0 OR taken_by = $1 OR NOT {})",
        nodes::lives("timers.taken_by")
    )
}

/// Claims due timers for this node and returns them, earliest first. Other nodes do not claim them while this node is
/// alive. Call it outside a transaction, so that the claim is committed before any timer fires.
///
/// Another node may claim the timers of a node that only seems to be gone while that node runs them. So the transaction
/// of a timer's effect must also take the timer's row, or change the version that is its fence.
pub async fn claim(
    db: &mut Db,
    engine: Engine,
    node: i64,
    now: Millis,
    limit: i64,
) -> Result<Vec<TimerRecord>, StoreError> {
    match engine {
        // There are no other nodes that could claim the timers.
        Engine::Sqlite => due(db, now, limit).await,
        Engine::Postgres => {
            // Skips rows that another node is claiming or that a transaction is about to delete.
            let sql = format!(
                "WITH picked AS (SELECT id FROM timers WHERE due <= $2 AND {} ORDER BY due, id LIMIT $3 \
                 FOR UPDATE SKIP LOCKED) \
                 UPDATE timers SET taken_by = $1 FROM picked WHERE timers.id = picked.id \
                 RETURNING timers.id, timers.kind, timers.subject, timers.fence, timers.due",
                free()
            );
            let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
                .bind(node)
                .bind(now)
                .bind(limit)
                .fetch_all(db)
                .await?;
            let mut timers: Vec<TimerRecord> = rows.iter().map(record).collect::<Result<_, _>>()?;
            timers.sort_by_key(|timer| (timer.due, timer.id));
            Ok(timers)
        }
    }
}

/// Returns when the next timer is due that no other node has claimed.
pub async fn next_due(db: &mut Db, engine: Engine, node: i64) -> Result<Option<Millis>, StoreError> {
    let row = match engine {
        Engine::Sqlite => sqlx::query("SELECT MIN(due) AS due FROM timers").fetch_one(db).await?,
        Engine::Postgres => {
            let sql = format!("SELECT MIN(due) AS due FROM timers WHERE {}", free());
            sqlx::query(sqlx::AssertSqlSafe(sql)).bind(node).fetch_one(db).await?
        }
    };
    Ok(row.try_get("due")?)
}
