//! Message rows.

use causerie_shared::{
    Millis,
    ids::{ContactId, ConversationId, MessageId},
    message::{Author, Delivery, Extra, Kind, MessageRow},
};
use sqlx::{Row as _, any::AnyRow};

use super::{Db, StoreError, from_json, id, optional_id, to_json};

/// A message row with its text, which clients read from the document instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRecord {
    pub row: MessageRow,
    pub kind: Kind,
    pub body: String,
    /// The message that this one answers, for channels with quotes.
    pub reply_to: Option<MessageId>,
    /// The visitor who wrote the message; `cid` is the id that the visitor's widget gave it.
    pub contact: Option<ContactId>,
    pub cid: Option<String>,
}

const COLUMNS: &str = "id, conversation_id, position, segment, author, kind, body, accepted_at, said_at, delivery, reason, \
     files, contact_id, cid, redacted_at, extra, reply_to, seq";

fn record(row: &AnyRow) -> Result<MessageRecord, StoreError> {
    let text = |column: &'static str| row.try_get::<String, _>(column);
    Ok(MessageRecord {
        row: MessageRow {
            id: id(&text("id")?, "message id")?,
            conversation: id(&text("conversation_id")?, "conversation id")?,
            position: row.try_get("position")?,
            segment: row.try_get::<i64, _>("segment")? as u32,
            author: Author::from_key(&text("author")?).ok_or(StoreError::Damaged("author"))?,
            accepted_at: row.try_get("accepted_at")?,
            said_at: row.try_get("said_at")?,
            delivery: Delivery::from_key(&text("delivery")?).ok_or(StoreError::Damaged("delivery"))?,
            reason: row.try_get("reason")?,
            files: from_json(&text("files")?, "files")?,
            redacted_at: row.try_get("redacted_at")?,
            extra: row
                .try_get::<Option<String>, _>("extra")?
                .map(|extra| from_json(&extra, "extra").map(Box::new))
                .transpose()?,
            seq: row.try_get("seq")?,
        },
        kind: Kind::from_key(&text("kind")?).ok_or(StoreError::Damaged("kind"))?,
        body: text("body")?,
        reply_to: optional_id(row.try_get("reply_to")?, "message id")?,
        contact: optional_id(row.try_get("contact_id")?, "contact id")?,
        cid: row.try_get("cid")?,
    })
}

/// Stores a message.
pub async fn insert(db: &mut Db, message: &MessageRecord) -> Result<(), StoreError> {
    let row = &message.row;
    sqlx::query(
        "INSERT INTO messages (id, conversation_id, position, segment, author, kind, body, accepted_at, delivery, \
         reason, files, contact_id, cid, seq, extra, reply_to, said_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
    )
    .bind(row.id.to_string())
    .bind(row.conversation.to_string())
    .bind(row.position)
    .bind(i64::from(row.segment))
    .bind(row.author.to_key())
    .bind(message.kind.as_str())
    .bind(message.body.clone())
    .bind(row.accepted_at)
    .bind(row.delivery.as_str())
    .bind(row.reason.clone())
    .bind(to_json(&row.files, "files")?)
    .bind(message.contact.map(|contact| contact.to_string()))
    .bind(message.cid.clone())
    .bind(row.seq)
    .bind(row.extra.as_ref().map(|extra| to_json(extra, "extra")).transpose()?)
    .bind(message.reply_to.map(|id| id.to_string()))
    .bind(row.said_at)
    .execute(db)
    .await?;
    Ok(())
}

async fn many(db: &mut Db, filter: &str, text: String, number: i64) -> Result<Vec<MessageRecord>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM messages WHERE {filter}");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(text)
        .bind(number)
        .fetch_all(db)
        .await?;
    rows.iter().map(record).collect()
}

/// Returns the rows of a conversation that changed after a feed number, ordered by position.
pub async fn after(db: &mut Db, conversation: ConversationId, seq: i64) -> Result<Vec<MessageRecord>, StoreError> {
    let filter = "conversation_id = $1 AND seq > $2 ORDER BY position";
    many(db, filter, conversation.to_string(), seq).await
}

/// Returns the rows of one segment of a conversation, ordered by position.
pub async fn of_segment(
    db: &mut Db,
    conversation: ConversationId,
    segment: u32,
) -> Result<Vec<MessageRecord>, StoreError> {
    let filter = "conversation_id = $1 AND segment = $2 ORDER BY position";
    many(db, filter, conversation.to_string(), segment.into()).await
}

/// Returns position and time of the first message of a segment.
pub async fn first_of_segment(
    db: &mut Db,
    conversation: ConversationId,
    segment: u32,
) -> Result<Option<(i64, Millis)>, StoreError> {
    let row = sqlx::query(
        "SELECT position, accepted_at FROM messages WHERE conversation_id = $1 AND segment = $2 \
         ORDER BY position LIMIT 1",
    )
    .bind(conversation.to_string())
    .bind(i64::from(segment))
    .fetch_optional(db)
    .await?;
    row.map(|row| Ok((row.try_get("position")?, row.try_get("accepted_at")?)))
        .transpose()
}

/// Returns one message of a conversation.
pub async fn get(
    db: &mut Db,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Option<MessageRecord>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM messages WHERE conversation_id = $1 AND id = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(conversation.to_string())
        .bind(message.to_string())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(record).transpose()
}

/// Removes text, files and `cid` from one message of a conversation, or from all of them. A `kind` replaces the kind of
/// the messages. Returns the changed rows.
pub async fn redact(
    db: &mut Db,
    conversation: ConversationId,
    only: Option<MessageId>,
    kind: Option<Kind>,
    now: Millis,
    seq: i64,
) -> Result<Vec<MessageRecord>, StoreError> {
    let sql = format!(
        "UPDATE messages SET body = '', files = '[]', kind = CASE $3 WHEN '' THEN kind ELSE $3 END, cid = NULL, \
         redacted_at = COALESCE(redacted_at, $4), seq = $5 WHERE conversation_id = $1 AND ($2 = '' OR id = $2) RETURNING {COLUMNS}"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(conversation.to_string())
        .bind(only.map_or_else(String::new, |id| id.to_string()))
        .bind(kind.map_or("", Kind::as_str))
        .bind(now)
        .bind(seq)
        .fetch_all(db)
        .await?;
    rows.iter().map(record).collect()
}

/// Returns the newest `limit` messages of a conversation, oldest first.
pub async fn newest(db: &mut Db, conversation: ConversationId, limit: i64) -> Result<Vec<MessageRecord>, StoreError> {
    let mut rows = many(
        db,
        "conversation_id = $1 ORDER BY position DESC LIMIT $2",
        conversation.to_string(),
        limit,
    )
    .await?;
    rows.reverse();
    Ok(rows)
}

/// Returns the stored message that a visitor sent with this `cid`, if there is one.
pub async fn by_cid(db: &mut Db, contact: ContactId, cid: &str) -> Result<Option<MessageRecord>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM messages WHERE contact_id = $1 AND cid = $2");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(contact.to_string())
        .bind(cid.to_owned())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(record).transpose()
}

/// Advances the delivery state of outgoing messages up to `position` to `delivery`, and returns the changed rows. A
/// state never moves back.
pub async fn advance(
    db: &mut Db,
    conversation: ConversationId,
    position: i64,
    delivery: Delivery,
    seq: i64,
) -> Result<Vec<MessageRecord>, StoreError> {
    let from = match delivery {
        Delivery::Read => "'queued', 'sent', 'delivered', 'unconfirmed'",
        Delivery::Delivered => "'queued', 'sent', 'unconfirmed'",
        Delivery::Sent => "'queued', 'unconfirmed'",
        Delivery::Queued | Delivery::Failed | Delivery::Unconfirmed => return Ok(vec![]),
    };
    let sql = format!(
        "UPDATE messages SET delivery = $3, seq = $4 WHERE conversation_id = $1 AND position <= $2 \
         AND author <> 'contact' AND delivery IN ({from}) RETURNING {COLUMNS}"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(conversation.to_string())
        .bind(position)
        .bind(delivery.as_str())
        .bind(seq)
        .fetch_all(db)
        .await?;
    rows.iter().map(record).collect()
}

/// Writes the channel's additions to a message, and returns the changed row.
pub async fn set_extra(
    db: &mut Db,
    message: MessageId,
    extra: &Extra,
    seq: i64,
) -> Result<Option<MessageRecord>, StoreError> {
    let sql = format!("UPDATE messages SET extra = $2, seq = $3 WHERE id = $1 RETURNING {COLUMNS}");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(message.to_string())
        .bind(to_json(extra, "extra")?)
        .bind(seq)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(record).transpose()
}

/// Marks a queued, unconfirmed or failed message as sent, because the provider has it after all. Returns the changed
/// row.
pub async fn went_after_all(db: &mut Db, message: MessageId, seq: i64) -> Result<Option<MessageRecord>, StoreError> {
    let sql = format!(
        "UPDATE messages SET delivery = 'sent', reason = NULL, seq = $2 WHERE id = $1 \
         AND delivery IN ('queued', 'unconfirmed', 'failed') RETURNING {COLUMNS}"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(message.to_string())
        .bind(seq)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(record).transpose()
}

/// Returns the states from which a message may move to `delivery`, as a list in SQL. States move forward, except that a
/// failed or unconfirmed message may be queued again. A message that was delivered or read cannot fail.
fn moves_from(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::Read => "'queued', 'sent', 'delivered', 'unconfirmed', 'failed'",
        Delivery::Delivered => "'queued', 'sent', 'unconfirmed', 'failed'",
        Delivery::Sent => "'queued', 'unconfirmed'",
        Delivery::Failed => "'queued', 'sent', 'unconfirmed'",
        Delivery::Unconfirmed => "'queued'",
        Delivery::Queued => "'failed', 'unconfirmed'",
    }
}

/// Whether [`deliver`] would change the message.
pub async fn would_move(db: &mut Db, message: MessageId, delivery: Delivery) -> Result<bool, StoreError> {
    let from = moves_from(delivery);
    let sql = format!("SELECT 1 AS one FROM messages WHERE id = $1 AND author <> 'contact' AND delivery IN ({from})");
    let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(message.to_string());
    Ok(query.fetch_optional(db).await?.is_some())
}

/// Moves one outgoing message to `delivery` and returns the changed row; `None` if its state does not allow that.
pub async fn deliver(
    db: &mut Db,
    message: MessageId,
    delivery: Delivery,
    reason: Option<String>,
    seq: i64,
) -> Result<Option<MessageRecord>, StoreError> {
    let from = moves_from(delivery);
    let sql = format!(
        "UPDATE messages SET delivery = $2, reason = $3, seq = $4 WHERE id = $1 AND author <> 'contact' \
         AND delivery IN ({from}) RETURNING {COLUMNS}"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(message.to_string())
        .bind(delivery.as_str())
        .bind(reason)
        .bind(seq)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(record).transpose()
}

/// An outgoing message that the provider has.
#[derive(Debug, Clone)]
pub struct AtProvider {
    pub id: MessageId,
    pub position: i64,
    /// When the provider received the message, by the provider's clock if known.
    pub at: Millis,
    pub delivery: Delivery,
}

/// Returns outgoing messages that the provider has and that have no read receipt, oldest first. Queued messages are
/// excluded, because nobody can have received them.
pub async fn at_provider(db: &mut Db, conversation: ConversationId) -> Result<Vec<AtProvider>, StoreError> {
    let rows = sqlx::query(
        "SELECT id, position, COALESCE(said_at, accepted_at) AS had_at, delivery FROM messages \
         WHERE conversation_id = $1 AND author <> 'contact' AND delivery IN ('sent', 'delivered') ORDER BY position",
    )
    .bind(conversation.to_string())
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            let delivery: String = row.try_get("delivery")?;
            Ok(AtProvider {
                id: id(&row.try_get::<String, _>("id")?, "message id")?,
                position: row.try_get("position")?,
                at: row.try_get("had_at")?,
                delivery: Delivery::from_key(&delivery).ok_or(StoreError::Damaged("delivery"))?,
            })
        })
        .collect()
}

/// Whether a contact has ever written a message.
pub async fn has_written(db: &mut Db, contact: ContactId) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "SELECT 1 FROM messages WHERE author = 'contact' \
         AND conversation_id IN (SELECT id FROM conversations WHERE contact_id = $1) LIMIT 1",
    )
    .bind(contact.to_string())
    .fetch_optional(db)
    .await?;
    Ok(row.is_some())
}

/// Whether [`advance`] to `Read` would change any message.
pub async fn lags(db: &mut Db, conversation: ConversationId, position: i64) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "SELECT 1 AS one FROM messages WHERE conversation_id = $1 AND position <= $2 AND author <> 'contact' \
         AND delivery IN ('queued', 'sent', 'delivered', 'unconfirmed') LIMIT 1",
    )
    .bind(conversation.to_string())
    .bind(position)
    .fetch_optional(db)
    .await?;
    Ok(row.is_some())
}

/// Returns the number of the contact's messages after a position.
pub async fn incoming_after(db: &mut Db, conversation: ConversationId, position: i64) -> Result<u32, StoreError> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS n FROM messages WHERE conversation_id = $1 AND position > $2 AND author = 'contact'",
    )
    .bind(conversation.to_string())
    .bind(position)
    .fetch_one(db)
    .await?;
    Ok(row.try_get::<i64, _>("n")? as u32)
}

/// Position and time of the newest message of each side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Words {
    pub contact: Option<(i64, Millis)>,
    pub agent: Option<(i64, Millis)>,
}

/// Returns when the contact and an agent last wrote in a conversation. Automatic messages do not count.
pub async fn words(db: &mut Db, conversation: ConversationId) -> Result<Words, StoreError> {
    Ok(Words {
        contact: last_of(&mut *db, conversation, "author = 'contact'").await?,
        agent: last_of(db, conversation, "author LIKE 'agent:%'").await?,
    })
}

async fn last_of(db: &mut Db, conversation: ConversationId, author: &str) -> Result<Option<(i64, Millis)>, StoreError> {
    let sql = format!(
        "SELECT position, accepted_at FROM messages WHERE conversation_id = $1 AND {author} \
         ORDER BY position DESC LIMIT 1"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(conversation.to_string())
        .fetch_optional(db)
        .await?;
    row.map(|row| Ok((row.try_get("position")?, row.try_get("accepted_at")?)))
        .transpose()
}
