//! Begins a chat for a message, or locks the open one.

use causerie_shared::{
    Millis,
    conversation::{
        FailReason, State,
        transition::{Actor, begin},
    },
    ids::{ContactId, ConversationId},
    refusal::{Code, Refusal},
    row::ConversationRow,
};

use super::{NewMessage, find::open};
use crate::{
    commit_events::CommitEvents,
    conversations::{change, closing, not_found},
    error::ServiceError,
    store::{
        Db, OrderedTx, blacklist, contacts, conversations,
        feed::{self, FeedKind, next_number},
        places, threads,
    },
};

/// Locks the chat that was open when it was read; `Conflict` when it has ended or moved to another segment.
pub(crate) async fn reopen(db: &mut Db, known: &ConversationRow) -> Result<ConversationRow, ServiceError> {
    let head = conversations::lock(db, known.id).await?;
    head.filter(|head| !head.state.status().is_final() && head.segment == known.segment)
        .ok_or_else(|| Refusal::new(Code::Conflict, "the chat has ended").into())
}

/// Begins a conversation. `Conflict` when the contact has an open one by now.
pub(crate) async fn start(
    db: &mut OrderedTx,
    incoming: &NewMessage,
    contact: ContactId,
    id: ConversationId,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<ConversationRow, ServiceError> {
    if open(&mut *db, incoming, contact).await?.is_some() {
        return Err(Refusal::new(Code::Conflict, "the contact has a chat").into());
    }
    let contact = contacts::get(&mut *db, contact).await?.ok_or_else(not_found)?;
    // For the other channels, the workers check the blacklist earlier; for the web, this is the check.
    if blacklist::is_blocked(&mut *db, incoming.account.row.channel, &incoming.external).await? {
        return Err(Refusal::new(Code::Forbidden, "you cannot write here any more").into());
    }
    // A visitor's socket may have opened before the account was switched off.
    let account = places::account_by_id(&mut *db, incoming.account.row.id).await?;
    if account.is_none_or(|account| !account.row.enabled) {
        return Err(Refusal::new(Code::NotFound, "this chat is switched off").into());
    }
    let inbox = incoming.account.row.inbox;
    let routing = change::routing(&mut *db, inbox).await?;
    let mut last = conversations::of_contact(&mut *db, contact.id, 1).await?.pop();
    if let Some(last) = &mut last {
        closing::hasten(&mut *db, last, now, events).await?;
    }
    // After a missed chat and outside business hours the visitor leaves a message, which waits without a queue timer
    // (`docs/domain.md#queue-timer` and `docs/domain.md#business-hours`).
    let missed = matches!(
        last.map(|head| head.state),
        Some(State::Failed {
            reason: FailReason::Missed,
            ..
        })
    );
    let thread = incoming.said.as_deref().and_then(|said| said.thread.as_ref());
    let offline = missed || !routing.is_open(now);
    let mut head = ConversationRow {
        id,
        number: next_number(&mut *db, "conversation").await?,
        inbox,
        account: incoming.account.row.id,
        channel: incoming.account.row.channel,
        contact: contact.id,
        contact_name: contact.name.clone(),
        contact_since: contact.created_at,
        state: begin(false, offline, now),
        version: 1,
        created_at: now,
        waiting_since: now,
        ring: None,
        active_at: now,
        ended_at: None,
        preview: None,
        unread: 0,
        position: 0,
        seen: 0,
        online: incoming.said.is_none(),
        origin: incoming.origin.clone(),
        invited: vec![],
        discussed: 0,
        post: thread.map(|thread| thread.post.clone()),
        window: None,
        segment: 1,
        seq: 0,
    };
    change::follow(&mut head, &routing.rules, now);
    let scope = head.scope(routing.rules.mode);
    let entry = feed::append(&mut *db, FeedKind::Conversation, id.to_string(), None, Some(scope)).await?;
    head.seq = entry.seq;
    conversations::insert(&mut *db, &head).await?;
    if let Some(thread) = thread {
        conversations::set_thread(&mut *db, id, &thread.top).await?;
    }
    change::set_timer(&mut *db, &head, &routing, now).await?;
    change::write_journey(db, &head, "begin", Actor::Contact, None, now, events).await?;
    events.entry(entry);
    events.woken(head.inbox);
    Ok(head)
}

/// Links a new chat to the comment thread whose private reply it answers. Returns a note for the agents.
pub(crate) async fn link(
    db: &mut Db,
    incoming: &NewMessage,
    head: &ConversationRow,
) -> Result<Option<String>, ServiceError> {
    let comments = head.channel.paired().filter(|beside| beside.is_comments());
    let (Some(comments), Some(said)) = (comments, &incoming.said) else {
        return Ok(None);
    };
    if said.outgoing {
        return Ok(None);
    }
    let thread = threads::link(&mut *db, head.id, head.account, &incoming.external, comments).await?;
    Ok(match thread {
        Some(thread) => conversations::get(db, thread).await?,
        None => None,
    }
    .map(|thread| format!("Answer to the private reply in #{}", thread.number)))
}
