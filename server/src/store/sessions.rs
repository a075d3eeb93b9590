//! Sign-ins and one-time links. Only the SHA-256 of a token is stored.

use causerie_shared::{
    Millis,
    api::LinkKind,
    ids::{SessionId, UserId},
};
use sqlx::{Row, any::AnyRow};

use super::{Db, StoreError, id, push};

/// A sign-in.
#[derive(Debug, Clone)]
pub struct SessionRecord {
    pub id: SessionId,
    pub user: UserId,
    pub created_at: Millis,
    /// Last use, accurate to a minute.
    pub seen_at: Millis,
    pub expires_at: Millis,
    pub user_agent: String,
    pub ip: String,
}

impl SessionRecord {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: id(row.try_get("id")?, "sessions.id")?,
            user: id(row.try_get("user_id")?, "sessions.user_id")?,
            created_at: row.try_get("created_at")?,
            seen_at: row.try_get("seen_at")?,
            expires_at: row.try_get("expires_at")?,
            user_agent: row.try_get("user_agent")?,
            ip: row.try_get("ip")?,
        })
    }
}

/// A one-time link.
#[derive(Debug, Clone)]
pub struct LinkRecord {
    pub user: UserId,
    pub kind: LinkKind,
    pub expires_at: Millis,
    pub used_at: Option<Millis>,
}

fn link_key(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Invitation => "invitation",
        LinkKind::Reset => "reset",
    }
}

fn link_kind(key: &str) -> Result<LinkKind, StoreError> {
    [LinkKind::Invitation, LinkKind::Reset]
        .into_iter()
        .find(|kind| link_key(*kind) == key)
        .ok_or(StoreError::Damaged("links.kind"))
}

/// Adds a sign-in and deletes all that have expired.
pub async fn insert_session(db: &mut Db, token_hash: &str, session: &SessionRecord) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
        .bind(session.created_at)
        .execute(&mut *db)
        .await?;
    push::end_orphans(&mut *db).await?;
    sqlx::query(
        "INSERT INTO sessions (id, token_hash, user_id, created_at, seen_at, expires_at, user_agent, ip) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(session.id.to_string())
    .bind(token_hash)
    .bind(session.user.to_string())
    .bind(session.created_at)
    .bind(session.seen_at)
    .bind(session.expires_at)
    .bind(&session.user_agent)
    .bind(&session.ip)
    .execute(db)
    .await?;
    Ok(())
}

/// Returns the sign-in with this token's hash, unless it has expired.
pub async fn session_by_token_hash(
    db: &mut Db,
    token_hash: &str,
    now: Millis,
) -> Result<Option<SessionRecord>, StoreError> {
    let row = sqlx::query("SELECT * FROM sessions WHERE token_hash = $1 AND expires_at > $2")
        .bind(token_hash)
        .bind(now)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(SessionRecord::read).transpose()
}

/// Sets the last use of the sign-in to `now`, and extends it by the time since the use before.
pub async fn touch(db: &mut Db, session: SessionId, now: Millis) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE sessions SET expires_at = expires_at + ($1 - seen_at), seen_at = $1 WHERE id = $2 AND seen_at < $1",
    )
    .bind(now)
    .bind(session.to_string())
    .execute(db)
    .await?;
    Ok(())
}

/// Ends one of the user's sign-ins. Returns `false` if it does not exist.
pub async fn end_session(db: &mut Db, user: UserId, session: SessionId) -> Result<bool, StoreError> {
    let done = sqlx::query("DELETE FROM sessions WHERE id = $1 AND user_id = $2")
        .bind(session.to_string())
        .bind(user.to_string())
        .execute(&mut *db)
        .await?;
    push::end_orphans(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all of the user's sign-ins but `keep`, and returns the ended ones.
pub async fn end_other_sessions(
    db: &mut Db,
    user: UserId,
    keep: Option<SessionId>,
) -> Result<Vec<SessionId>, StoreError> {
    let keep = keep.map(|keep| keep.to_string()).unwrap_or_default();
    let ended: Vec<String> = sqlx::query_scalar("DELETE FROM sessions WHERE user_id = $1 AND id <> $2 RETURNING id")
        .bind(user.to_string())
        .bind(keep)
        .fetch_all(&mut *db)
        .await?;
    push::end_orphans(db).await?;
    ended.iter().map(|text| id(text, "sessions.id")).collect()
}

/// Returns the user's sign-ins that have not expired, last used first.
pub async fn sessions_of(db: &mut Db, user: UserId, now: Millis) -> Result<Vec<SessionRecord>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM sessions WHERE user_id = $1 AND expires_at > $2 ORDER BY seen_at DESC, id DESC")
            .bind(user.to_string())
            .bind(now)
            .fetch_all(db)
            .await?;
    rows.iter().map(SessionRecord::read).collect()
}

/// Adds a one-time link and invalidates the user's earlier ones.
pub async fn insert_link(db: &mut Db, token_hash: &str, link: &LinkRecord, now: Millis) -> Result<(), StoreError> {
    sqlx::query("UPDATE links SET used_at = $1 WHERE user_id = $2 AND used_at IS NULL")
        .bind(now)
        .bind(link.user.to_string())
        .execute(&mut *db)
        .await?;
    sqlx::query("INSERT INTO links (token_hash, user_id, kind, expires_at, used_at) VALUES ($1, $2, $3, $4, NULL)")
        .bind(token_hash)
        .bind(link.user.to_string())
        .bind(link_key(link.kind))
        .bind(link.expires_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the link with this token's hash, used or not.
pub async fn link_by_hash(db: &mut Db, token_hash: &str) -> Result<Option<LinkRecord>, StoreError> {
    let row = sqlx::query("SELECT * FROM links WHERE token_hash = $1")
        .bind(token_hash)
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        Ok(LinkRecord {
            user: id(row.try_get("user_id")?, "links.user_id")?,
            kind: link_kind(row.try_get("kind")?)?,
            expires_at: row.try_get("expires_at")?,
            used_at: row.try_get("used_at")?,
        })
    })
    .transpose()
}

/// Marks the link as used. Returns `false` if it was used before, has expired or does not exist.
pub async fn use_link(db: &mut Db, token_hash: &str, now: Millis) -> Result<bool, StoreError> {
    let done =
        sqlx::query("UPDATE links SET used_at = $1 WHERE token_hash = $2 AND used_at IS NULL AND expires_at > $1")
            .bind(now)
            .bind(token_hash)
            .execute(db)
            .await?;
    Ok(done.rows_affected() == 1)
}
