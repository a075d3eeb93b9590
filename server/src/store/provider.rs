//! The ids that providers gave to messages, and pending provider events about messages that are not stored yet.

use causerie_shared::{
    Millis,
    ids::{AccountId, ConversationId, MessageId},
};
use sqlx::{Row as _, any::AnyRow};

use super::{Db, StoreError, id};

/// A provider's id of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderMessage {
    pub account: AccountId,
    pub external: String,
    pub message: MessageId,
    pub conversation: ConversationId,
    pub outgoing: bool,
    /// The provider's id of the quoted message.
    pub quoted: Option<String>,
    pub at: Millis,
}

const COLUMNS: &str = "account_id, external_id, message_id, conversation_id, outgoing, quoted, at";

fn record(row: &AnyRow) -> Result<ProviderMessage, StoreError> {
    let text = |column: &'static str| row.try_get::<String, _>(column);
    Ok(ProviderMessage {
        account: id(&text("account_id")?, "account id")?,
        external: text("external_id")?,
        message: id(&text("message_id")?, "message id")?,
        conversation: id(&text("conversation_id")?, "conversation id")?,
        outgoing: row.try_get::<i64, _>("outgoing")? != 0,
        quoted: row.try_get("quoted")?,
        at: row.try_get("at")?,
    })
}

/// Binds a provider's id to a message. Returns `false` if the id is bound already.
pub async fn bind(db: &mut Db, message: &ProviderMessage) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO provider_messages (account_id, external_id, message_id, conversation_id, outgoing, quoted, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    )
    .bind(message.account.to_string())
    .bind(message.external.clone())
    .bind(message.message.to_string())
    .bind(message.conversation.to_string())
    .bind(i64::from(message.outgoing))
    .bind(message.quoted.clone())
    .bind(message.at)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Returns the message with this provider's id.
pub async fn by_external(
    db: &mut Db,
    account: AccountId,
    external: &str,
) -> Result<Option<ProviderMessage>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM provider_messages WHERE account_id = $1 AND external_id = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(account.to_string())
        .bind(external.to_owned())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(record).transpose()
}

/// Returns the provider's ids of a message, one for each part, the first part first.
pub async fn of_message(db: &mut Db, message: MessageId) -> Result<Vec<ProviderMessage>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM provider_messages WHERE message_id = $1 ORDER BY at, external_id");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(message.to_string())
        .fetch_all(db)
        .await?;
    rows.iter().map(record).collect()
}

/// Records the time of the last update of one kind (`what`: a reaction, or hiding) of a message. Returns `false` if a
/// later one is known already.
pub async fn is_latest(db: &mut Db, message: MessageId, what: &str, at: Millis) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "INSERT INTO marked (message_id, what, at) VALUES ($1, $2, $3) ON CONFLICT (message_id, what) \
         DO UPDATE SET at = excluded.at WHERE marked.at <= excluded.at",
    )
    .bind(message.to_string())
    .bind(what.to_owned())
    .bind(at)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A pending provider event, whose message is not stored yet.
#[derive(Debug, Clone)]
pub struct Early {
    pub id: String,
    /// The event as JSON.
    pub element: String,
}

/// Stores an event until its message arrives.
pub async fn keep_early(
    db: &mut Db,
    early: &Early,
    account: AccountId,
    target: &str,
    now: Millis,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO early_events (id, account_id, external_id, element, received_at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(early.id.clone())
    .bind(account.to_string())
    .bind(target.to_owned())
    .bind(early.element.clone())
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

/// Whether there are pending events for a message.
pub async fn has_early(db: &mut Db, account: AccountId, target: &str) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT id FROM early_events WHERE account_id = $1 AND external_id = $2 LIMIT 1")
        .bind(account.to_string())
        .bind(target.to_owned())
        .fetch_optional(db)
        .await?;
    Ok(row.is_some())
}

/// Removes the pending events for a message, and returns them in the order of arrival.
pub async fn take_early(db: &mut Db, account: AccountId, target: &str) -> Result<Vec<Early>, StoreError> {
    let rows = sqlx::query("DELETE FROM early_events WHERE account_id = $1 AND external_id = $2 RETURNING id, element")
        .bind(account.to_string())
        .bind(target.to_owned())
        .fetch_all(db)
        .await?;
    let mut kept = rows
        .iter()
        .map(|row| {
            Ok(Early {
                id: row.try_get("id")?,
                element: row.try_get("element")?,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    kept.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(kept)
}

/// Deletes pending events that arrived before `before`, and returns their number.
pub async fn trim_early(db: &mut Db, before: Millis) -> Result<u64, StoreError> {
    let done = sqlx::query("DELETE FROM early_events WHERE received_at < $1")
        .bind(before)
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}
