//! The audit log: the changes of settings with their authors, with the names at that time.

use causerie_shared::{api::settings::AuditEntry, ids::UserId};
use sqlx::Row as _;

use super::{Db, StoreError, from_json, to_json};

/// Adds an entry.
pub async fn insert(db: &mut Db, actor: UserId, entry: &AuditEntry) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit (id, at, actor_id, actor, action, subject, changes) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(entry.id.clone())
    .bind(entry.at)
    .bind(actor.to_string())
    .bind(entry.actor.clone())
    .bind(entry.action.clone())
    .bind(entry.subject.clone())
    .bind(to_json(&entry.changes, "audit changes")?)
    .execute(db)
    .await?;
    Ok(())
}

/// Returns at most `limit` entries with an id below `before`, newest first. Without `before` it starts at the newest.
pub async fn before(db: &mut Db, before: Option<&str>, limit: i64) -> Result<Vec<AuditEntry>, StoreError> {
    // Greater than every ULID, whose first character is at most 7.
    let before = before.unwrap_or("8");
    let rows = sqlx::query(
        "SELECT id, at, actor, action, subject, changes FROM audit WHERE id < $1 ORDER BY id DESC LIMIT $2",
    )
    .bind(before.to_owned())
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(AuditEntry {
                id: row.try_get("id")?,
                at: row.try_get("at")?,
                actor: row.try_get("actor")?,
                action: row.try_get("action")?,
                subject: row.try_get("subject")?,
                changes: from_json(&row.try_get::<String, _>("changes")?, "audit changes")?,
            })
        })
        .collect()
}
