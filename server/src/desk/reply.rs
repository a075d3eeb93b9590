//! An agent's reply: message rows, head and feed beside the document's push.

use causerie_shared::{
    Millis,
    access::{Access, Scope},
    ids::{ConversationId, UserId},
    message::{Delivery, FileBrief, Message, MessageRow},
    refusal::{Code, Refusal},
    row::{Head, PREVIEW_CHARS, Preview},
};

use super::{DeskError, change, not_found, seen::touch_before};
use crate::{
    store::{
        Db, conversations, files,
        messages::{self, MessageRecord},
    },
    sync::News,
};

/// Where a reply goes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub conversation: ConversationId,
    pub segment: u32,
}

/// Checks that the user may reply now and writes the rows. Returns the chat's audience.
pub async fn accept(
    db: &mut Db,
    access: &Access,
    target: Target,
    new: &[Message],
    now: Millis,
    news: &mut News,
) -> Result<Scope, DeskError> {
    let mut head = conversations::lock(&mut *db, target.conversation)
        .await?
        .ok_or_else(not_found)?;
    let rules = change::rules(&mut *db, head.inbox).await?;
    let scope = head.scope(rules.mode);
    if !access.reads(&scope) {
        return Err(not_found().into());
    }
    if !access.replies(&head.state) {
        return Err(if head.state.status().is_final() {
            Refusal::new(Code::Closed, "the chat has ended")
        } else {
            Refusal::new(Code::Forbidden, "the chat is not yours")
        }
        .into());
    }
    if target.segment != head.segment {
        return Err(Refusal::new(Code::Sealed, "this segment is sealed").into());
    }
    let mut records = vec![];
    for message in new {
        let files = attach(&mut *db, &head, access.user, message).await?;
        head.position += 1;
        head.seen = head.position;
        head.unread = 0;
        head.active_at = now;
        head.preview = Some(preview(message, now));
        records.push(record(&head, message, files, now));
    }
    touch_before(&mut *db, &mut head, &scope, news).await?;
    for mut record in records {
        record.row.seq = head.seq;
        match messages::insert(&mut *db, &record).await {
            Ok(()) => {}
            Err(error) if error.is_duplicate() => {
                return Err(Refusal::new(Code::BadContent, "a message with this id exists").into());
            }
            Err(error) => return Err(error.into()),
        }
        news.message(record);
    }
    Ok(scope)
}

async fn attach(db: &mut Db, head: &Head, user: UserId, message: &Message) -> Result<Vec<FileBrief>, DeskError> {
    let mut briefs = vec![];
    for id in &message.attachments {
        let file = files::file(&mut *db, *id).await?.filter(|file| file.user == Some(user));
        let file = file.ok_or_else(|| Refusal::new(Code::NotFound, "a file is not there; attach it again"))?;
        if file.conversation.is_some_and(|other| other != head.id) {
            return Err(Refusal::new(Code::Forbidden, "a file belongs to another chat").into());
        }
        files::attach(&mut *db, *id, head.id).await?;
        briefs.push(file.brief());
    }
    Ok(briefs)
}

/// The list's preview of a message.
pub fn preview(message: &Message, at: Millis) -> Preview {
    let text: String = message
        .body
        .chars()
        .take(PREVIEW_CHARS)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    Preview {
        author: message.author,
        text,
        files: message.attachments.len() as u32,
        at,
    }
}

/// The row beside a message, at the head's position.
pub fn record(head: &Head, message: &Message, files: Vec<FileBrief>, now: Millis) -> MessageRecord {
    MessageRecord {
        row: MessageRow {
            id: message.id,
            conversation: head.id,
            position: head.position,
            segment: head.segment,
            author: message.author,
            accepted_at: now,
            // The web needs no provider: what is stored will be shown.
            delivery: Delivery::Sent,
            reason: None,
            files,
            redacted_at: None,
            seq: head.seq,
        },
        kind: message.kind,
        body: message.body.clone(),
        contact: None,
        cid: None,
    }
}
