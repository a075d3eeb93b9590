//! Notification preferences of users.

use causerie_shared::{api::notify::NotifyPreferences, ids::UserId};

use super::{Db, StoreError, from_json, to_json};

/// Returns the user's preferences; the defaults if the user has not set any.
pub async fn get(db: &mut Db, user: UserId) -> Result<NotifyPreferences, StoreError> {
    let text: Option<String> = sqlx::query_scalar("SELECT value FROM notify_preferences WHERE user_id = $1")
        .bind(user.to_string())
        .fetch_optional(db)
        .await?;
    text.map_or_else(
        || Ok(NotifyPreferences::default()),
        |text| from_json(&text, "notify_preferences.value"),
    )
}

/// Replaces the user's preferences.
pub async fn set(db: &mut Db, user: UserId, preferences: &NotifyPreferences) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO notify_preferences (user_id, value) VALUES ($1, $2) \
         ON CONFLICT (user_id) DO UPDATE SET value = excluded.value",
    )
    .bind(user.to_string())
    .bind(to_json(preferences, "notify_preferences.value")?)
    .execute(db)
    .await?;
    Ok(())
}
