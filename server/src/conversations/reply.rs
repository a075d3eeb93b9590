//! An agent's reply: whether it is allowed now, and the rows that belong to the push of the document.

use causerie_shared::{
    Millis,
    access::{Access, Scope},
    ids::{ConversationId, UserId},
    message::{FileBrief, Kind, Message, PRIVATE_MS},
    refusal::{Code, Refusal},
    row::ConversationRow,
};

use super::{
    append_message::{Appended, append_messages, record},
    not_found, row,
};
use crate::{
    channels::{adapter, capabilities::Open, parts},
    commit_events::CommitEvents,
    error::ServiceError,
    store::{Db, OrderedTx, conversations, files, places, threads},
};

/// The conversation and segment of a reply.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub conversation: ConversationId,
    pub segment: u32,
}

/// An accepted reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The chat's audience.
    pub scope: Scope,
    /// Whether this reply fills the segment.
    pub seals: bool,
}

/// Locks a chat in which the user may write to the customer now. Returns its row and audience.
async fn writable(
    db: &mut OrderedTx,
    access: &Access,
    conversation: ConversationId,
) -> Result<(ConversationRow, Scope), ServiceError> {
    let (head, rules) = conversations::ruled(db, conversation).await?.ok_or_else(not_found)?;
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
    Ok((head, scope))
}

/// Checks that the user may write the shared draft now, which requires the right to reply. Returns the draft's
/// audience.
pub async fn may_draft(
    db: &mut OrderedTx,
    access: &Access,
    conversation: ConversationId,
) -> Result<Scope, ServiceError> {
    let (head, _) = writable(db, access, conversation).await?;
    Ok(Scope {
        inbox: head.inbox,
        members: false,
        named: head.state.agent().into_iter().collect(),
    })
}

/// Checks that the user may reply now, and writes the rows. `bytes` is the size of the segment's stored changes
/// including the push.
pub async fn accept(
    db: &mut OrderedTx,
    access: &Access,
    target: Target,
    new: &[Message],
    bytes: i64,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<Accepted, ServiceError> {
    let (mut head, scope) = writable(&mut *db, access, target.conversation).await?;
    if target.segment > head.segment {
        return Err(Refusal::new(Code::Invalid, "this segment has not begun").into());
    }
    if target.segment < head.segment {
        return Err(Refusal::new(Code::Sealed, "this segment is sealed").into());
    }
    if new.iter().filter(|message| message.private).count() > 1 {
        return Err(answered_privately());
    }
    let mut records = vec![];
    for message in new {
        allowed(&mut *db, &head, message, now).await?;
        let files = attach(&mut *db, &head, access.user, message, false).await?;
        records.push(record(&head, message, files, now));
    }
    let appended = append_messages(db, &mut head, Some(scope), records, bytes, now, events).await;
    let Appended { scope, seals, .. } = appended.map_err(|error| {
        if error.is_duplicate() {
            Refusal::new(Code::BadContent, "a message with this id exists").into()
        } else {
            error
        }
    })?;
    Ok(Accepted { scope, seals })
}

/// Checks that the channel allows the message now. Delivery checks again.
async fn allowed(db: &mut Db, head: &ConversationRow, message: &Message, now: Millis) -> Result<(), ServiceError> {
    let capabilities = adapter(head.channel).map(|adapter| adapter.capabilities());
    let window = capabilities.and_then(|capabilities| capabilities.window);
    if message.kind == Kind::Template && !window.is_some_and(|window| window.templates) {
        return Err(Refusal::new(Code::Invalid, "this channel has no templates").into());
    }
    if message.private {
        return privately(db, head, message, now).await;
    }
    if let (Some(window), Some(closes)) = (window, head.window)
        && message.kind != Kind::Template
        && now > closes
    {
        let account = places::account_by_id(db, head.account).await?;
        let human_agent = account.is_some_and(|account| account.row.human_agent);
        if window.stands(closes, human_agent, now) == Open::Not {
            let text = "the time in which the channel allows free answers is over";
            return Err(Refusal::new(Code::WindowClosed, text).into());
        }
    }
    Ok(())
}

/// Checks a private reply, which only the author of a thread sees: one direct message, once, and within [`PRIVATE_MS`]
/// (`docs/channels.md#private-replies`).
async fn privately(db: &mut Db, head: &ConversationRow, message: &Message, now: Millis) -> Result<(), ServiceError> {
    let thread = conversations::thread_of(&mut *db, head.id).await?;
    let thread = thread.ok_or_else(|| Refusal::new(Code::Invalid, "only comments are answered privately"))?;
    let (sent, begun) = threads::private_reply(db, head.account, &thread).await?;
    if sent {
        return Err(answered_privately());
    }
    if let Some(capabilities) = parts::capabilities(head.channel, true) {
        let text = message.body.trim();
        let pieces = usize::from(!text.is_empty()) + message.attachments.len();
        if pieces > 1 || capabilities.text.length(text) > capabilities.text.max {
            return Err(Refusal::new(Code::TooLarge, parts::too_long_for_one(capabilities)).into());
        }
    }
    if begun.is_some_and(|begun| now > begun + PRIVATE_MS) {
        let text = "a comment can be answered privately for 7 days";
        return Err(Refusal::new(Code::WindowClosed, text).into());
    }
    Ok(())
}

fn answered_privately() -> ServiceError {
    Refusal::new(Code::Invalid, "this thread was answered privately already").into()
}

/// Continues the chat in the next segment after a segment was quarantined.
pub async fn leave_segment(db: &mut OrderedTx, target: Target, events: &mut CommitEvents) -> Result<(), ServiceError> {
    if let Some(mut head) = conversations::lock(&mut *db, target.conversation).await?
        && head.segment == target.segment
    {
        head.segment += 1;
        row::save(db, &mut head, events).await?;
    }
    Ok(())
}

/// Attaches the files of a user's message to the chat. `internal` is true for a message of the discussion.
pub(crate) async fn attach(
    db: &mut Db,
    head: &ConversationRow,
    user: UserId,
    message: &Message,
    internal: bool,
) -> Result<Vec<FileBrief>, ServiceError> {
    let mut briefs = vec![];
    for id in &message.attachments {
        let file = files::file(&mut *db, *id).await?.filter(|file| file.user == Some(user));
        let file = file.ok_or_else(|| Refusal::new(Code::NotFound, "a file is not there; attach it again"))?;
        if file.conversation.is_some_and(|other| other != head.id) {
            return Err(Refusal::new(Code::Forbidden, "a file belongs to another chat").into());
        }
        files::attach(&mut *db, *id, head.id, internal).await?;
        briefs.push(file.brief());
    }
    Ok(briefs)
}
