//! Loads: the numbers of an agent's active chats in all inboxes and in one, each with a limit
//! (`docs/domain.md#capacity`).

use causerie_shared::{
    Millis,
    ids::{InboxId, UserId},
    routing::{capacity::Load, pick::Candidate},
    user::Availability,
};
use sqlx::{Row as _, any::AnyRow};

use super::{Db, StoreError, id};

fn load(row: &AnyRow) -> Result<Load, StoreError> {
    let number = |column: &'static str| row.try_get::<i64, _>(column).map(|n| n.max(0) as u32);
    Ok(Load {
        active: number("active")?,
        limit: number("max_active")?,
        active_here: number("active_here")?,
        limit_here: number("max_here")?,
    })
}

/// Returns the active members of an inbox as candidates for routing.
pub async fn candidates(db: &mut Db, inbox: InboxId) -> Result<Vec<Candidate>, StoreError> {
    members(db, inbox, "").await
}

/// Returns the eligible candidates only ([`Candidate::is_eligible`]). Usually they are few, so the cost does not depend
/// on the number of members.
pub async fn eligible(db: &mut Db, inbox: InboxId) -> Result<Vec<Candidate>, StoreError> {
    let filter = "AND u.availability = 'available' AND u.connected = 1 AND u.load < u.capacity AND m.load < m.capacity";
    members(db, inbox, filter).await
}

async fn members(db: &mut Db, inbox: InboxId, filter: &'static str) -> Result<Vec<Candidate>, StoreError> {
    let sql = format!(
        "SELECT u.id AS user_id, u.availability AS availability, u.connected AS connected, u.idle_since AS idle_since, \
         u.load AS active, u.capacity AS max_active, m.load AS active_here, m.capacity AS max_here \
         FROM members m JOIN users u ON u.id = m.user_id WHERE m.inbox_id = $1 AND u.active = 1 {filter} ORDER BY u.id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(inbox.to_string())
        .fetch_all(db)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Candidate {
                user: id(&row.try_get::<String, _>("user_id")?, "user id")?,
                availability: Availability::from_key(&row.try_get::<String, _>("availability")?)
                    .ok_or(StoreError::Damaged("availability"))?,
                connected: row.try_get::<i64, _>("connected")? != 0,
                load: load(row)?,
                idle_since: row.try_get("idle_since")?,
            })
        })
        .collect()
}

/// Increases the user's load in total and in this inbox. The statements check the limits, so two chats can never take
/// the same last place. The inner `Err(load)` means that a limit is reached.
///
/// Only the user's own limit applies to a user who is no member, such as a supervisor who takes a chat.
pub async fn claim(db: &mut Db, inbox: InboxId, user: UserId, now: Millis) -> Result<Result<(), Load>, StoreError> {
    let mine = sqlx::query("UPDATE users SET load = load + 1, idle_since = $2 WHERE id = $1 AND load < capacity")
        .bind(user.to_string())
        .bind(now)
        .execute(&mut *db)
        .await?;
    let here = if mine.rows_affected() == 1 {
        sqlx::query("UPDATE members SET load = load + 1 WHERE inbox_id = $1 AND user_id = $2 AND load < capacity")
            .bind(inbox.to_string())
            .bind(user.to_string())
            .execute(&mut *db)
            .await?
            .rows_affected()
    } else {
        0
    };
    if mine.rows_affected() == 1 && here == 1 {
        return Ok(Ok(()));
    }
    match member(&mut *db, inbox, user).await? {
        // The caller rolls back, which undoes the first update.
        Some(load) => Ok(Err(load)),
        None if mine.rows_affected() == 1 => Ok(Ok(())),
        None => {
            let row = sqlx::query(
                "SELECT load AS active, capacity AS max_active, load AS active_here, capacity AS max_here FROM users WHERE id = $1",
            )
            .bind(user.to_string())
            .fetch_one(db)
            .await?;
            Ok(Err(self::load(&row)?))
        }
    }
}

async fn member(db: &mut Db, inbox: InboxId, user: UserId) -> Result<Option<Load>, StoreError> {
    let row = sqlx::query(
        "SELECT u.load AS active, u.capacity AS max_active, m.load AS active_here, m.capacity AS max_here \
         FROM members m JOIN users u ON u.id = m.user_id WHERE m.inbox_id = $1 AND m.user_id = $2",
    )
    .bind(inbox.to_string())
    .bind(user.to_string())
    .fetch_optional(db)
    .await?;
    row.as_ref().map(load).transpose()
}

/// Decreases the user's load in total and in this inbox.
pub async fn release(db: &mut Db, inbox: InboxId, user: UserId, now: Millis) -> Result<(), StoreError> {
    sqlx::query("UPDATE users SET load = load - 1, idle_since = $2 WHERE id = $1 AND load > 0")
        .bind(user.to_string())
        .bind(now)
        .execute(&mut *db)
        .await?;
    sqlx::query("UPDATE members SET load = load - 1 WHERE inbox_id = $1 AND user_id = $2 AND load > 0")
        .bind(inbox.to_string())
        .bind(user.to_string())
        .execute(db)
        .await?;
    Ok(())
}
