//! Appends messages to a chat, whoever wrote them: an agent, the contact, the system, or a colleague in the provider's
//! app.

use causerie_shared::{
    Millis,
    access::Scope,
    document::segment::is_full,
    message::{Author, Delivery, Extra, FileBrief, Message, MessageRow},
    row::{ConversationRow, PREVIEW_CHARS, Preview},
};

use super::{change, row};
use crate::{
    channels::adapter,
    commit_events::CommitEvents,
    error::ServiceError,
    store::{
        Db, OrderedTx,
        messages::{self, MessageRecord},
        outbox::{self, OutboxRow},
    },
};

/// What [`append_messages`] wrote.
#[derive(Debug)]
pub struct Appended {
    /// The chat's audience.
    pub scope: Scope,
    /// Whether the messages fill the segment: the document's push then seals it.
    pub seals: bool,
    pub records: Vec<MessageRecord>,
}

/// Appends messages to the end of a chat: their rows, the chat's row, and what goes to a provider. The caller has
/// locked the chat, checked that the author may write, and writes the document in the same transaction.
///
/// `bytes` is the size of the segment's stored changes including these messages. `scope` is the chat's audience, if the
/// caller knows it.
///
/// # Errors
/// [`StoreError::is_duplicate`](crate::store::StoreError::is_duplicate) if a message's id exists.
pub async fn append_messages(
    db: &mut OrderedTx,
    head: &mut ConversationRow,
    scope: Option<Scope>,
    mut records: Vec<MessageRecord>,
    bytes: i64,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<Appended, ServiceError> {
    let first = head.position + 1;
    for record in &mut records {
        head.position += 1;
        record.row.position = head.position;
        match record.row.author {
            Author::Agent(_) | Author::Elsewhere => {
                // Whoever answers has read everything before.
                head.seen = head.position;
                head.unread = 0;
                head.active_at = now;
            }
            Author::Contact => {
                head.unread += 1;
                head.active_at = now;
            }
            // Automatic messages are not activity.
            Author::System | Author::Bot => {}
        }
        head.preview = Some(preview(record));
        if record.row.delivery == Delivery::Queued {
            outbox::insert(db, &OutboxRow::new(head, record.row.id, head.position, now)).await?;
        }
    }
    let seals = turn_if_full(db, head, first, bytes, now).await?;
    let scope = match scope {
        Some(scope) => scope,
        None => head.scope(change::rules(db, head.inbox).await?.mode),
    };
    row::save_before(db, head, &scope, events).await?;
    for record in &mut records {
        record.row.seq = head.seq;
        messages::insert(db, record).await?;
        events.message(record.clone());
    }
    Ok(Appended { scope, seals, records })
}

/// Moves the timeline to the next segment when the messages from position `first` on, whose rows are not written yet,
/// fill the current one. Returns whether it did.
async fn turn_if_full(
    db: &mut Db,
    head: &mut ConversationRow,
    first: i64,
    bytes: i64,
    now: Millis,
) -> Result<bool, ServiceError> {
    let begun = messages::first_of_segment(db, head.id, head.segment).await?;
    let (position, at) = begun.unwrap_or((first, now));
    let full = is_full(head.position - position + 1, bytes, now - at);
    head.segment += u32::from(full);
    Ok(full)
}

/// Whether the message goes to the customer through the channel's provider.
fn goes_out(head: &ConversationRow, message: &Message) -> bool {
    let ours = match message.author {
        Author::Agent(_) | Author::System | Author::Bot => true,
        Author::Contact | Author::Elsewhere => false,
    };
    ours && adapter(head.channel).is_some()
}

/// Returns the beginning of a text, on one line.
fn beginning(text: &str) -> String {
    text.chars()
        .take(PREVIEW_CHARS)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Updates a preview after its message was edited or deleted on the channel.
pub fn show_again(preview: &mut Preview, extra: &Extra) {
    if extra.deleted {
        preview.clear();
    } else if let Some((text, _)) = &extra.edited {
        preview.text = beginning(text);
    }
}

/// Returns the preview of a message for the list.
fn preview(record: &MessageRecord) -> Preview {
    Preview {
        author: record.row.author,
        kind: record.kind,
        text: beginning(&record.body),
        files: record.row.files.len() as u32,
        at: record.row.accepted_at,
    }
}

/// Returns the record of a new message. [`append_messages`] gives it its position.
pub fn record(head: &ConversationRow, message: &Message, files: Vec<FileBrief>, now: Millis) -> MessageRecord {
    MessageRecord {
        row: MessageRow {
            id: message.id,
            conversation: head.id,
            position: head.position,
            segment: head.segment,
            author: message.author,
            accepted_at: now,
            said_at: None,
            // The web needs no provider: a stored message counts as sent.
            delivery: if goes_out(head, message) {
                Delivery::Queued
            } else {
                Delivery::Sent
            },
            reason: None,
            files,
            redacted_at: None,
            extra: extra(message),
            seq: head.seq,
        },
        kind: message.kind,
        body: message.body.clone(),
        reply_to: message.reply_to,
        contact: None,
        cid: None,
    }
}

/// Returns what a message carries besides its text, if anything.
fn extra(message: &Message) -> Option<Box<Extra>> {
    let extra = Extra {
        private: message.private,
        template: message.template.clone(),
        ..Extra::default()
    };
    (extra != Extra::default()).then(|| Box::new(extra))
}
