//! Templates of messaging accounts, as last fetched from their providers.

use causerie_shared::{
    Millis,
    api::channels::{Templates, TemplatesKnown},
    ids::AccountId,
};
use sqlx::Row as _;

use super::{Db, StoreError, from_json, id, to_json};

/// Returns the stored templates of an account and the result of the last fetch.
pub async fn get(db: &mut Db, account: AccountId) -> Result<Templates, StoreError> {
    let row = sqlx::query("SELECT list, known FROM templates WHERE account_id = $1")
        .bind(account.to_string())
        .fetch_optional(db)
        .await?;
    row.map_or(Ok(Templates::default()), |row| {
        Ok(Templates {
            list: from_json(&row.try_get::<String, _>("list")?, "templates")?,
            known: from_json(&row.try_get::<String, _>("known")?, "templates")?,
        })
    })
}

/// Stores the fetched templates and the time of the next fetch.
pub async fn save(db: &mut Db, account: AccountId, templates: &Templates, due: Millis) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO templates (account_id, list, known, due) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (account_id) DO UPDATE SET list = excluded.list, known = excluded.known, due = excluded.due",
    )
    .bind(account.to_string())
    .bind(to_json(&templates.list, "templates")?)
    .bind(to_json(&templates.known, "templates")?)
    .bind(due)
    .execute(db)
    .await?;
    Ok(())
}

/// Stores why a fetch failed and the time of the next one. The known templates stay.
pub async fn refused(db: &mut Db, account: AccountId, why: &TemplatesKnown, due: Millis) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO templates (account_id, list, known, due) VALUES ($1, '[]', $2, $3) \
         ON CONFLICT (account_id) DO UPDATE SET known = excluded.known, due = excluded.due",
    )
    .bind(account.to_string())
    .bind(to_json(why, "templates")?)
    .bind(due)
    .execute(db)
    .await?;
    Ok(())
}

/// Schedules a fetch for `due`, unless an earlier one is scheduled.
pub async fn ask(db: &mut Db, account: AccountId, due: Millis) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO templates (account_id, list, known, due) VALUES ($1, '[]', $2, $3) \
         ON CONFLICT (account_id) DO UPDATE SET due = CASE WHEN templates.due < excluded.due THEN templates.due \
         ELSE excluded.due END",
    )
    .bind(account.to_string())
    .bind(to_json(&TemplatesKnown::NotYet, "templates")?)
    .bind(due)
    .execute(db)
    .await?;
    Ok(())
}

/// Takes one account whose fetch is due. Until `lease`, no other node takes it.
pub async fn take(db: &mut Db, now: Millis, lease: Millis) -> Result<Option<AccountId>, StoreError> {
    let row = sqlx::query(
        "UPDATE templates SET due = $2 WHERE due <= $1 AND account_id = \
         (SELECT account_id FROM templates WHERE due <= $1 ORDER BY due LIMIT 1) RETURNING account_id",
    )
    .bind(now)
    .bind(lease)
    .fetch_optional(db)
    .await?;
    row.map(|row| id(&row.try_get::<String, _>("account_id")?, "account id"))
        .transpose()
}

/// Returns the time of the next fetch.
pub async fn next_due(db: &mut Db) -> Result<Option<Millis>, StoreError> {
    let row = sqlx::query("SELECT MIN(due) AS due FROM templates")
        .fetch_one(db)
        .await?;
    Ok(row.try_get("due")?)
}

/// Deletes the templates of an account.
pub async fn forget(db: &mut Db, account: AccountId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM templates WHERE account_id = $1")
        .bind(account.to_string())
        .execute(db)
        .await?;
    Ok(())
}
