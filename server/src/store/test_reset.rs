//! Queries that only the routes of the test API need.

use causerie_shared::{
    ids::{ContactId, PostId},
    row::ConversationRow,
};
use sqlx::Row as _;

use super::{
    Db, StoreError,
    conversations::{COLUMNS, head},
};

/// The tables with data of contacts, children before parents.
const TABLES: [&str; 22] = [
    "blacklist",
    "last_marks",
    "outbox",
    "provider_messages",
    "pending_events",
    "raw_events",
    "conversation_events",
    "asked",
    "messages",
    "files",
    "timers",
    "changes",
    "settled",
    "actors",
    "documents",
    "folder_counts",
    "conversations",
    "posts",
    "identities",
    "merges",
    "contacts",
    "feed",
];

/// Deletes all conversations and contacts. Accounts, users and settings stay.
pub async fn wipe(db: &mut Db) -> Result<(), StoreError> {
    for table in TABLES {
        // The feed's counter is not among the tables, so that no feed number is used twice.
        sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM {table}")))
            .execute(&mut *db)
            .await?;
    }
    for load in ["UPDATE users SET load = 0", "UPDATE members SET load = 0"] {
        sqlx::query(load).execute(&mut *db).await?;
    }
    Ok(())
}

/// Returns all conversations of channels other than the web, oldest first.
pub async fn conversations(db: &mut Db) -> Result<Vec<ConversationRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM conversations WHERE channel <> 'web' ORDER BY number");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(db).await?;
    rows.iter().map(head).collect()
}

/// Returns the provider's id of a post.
pub async fn post(db: &mut Db, post: PostId) -> Result<Option<String>, StoreError> {
    let row = sqlx::query("SELECT external_id FROM posts WHERE id = $1")
        .bind(post.to_string())
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| row.try_get("external_id")).transpose()?)
}

/// Whether an id is a phone number.
pub fn is_number(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())
}

/// Returns a contact's phone number from their WhatsApp identities, as digits with country code.
pub async fn phone(db: &mut Db, contact: ContactId) -> Result<Option<String>, StoreError> {
    let rows = sqlx::query(
        "SELECT identities.external_id AS external_id FROM identities JOIN accounts ON accounts.id = identities.account_id \
         WHERE contact_id = $1 AND channel = 'whatsapp' ORDER BY identities.external_id",
    )
    .bind(contact.to_string())
    .fetch_all(db)
    .await?;
    for row in rows {
        let id: String = row.try_get("external_id")?;
        if is_number(&id) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}
