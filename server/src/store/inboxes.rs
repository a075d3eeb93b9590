//! Settings of inboxes, as the console edits them. Reads ignore deleted inboxes.

use causerie_shared::{
    Millis,
    api::settings::InboxSettings,
    ids::{DepartmentId, InboxId},
};
use sqlx::Row as _;

use super::{Db, StoreError, from_json, id, optional_id, places, to_json};

/// An inbox with the data that its settings page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxRecord {
    pub id: InboxId,
    /// Increases with each change of the settings.
    pub version: i64,
    pub settings: InboxSettings,
    /// The department of the inbox.
    pub department: Option<DepartmentId>,
    /// Number of open chats.
    pub open: u32,
}

/// Reads all inboxes ordered by name, or one of them.
async fn read(db: &mut Db, only: Option<InboxId>) -> Result<Vec<InboxRecord>, StoreError> {
    let rows = match only {
        Some(inbox) => places::inbox(&mut *db, inbox).await?.into_iter().collect(),
        None => places::inboxes(&mut *db).await?,
    };
    let filter = if only.is_some() { "AND i.id = $1" } else { "" };
    let sql = format!(
        "SELECT i.id AS id, i.version AS version, i.inactivity AS inactivity, i.hours AS hours, d.id AS department, \
         (SELECT COUNT(*) FROM conversations c WHERE c.inbox_id = i.id AND c.ended_at IS NULL) AS open \
         FROM inboxes i LEFT JOIN departments d ON d.inbox_id = i.id WHERE i.deleted_at IS NULL {filter}"
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    if let Some(inbox) = only {
        query = query.bind(inbox.to_string());
    }
    let mut extras = std::collections::HashMap::new();
    for row in query.fetch_all(db).await? {
        let inbox: InboxId = id(&row.try_get::<String, _>("id")?, "inbox id")?;
        extras.insert(inbox, row);
    }
    let mut records = vec![];
    for row in rows {
        // An inbox may be created or deleted between the two reads; one that only one of them has is skipped.
        let Some(extra) = extras.get(&row.id) else { continue };
        let json = |column: &'static str| extra.try_get::<Option<String>, _>(column);
        records.push(InboxRecord {
            id: row.id,
            version: extra.try_get("version")?,
            settings: InboxSettings {
                name: row.name,
                rules: row.rules,
                members: row.members,
                inactivity: json("inactivity")?
                    .map(|text| from_json(&text, "inactivity"))
                    .transpose()?,
                hours: json("hours")?.map(|text| from_json(&text, "hours")).transpose()?,
            },
            department: optional_id(extra.try_get("department")?, "department id")?,
            open: extra.try_get::<i64, _>("open")? as u32,
        });
    }
    Ok(records)
}

/// Returns all inboxes, ordered by name.
pub async fn records(db: &mut Db) -> Result<Vec<InboxRecord>, StoreError> {
    read(db, None).await
}

/// Returns one inbox.
pub async fn record(db: &mut Db, inbox: InboxId) -> Result<Option<InboxRecord>, StoreError> {
    Ok(read(db, Some(inbox)).await?.pop())
}

/// Writes the settings without the members, and increases the version.
pub async fn save(db: &mut Db, inbox: InboxId, settings: &InboxSettings) -> Result<(), StoreError> {
    let inactivity = settings.inactivity.as_ref();
    let hours = settings.hours.as_ref();
    sqlx::query(
        "UPDATE inboxes SET name = $2, mode = $3, accept_secs = $4, queue_secs = $5, overflow = $6, inactivity = $7, \
         hours = $8, version = version + 1 WHERE id = $1",
    )
    .bind(inbox.to_string())
    .bind(settings.name.clone())
    .bind(settings.rules.mode.as_str())
    .bind(i64::from(settings.rules.accept_secs))
    .bind(i64::from(settings.rules.queue_secs))
    .bind(settings.rules.overflow.map(|inbox| inbox.to_string()))
    .bind(inactivity.map(|rule| to_json(rule, "inactivity")).transpose()?)
    .bind(hours.map(|hours| to_json(hours, "hours")).transpose()?)
    .execute(db)
    .await?;
    Ok(())
}

/// Increases the version, because the members changed.
pub async fn bump(db: &mut Db, inbox: InboxId) -> Result<(), StoreError> {
    sqlx::query("UPDATE inboxes SET version = version + 1 WHERE id = $1")
        .bind(inbox.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Deletes an inbox. Its row stays for the history, its accounts are disabled, and no inbox overflows into it any more.
/// Returns the inboxes that did.
pub async fn delete(db: &mut Db, inbox: InboxId, at: Millis) -> Result<Vec<InboxId>, StoreError> {
    sqlx::query("UPDATE inboxes SET deleted_at = $2, overflow = NULL, version = version + 1 WHERE id = $1")
        .bind(inbox.to_string())
        .bind(at)
        .execute(&mut *db)
        .await?;
    sqlx::query("UPDATE accounts SET enabled = 0 WHERE inbox_id = $1")
        .bind(inbox.to_string())
        .execute(&mut *db)
        .await?;
    let sources: Vec<String> = sqlx::query_scalar(
        "UPDATE inboxes SET overflow = NULL, version = version + 1 WHERE overflow = $1 AND deleted_at IS NULL \
         RETURNING id",
    )
    .bind(inbox.to_string())
    .fetch_all(db)
    .await?;
    sources.iter().map(|text| id(text, "inbox id")).collect()
}
