//! Erasure of a contact: removes everything that the contact and others wrote. That the chats existed, when, and their
//! outcome stay for the reports.

use causerie_shared::{
    access::Access,
    contact::FORGOTTEN,
    document::{DocumentId, epochs::Forget},
    frame::ServerFrame,
    ids::ContactId,
    message::Kind,
    refusal::{Code, Refusal},
    row::{ConversationRow, Origin},
};

use crate::{
    commit_events::CommitEvents,
    conversations::{quarantine, redact, row},
    documents::{epochs, open_document::Prepared, open_documents::Locked},
    error::ServiceError,
    state::App,
    store::{OrderedTx, contact_merges, contacts, conversations, files, messages},
    unit_of_work::{UnitOfWork, retry_conflicts},
};

/// Limit for reading the chats of one contact, above any real number.
const MAX_CHATS: i64 = 100_000;

/// Erases the data of a contact. An open chat of the contact stays open but can no longer reach them; someone who
/// writes again with the same identity becomes a new contact.
///
/// # Errors
/// `Forbidden` unless the user is an owner or admin; `NotFound` when there is no such contact.
pub async fn contact(app: &App, access: &Access, contact: ContactId) -> Result<(), ServiceError> {
    if !access.role.manages() {
        return Err(Refusal::new(Code::Forbidden, "only owners and admins").into());
    }
    retry_conflicts(|| attempt(app, contact)).await
}

/// Returns all documents of a contact, sorted.
fn documents(contact: ContactId, chats: &[ConversationRow]) -> Vec<DocumentId> {
    let mut all = vec![DocumentId::Contact(contact), DocumentId::Notes(contact)];
    for head in chats {
        all.extend((1..=head.segment).map(|segment| DocumentId::Timeline(head.id, segment)));
        all.extend([DocumentId::Discussion(head.id), DocumentId::Draft(head.id)]);
    }
    // Lock order of several documents: sorted by id.
    all.sort_unstable();
    all
}

async fn attempt(app: &App, contact: ContactId) -> Result<(), ServiceError> {
    let chats = conversations::of_contact(&mut *app.store.read().await?, contact, MAX_CHATS).await?;
    let mut locked = vec![];
    for id in documents(contact, &chats) {
        let document = quarantine::lock(app, id).await?;
        if !document.is_empty() {
            let prepared = document.prepare_epoch(Forget::Everything)?;
            locked.push((document, prepared));
        }
    }
    let mut unit = UnitOfWork::begin(app).await?;
    contacts::lock(&mut unit.tx, contact).await?;
    let now = conversations::of_contact(&mut unit.tx, contact, MAX_CHATS).await?;
    if documents(contact, &now) != documents(contact, &chats) {
        return Err(Refusal::new(Code::Conflict, "a new chat has begun; try again").into());
    }
    for (document, prepared) in &mut locked {
        epochs::write(app, &mut unit.tx, document, prepared).await?;
    }
    let gone = forget_rows(app, &mut unit.tx, contact, &chats, &mut unit.events).await?;
    let committed = unit.commit_held().await?;
    publish(app, locked);
    committed.publish(app);
    redact::erase(app, &gone).await;
    Ok(())
}

/// Erases the contact's row, conversation rows, message rows and files. Returns the files to delete from disk.
async fn forget_rows(
    app: &App,
    db: &mut OrderedTx,
    contact: ContactId,
    chats: &[ConversationRow],
    events: &mut CommitEvents,
) -> Result<Vec<causerie_shared::ids::FileId>, ServiceError> {
    let now = app.clock.now();
    let missing = || Refusal::new(Code::NotFound, "there is no such contact");
    let mut record = contacts::get(&mut *db, contact).await?.ok_or_else(missing)?;
    record.name = FORGOTTEN.to_owned();
    record.email = None;
    contacts::save(&mut *db, &record).await?;
    contacts::remove_identities(&mut *db, contact).await?;
    contact_merges::part(&mut *db, contact).await?;
    let mut gone = files::of(&mut *db, None, Some(contact)).await?;
    for chat in chats {
        let Some(mut head) = conversations::lock(&mut *db, chat.id).await? else {
            continue;
        };
        head.contact_name.clone_from(&record.name);
        head.preview = None;
        head.origin = Origin::default();
        row::save(&mut *db, &mut head, events).await?;
        for message in messages::redact(&mut *db, chat.id, None, Some(Kind::Text), now, head.seq).await? {
            events.message(message);
        }
        gone.extend(files::of(&mut *db, Some(chat.id), None).await?);
    }
    files::remove(db, &gone, now).await?;
    Ok(gone)
}

/// Publishes the new epochs. They contain nothing to hide, so everyone who has one of the documents open gets them.
fn publish(app: &App, documents: Vec<(Locked, Prepared)>) {
    for (mut document, prepared) in documents {
        let part = document.epoch_committed(prepared);
        app.hub
            .document_changed(document.id, &ServerFrame::Part(part), None, None);
    }
}
