//! The outbox: messages to providers, durable, in order within a conversation, each taken by one worker at a time.

use causerie_shared::{
    Millis,
    ids::{AccountId, ConversationId, MessageId},
    row::ConversationRow,
};
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, any::AnyRow};

use super::{Db, StoreError, from_json, id, to_json};

/// The stage of a message in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Waiting,
    Sending,
    Settled,
    /// Nobody knows whether the provider has the message; a user or a webhook decides.
    Unconfirmed,
    Failed,
}

impl Stage {
    fn number(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::Sending => 1,
            Self::Settled => 2,
            Self::Unconfirmed => 3,
            Self::Failed => 4,
        }
    }

    fn from_number(number: i64) -> Option<Self> {
        [
            Self::Waiting,
            Self::Sending,
            Self::Settled,
            Self::Unconfirmed,
            Self::Failed,
        ]
        .into_iter()
        .find(|stage| stage.number() == number)
    }
}

/// Progress in sending the parts of a message: texts and files, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Number of parts that the provider has.
    pub sent: u32,
    /// Whether the call for the next part was started. Without a known result the part is unconfirmed.
    pub begun: bool,
}

/// A message in the outbox.
#[derive(Debug, Clone)]
pub struct OutboxRow {
    pub message: MessageId,
    pub account: AccountId,
    pub conversation: ConversationId,
    pub position: i64,
    pub stage: Stage,
    pub attempts: i64,
    pub due: Millis,
    pub fence: i64,
    pub progress: Progress,
}

impl OutboxRow {
    /// Returns the row of a new message, due at once.
    pub fn new(head: &ConversationRow, message: MessageId, position: i64, now: Millis) -> Self {
        Self {
            message,
            account: head.account,
            conversation: head.id,
            position,
            stage: Stage::Waiting,
            attempts: 0,
            due: now,
            fence: 0,
            progress: Progress::default(),
        }
    }
}

const COLUMNS: &str = "message_id, account_id, conversation_id, position, state, attempts, due, fence, parts";

fn record(row: &AnyRow) -> Result<OutboxRow, StoreError> {
    let text = |column: &'static str| row.try_get::<String, _>(column);
    Ok(OutboxRow {
        message: id(&text("message_id")?, "message id")?,
        account: id(&text("account_id")?, "account id")?,
        conversation: id(&text("conversation_id")?, "conversation id")?,
        position: row.try_get("position")?,
        stage: Stage::from_number(row.try_get("state")?).ok_or(StoreError::Damaged("outbox state"))?,
        attempts: row.try_get("attempts")?,
        due: row.try_get("due")?,
        fence: row.try_get("fence")?,
        progress: from_json(&text("parts")?, "outbox parts")?,
    })
}

/// Adds a message to the outbox.
pub async fn insert(db: &mut Db, row: &OutboxRow) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO outbox (message_id, account_id, conversation_id, position, state, attempts, due, fence, parts) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(row.message.to_string())
    .bind(row.account.to_string())
    .bind(row.conversation.to_string())
    .bind(row.position)
    .bind(row.stage.number())
    .bind(row.attempts)
    .bind(row.due)
    .bind(row.fence)
    .bind(to_json(&row.progress, "outbox parts")?)
    .execute(db)
    .await?;
    Ok(())
}

/// The condition that row `o` may be sent: no earlier message of its conversation is waiting or being sent, and its
/// account is not disabled.
const GOES: &str = "NOT EXISTS (SELECT 1 FROM outbox p WHERE p.conversation_id = o.conversation_id \
                    AND p.position < o.position AND p.state IN (0, 1)) AND NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = o.account_id AND a.enabled = 0 \
                    AND a.removed_at IS NULL)";

/// Returns waiting messages that are due and may be sent: each the first of its conversation, on an account that is not
/// disabled.
pub async fn due(db: &mut Db, now: Millis, limit: i64) -> Result<Vec<OutboxRow>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM outbox o WHERE state = 0 AND due <= $1 AND {GOES} \
         ORDER BY due, message_id LIMIT $2"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(now)
        .bind(limit)
        .fetch_all(db)
        .await?;
    rows.iter().map(record).collect()
}

/// Returns when the next message after `now` is due.
pub async fn next_due(db: &mut Db, now: Millis) -> Result<Option<Millis>, StoreError> {
    let row = sqlx::query("SELECT MIN(due) AS due FROM outbox WHERE state = 0 AND due > $1")
        .bind(now)
        .fetch_one(db)
        .await?;
    Ok(row.try_get("due")?)
}

/// Takes a message for sending, until `lease`. Returns `None` if another worker has taken it.
pub async fn take(db: &mut Db, row: &OutboxRow, lease: Millis) -> Result<Option<OutboxRow>, StoreError> {
    let sql = format!(
        "UPDATE outbox SET state = 1, fence = fence + 1, attempts = attempts + 1, due = $3 \
         WHERE message_id = $1 AND fence = $2 AND state = 0 RETURNING {COLUMNS}"
    );
    let taken = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(row.message.to_string())
        .bind(row.fence)
        .bind(lease)
        .fetch_optional(db)
        .await?;
    taken.as_ref().map(record).transpose()
}

/// Writes the progress of a taken message. Returns `false` if another worker has taken it since.
pub async fn save(db: &mut Db, row: &OutboxRow) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE outbox SET state = $3, attempts = $4, due = $5, parts = $6 WHERE message_id = $1 AND fence = $2",
    )
    .bind(row.message.to_string())
    .bind(row.fence)
    .bind(row.stage.number())
    .bind(row.attempts)
    .bind(row.due)
    .bind(to_json(&row.progress, "outbox parts")?)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Returns one message in the outbox.
pub async fn get(db: &mut Db, message: MessageId) -> Result<Option<OutboxRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM outbox WHERE message_id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(message.to_string())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(record).transpose()
}

/// Returns messages that are being sent and whose lease ended before `now`, because their worker died.
pub async fn orphans(db: &mut Db, now: Millis, limit: i64) -> Result<Vec<OutboxRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM outbox WHERE state = 1 AND due < $1 ORDER BY due LIMIT $2");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(now)
        .bind(limit)
        .fetch_all(db)
        .await?;
    rows.iter().map(record).collect()
}

/// Returns up to 100 messages of an account that are being sent or unconfirmed, oldest first.
pub async fn open_of(db: &mut Db, account: AccountId) -> Result<Vec<OutboxRow>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM outbox WHERE account_id = $1 AND state IN (1, 3) ORDER BY message_id LIMIT 100");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(account.to_string())
        .fetch_all(db)
        .await?;
    rows.iter().map(record).collect()
}

/// Deletes at most `limit` settled messages that were sent before `before`, and returns their number. Failed and
/// unconfirmed messages stay until a user decides.
pub async fn trim(db: &mut Db, before: Millis, limit: i64) -> Result<u64, StoreError> {
    // Of a settled message, `due` is the end of its last lease, which is near the time of sending.
    let done = sqlx::query(
        "DELETE FROM outbox WHERE message_id IN \
         (SELECT message_id FROM outbox WHERE state = 2 AND due < $1 ORDER BY due LIMIT $2)",
    )
    .bind(before)
    .bind(limit)
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Returns the number of waiting messages of each account.
pub async fn waiting(db: &mut Db) -> Result<Vec<(AccountId, u32)>, StoreError> {
    let rows = sqlx::query("SELECT account_id, COUNT(*) AS n FROM outbox WHERE state = 0 GROUP BY account_id")
        .fetch_all(db)
        .await?;
    rows.iter()
        .map(|row| {
            Ok((
                id(&row.try_get::<String, _>("account_id")?, "account id")?,
                row.try_get::<i64, _>("n")? as u32,
            ))
        })
        .collect()
}

/// Sets the due time of all waiting messages of an account, to hold them back or to release them.
pub async fn delay_account(db: &mut Db, account: AccountId, due: Millis) -> Result<(), StoreError> {
    sqlx::query("UPDATE outbox SET due = $2 WHERE account_id = $1 AND state = 0")
        .bind(account.to_string())
        .bind(due)
        .execute(db)
        .await?;
    Ok(())
}

/// Holds waiting messages of an account back until `until`. Messages that are due later stay as they are.
pub async fn hold_account(db: &mut Db, account: AccountId, until: Millis) -> Result<(), StoreError> {
    sqlx::query("UPDATE outbox SET due = $2 WHERE account_id = $1 AND state = 0 AND due < $2")
        .bind(account.to_string())
        .bind(until)
        .execute(db)
        .await?;
    Ok(())
}

/// Whether any message is being sent, or may be sent by `now`.
pub async fn is_busy(db: &mut Db, now: Millis) -> Result<bool, StoreError> {
    let row = sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT 1 AS one FROM outbox WHERE state = 1 \
         UNION ALL SELECT 1 AS one FROM outbox o WHERE state = 0 AND due <= $1 AND {GOES} LIMIT 1"
    )))
    .bind(now)
    .fetch_optional(db)
    .await?;
    Ok(row.is_some())
}
