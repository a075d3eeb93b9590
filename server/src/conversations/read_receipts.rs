//! Read receipts of agents and visitors, and the writer of the conversation row.

use causerie_shared::{
    access::Scope,
    ids::{ConversationId, UserId},
    message::Delivery,
    row::ConversationRow,
};

use super::{change, not_found};
use crate::{
    commit_events::CommitEvents,
    error::ServiceError,
    state::App,
    store::{
        OrderedTx, conversations,
        feed::{self, FeedKind},
        messages,
    },
};

/// Writes a conversation row whose state did not change, with its feed entry and commit event. Returns the chat's
/// audience.
pub(crate) async fn touch(
    db: &mut OrderedTx,
    head: &mut ConversationRow,
    events: &mut CommitEvents,
) -> Result<Scope, ServiceError> {
    let rules = change::rules(&mut *db, head.inbox).await?;
    let scope = head.scope(rules.mode);
    touch_before(db, head, &scope, events).await?;
    Ok(scope)
}

/// Like [`touch`], for a caller who knows the chat's audience, which does not change.
pub(crate) async fn touch_before(
    db: &mut OrderedTx,
    head: &mut ConversationRow,
    scope: &Scope,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    put(db, head, scope.clone(), scope.clone(), events).await
}

/// Like [`touch`], for a chat whose audience was `before` until now.
pub(crate) async fn touch_from(
    db: &mut OrderedTx,
    head: &mut ConversationRow,
    before: Scope,
    events: &mut CommitEvents,
) -> Result<Scope, ServiceError> {
    let rules = change::rules(&mut *db, head.inbox).await?;
    let scope = head.scope(rules.mode);
    put(db, head, before, scope.clone(), events).await?;
    Ok(scope)
}

async fn put(
    db: &mut OrderedTx,
    head: &mut ConversationRow,
    before: Scope,
    after: Scope,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    let kind = FeedKind::Conversation;
    let entry = feed::append(&mut *db, kind, head.id.to_string(), Some(before), Some(after)).await?;
    head.seq = entry.seq;
    conversations::rewrite(&mut *db, head, head.version).await?;
    events.entry(entry);
    events.head(head.clone());
    Ok(())
}

/// Records that the chat's agent has read everything up to `position`. Reading by other users does not count.
pub async fn by_agent(
    app: &App,
    user: UserId,
    conversation: ConversationId,
    position: i64,
) -> Result<(), ServiceError> {
    let mut tx = app.store.begin_ordered().await?;
    let mut head = conversations::lock(&mut tx, conversation)
        .await?
        .ok_or_else(not_found)?;
    let position = position.min(head.position);
    if head.state.agent() != Some(user) || position <= head.seen {
        return Ok(());
    }
    head.seen = position;
    head.unread = messages::incoming_after(&mut tx, conversation, position).await?;
    let mut events = CommitEvents::default();
    touch(&mut tx, &mut head, &mut events).await?;
    tx.commit().await?;
    change::publish(app, events);
    Ok(())
}

/// Records that everything up to `position` was delivered to the visitor, or read by them, as `delivery` says.
pub async fn by_visitor(
    app: &App,
    conversation: ConversationId,
    position: i64,
    delivery: Delivery,
) -> Result<(), ServiceError> {
    // Most reports bring nothing new, so check before taking the write lock.
    if !messages::lags(&mut *app.store.read().await?, conversation, position).await? {
        return Ok(());
    }
    let mut tx = app.store.begin_ordered().await?;
    let Some(mut head) = conversations::lock(&mut tx, conversation).await? else {
        return Ok(());
    };
    let mut events = CommitEvents::default();
    touch(&mut tx, &mut head, &mut events).await?;
    let moved = messages::advance(&mut tx, conversation, position, delivery, head.seq).await?;
    if moved.is_empty() {
        return Ok(());
    }
    for record in moved {
        events.message(record);
    }
    tx.commit().await?;
    change::publish(app, events);
    Ok(())
}
