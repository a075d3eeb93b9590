//! The blacklist: contacts whose messages are dropped (`docs/domain.md#blacklist`).

use causerie_shared::{
    api::blocked::{Blocked, Blocking},
    ids::{AccountId, ContactId},
    inbox::Channel,
};
use sqlx::Row as _;

use super::{Db, StoreError, id};

/// Blocks each of a contact's ids. Blocked ids stay as they are. Returns `false` if all of them were blocked before.
pub async fn insert(db: &mut Db, blocked: &Blocked) -> Result<bool, StoreError> {
    let mut new = 0;
    for external in &blocked.ids {
        let done = sqlx::query(
            "INSERT INTO blacklist (channel, external_id, contact_id, name, reason, blocked_by, blocked_at, dropped) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT DO NOTHING",
        )
        .bind(blocked.channel.as_str())
        .bind(external.clone())
        .bind(blocked.contact.to_string())
        .bind(blocked.name.clone())
        .bind(blocked.reason.clone())
        .bind(blocked.by.to_string())
        .bind(blocked.at)
        .execute(&mut *db)
        .await?;
        new += done.rows_affected();
    }
    Ok(new > 0)
}

/// Blocks a further id of a contact on an account if the contact is blocked on the account's channel.
pub async fn extend(db: &mut Db, account: AccountId, external: &str, contact: ContactId) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO blacklist (channel, external_id, contact_id, name, reason, blocked_by, blocked_at, dropped) \
         SELECT blacklist.channel, $2, contact_id, blacklist.name, reason, blocked_by, blocked_at, 0 FROM blacklist \
         JOIN accounts ON accounts.channel = blacklist.channel AND accounts.id = $1 WHERE contact_id = $3 LIMIT 1 \
         ON CONFLICT DO NOTHING",
    )
    .bind(account.to_string())
    .bind(external.to_owned())
    .bind(contact.to_string())
    .execute(db)
    .await?;
    Ok(())
}

/// Returns who blocked a contact, when and why; `None` if the contact is not blocked.
pub async fn of(db: &mut Db, contact: ContactId) -> Result<Option<Blocking>, StoreError> {
    let row = sqlx::query(
        "SELECT reason, blocked_by, blocked_at FROM blacklist WHERE contact_id = $1 ORDER BY blocked_at LIMIT 1",
    )
    .bind(contact.to_string())
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(Blocking {
            by: id(&row.try_get::<String, _>("blocked_by")?, "user id")?,
            at: row.try_get("blocked_at")?,
            reason: row.try_get("reason")?,
        })
    })
    .transpose()
}

/// Whether the blacklist has any entry.
pub async fn is_anyone(db: &mut Db) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT channel FROM blacklist LIMIT 1")
        .fetch_optional(db)
        .await?;
    Ok(row.is_some())
}

/// Whether an id is blocked on a channel.
pub async fn is_blocked(db: &mut Db, channel: Channel, external: &str) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT contact_id FROM blacklist WHERE channel = $1 AND external_id = $2")
        .bind(channel.as_str())
        .bind(external.to_owned())
        .fetch_optional(db)
        .await?;
    Ok(row.is_some())
}

/// Counts a dropped message of a blocked id.
pub async fn dropped(db: &mut Db, channel: Channel, external: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE blacklist SET dropped = dropped + 1 WHERE channel = $1 AND external_id = $2")
        .bind(channel.as_str())
        .bind(external.to_owned())
        .execute(db)
        .await?;
    Ok(())
}

/// Returns all blocked contacts, the last blocked first.
pub async fn all(db: &mut Db) -> Result<Vec<Blocked>, StoreError> {
    let rows = sqlx::query(
        "SELECT channel, external_id, contact_id, name, reason, blocked_by, blocked_at, dropped FROM blacklist \
         ORDER BY blocked_at DESC, contact_id, channel, external_id",
    )
    .fetch_all(db)
    .await?;
    let mut all: Vec<Blocked> = vec![];
    for row in &rows {
        let text = |column: &'static str| row.try_get::<String, _>(column);
        let one = Blocked {
            contact: id(&text("contact_id")?, "contact id")?,
            channel: Channel::from_key(&text("channel")?).ok_or(StoreError::Damaged("channel"))?,
            name: text("name")?,
            ids: vec![text("external_id")?],
            reason: text("reason")?,
            by: id(&text("blocked_by")?, "user id")?,
            at: row.try_get("blocked_at")?,
            dropped: row.try_get("dropped")?,
        };
        match all.last_mut() {
            Some(last) if (last.contact, last.channel) == (one.contact, one.channel) => {
                last.ids.extend(one.ids);
                last.dropped += one.dropped;
            }
            Some(_) | None => all.push(one),
        }
    }
    Ok(all)
}

/// Unblocks a contact. Returns its name, or `None` if it was not blocked.
pub async fn remove(db: &mut Db, contact: ContactId) -> Result<Option<String>, StoreError> {
    let rows = sqlx::query("DELETE FROM blacklist WHERE contact_id = $1 RETURNING name")
        .bind(contact.to_string())
        .fetch_all(db)
        .await?;
    Ok(rows.first().map(|row| row.try_get("name")).transpose()?)
}
