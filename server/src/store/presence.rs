//! Availability and connectivity of users.

use causerie_shared::{ids::UserId, user::Availability};

use super::{Db, StoreError};

/// Notes whether any device of the user is connected; `false` when that was known already.
pub async fn set_connected(db: &mut Db, user: UserId, connected: bool) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE users SET connected = $2 WHERE id = $1 AND connected <> $2")
        .bind(user.to_string())
        .bind(i64::from(connected))
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes what the user declares; `false` when that was known already.
pub async fn set_availability(db: &mut Db, user: UserId, availability: Availability) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE users SET availability = $2 WHERE id = $1 AND availability <> $2")
        .bind(user.to_string())
        .bind(availability.as_str())
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}
