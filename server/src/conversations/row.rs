//! Writes the rows of conversations.

use causerie_shared::{access::Scope, row::ConversationRow};

use super::change;
use crate::{
    commit_events::CommitEvents,
    error::ServiceError,
    store::{
        OrderedTx, conversations,
        feed::{self, FeedKind},
    },
};

/// Writes a conversation row whose state did not change: feed entry, row, commit event. Returns the chat's audience.
pub(crate) async fn save(
    db: &mut OrderedTx,
    head: &mut ConversationRow,
    events: &mut CommitEvents,
) -> Result<Scope, ServiceError> {
    let rules = change::rules(&mut *db, head.inbox).await?;
    let scope = head.scope(rules.mode);
    save_before(db, head, &scope, events).await?;
    Ok(scope)
}

/// Like [`save`], for a caller who knows the chat's audience, which does not change.
pub(crate) async fn save_before(
    db: &mut OrderedTx,
    head: &mut ConversationRow,
    scope: &Scope,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    put(db, head, scope.clone(), scope.clone(), events).await
}

/// Like [`save`], for a chat whose audience was `before` until now.
pub(crate) async fn save_from(
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
