//! Bodies of webhooks: stored before the request is answered, and processed in the order of arrival.

use std::collections::BTreeMap;

use causerie_shared::{Millis, ids::AccountId};
use sqlx::{Row as _, any::AnyRow};

use super::{Db, StoreError, id};

/// Maximum number of events in one statement.
const MAX_DELETED: usize = 200;

/// A stored body of a webhook.
#[derive(Debug, Clone)]
pub struct RawEvent {
    /// An id that sorts in the order of arrival.
    pub id: String,
    pub account: AccountId,
    pub body: Vec<u8>,
    pub received_at: Millis,
}

fn event(row: &AnyRow) -> Result<RawEvent, StoreError> {
    Ok(RawEvent {
        id: row.try_get("id")?,
        account: id(&row.try_get::<String, _>("account_id")?, "account id")?,
        body: row.try_get("body")?,
        received_at: row.try_get("received_at")?,
    })
}

/// Stores a body.
pub async fn insert(db: &mut Db, event: &RawEvent) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO raw_events (id, account_id, body, received_at, state) VALUES ($1, $2, $3, $4, 0)")
        .bind(event.id.clone())
        .bind(event.account.to_string())
        .bind(event.body.clone())
        .bind(event.received_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Returns at most `limit` bodies that are not processed yet, oldest first.
pub async fn waiting(db: &mut Db, limit: i64) -> Result<Vec<RawEvent>, StoreError> {
    let rows =
        sqlx::query("SELECT id, account_id, body, received_at FROM raw_events WHERE state = 0 ORDER BY id LIMIT $1")
            .bind(limit)
            .fetch_all(db)
            .await?;
    rows.iter().map(event).collect()
}

/// Marks events as processed, so that they are not processed again. `problems` has the errors of those that could not
/// be read, by event id.
pub async fn done(db: &mut Db, events: &[RawEvent], problems: &BTreeMap<String, String>) -> Result<(), StoreError> {
    let fine: Vec<&RawEvent> = events
        .iter()
        .filter(|event| !problems.contains_key(&event.id))
        .collect();
    // One statement for many events, because a burst has thousands.
    for some in fine.chunks(MAX_DELETED) {
        let gaps: Vec<String> = (1..=some.len()).map(|gap| format!("${gap}")).collect();
        let sql = format!(
            "UPDATE raw_events SET state = 1, problem = NULL WHERE id IN ({})",
            gaps.join(", ")
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for event in some {
            query = query.bind(event.id.clone());
        }
        query.execute(&mut *db).await?;
    }
    for (event, problem) in problems {
        sqlx::query("UPDATE raw_events SET state = 2, problem = $2 WHERE id = $1")
            .bind(event.clone())
            .bind(problem.clone())
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// Replaces a body by the part of it that is kept.
pub async fn rewrite(db: &mut Db, event: &str, body: Vec<u8>) -> Result<(), StoreError> {
    sqlx::query("UPDATE raw_events SET body = $2 WHERE id = $1")
        .bind(event.to_owned())
        .bind(body)
        .execute(db)
        .await?;
    Ok(())
}

/// Deletes processed bodies that arrived before `before` (`docs/domain.md#retention`), and returns their number.
pub async fn trim(db: &mut Db, before: Millis) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM raw_events WHERE received_at < $1 AND state <> 0")
        .bind(before)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}
