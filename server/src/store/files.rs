//! Records of uploaded files. Their bytes are in `Blobs`.

use causerie_shared::{
    Millis,
    ids::{ContactId, ConversationId, FileId, UserId},
    message::FileBrief,
};
use sqlx::{Row as _, any::AnyRow};

use super::{Db, StoreError, id, optional_id};

/// A file. Either `user` or `contact` uploaded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    pub id: FileId,
    pub name: String,
    pub mime: String,
    /// Size in bytes.
    pub size: i64,
    pub user: Option<UserId>,
    pub contact: Option<ContactId>,
    /// Set once a message has the file. Then the readers of the conversation may read the file.
    pub conversation: Option<ConversationId>,
    /// Whether only the internal discussion has the file, which the contact may then not download.
    pub internal: bool,
    pub created_at: Millis,
}

impl FileRecord {
    /// Returns the file's data for a message row.
    pub fn brief(&self) -> FileBrief {
        FileBrief {
            id: self.id,
            name: self.name.clone(),
            mime: self.mime.clone(),
            size: self.size,
        }
    }
}

/// Adds a file.
pub async fn insert_file(db: &mut Db, file: &FileRecord) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO files (id, name, mime, size, user_id, contact_id, conversation_id, created_at, internal) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(file.id.to_string())
    .bind(&file.name)
    .bind(&file.mime)
    .bind(file.size)
    .bind(file.user.map(|user| user.to_string()))
    .bind(file.contact.map(|contact| contact.to_string()))
    .bind(file.conversation.map(|conversation| conversation.to_string()))
    .bind(file.created_at)
    .bind(i64::from(file.internal))
    .execute(db)
    .await?;
    Ok(())
}

fn record(row: &AnyRow) -> Result<FileRecord, StoreError> {
    Ok(FileRecord {
        id: id(row.try_get("id")?, "files.id")?,
        name: row.try_get("name")?,
        mime: row.try_get("mime")?,
        size: row.try_get("size")?,
        user: optional_id(row.try_get("user_id")?, "files.user_id")?,
        contact: optional_id(row.try_get("contact_id")?, "files.contact_id")?,
        conversation: optional_id(row.try_get("conversation_id")?, "files.conversation_id")?,
        internal: row.try_get::<i64, _>("internal")? != 0,
        created_at: row.try_get("created_at")?,
    })
}

/// Returns one file that was not removed.
pub async fn file(db: &mut Db, file: FileId) -> Result<Option<FileRecord>, StoreError> {
    let row = sqlx::query("SELECT * FROM files WHERE id = $1 AND removed_at IS NULL")
        .bind(file.to_string())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(record).transpose()
}

/// Attaches a file to a conversation. Returns `false` if the file does not exist or belongs to another conversation.
/// `internal`: for the internal discussion. A file that the contact may download stays available to them.
pub async fn attach(
    db: &mut Db,
    file: FileId,
    conversation: ConversationId,
    internal: bool,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE files SET internal = CASE WHEN $3 = 0 THEN 0 WHEN conversation_id IS NULL THEN 1 ELSE internal END, \
         conversation_id = $1 WHERE id = $2 AND removed_at IS NULL AND (conversation_id IS NULL OR conversation_id = $1)",
    )
    .bind(conversation.to_string())
    .bind(file.to_string())
    .bind(i64::from(internal))
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks files as removed, after which they cannot be downloaded.
pub async fn remove(db: &mut Db, files: &[FileId], now: Millis) -> Result<(), StoreError> {
    for file in files {
        sqlx::query("UPDATE files SET removed_at = $2, name = '' WHERE id = $1 AND removed_at IS NULL")
            .bind(file.to_string())
            .bind(now)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// Returns the files of a conversation and the files that a contact uploaded.
pub async fn of(
    db: &mut Db,
    conversation: Option<ConversationId>,
    contact: Option<ContactId>,
) -> Result<Vec<FileId>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM files WHERE removed_at IS NULL AND (conversation_id = $1 OR contact_id = $2)")
            .bind(conversation.map(|id| id.to_string()))
            .bind(contact.map(|id| id.to_string()))
            .fetch_all(db)
            .await?;
    rows.iter().map(|row| Ok(record(row)?.id)).collect()
}

/// Returns removed files whose bytes may still be stored.
pub async fn removed(db: &mut Db) -> Result<Vec<FileId>, StoreError> {
    let rows = sqlx::query("SELECT id FROM files WHERE removed_at IS NOT NULL")
        .fetch_all(db)
        .await?;
    rows.iter().map(|row| id(row.try_get("id")?, "files.id")).collect()
}

/// Deletes the record of a removed file, after its bytes were deleted.
pub async fn erase(db: &mut Db, file: FileId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM files WHERE id = $1 AND removed_at IS NOT NULL")
        .bind(file.to_string())
        .execute(db)
        .await?;
    Ok(())
}
