//! Automatic messages to the customer, written by the system or a bot.

use causerie_shared::{
    Millis,
    access::Scope,
    document::{DocumentId, timeline},
    frame::ServerFrame,
    ids::{ConversationId, IntentId, MessageId},
    message::{Author, Kind, Message},
    refusal::{Code, Refusal},
    row::ConversationRow,
};

use super::{
    append_message::{append_messages, record},
    not_found,
};
use crate::{
    clock::random_u128,
    commit_events::CommitEvents,
    conversations::quarantine,
    documents::{open_document::Prepared, open_documents::Locked},
    error::ServiceError,
    state::App,
    store::{OrderedTx, conversations},
    unit_of_work::{Committed, UnitOfWork, retry_conflicts},
};

/// Writes a text into the chat and into the outbox of its channel.
pub async fn say(
    app: &App,
    author: Author,
    conversation: ConversationId,
    text: &str,
    reply_to: Option<MessageId>,
) -> Result<MessageId, ServiceError> {
    retry_conflicts(|| attempt(app, author, conversation, text, reply_to)).await
}

async fn attempt(
    app: &App,
    author: Author,
    conversation: ConversationId,
    text: &str,
    reply_to: Option<MessageId>,
) -> Result<MessageId, ServiceError> {
    let now = app.clock.now();
    let known = conversations::get(&mut *app.store.read().await?, conversation)
        .await?
        .ok_or_else(not_found)?;
    let mut saying = SystemMessage::begin(app, &known, author, text, reply_to).await?;
    let mut unit = UnitOfWork::begin(app).await?;
    let mut head = conversations::lock(&mut unit.tx, conversation)
        .await?
        .filter(|head| head.segment == known.segment)
        .ok_or_else(|| Refusal::new(Code::Conflict, "the chat has changed; look again"))?;
    head.active_at = now;
    let scope = saying.write(&mut unit.tx, &mut head, now, &mut unit.events).await?;
    Ok(saying.committed(app, &scope, unit.commit_held().await?))
}

/// An automatic message that is being written. Its document is locked before the database.
pub(crate) struct SystemMessage {
    message: Message,
    document: Locked,
    prepared: Prepared,
}

impl SystemMessage {
    /// Locks the document and prepares the message for the end of the chat that `known` describes.
    pub(crate) async fn begin(
        app: &App,
        known: &ConversationRow,
        author: Author,
        text: &str,
        reply_to: Option<MessageId>,
    ) -> Result<Self, ServiceError> {
        let now = app.clock.now();
        let message = Message {
            id: MessageId::new(now, random_u128()),
            author,
            kind: Kind::Text,
            body: text.to_owned(),
            at: now,
            reply_to,
            private: false,
            template: None,
            attachments: vec![],
        };
        let mut document = quarantine::lock(app, DocumentId::Timeline(known.id, known.segment)).await?;
        document.usable()?;
        let prepared = document
            .prepare_own(|doc, pen| timeline::append(doc, pen, &message).map(Some))?
            .ok_or_else(|| Refusal::new(Code::Internal, "the message changed nothing"))?;
        Ok(Self {
            message,
            document,
            prepared,
        })
    }

    /// Writes the message and its rows. The conversation row must be locked and still have the segment of `known`.
    /// Returns the chat's audience.
    pub(crate) async fn write(
        &mut self,
        db: &mut OrderedTx,
        head: &mut ConversationRow,
        now: Millis,
        events: &mut CommitEvents,
    ) -> Result<Scope, ServiceError> {
        let bytes = self.document.bytes_with(&self.prepared);
        let records = vec![record(head, &self.message, vec![], now)];
        let appended = append_messages(&mut *db, head, None, records, bytes, now, events).await?;
        self.prepared.seals = appended.seals;
        self.document
            .write(db, IntentId::from(self.message.id), &self.prepared)
            .await?;
        Ok(appended.scope)
    }

    /// Publishes the message after the commit, while the document is still locked.
    pub(crate) fn committed(mut self, app: &App, scope: &Scope, committed: Committed) -> MessageId {
        let document = self.document.id;
        let part = self.document.committed(self.prepared);
        app.hub
            .queue_change(document, &ServerFrame::Part(part), Some(scope), None);
        committed.publish(app);
        self.message.id
    }
}
