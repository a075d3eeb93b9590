//! Timer rows.

use causerie_shared::{Millis, ids::TimerId, timer::TimerKind};
use sqlx::Row as _;

use super::{Db, StoreError, id};

/// A timer that is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerRecord {
    pub id: TimerId,
    pub kind: TimerKind,
    /// Conversation or user.
    pub subject: String,
    /// Version of the conversation it was set for.
    pub fence: i64,
    pub due: Millis,
}

/// Sets the timer of its kind and subject, replacing one that runs.
pub async fn set(db: &mut Db, timer: &TimerRecord) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO timers (id, kind, subject, fence, due) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (kind, subject) DO UPDATE SET id = excluded.id, fence = excluded.fence, due = excluded.due",
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

/// Sets the timer unless one of its kind and subject runs.
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

/// When the timer of this kind and subject is due, if it runs.
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

/// Takes a timer that is due, once: `true` for the one who may run it.
pub async fn take(db: &mut Db, timer: &TimerRecord) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM timers WHERE id = $1")
        .bind(timer.id.to_string())
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Timers that are due, the earliest first.
pub async fn due(db: &mut Db, now: Millis, limit: i64) -> Result<Vec<TimerRecord>, StoreError> {
    let rows =
        sqlx::query("SELECT id, kind, subject, fence, due FROM timers WHERE due <= $1 ORDER BY due, id LIMIT $2")
            .bind(now)
            .bind(limit)
            .fetch_all(db)
            .await?;
    rows.iter()
        .map(|row| {
            Ok(TimerRecord {
                id: id(&row.try_get::<String, _>("id")?, "timer id")?,
                kind: TimerKind::from_key(&row.try_get::<String, _>("kind")?)
                    .ok_or(StoreError::Damaged("timer kind"))?,
                subject: row.try_get("subject")?,
                fence: row.try_get("fence")?,
                due: row.try_get("due")?,
            })
        })
        .collect()
}

/// When the next timer is due.
pub async fn next_due(db: &mut Db) -> Result<Option<Millis>, StoreError> {
    let row = sqlx::query("SELECT MIN(due) AS due FROM timers").fetch_one(db).await?;
    Ok(row.try_get("due")?)
}
