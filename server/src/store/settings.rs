//! Single values of the organization.

use super::{Db, StoreError};

/// The organization's name, as everyone sees it.
pub const ORGANIZATION: &str = "organization";
/// SHA-256 of the token that lets a browser create the first owner; gone once there is one.
pub const SETUP_TOKEN: &str = "setup_token";
/// Private key with which this installation signs its pushes, base64url.
pub const VAPID_KEY: &str = "vapid_key";
/// Key of the web account on the demo page.
pub const DEMO_KEY: &str = "demo_key";

/// What the organization is called until somebody names it.
const UNNAMED: &str = "Causerie";

/// The value of `key`.
pub async fn get(db: &mut Db, key: &str) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar("SELECT value FROM settings WHERE key = $1")
        .bind(key)
        .fetch_optional(db)
        .await?)
}

/// Sets the value of `key`, new or not.
pub async fn set(db: &mut Db, key: &str, value: &str) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )
    .bind(key)
    .bind(value)
    .execute(db)
    .await?;
    Ok(())
}

/// Removes `key` if it still has `value`; false when somebody else was first.
pub async fn take(db: &mut Db, key: &str, value: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM settings WHERE key = $1 AND value = $2")
        .bind(key)
        .bind(value)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// The organization's name.
pub async fn organization(db: &mut Db) -> Result<String, StoreError> {
    Ok(get(db, ORGANIZATION).await?.unwrap_or_else(|| UNNAMED.into()))
}
