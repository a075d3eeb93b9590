//! Subscriptions of devices to web push, and the log of pushes.

use std::str::FromStr as _;

use causerie_shared::{
    Millis,
    api::notify::PushDelivery,
    ids::{InboxId, IntentId, SessionId, UserId},
    message::Author,
    row::Preview,
    user::Availability,
};
use sqlx::{Row as _, any::AnyRow};

use super::{Db, StoreError, from_json, id};

/// Maximum number of logged attempts of a user.
const MAX_LOG_ENTRIES: i64 = 50;

/// The web push subscription of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub id: IntentId,
    pub user: UserId,
    /// The sign-in with which the subscription ends.
    pub session: SessionId,
    pub endpoint: String,
    /// In base64url.
    pub p256dh: String,
    /// In base64url.
    pub auth: String,
    /// Name of the browser.
    pub device: String,
    /// Language of the texts, e.g. `en`.
    pub lang: String,
    pub created_at: Millis,
}

fn subscription(row: &AnyRow) -> Result<Subscription, StoreError> {
    Ok(Subscription {
        id: id(row.try_get("id")?, "push_subscriptions.id")?,
        user: id(row.try_get("user_id")?, "push_subscriptions.user_id")?,
        session: id(row.try_get("session_id")?, "push_subscriptions.session_id")?,
        endpoint: row.try_get("endpoint")?,
        p256dh: row.try_get("p256dh")?,
        auth: row.try_get("auth")?,
        device: row.try_get("device")?,
        lang: row.try_get("lang")?,
        created_at: row.try_get("created_at")?,
    })
}

/// Stores a subscription. It replaces those with the same sign-in or endpoint, because a browser has one at a time.
pub async fn subscribe(db: &mut Db, new: &Subscription) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM push_subscriptions WHERE endpoint = $1 OR session_id = $2")
        .bind(&new.endpoint)
        .bind(new.session.to_string())
        .execute(&mut *db)
        .await?;
    sqlx::query(
        "INSERT INTO push_subscriptions (id, user_id, session_id, endpoint, p256dh, auth, device, lang, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(new.id.to_string())
    .bind(new.user.to_string())
    .bind(new.session.to_string())
    .bind(&new.endpoint)
    .bind(&new.p256dh)
    .bind(&new.auth)
    .bind(&new.device)
    .bind(&new.lang)
    .bind(new.created_at)
    .execute(db)
    .await?;
    Ok(())
}

/// Returns the subscriptions of a user whose sign-ins have not expired, newest first.
pub async fn of_user(db: &mut Db, user: UserId, now: Millis) -> Result<Vec<Subscription>, StoreError> {
    let rows = sqlx::query(
        "SELECT p.* FROM push_subscriptions p JOIN sessions s ON s.id = p.session_id \
         WHERE p.user_id = $1 AND s.expires_at > $2 ORDER BY p.id DESC",
    )
    .bind(user.to_string())
    .bind(now)
    .fetch_all(db)
    .await?;
    rows.iter().map(subscription).collect()
}

/// Whether the user has a subscription. Does not check the sign-in, because a subscription is deleted with it.
pub async fn has_any(db: &mut Db, user: UserId) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT id FROM push_subscriptions WHERE user_id = $1 LIMIT 1")
        .bind(user.to_string())
        .fetch_optional(db)
        .await?;
    Ok(row.is_some())
}

/// Whether any user has a subscription.
pub async fn is_used(db: &mut Db) -> Result<bool, StoreError> {
    let found: Option<i64> = sqlx::query_scalar("SELECT 1 FROM push_subscriptions LIMIT 1")
        .fetch_optional(db)
        .await?;
    Ok(found.is_some())
}

/// Returns the available members of an inbox who have a subscription.
pub async fn reachable_members(db: &mut Db, inbox: InboxId) -> Result<Vec<UserId>, StoreError> {
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT u.id FROM users u JOIN members m ON m.user_id = u.id WHERE m.inbox_id = $1 AND u.active = 1 \
         AND u.availability = $2 AND EXISTS (SELECT 1 FROM push_subscriptions p WHERE p.user_id = u.id) ORDER BY u.id",
    )
    .bind(inbox.to_string())
    .bind(Availability::Available.as_str())
    .fetch_all(db)
    .await?;
    rows.iter().map(|text| id(text, "users.id")).collect()
}

/// Whether the subscription exists and its sign-in has not expired.
pub async fn stands(db: &mut Db, subscription: IntentId, now: Millis) -> Result<bool, StoreError> {
    let found: Option<i64> = sqlx::query_scalar(
        "SELECT 1 FROM push_subscriptions p JOIN sessions s ON s.id = p.session_id \
         WHERE p.id = $1 AND s.expires_at > $2",
    )
    .bind(subscription.to_string())
    .bind(now)
    .fetch_optional(db)
    .await?;
    Ok(found.is_some())
}

/// Ends one of the user's subscriptions. Returns `false` if it does not exist.
pub async fn end(db: &mut Db, user: UserId, subscription: &str) -> Result<bool, StoreError> {
    let Ok(subscription) = IntentId::from_str(subscription) else {
        return Ok(false);
    };
    let done = sqlx::query("DELETE FROM push_subscriptions WHERE id = $1 AND user_id = $2")
        .bind(subscription.to_string())
        .bind(user.to_string())
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends subscriptions whose sign-in has ended.
pub async fn end_orphans(db: &mut Db) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM push_subscriptions WHERE NOT EXISTS \
         (SELECT 1 FROM sessions s WHERE s.id = push_subscriptions.session_id)",
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Logs an attempt, and keeps only the user's newest 50.
pub async fn log(db: &mut Db, entry: IntentId, user: UserId, attempt: &PushDelivery) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO push_log (id, user_id, at, kind, device, status, problem) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(entry.to_string())
    .bind(user.to_string())
    .bind(attempt.at)
    .bind(&attempt.kind)
    .bind(&attempt.device)
    .bind(i64::from(attempt.status))
    .bind(&attempt.problem)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "DELETE FROM push_log WHERE user_id = $1 AND id <= \
         (SELECT id FROM push_log WHERE user_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)",
    )
    .bind(user.to_string())
    .bind(MAX_LOG_ENTRIES)
    .execute(db)
    .await?;
    Ok(())
}

/// Returns the user's logged attempts, newest first.
pub async fn logged(db: &mut Db, user: UserId) -> Result<Vec<PushDelivery>, StoreError> {
    let rows = sqlx::query(
        "SELECT at, kind, device, status, problem FROM push_log WHERE user_id = $1 ORDER BY id DESC LIMIT $2",
    )
    .bind(user.to_string())
    .bind(MAX_LOG_ENTRIES)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            Ok(PushDelivery {
                at: row.try_get("at")?,
                kind: row.try_get("kind")?,
                device: row.try_get("device")?,
                status: u16::try_from(row.try_get::<i64, _>("status")?)
                    .map_err(|_| StoreError::Damaged("push_log.status"))?,
                problem: row.try_get("problem")?,
            })
        })
        .collect()
}

/// Returns the number in the app's badge: offers, transfer requests, and the user's own chats in which the contact
/// wrote last (`docs/ux.md#sound-title-badge`).
pub async fn badge(db: &mut Db, user: UserId) -> Result<i64, StoreError> {
    let user = user.to_string();
    let asked: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM conversations WHERE asked_id = $1 AND status IN ('assigning', 'transferring')",
    )
    .bind(&user)
    .fetch_one(&mut *db)
    .await?;
    let last: Vec<String> = sqlx::query_scalar(
        "SELECT preview FROM conversations WHERE agent_id = $1 AND status IN ('assigned', 'transferring') \
         AND preview IS NOT NULL",
    )
    .bind(&user)
    .fetch_all(db)
    .await?;
    let mut count = asked;
    for text in last {
        let preview: Preview = from_json(&text, "conversations.preview")?;
        count += i64::from(preview.author == Author::Contact);
    }
    Ok(count)
}
