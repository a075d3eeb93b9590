//! Users (`docs/domain.md#roles-and-permissions`).

use causerie_shared::{
    Millis,
    ids::UserId,
    user::{Availability, Grants, Role, UserRow},
};
use sqlx::{Row, any::AnyRow};

use super::{Db, StoreError, from_json, id, to_json};

/// A new user. The user starts available, disconnected and without chats.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub id: UserId,
    /// Email address in lower case; unique.
    pub email: String,
    pub name: String,
    pub role: Role,
    pub grants: Grants,
    /// Argon2 hash; `None` until the invitation is accepted.
    pub password: Option<String>,
    pub capacity: u32,
    pub created_at: Millis,
}

/// A user as stored.
#[derive(Debug, Clone)]
pub struct UserRecord {
    pub id: UserId,
    pub email: String,
    pub name: String,
    pub role: Role,
    pub grants: Grants,
    /// Argon2 hash; `None` until the invitation is accepted.
    pub password: Option<String>,
    /// A deactivated user cannot sign in and gets no offers.
    pub active: bool,
    pub availability: Availability,
    pub connected: bool,
    pub capacity: u32,
    /// Number of active chats (`docs/domain.md#capacity`).
    pub load: u32,
    /// When the user's load last changed; routing uses it to break ties.
    pub idle_since: Millis,
    /// Increases with each change of the user's settings.
    pub version: i64,
}

impl UserRecord {
    /// Returns the row that colleagues see.
    pub fn row(&self) -> UserRow {
        UserRow {
            id: self.id,
            name: self.name.clone(),
            role: self.role,
            availability: self.availability,
            connected: self.connected,
            load: self.load,
            capacity: self.capacity,
            active: self.active,
            idle_since: self.idle_since,
        }
    }

    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: id(row.try_get("id")?, "users.id")?,
            email: row.try_get("email")?,
            name: row.try_get("name")?,
            role: Role::from_key(row.try_get("role")?).ok_or(StoreError::Damaged("users.role"))?,
            grants: from_json(row.try_get("grants")?, "users.grants")?,
            password: row.try_get("password")?,
            active: row.try_get::<i64, _>("active")? != 0,
            availability: Availability::from_key(row.try_get("availability")?)
                .ok_or(StoreError::Damaged("users.availability"))?,
            connected: row.try_get::<i64, _>("connected")? != 0,
            capacity: count(row.try_get("capacity")?, "users.capacity")?,
            load: count(row.try_get("load")?, "users.load")?,
            idle_since: row.try_get("idle_since")?,
            version: row.try_get("version")?,
        })
    }
}

fn count(value: i64, column: &'static str) -> Result<u32, StoreError> {
    u32::try_from(value).map_err(|_| StoreError::Damaged(column))
}

/// Adds a user.
///
/// # Errors
/// [`StoreError::is_duplicate`] if another user has the email address.
pub async fn insert_user(db: &mut Db, user: &NewUser) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO users (id, email, name, role, grants, password, active, availability, connected, capacity, load, \
         idle_since, created_at) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, 0, $8, 0, $9, $9)",
    )
    .bind(user.id.to_string())
    .bind(&user.email)
    .bind(&user.name)
    .bind(user.role.as_str())
    .bind(to_json(&user.grants, "users.grants")?)
    .bind(&user.password)
    .bind(Availability::Available.as_str())
    .bind(i64::from(user.capacity))
    .bind(user.created_at)
    .execute(db)
    .await?;
    Ok(())
}

/// Returns one user.
pub async fn user(db: &mut Db, user: UserId) -> Result<Option<UserRecord>, StoreError> {
    let row = sqlx::query("SELECT * FROM users WHERE id = $1")
        .bind(user.to_string())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(UserRecord::read).transpose()
}

/// Returns the user with this email address, which must be in lower case.
pub async fn user_by_email(db: &mut Db, email: &str) -> Result<Option<UserRecord>, StoreError> {
    let row = sqlx::query("SELECT * FROM users WHERE email = $1")
        .bind(email)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(UserRecord::read).transpose()
}

/// Returns all users, ordered by name.
pub async fn users(db: &mut Db) -> Result<Vec<UserRecord>, StoreError> {
    let rows = sqlx::query("SELECT * FROM users ORDER BY name, id")
        .fetch_all(db)
        .await?;
    rows.iter().map(UserRecord::read).collect()
}

/// Writes the settings of a user that admins edit, and increases the version.
pub async fn save(db: &mut Db, user: &UserRecord) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE users SET name = $2, role = $3, grants = $4, capacity = $5, active = $6, version = version + 1 \
         WHERE id = $1",
    )
    .bind(user.id.to_string())
    .bind(user.name.clone())
    .bind(user.role.as_str())
    .bind(to_json(&user.grants, "users.grants")?)
    .bind(i64::from(user.capacity))
    .bind(i64::from(user.active))
    .execute(db)
    .await?;
    Ok(())
}

/// Whether there is an owner, which means that the organization has been set up.
pub async fn has_owner(db: &mut Db) -> Result<bool, StoreError> {
    let owner: Option<String> = sqlx::query_scalar("SELECT id FROM users WHERE role = $1 LIMIT 1")
        .bind(Role::Owner.as_str())
        .fetch_optional(db)
        .await?;
    Ok(owner.is_some())
}

/// Replaces the password's hash.
pub async fn set_password(db: &mut Db, user: UserId, hash: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE users SET password = $1 WHERE id = $2")
        .bind(hash)
        .bind(user.to_string())
        .execute(db)
        .await?;
    Ok(())
}
