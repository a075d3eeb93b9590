//! Redaction: removes a message's text and files from the document, the row, the list and the disk.

use causerie_shared::{
    access::{Access, Scope},
    document::{DocumentId, epochs::Forget, timeline},
    frame::ServerFrame,
    ids::{ConversationId, FileId, MessageId},
    message::{Author, Extra, Kind},
    refusal::{Code, Refusal},
    row::ConversationRow,
};

use super::{change, discussion, not_found, row};
use crate::{
    conversations::quarantine,
    documents::epochs,
    error::ServiceError,
    files as disk,
    state::App,
    store::{Db, conversations, files, messages},
    unit_of_work::{UnitOfWork, retry_conflicts},
};

/// Redacts a message of the chat or its discussion. Redacting it again changes nothing.
///
/// # Errors
/// `NotFound`; `Forbidden` unless the user supervises the inbox, or is the agent who wrote the message.
pub async fn message(
    app: &App,
    access: &Access,
    conversation: ConversationId,
    message: MessageId,
) -> Result<(), ServiceError> {
    tries(app, By::User(access), conversation, message).await
}

/// Redacts a message that the customer deleted on their channel, and marks it as deleted. A message that is already
/// marked as deleted keeps its text for the agents: an agent had it deleted.
///
/// # Errors
/// `Conflict` while the chat stays busy; errors of the database or the document.
pub async fn taken_back(app: &App, conversation: ConversationId, message: MessageId) -> Result<(), ServiceError> {
    let record = messages::get(&mut *app.store.read().await?, conversation, message).await?;
    let is_done = record
        .is_none_or(|record| record.row.redacted_at.is_some() || record.row.extra.is_some_and(|extra| extra.deleted));
    if is_done {
        return Ok(());
    }
    tries(app, By::Author, conversation, message).await
}

/// Who redacts the message.
#[derive(Clone, Copy)]
enum By<'a> {
    User(&'a Access),
    Author,
}

async fn tries(app: &App, by: By<'_>, conversation: ConversationId, message: MessageId) -> Result<(), ServiceError> {
    retry_conflicts(|| attempt(app, by, conversation, message)).await
}

async fn attempt(app: &App, by: By<'_>, conversation: ConversationId, message: MessageId) -> Result<(), ServiceError> {
    let row = messages::get(&mut *app.store.read().await?, conversation, message).await?;
    let document_id = match &row {
        Some(record) => DocumentId::Timeline(conversation, record.row.segment),
        None => DocumentId::Discussion(conversation),
    };
    let mut document = quarantine::lock(app, document_id).await?;
    document.usable()?;
    let Some(said) = timeline::get(document.doc(), message)? else {
        return Err(missing().into());
    };
    let mut unit = UnitOfWork::begin(app).await?;
    let mut head = conversations::lock(&mut unit.tx, conversation)
        .await?
        .ok_or_else(not_found)?;
    let scope = match by {
        By::User(access) => may(&mut unit.tx, access, &head, document_id, said.author).await?,
        By::Author => {
            let rules = change::rules(&mut unit.tx, head.inbox).await?;
            head.scope(rules.mode)
        }
    };
    let prepared = document.prepare_epoch(Forget::Message(message))?;
    epochs::write(app, &mut unit.tx, &mut document, &prepared).await?;

    let now = app.clock.now();
    if let Some(record) = &row
        && record.row.position == head.position
        && let Some(preview) = &mut head.preview
    {
        preview.clear();
    }
    row::save(&mut unit.tx, &mut head, &mut unit.events).await?;
    // A message that its author deleted keeps its kind; a redacted one no longer shows what it was.
    let kind = matches!(by, By::User(_)).then_some(Kind::Text);
    for record in messages::redact(&mut unit.tx, conversation, Some(message), kind, now, head.seq).await? {
        // Edits, cards and origin are content as well, so they are removed with the text.
        let before = record.row.extra.clone().unwrap_or_default();
        let extra = Extra {
            deleted: before.deleted || matches!(by, By::Author),
            hidden: before.hidden,
            private: before.private,
            author_name: before.author_name,
            ..Extra::default()
        };
        let record = messages::set_extra(&mut unit.tx, message, &extra, head.seq)
            .await?
            .unwrap_or(record);
        unit.events.message(record);
    }
    files::remove(&mut unit.tx, &said.attachments, now).await?;
    let committed = unit.commit_held().await?;

    let part = document.epoch_committed(prepared);
    app.hub
        .document_changed(document_id, &ServerFrame::Part(part), Some(&scope), None);
    committed.publish(app);
    drop(document);
    erase(app, &said.attachments).await;
    Ok(())
}

fn missing() -> Refusal {
    Refusal::new(Code::NotFound, "there is no such message")
}

/// Returns the document's audience, if the user may redact what `author` wrote in it.
async fn may(
    db: &mut Db,
    access: &Access,
    head: &ConversationRow,
    document: DocumentId,
    author: Author,
) -> Result<Scope, ServiceError> {
    let rules = change::rules(db, head.inbox).await?;
    let mut scope = head.scope(rules.mode);
    if let DocumentId::Discussion(_) = document {
        scope = discussion::audience(head, scope);
    }
    if !access.reads(&scope) {
        return Err(missing().into());
    }
    if access.supervises(head.inbox) || author == Author::Agent(access.user) {
        return Ok(scope);
    }
    Err(Refusal::new(Code::Forbidden, "only supervisors, and agents for what they wrote").into())
}

/// Deletes redacted files from disk after the commit, when nobody can fetch them any more. Files that remain after an
/// error are deleted at the next start.
pub(crate) async fn erase(app: &App, gone: &[FileId]) {
    if !gone.is_empty()
        && let Err(error) = disk::erase(app).await
    {
        tracing::error!(%error, "removed files are still on the disk");
    }
}
