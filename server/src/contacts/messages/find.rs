//! Finds the contact and the open chat of a message.

use causerie_shared::{
    Millis,
    ids::{AccountId, ContactId, MessageId},
    row::ConversationRow,
};

use super::{NewMessage, ProviderMetadata};
use crate::{
    contacts::profile,
    error::ServiceError,
    state::App,
    store::{
        Db, contact_merges,
        contacts::{self, ContactRecord},
        conversations,
        messages::{self, MessageRecord},
        provider,
    },
};

/// The contact and the chat of a message.
pub(crate) struct Found {
    pub(crate) contact: ContactRecord,
    pub(crate) open: Option<ConversationRow>,
    pub(crate) duplicate: Option<MessageRecord>,
    /// The message that it answers.
    pub(crate) quoted: Option<MessageId>,
    /// Whether `contact` wrote the message: other people also reply under a comment.
    pub(crate) writes: bool,
    /// The reply address of the thread: the provider's id of its author. `None` means the writer's id.
    pub(crate) reply_address: Option<String>,
}

/// Finds the contact and the chat of a message. The caller checks the chat again under the contact's lock.
pub(crate) async fn find(app: &App, incoming: &NewMessage, now: Millis) -> Result<Found, ServiceError> {
    let mut db = app.store.read().await?;
    let account = incoming.account.row.id;
    let said = incoming.said.as_deref();
    let aliases = said.map_or(&[][..], |said| &said.aliases);
    let known = contacts::by_identity(&mut db, account, &incoming.external).await?;
    let contact = match known {
        Some(id) if knows_all(&mut db, account, id, aliases).await? => contacts::get(&mut db, id).await?,
        Some(_) | None => None,
    };
    let contact = match contact {
        Some(contact) => contact,
        None => {
            drop(db);
            let mut tx = app.store.begin_ordered().await?;
            let contact = profile::resolve(&mut tx, account, &incoming.external, aliases, now).await?;
            tx.commit().await?;
            db = app.store.read().await?;
            contact
        }
    };
    let duplicate = match said {
        Some(said) => match provider::by_external(&mut db, account, &said.id).await? {
            Some(bound) => messages::get(&mut db, bound.conversation, bound.message).await?,
            None => None,
        },
        None => messages::by_cid(&mut db, contact.id, &incoming.cid).await?,
    };
    let quoted = match said.and_then(|said| said.quoted.as_deref()) {
        Some(quoted) => provider::by_external(&mut db, account, quoted)
            .await?
            .map(|bound| bound.message),
        None => None,
    };
    let open = open(&mut db, incoming, contact.id).await?;
    // A thread belongs to the contact who began it, whoever writes in it.
    let before = match said.and_then(|said| said.thread.as_ref()) {
        Some(thread) => conversations::of_thread(&mut db, account, &thread.top).await?,
        None => None,
    };
    let (writer, reply_address) = (
        contact.id,
        match &before {
            Some(before) => conversations::reply_address(&mut db, before.id).await?,
            None => None,
        },
    );
    let contact = match before {
        Some(before) => contacts::get(&mut db, before.contact).await?.unwrap_or(contact),
        None => contact,
    };
    Ok(Found {
        writes: contact.id == writer && said.is_none_or(|said| !said.outgoing),
        contact,
        open,
        duplicate,
        quoted,
        reply_address,
    })
}

/// Whether all the aliases already belong to the contact or to a contact merged with it, so that nothing has to be
/// written.
async fn knows_all(
    db: &mut Db,
    account: AccountId,
    contact: ContactId,
    aliases: &[String],
) -> Result<bool, ServiceError> {
    for alias in aliases {
        match contacts::by_identity(&mut *db, account, alias).await? {
            Some(known) if known == contact => {}
            Some(other) if contact_merges::others(&mut *db, contact).await?.contains(&other) => {}
            Some(_) | None => return Ok(false),
        }
    }
    Ok(true)
}

/// Returns the open chat that the message continues: the contact's on the web, the thread's under a post, else the
/// contact's on this account.
pub(crate) async fn open(
    db: &mut Db,
    incoming: &NewMessage,
    contact: ContactId,
) -> Result<Option<ConversationRow>, ServiceError> {
    let account = incoming.account.row.id;
    Ok(match incoming.said.as_deref() {
        None => conversations::open_of(db, contact).await?,
        Some(ProviderMetadata {
            thread: Some(thread), ..
        }) => conversations::open_thread(db, account, &thread.top).await?,
        Some(ProviderMetadata { thread: None, .. }) => conversations::open_on(db, contact, account).await?,
    })
}
