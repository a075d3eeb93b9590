//! Availability and connectivity of users, and connectivity of visitors.

use causerie_shared::{
    ids::{ContactId, UserId},
    user::Availability,
};

use sqlx::Row as _;

use super::{Db, Engine, StoreError, id, nodes};

/// Stores whether any device of the user is connected. Returns `false` if that did not change.
pub async fn set_connected(db: &mut Db, user: UserId, connected: bool) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE users SET connected = $2 WHERE id = $1 AND connected <> $2")
        .bind(user.to_string())
        .bind(i64::from(connected))
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Stores the user's availability. Returns `false` if it did not change.
pub async fn set_availability(db: &mut Db, user: UserId, availability: Availability) -> Result<bool, StoreError> {
    let done = sqlx::query("UPDATE users SET availability = $2 WHERE id = $1 AND availability <> $2")
        .bind(user.to_string())
        .bind(availability.as_str())
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Records that the node has sockets of the user.
pub async fn lease(db: &mut Db, node: i64, user: UserId) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO leases (node, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(node)
        .bind(user.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Records that the node has no socket of the user any more.
pub async fn release(db: &mut Db, node: i64, user: UserId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM leases WHERE node = $1 AND user_id = $2")
        .bind(node)
        .bind(user.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Whether any node has sockets of the user.
pub async fn is_leased(db: &mut Db, user: UserId) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT node FROM leases WHERE user_id = $1 LIMIT 1")
        .bind(user.to_string())
        .fetch_optional(db)
        .await?;
    Ok(row.is_some())
}

/// Records that the node has sockets of the visitor.
pub async fn lease_visitor(db: &mut Db, node: i64, contact: ContactId) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO visitor_leases (node, contact_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(node)
        .bind(contact.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Records that the node has no socket of the visitor any more.
pub async fn release_visitor(db: &mut Db, node: i64, contact: ContactId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM visitor_leases WHERE node = $1 AND contact_id = $2")
        .bind(node)
        .bind(contact.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Whether any node has sockets of the visitor.
pub async fn is_visitor_leased(db: &mut Db, contact: ContactId) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT node FROM visitor_leases WHERE contact_id = $1 LIMIT 1")
        .bind(contact.to_string())
        .fetch_optional(db)
        .await?;
    Ok(row.is_some())
}

/// Returns the condition for rows of nodes that are gone. On PostgreSQL a node holds an advisory lock for as long as it
/// is alive; on SQLite all other ids are those of earlier runs.
fn dead(engine: Engine, table: &str) -> String {
    match engine {
        Engine::Sqlite => "node <> $1".to_owned(),
        Engine::Postgres => format!("node <> $1 AND NOT {}", nodes::lives(&format!("{table}.node"))),
    }
}

/// Whether there are rows of nodes that are gone.
pub async fn has_dead(db: &mut Db, engine: Engine, me: i64) -> Result<bool, StoreError> {
    let sql = format!(
        "SELECT node FROM leases WHERE {} UNION ALL SELECT node FROM visitor_leases WHERE {} LIMIT 1",
        dead(engine, "leases"),
        dead(engine, "visitor_leases")
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(me)
        .fetch_optional(db)
        .await?;
    Ok(row.is_some())
}

/// Removes the rows of nodes that are gone, and returns the users of their sockets.
pub async fn reap(db: &mut Db, engine: Engine, me: i64) -> Result<Vec<UserId>, StoreError> {
    let sql = format!("DELETE FROM leases WHERE {} RETURNING user_id", dead(engine, "leases"));
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(me).fetch_all(db).await?;
    rows.iter()
        .map(|row| id(&row.try_get::<String, _>("user_id")?, "user id"))
        .collect()
}

/// As [`reap`], for visitors.
pub async fn reap_visitors(db: &mut Db, engine: Engine, me: i64) -> Result<Vec<ContactId>, StoreError> {
    let sql = format!(
        "DELETE FROM visitor_leases WHERE {} RETURNING contact_id",
        dead(engine, "visitor_leases")
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(me).fetch_all(db).await?;
    rows.iter()
        .map(|row| id(&row.try_get::<String, _>("contact_id")?, "contact id"))
        .collect()
}
