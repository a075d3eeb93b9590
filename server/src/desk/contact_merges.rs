//! Contacts who are one person: merging them is a row that shows them together, and undoing it takes the row away
//! (`docs/domain.md#merged-contacts`). Identities, chats and documents stay whose they are.

use causerie_shared::{
    access::Access,
    api::persons::{Person, SamePerson},
    ids::ContactId,
    refusal::{Code, Refusal},
};

use super::DeskError;
use crate::{
    state::App,
    store::{Db, blacklist, contact_merges, contacts},
    sync::access,
};

/// Most contacts of one person.
const MOST: usize = 20;
/// Contacts that are looked at for one search, and how many of them are shown.
const LOOKED_AT: i64 = 100;
const SHOWN: usize = 8;
/// Newest chats of a contact among which one that may be read is looked for.
const CHATS: i64 = 20;
/// Shortest text that is searched for, characters.
const SHORTEST: usize = 2;

fn missing() -> DeskError {
    Refusal::new(Code::NotFound, "there is no such contact").into()
}

async fn may(db: &mut Db, access: &Access, contact: ContactId) -> Result<(), DeskError> {
    // Who may not read a contact does not learn that there is one.
    if access::reads_contact(&mut *db, access, contact).await? {
        Ok(())
    } else {
        Err(missing())
    }
}

/// A contact, with the others of the same person.
///
/// # Errors
/// `NotFound` for a contact of whom the user may see no chat.
pub async fn same(app: &App, access: &Access, contact: ContactId) -> Result<Person, DeskError> {
    let mut db = app.store.read().await?;
    may(&mut db, access, contact).await?;
    let mut others = vec![];
    for other in contact_merges::others(&mut db, contact).await? {
        others.extend(shown(&mut db, access, other).await?);
    }
    let contact = shown(&mut db, access, contact).await?.ok_or_else(missing)?;
    Ok(Person { contact, others })
}

/// Contacts by name, e-mail or number, of whom the user may see a chat, and who are not this person already.
///
/// # Errors
/// `NotFound` as [`same`]; `Invalid` for fewer than two characters.
pub async fn candidates(
    app: &App,
    access: &Access,
    contact: ContactId,
    text: &str,
) -> Result<Vec<SamePerson>, DeskError> {
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

/// Both are one person from now on; nothing changes when they are already.
///
/// # Errors
/// `NotFound` unless the user may see a chat of each; `Invalid` for one contact twice, or too many of one person.
pub async fn merge(app: &App, access: &Access, contact: ContactId, with: ContactId) -> Result<(), DeskError> {
    if contact == with {
        return Err(Refusal::new(Code::Invalid, "these are not two contacts").into());
    }
    let now = app.clock.now();
    let mut tx = app.store.begin_ordered().await?;
    // In one order, whoever merges whom.
    for one in [contact.min(with), contact.max(with)] {
        contacts::lock(&mut tx, one).await?;
        may(&mut tx, access, one).await?;
    }
    let both =
        contact_merges::others(&mut tx, contact).await?.len() + contact_merges::others(&mut tx, with).await?.len() + 2;
    if both > MOST {
        return Err(Refusal::new(Code::Invalid, format!("a person has at most {MOST} contacts")).into());
    }
    if contact_merges::join(&mut tx, contact, with, Some(access.user), now).await? {
        tx.commit().await?;
    }
    Ok(())
}

/// The contact is somebody of their own again.
///
/// # Errors
/// `NotFound` unless the user may see a chat of theirs.
pub async fn separate(app: &App, access: &Access, contact: ContactId) -> Result<(), DeskError> {
    let mut tx = app.store.begin_ordered().await?;
    contacts::lock(&mut tx, contact).await?;
    may(&mut tx, access, contact).await?;
    contact_merges::part(&mut tx, contact).await?;
    tx.commit().await?;
    Ok(())
}

/// A contact as a user may see them: places and chats only of what that user sees.
async fn shown(db: &mut Db, access: &Access, contact: ContactId) -> Result<Option<SamePerson>, DeskError> {
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
