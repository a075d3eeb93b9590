//! Contacts and their identities on messaging accounts.

use causerie_shared::{
    Millis,
    ids::{AccountId, ContactId},
};
use sqlx::Row as _;

use super::{Db, StoreError, blacklist, id};

/// The row of a contact, which exists beside the profile document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactRecord {
    pub id: ContactId,
    /// Displayed name.
    pub name: String,
    pub email: Option<String>,
    pub created_at: Millis,
}

/// Creates a contact.
pub async fn insert(db: &mut Db, contact: &ContactRecord) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO contacts (id, name, email, created_at) VALUES ($1, $2, $3, $4)")
        .bind(contact.id.to_string())
        .bind(contact.name.clone())
        .bind(contact.email.clone())
        .bind(contact.created_at)
        .execute(db)
        .await?;
    Ok(())
}

/// Returns one contact.
pub async fn get(db: &mut Db, contact: ContactId) -> Result<Option<ContactRecord>, StoreError> {
    let row = sqlx::query("SELECT id, name, email, created_at FROM contacts WHERE id = $1")
        .bind(contact.to_string())
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        Ok(ContactRecord {
            id: id(&row.try_get::<String, _>("id")?, "contact id")?,
            name: row.try_get("name")?,
            email: row.try_get("email")?,
            created_at: row.try_get("created_at")?,
        })
    })
    .transpose()
}

/// Writes name and email address.
pub async fn save(db: &mut Db, contact: &ContactRecord) -> Result<(), StoreError> {
    sqlx::query("UPDATE contacts SET name = $2, email = $3 WHERE id = $1")
        .bind(contact.id.to_string())
        .bind(contact.name.clone())
        .bind(contact.email.clone())
        .execute(db)
        .await?;
    Ok(())
}

/// Locks a contact until the transaction ends, so that concurrent messages open only one conversation.
pub async fn lock(db: &mut Db, contact: ContactId) -> Result<(), StoreError> {
    sqlx::query("UPDATE contacts SET name = name WHERE id = $1")
        .bind(contact.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the contact of a provider's id on an account.
pub async fn by_identity(db: &mut Db, account: AccountId, external: &str) -> Result<Option<ContactId>, StoreError> {
    let row = sqlx::query("SELECT contact_id FROM identities WHERE account_id = $1 AND external_id = $2")
        .bind(account.to_string())
        .bind(external.to_owned())
        .fetch_optional(db)
        .await?;
    row.map(|row| id(&row.try_get::<String, _>("contact_id")?, "contact id"))
        .transpose()
}

/// Returns a contact's provider ids on an account.
pub async fn identities(db: &mut Db, account: AccountId, contact: ContactId) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query(
        "SELECT external_id FROM identities WHERE account_id = $1 AND contact_id = $2 ORDER BY external_id",
    )
    .bind(account.to_string())
    .bind(contact.to_string())
    .fetch_all(db)
    .await?;
    Ok(rows
        .iter()
        .map(|row| row.try_get("external_id"))
        .collect::<Result<_, _>>()?)
}

/// Deletes a contact's identities. The next message from one of the ids creates a new contact.
pub async fn remove_identities(db: &mut Db, contact: ContactId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM identities WHERE contact_id = $1")
        .bind(contact.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Binds a provider's id to a contact. An id that is bound stays as it is. If the contact is blocked, so is the id.
pub async fn add_identity(
    db: &mut Db,
    account: AccountId,
    external: &str,
    contact: ContactId,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO identities (account_id, external_id, contact_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(account.to_string())
    .bind(external.to_owned())
    .bind(contact.to_string())
    .execute(&mut *db)
    .await?;
    blacklist::extend(db, account, external, contact).await
}
