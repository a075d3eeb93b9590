//! The company says something to the customer by the server's own hand.

use causerie_shared::{
    document::{DocumentId, timeline},
    frame::ServerFrame,
    ids::{ConversationId, IntentId, MessageId},
    message::{Author, Kind, Message},
    refusal::{Code, Refusal},
};

use super::{DeskError, change, not_found, reply, seen::touch};
use crate::{
    clock::random_u128,
    state::App,
    store::{conversations, messages},
    sync::{News, aside},
};

/// How often it is tried again when somebody wrote at the same time.
const TRIES: usize = 4;

/// Writes a text into the chat, and into the outbox of its channel.
pub async fn say(
    app: &App,
    author: Author,
    conversation: ConversationId,
    text: &str,
    reply_to: Option<MessageId>,
) -> Result<MessageId, DeskError> {
    for _ in 0..TRIES {
        match attempt(app, author, conversation, text, reply_to).await {
            Err(DeskError::Refused(refusal)) if refusal.code == Code::Conflict => {}
            other => return other,
        }
    }
    Err(Refusal::new(Code::Conflict, "the chat is busy; try again").into())
}

async fn attempt(
    app: &App,
    author: Author,
    conversation: ConversationId,
    text: &str,
    reply_to: Option<MessageId>,
) -> Result<MessageId, DeskError> {
    let now = app.clock.now();
    let known = conversations::get(&mut *app.store.read().await?, conversation)
        .await?
        .ok_or_else(not_found)?;
    let message = Message {
        id: MessageId::new(now, random_u128()),
        author,
        kind: Kind::Text,
        body: text.to_owned(),
        at: now,
        reply_to,
        attachments: vec![],
    };
    let document = DocumentId::Timeline(conversation, known.segment);
    let mut room = aside::lock(app, document).await?;
    room.usable()?;
    let mut prepared = room
        .prepare_own(|doc, pen| timeline::append(doc, pen, &message).map(Some))?
        .ok_or_else(|| Refusal::new(Code::Internal, "the message changed nothing"))?;
    let mut tx = app.store.begin().await?;
    let mut head = conversations::lock(&mut tx, conversation)
        .await?
        .filter(|head| head.segment == known.segment)
        .ok_or_else(|| Refusal::new(Code::Conflict, "the chat went on meanwhile"))?;
    head.position += 1;
    head.active_at = now;
    head.preview = Some(reply::preview(&message, now));
    let (first, bytes) = (head.position, room.bytes_with(&prepared));
    prepared.seals = reply::turn_if_full(&mut tx, &mut head, first, bytes, now).await?;
    let mut news = News::default();
    let scope = touch(&mut tx, &mut head, &mut news).await?;
    let mut record = reply::record(&head, &message, vec![], now);
    record.row.segment = known.segment;
    messages::insert(&mut tx, &record).await?;
    reply::send(&mut tx, &head, &message, head.position, now).await?;
    news.message(record);
    room.write(&mut tx, IntentId::from(message.id), &prepared).await?;
    tx.commit().await?;
    let part = room.committed(prepared);
    app.hub
        .queue_change(document, &ServerFrame::Part(part), Some(&scope), None);
    change::publish(app, news);
    Ok(message.id)
}
