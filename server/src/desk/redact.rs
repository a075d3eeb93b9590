//! A message that everybody must forget: text and files go from the document, the row, the list and the disk.

use causerie_shared::{
    access::{Access, Scope},
    document::{DocumentId, epochs::Forget, timeline},
    frame::ServerFrame,
    ids::{ConversationId, FileId, MessageId},
    message::{Author, Extra, Kind},
    refusal::{Code, Refusal},
    row::ConversationRow,
};

use super::{DeskError, change, discussion, not_found, read_receipts::touch};
use crate::{
    http::files as disk,
    state::App,
    store::{Db, conversations, files, messages},
    sync::{CommitEvents, epochs, quarantine},
};

/// How often it is tried again when somebody wrote at the same time on another node.
const TRIES: usize = 3;

/// Redacts a message of the chat or of its discussion; one that is redacted already stays so.
///
/// # Errors
/// `NotFound`; `Forbidden` unless a supervisor of the inbox asks, or an agent for their own message.
pub async fn message(
    app: &App,
    access: &Access,
    conversation: ConversationId,
    message: MessageId,
) -> Result<(), DeskError> {
    tries(app, By::User(access), conversation, message).await
}

/// The customer took a message back on their channel: nobody reads it any more, and its bubble says so. A message that
/// is marked as deleted already stays as it is: an agent had it deleted, and its text is kept for them.
///
/// # Errors
/// The database's.
pub async fn taken_back(app: &App, conversation: ConversationId, message: MessageId) -> Result<(), DeskError> {
    let record = messages::get(&mut *app.store.read().await?, conversation, message).await?;
    let is_done = record
        .is_none_or(|record| record.row.redacted_at.is_some() || record.row.extra.is_some_and(|extra| extra.deleted));
    if is_done {
        return Ok(());
    }
    tries(app, By::Author, conversation, message).await
}

/// Who wants it.
#[derive(Clone, Copy)]
enum By<'a> {
    User(&'a Access),
    Author,
}

async fn tries(app: &App, by: By<'_>, conversation: ConversationId, message: MessageId) -> Result<(), DeskError> {
    for _ in 0..TRIES {
        match attempt(app, by, conversation, message).await {
            Err(DeskError::Refused(refusal)) if refusal.code == Code::Conflict => {}
            other => return other,
        }
    }
    Err(Refusal::new(Code::Conflict, "the chat is busy; try again").into())
}

async fn attempt(app: &App, by: By<'_>, conversation: ConversationId, message: MessageId) -> Result<(), DeskError> {
    let row = messages::get(&mut *app.store.read().await?, conversation, message).await?;
    let document = match &row {
        Some(record) => DocumentId::Timeline(conversation, record.row.segment),
        None => DocumentId::Discussion(conversation),
    };
    let mut document = quarantine::lock(app, document).await?;
    document.usable()?;
    let Some(said) = timeline::get(document.doc(), message)? else {
        return Err(missing().into());
    };
    let mut tx = app.store.begin_ordered().await?;
    let mut head = conversations::lock(&mut tx, conversation)
        .await?
        .ok_or_else(not_found)?;
    let scope = match by {
        By::User(access) => may(&mut tx, access, &head, document, said.author).await?,
        By::Author => {
            let rules = change::rules(&mut tx, head.inbox).await?;
            head.scope(rules.mode)
        }
    };
    let prepared = document.prepare_epoch(Forget::Message(message))?;
    epochs::write(app, &mut tx, &mut document, &prepared).await?;

    let now = app.clock.now();
    let mut events = CommitEvents::default();
    if let Some(record) = &row
        && record.row.position == head.position
        && let Some(preview) = &mut head.preview
    {
        preview.clear();
    }
    touch(&mut tx, &mut head, &mut events).await?;
    // Who took a picture back has sent one; what is redacted has never been anything.
    let kind = matches!(by, By::User(_)).then_some(Kind::Text);
    for record in messages::redact(&mut tx, conversation, Some(message), kind, now, head.seq).await? {
        // What the channel said beside the text goes too: its edits, cards and origin are words of theirs.
        let before = record.row.extra.clone().unwrap_or_default();
        let extra = Extra {
            deleted: before.deleted || matches!(by, By::Author),
            hidden: before.hidden,
            private: before.private,
            author_name: before.author_name,
            ..Extra::default()
        };
        let record = messages::set_extra(&mut tx, message, &extra, head.seq)
            .await?
            .unwrap_or(record);
        events.message(record);
    }
    files::remove(&mut tx, &said.attachments, now).await?;
    tx.commit().await?;

    let part = document.committed_anew(prepared);
    app.hub
        .document_changed(document, &ServerFrame::Part(part), Some(&scope), None);
    change::publish(app, events);
    drop(document);
    erase(app, &said.attachments).await;
    Ok(())
}

fn missing() -> Refusal {
    Refusal::new(Code::NotFound, "there is no such message")
}

/// Those who may read the document, if the user may redact what `author` wrote in it.
async fn may(
    db: &mut Db,
    access: &Access,
    head: &ConversationRow,
    document: DocumentId,
    author: Author,
) -> Result<Scope, DeskError> {
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

/// The transaction is done and nobody can fetch the files; what stays on the disk goes at the next start.
pub(super) async fn erase(app: &App, gone: &[FileId]) {
    if !gone.is_empty()
        && let Err(error) = disk::erase(app).await
    {
        tracing::error!(%error, "removed files are still on the disk");
    }
}
