//! A conversation's events: one row for each change of its state.

use causerie_shared::{
    conversation::transition::{NOT_REMINDED, REMINDED},
    ids::{ConversationId, UserId},
    row::JourneyRow,
};
use sqlx::{Row as _, any::AnyRow};

use super::{Db, StoreError, from_json, id, optional_id, to_json};

fn record(row: &AnyRow) -> Result<JourneyRow, StoreError> {
    let text = |column: &'static str| row.try_get::<String, _>(column);
    Ok(JourneyRow {
        conversation: id(&text("conversation_id")?, "conversation id")?,
        version: row.try_get("version")?,
        at: row.try_get("at")?,
        actor: from_json(&text("actor")?, "actor")?,
        cause: text("cause")?,
        user: optional_id(row.try_get("user_id")?, "user id")?,
        state: from_json(&text("state")?, "state")?,
        position: row.try_get("position")?,
        seq: row.try_get("seq")?,
    })
}

/// Stores a change of state.
pub async fn insert(db: &mut Db, row: &JourneyRow) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO conversation_events (conversation_id, version, at, actor, cause, user_id, state, position, seq) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(row.conversation.to_string())
    .bind(row.version)
    .bind(row.at)
    .bind(to_json(&row.actor, "actor")?)
    .bind(row.cause.clone())
    .bind(row.user.map(|user| user.to_string()))
    .bind(to_json(&row.state, "state")?)
    .bind(row.position)
    .bind(row.seq)
    .execute(db)
    .await?;
    Ok(())
}

/// Maximum number of rows that one query returns. Few chats have more than twenty.
const MAX_JOURNEY: i64 = 500;

/// Returns the events of a conversation after a feed number, in order, and at most the newest [`MAX_JOURNEY`].
pub async fn after(db: &mut Db, conversation: ConversationId, seq: i64) -> Result<Vec<JourneyRow>, StoreError> {
    let rows = sqlx::query(
        "SELECT conversation_id, version, at, actor, cause, user_id, state, position, seq FROM conversation_events \
         WHERE conversation_id = $1 AND seq > $2 ORDER BY version DESC LIMIT $3",
    )
    .bind(conversation.to_string())
    .bind(seq)
    .bind(MAX_JOURNEY)
    .fetch_all(db)
    .await?;
    rows.iter().rev().map(record).collect()
}

/// Returns the change of state that produced this version.
pub async fn at(db: &mut Db, conversation: ConversationId, version: i64) -> Result<Option<JourneyRow>, StoreError> {
    let row = sqlx::query(
        "SELECT conversation_id, version, at, actor, cause, user_id, state, position, seq FROM conversation_events \
         WHERE conversation_id = $1 AND version = $2",
    )
    .bind(conversation.to_string())
    .bind(version)
    .fetch_optional(db)
    .await?;
    row.as_ref().map(record).transpose()
}

/// Whether the inactivity rule sent its reminder, or could not send it, since this position.
pub async fn reminded_since(db: &mut Db, conversation: ConversationId, position: i64) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "SELECT version FROM conversation_events WHERE conversation_id = $1 AND position >= $2 AND cause IN ($3, $4) LIMIT 1",
    )
    .bind(conversation.to_string())
    .bind(position)
    .bind(REMINDED)
    .bind(NOT_REMINDED)
    .fetch_optional(db)
    .await?;
    Ok(row.is_some())
}

/// Whether this user ever had an offer or a transfer request for the conversation.
pub async fn was_asked(db: &mut Db, conversation: ConversationId, user: UserId) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "SELECT version FROM conversation_events WHERE conversation_id = $1 AND user_id = $2 \
         AND cause IN ('offer', 'transfer_to_agent') LIMIT 1",
    )
    .bind(conversation.to_string())
    .bind(user.to_string())
    .fetch_optional(db)
    .await?;
    Ok(row.is_some())
}
