//! Contacts: resolving an identity to a contact, and the profile document that belongs to the contact's row.

use automerge::Automerge;
use causerie_shared::{
    Millis,
    contact::{Detail, Field, generated_name},
    document::{DocumentError, Pen, contact as profile},
    ids::{AccountId, ContactId},
};

use crate::{
    clock::random_u128,
    commit_events::CommitEvents,
    conversations::row,
    error::ServiceError,
    store::{
        Db, OrderedTx, contact_merges,
        contacts::{self, ContactRecord},
        conversations,
    },
};

/// Maximum number of chats whose rows follow a change of the contact's name.
const CHATS_TO_RENAME: i64 = 50;

/// Returns the contact with an external id or one of its aliases, and creates one with a generated name on the first
/// message. All these ids then belong to the contact.
///
/// A name or e-mail address typed into a form never merges contacts (`docs/sync.md#visitors`): only the identity
/// counts.
pub async fn resolve(
    db: &mut Db,
    account: AccountId,
    external: &str,
    aliases: &[String],
    now: Millis,
) -> Result<ContactRecord, ServiceError> {
    let ids = || std::iter::once(external).chain(aliases.iter().map(String::as_str));
    for known in ids() {
        if let Some(id) = contacts::by_identity(&mut *db, account, known).await?
            && let Some(contact) = contacts::get(&mut *db, id).await?
        {
            for other in ids() {
                match contacts::by_identity(&mut *db, account, other).await? {
                    Some(one) if one == id => {}
                    // The ids belong to two contacts but to one person: merge the contacts
                    // (`docs/channels.md#people-on-whatsapp`).
                    Some(one) => {
                        contact_merges::join(&mut *db, id, one, None, now).await?;
                    }
                    None => contacts::add_identity(&mut *db, account, other, id).await?,
                }
            }
            return Ok(contact);
        }
    }
    let id = ContactId::new(now, random_u128());
    let contact = ContactRecord {
        id,
        name: generated_name(id),
        email: None,
        created_at: now,
    };
    contacts::insert(&mut *db, &contact).await?;
    for known in ids() {
        contacts::add_identity(&mut *db, account, known, id).await?;
    }
    Ok(contact)
}

/// Writes the details from a visitor's form or a channel into the profile, unless the profile has them already.
pub fn introduce(
    doc: &mut Automerge,
    pen: &Pen,
    name: Option<&str>,
    email: Option<&str>,
    phone: Option<&str>,
) -> Result<Option<Vec<u8>>, DocumentError> {
    let known = profile::read(doc)?;
    let name = name.filter(|_| known.get(Field::Name).is_none());
    let email = email.filter(|_| known.emails.is_empty());
    let phone = phone.filter(|_| known.phones.is_empty());
    let detail = email
        .map(|email| (Detail::Email, email))
        .or(phone.map(|phone| (Detail::Phone, phone)));
    if name.is_none() && detail.is_none() {
        return Ok(None);
    }
    profile::introduce(doc, pen, name, detail)
}

/// Updates the contact's row and the rows of the contact's chats after a change of the profile document.
pub async fn profile_changed(
    db: &mut OrderedTx,
    contact: ContactId,
    doc: &Automerge,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    let Some(mut record) = contacts::get(&mut *db, contact).await? else {
        return Ok(());
    };
    let profile = profile::read(doc)?;
    let name = profile.get(Field::Name).map(str::trim).filter(|name| !name.is_empty());
    let name = name.map_or_else(|| generated_name(contact), str::to_owned);
    let email = profile.emails.first().cloned();
    if record.name == name && record.email == email {
        return Ok(());
    }
    let renamed = record.name != name;
    record.name = name;
    record.email = email;
    contacts::save(&mut *db, &record).await?;
    if renamed {
        for chat in conversations::of_contact(&mut *db, contact, CHATS_TO_RENAME).await? {
            let Some(mut head) = conversations::lock(&mut *db, chat.id).await? else {
                continue;
            };
            head.contact_name.clone_from(&record.name);
            row::save(&mut *db, &mut head, events).await?;
        }
    }
    Ok(())
}
