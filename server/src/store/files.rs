//! What is known of uploaded files; their bytes lie in the data folder.

use causerie_shared::{
    Millis,
    ids::{ContactId, ConversationId, FileId, UserId},
    message::FileBrief,
};
use sqlx::Row;

use super::{Db, StoreError, id, optional_id};

/// A file. Exactly one of `user` and `contact` uploaded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    pub id: FileId,
    pub name: String,
    pub mime: String,
    /// Bytes.
    pub size: i64,
    pub user: Option<UserId>,
    pub contact: Option<ContactId>,
    /// Set when a message carries it; from then on its readers are those of the conversation.
    pub conversation: Option<ConversationId>,
    pub created_at: Millis,
}

impl FileRecord {
    /// What a message row says of it.
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
        "INSERT INTO files (id, name, mime, size, user_id, contact_id, conversation_id, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(file.id.to_string())
    .bind(&file.name)
    .bind(&file.mime)
    .bind(file.size)
    .bind(file.user.map(|user| user.to_string()))
    .bind(file.contact.map(|contact| contact.to_string()))
    .bind(file.conversation.map(|conversation| conversation.to_string()))
    .bind(file.created_at)
    .execute(db)
    .await?;
    Ok(())
}

/// One file.
pub async fn file(db: &mut Db, file: FileId) -> Result<Option<FileRecord>, StoreError> {
    let row = sqlx::query("SELECT * FROM files WHERE id = $1")
        .bind(file.to_string())
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        Ok(FileRecord {
            id: id(row.try_get("id")?, "files.id")?,
            name: row.try_get("name")?,
            mime: row.try_get("mime")?,
            size: row.try_get("size")?,
            user: optional_id(row.try_get("user_id")?, "files.user_id")?,
            contact: optional_id(row.try_get("contact_id")?, "files.contact_id")?,
            conversation: optional_id(row.try_get("conversation_id")?, "files.conversation_id")?,
            created_at: row.try_get("created_at")?,
        })
    })
    .transpose()
}

/// Ties the file to the conversation; false when there is no such file or another conversation has it.
pub async fn attach(db: &mut Db, file: FileId, conversation: ConversationId) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE files SET conversation_id = $1 WHERE id = $2 AND (conversation_id IS NULL OR conversation_id = $1)",
    )
    .bind(conversation.to_string())
    .bind(file.to_string())
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
