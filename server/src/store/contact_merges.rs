//! Merged contacts. Contacts of one person form a star: each has a row that names the central contact, which has none.

use causerie_shared::{
    Millis,
    ids::{ContactId, UserId},
    inbox::Channel,
};
use sqlx::Row as _;

use super::{Db, StoreError, id};

/// Returns the central contact of merged contacts; a contact that is not merged is its own.
async fn centre(db: &mut Db, contact: ContactId) -> Result<ContactId, StoreError> {
    let row = sqlx::query("SELECT with_id FROM merges WHERE contact_id = $1")
        .bind(contact.to_string())
        .fetch_optional(db)
        .await?;
    row.map_or(Ok(contact), |row| {
        id(&row.try_get::<String, _>("with_id")?, "merges.with_id")
    })
}

/// Returns the contacts with which a contact is merged: the central one first, then in the order of the merges.
pub async fn others(db: &mut Db, contact: ContactId) -> Result<Vec<ContactId>, StoreError> {
    let centre = centre(&mut *db, contact).await?;
    let rows = sqlx::query("SELECT contact_id FROM merges WHERE with_id = $1 ORDER BY merged_at, contact_id")
        .bind(centre.to_string())
        .fetch_all(db)
        .await?;
    let mut all = vec![centre];
    for row in rows {
        all.push(id(&row.try_get::<String, _>("contact_id")?, "merges.contact_id")?);
    }
    all.retain(|other| *other != contact);
    Ok(all)
}

/// Merges two contacts, and all contacts with which they are merged. `user` is `None` if the channel says that they
/// are one person. Returns `false` if they were merged already.
pub async fn join(
    db: &mut Db,
    one: ContactId,
    two: ContactId,
    user: Option<UserId>,
    now: Millis,
) -> Result<bool, StoreError> {
    let (into, from) = (centre(&mut *db, one).await?, centre(&mut *db, two).await?);
    if into == from {
        return Ok(false);
    }
    name_another(&mut *db, from, into).await?;
    sqlx::query("INSERT INTO merges (contact_id, with_id, user_id, merged_at) VALUES ($1, $2, $3, $4)")
        .bind(from.to_string())
        .bind(into.to_string())
        .bind(user.map_or_else(String::new, |user| user.to_string()))
        .bind(now)
        .execute(db)
        .await?;
    Ok(true)
}

/// Separates a contact from those with which it is merged. The others stay merged.
pub async fn part(db: &mut Db, contact: ContactId) -> Result<(), StoreError> {
    let others = others(&mut *db, contact).await?;
    sqlx::query("DELETE FROM merges WHERE contact_id = $1")
        .bind(contact.to_string())
        .execute(&mut *db)
        .await?;
    // If the contact was the central one, another contact takes its place.
    if let Some(next) = others.first() {
        sqlx::query("DELETE FROM merges WHERE contact_id = $1 AND with_id = $2")
            .bind(next.to_string())
            .bind(contact.to_string())
            .execute(&mut *db)
            .await?;
        name_another(db, contact, *next).await?;
    }
    Ok(())
}

async fn name_another(db: &mut Db, old: ContactId, new: ContactId) -> Result<(), StoreError> {
    sqlx::query("UPDATE merges SET with_id = $2 WHERE with_id = $1")
        .bind(old.to_string())
        .bind(new.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Returns channel and name of the accounts on which a contact has an identity.
pub async fn places(db: &mut Db, contact: ContactId) -> Result<Vec<(Channel, String)>, StoreError> {
    let rows = sqlx::query(
        "SELECT DISTINCT a.id, a.channel AS channel, a.name AS name FROM identities i \
         JOIN accounts a ON a.id = i.account_id WHERE i.contact_id = $1 ORDER BY a.name, a.id",
    )
    .bind(contact.to_string())
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            let channel = Channel::from_key(row.try_get("channel")?).ok_or(StoreError::Damaged("accounts.channel"))?;
            Ok((channel, row.try_get("name")?))
        })
        .collect()
}

/// Returns the newest contacts whose name, email address or provider's id (such as a phone number) contains a text.
pub async fn find(db: &mut Db, text: &str, limit: i64) -> Result<Vec<ContactId>, StoreError> {
    let escaped = text.to_lowercase().replace(['\\', '%', '_'], " ");
    let rows = sqlx::query(
        "SELECT id FROM contacts WHERE LOWER(name) LIKE $1 OR LOWER(email) LIKE $1 \
         OR id IN (SELECT contact_id FROM identities WHERE LOWER(external_id) LIKE $1) \
         ORDER BY created_at DESC, id LIMIT $2",
    )
    .bind(format!("%{escaped}%"))
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| id(&row.try_get::<String, _>("id")?, "contacts.id"))
        .collect()
}
