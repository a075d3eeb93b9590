//! Departments (`docs/domain.md#departments`): names for inboxes. The members are those of the inbox.

use causerie_shared::{
    Millis,
    ids::{DepartmentId, InboxId},
};
use sqlx::{Row as _, any::AnyRow};

use super::{Db, StoreError, id};

/// A department as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepartmentRecord {
    pub id: DepartmentId,
    pub name: String,
    pub inbox: InboxId,
    /// Increases with each change of name or members.
    pub version: i64,
}

fn read(row: &AnyRow) -> Result<DepartmentRecord, StoreError> {
    Ok(DepartmentRecord {
        id: id(&row.try_get::<String, _>("id")?, "department id")?,
        name: row.try_get("name")?,
        inbox: id(&row.try_get::<String, _>("inbox_id")?, "inbox id")?,
        version: row.try_get("version")?,
    })
}

/// Returns all departments, ordered by name.
pub async fn all(db: &mut Db) -> Result<Vec<DepartmentRecord>, StoreError> {
    let rows = sqlx::query("SELECT id, name, inbox_id, version FROM departments ORDER BY name, id")
        .fetch_all(db)
        .await?;
    rows.iter().map(read).collect()
}

/// Returns one department.
pub async fn get(db: &mut Db, department: DepartmentId) -> Result<Option<DepartmentRecord>, StoreError> {
    let row = sqlx::query("SELECT id, name, inbox_id, version FROM departments WHERE id = $1")
        .bind(department.to_string())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(read).transpose()
}

/// Creates a department for an existing inbox.
pub async fn insert(db: &mut Db, department: &DepartmentRecord, now: Millis) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO departments (id, name, inbox_id, version, created_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(department.id.to_string())
        .bind(department.name.clone())
        .bind(department.inbox.to_string())
        .bind(department.version)
        .bind(now)
        .execute(db)
        .await?;
    Ok(())
}

/// Renames a department and increases its version.
pub async fn rename(db: &mut Db, department: DepartmentId, name: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE departments SET name = $2, version = version + 1 WHERE id = $1")
        .bind(department.to_string())
        .bind(name)
        .execute(db)
        .await?;
    Ok(())
}

/// Increases the version of the department of an inbox, if it has one, because the members changed.
pub async fn bump(db: &mut Db, inbox: InboxId) -> Result<(), StoreError> {
    sqlx::query("UPDATE departments SET version = version + 1 WHERE inbox_id = $1")
        .bind(inbox.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Deletes the department of an inbox, if it has one. The inbox stays.
pub async fn remove_of(db: &mut Db, inbox: InboxId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM departments WHERE inbox_id = $1")
        .bind(inbox.to_string())
        .execute(db)
        .await?;
    Ok(())
}
