//! Availability and connectivity of users.

use causerie_shared::{ids::UserId, user::Availability};

use sqlx::Row as _;

use super::{Db, Engine, StoreError, id};

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

/// The node has sockets of the user.
pub async fn lease(db: &mut Db, node: i64, user: UserId) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO leases (node, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(node)
        .bind(user.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// The node has no socket of the user any more.
pub async fn release(db: &mut Db, node: i64, user: UserId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM leases WHERE node = $1 AND user_id = $2")
        .bind(node)
        .bind(user.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Has any node sockets of the user?
pub async fn is_leased(db: &mut Db, user: UserId) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT node FROM leases WHERE user_id = $1 LIMIT 1")
        .bind(user.to_string())
        .fetch_optional(db)
        .await?;
    Ok(row.is_some())
}

/// Does a device of the user take push notifications?
pub async fn has_push(db: &mut Db, user: UserId) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT id FROM push_subscriptions WHERE user_id = $1 LIMIT 1")
        .bind(user.to_string())
        .fetch_optional(db)
        .await?;
    Ok(row.is_some())
}

/// Has any node sockets of anybody?
pub async fn any(db: &mut Db) -> Result<bool, StoreError> {
    Ok(sqlx::query("SELECT node FROM leases LIMIT 1")
        .fetch_optional(db)
        .await?
        .is_some())
}

/// Which nodes' rows stay: a node of PostgreSQL holds an advisory lock for as long as it lives, and SQLite has
/// one node, which has just begun when it asks.
fn dead(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "node <> $1",
        Engine::Postgres => {
            "node <> $1 AND NOT EXISTS (SELECT 1 FROM pg_locks k WHERE k.locktype = 'advisory' AND k.granted \
             AND k.objsubid = 1 AND ((CAST(k.classid AS BIGINT) << 32) | CAST(k.objid AS BIGINT)) = leases.node)"
        }
    }
}

/// Are there rows of nodes that are gone?
pub async fn has_dead(db: &mut Db, engine: Engine, me: i64) -> Result<bool, StoreError> {
    let sql = format!("SELECT node FROM leases WHERE {} LIMIT 1", dead(engine));
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(me)
        .fetch_optional(db)
        .await?;
    Ok(row.is_some())
}

/// Removes the rows of nodes that are gone; whose sockets they had.
pub async fn reap(db: &mut Db, engine: Engine, me: i64) -> Result<Vec<UserId>, StoreError> {
    let sql = format!("DELETE FROM leases WHERE {} RETURNING user_id", dead(engine));
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(me).fetch_all(db).await?;
    rows.iter()
        .map(|row| id(&row.try_get::<String, _>("user_id")?, "user id"))
        .collect()
}
