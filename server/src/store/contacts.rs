//! Contacts and their identities on messaging accounts.

use causerie_shared::{
    Millis,
    ids::{AccountId, ContactId},
};
use sqlx::Row as _;

use super::{Db, StoreError, blacklist, id};

/// A contact as the server keeps it beside the profile document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactRecord {
    pub id: ContactId,
    /// Name to show.
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

/// One contact.
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

/// Writes name and e-mail.
pub async fn save(db: &mut Db, contact: &ContactRecord) -> Result<(), StoreError> {
    sqlx::query("UPDATE contacts SET name = $2, email = $3 WHERE id = $1")
        .bind(contact.id.to_string())
        .bind(contact.name.clone())
        .bind(contact.email.clone())
        .execute(db)
        .await?;
    Ok(())
}

/// Locks a contact until the transaction ends, so that a burst opens one conversation.
pub async fn lock(db: &mut Db, contact: ContactId) -> Result<(), StoreError> {
    sqlx::query("UPDATE contacts SET name = name WHERE id = $1")
        .bind(contact.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Who an external id on an account is.
pub async fn by_identity(db: &mut Db, account: AccountId, external: &str) -> Result<Option<ContactId>, StoreError> {
    let row = sqlx::query("SELECT contact_id FROM identities WHERE account_id = $1 AND external_id = $2")
        .bind(account.to_string())
        .bind(external.to_owned())
        .fetch_optional(db)
        .await?;
    row.map(|row| id(&row.try_get::<String, _>("contact_id")?, "contact id"))
        .transpose()
}

/// A contact's ids on an account.
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

/// Nobody is this contact any more: who writes again under one of the ids is somebody new.
pub async fn remove_identities(db: &mut Db, contact: ContactId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM identities WHERE contact_id = $1")
        .bind(contact.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Binds an external id to a contact; one that is bound stays as it is. Whoever is blocked is so under this one, too.
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
