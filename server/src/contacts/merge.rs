//! Merged contacts: a merge is a row that shows contacts as one person, and undoing the merge deletes the row
//! (`docs/domain.md#merged-contacts`). Identities, chats and documents keep their contact.

use causerie_shared::{
    access::Access,
    api::persons::{Person, SamePerson},
    ids::ContactId,
    refusal::{Code, Refusal},
};

use crate::{
    access,
    error::ServiceError,
    state::App,
    store::{Db, blacklist, contact_merges, contacts},
};

/// Maximum number of contacts of one person.
const MAX_MERGED: usize = 20;
/// Maximum number of contacts that one search reads, and of those that it returns.
const LOOKED_AT: i64 = 100;
const SHOWN: usize = 8;
/// Number of a contact's newest chats in which the search looks for one that the user may read.
const CHATS: i64 = 20;
/// Minimum length of a search text, in characters.
const SHORTEST: usize = 2;

fn missing() -> ServiceError {
    Refusal::new(Code::NotFound, "there is no such contact").into()
}

async fn may(db: &mut Db, access: &Access, contact: ContactId) -> Result<(), ServiceError> {
    // A user who may not read a contact does not learn that the contact exists.
    if access::reads_contact(&mut *db, access, contact).await? {
        Ok(())
    } else {
        Err(missing())
    }
}

/// Returns a contact with the other contacts of the same person.
///
/// # Errors
/// `NotFound` when the user may read no chat of the contact.
pub async fn same(app: &App, access: &Access, contact: ContactId) -> Result<Person, ServiceError> {
    let mut db = app.store.read().await?;
    may(&mut db, access, contact).await?;
    let mut others = vec![];
    for other in contact_merges::others(&mut db, contact).await? {
        others.extend(shown(&mut db, access, other).await?);
    }
    let contact = shown(&mut db, access, contact).await?.ok_or_else(missing)?;
    Ok(Person { contact, others })
}

/// Searches contacts by name, e-mail address or number. The result leaves out contacts of whom the user may read no
/// chat, and those already merged with `contact`.
///
/// # Errors
/// `NotFound` as [`same`]; `Invalid` for fewer than two characters.
pub async fn candidates(
    app: &App,
    access: &Access,
    contact: ContactId,
    text: &str,
) -> Result<Vec<SamePerson>, ServiceError> {
    let text = text.trim();
    if text.chars().count() < SHORTEST {
        return Err(Refusal::new(Code::Invalid, "at least two characters").into());
    }
    let mut db = app.store.read().await?;
    may(&mut db, access, contact).await?;
    let known = contact_merges::others(&mut db, contact).await?;
    let mut all = vec![];
    for other in contact_merges::find(&mut db, text, LOOKED_AT).await? {
        if other != contact && !known.contains(&other) {
            let person = shown(&mut db, access, other).await?;
            all.extend(person.filter(|person| person.chat.is_some()));
        }
        if all.len() == SHOWN {
            break;
        }
    }
    Ok(all)
}

/// Merges two contacts into one person. If they already are one person, nothing changes.
///
/// # Errors
/// `NotFound` unless the user may read a chat of each; `Invalid` when both are the same contact, or when the person
/// would have too many contacts.
pub async fn merge(app: &App, access: &Access, contact: ContactId, with: ContactId) -> Result<(), ServiceError> {
    if contact == with {
        return Err(Refusal::new(Code::Invalid, "these are not two contacts").into());
    }
    let now = app.clock.now();
    let mut tx = app.store.begin_ordered().await?;
    // Both directions of a merge lock the contacts in the same order.
    for one in [contact.min(with), contact.max(with)] {
        contacts::lock(&mut tx, one).await?;
        may(&mut tx, access, one).await?;
    }
    let both =
        contact_merges::others(&mut tx, contact).await?.len() + contact_merges::others(&mut tx, with).await?.len() + 2;
    if both > MAX_MERGED {
        return Err(Refusal::new(Code::Invalid, format!("a person has at most {MAX_MERGED} contacts")).into());
    }
    if contact_merges::join(&mut tx, contact, with, Some(access.user), now).await? {
        tx.commit().await?;
    }
    Ok(())
}

/// Separates a contact from the contacts that it is merged with.
///
/// # Errors
/// `NotFound` unless the user may read a chat of the contact.
pub async fn separate(app: &App, access: &Access, contact: ContactId) -> Result<(), ServiceError> {
    let mut tx = app.store.begin_ordered().await?;
    contacts::lock(&mut tx, contact).await?;
    may(&mut tx, access, contact).await?;
    contact_merges::part(&mut tx, contact).await?;
    tx.commit().await?;
    Ok(())
}

/// Returns a contact as the user may see it: of the contact's chats, only the newest one that the user may read.
async fn shown(db: &mut Db, access: &Access, contact: ContactId) -> Result<Option<SamePerson>, ServiceError> {
    let Some(record) = contacts::get(&mut *db, contact).await? else {
        return Ok(None);
    };
    let chat = access::newest_readable(&mut *db, access, contact, CHATS).await?;
    let places = contact_merges::places(&mut *db, contact).await?;
    let blocked = blacklist::of(&mut *db, contact).await?.is_some();
    Ok(Some(SamePerson {
        contact,
        name: record.name,
        places,
        active_at: chat.as_ref().map_or(record.created_at, |head| head.active_at),
        ended: chat.as_ref().is_some_and(|head| head.state.status().is_final()),
        chat: chat.map(|head| head.id),
        blocked,
    }))
}
