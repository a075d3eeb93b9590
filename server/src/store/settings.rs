//! Settings of the organization that are single values.

use super::{Db, StoreError};

/// Key of the organization's name.
pub const ORGANIZATION: &str = "organization";
/// Key of the SHA-256 of the set-up token, which permits creating the first owner. Deleted once there is an owner.
pub const SETUP_TOKEN: &str = "setup_token";
/// Key of the private key with which this installation signs its pushes, in base64url.
pub const VAPID_KEY: &str = "vapid_key";
/// Key of the public key of the web account on the demo page.
pub const DEMO_KEY: &str = "demo_key";

/// The organization's name until it is set.
const UNNAMED: &str = "Causerie";

/// Returns the value of `key`.
pub async fn get(db: &mut Db, key: &str) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar("SELECT value FROM settings WHERE key = $1")
        .bind(key)
        .fetch_optional(db)
        .await?)
}

/// Sets the value of `key`.
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

/// Removes `key` if its value is `value`. Returns `false` otherwise.
pub async fn take(db: &mut Db, key: &str, value: &str) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM settings WHERE key = $1 AND value = $2")
        .bind(key)
        .bind(value)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Returns the organization's name.
pub async fn organization(db: &mut Db) -> Result<String, StoreError> {
    Ok(get(db, ORGANIZATION).await?.unwrap_or_else(|| UNNAMED.into()))
}
