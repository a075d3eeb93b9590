//! Closing a chat: the end takes effect for the company at once, and the closing words go to the contact when the undo
//! window is over (`docs/domain.md#after-the-end`).
//!
//! During the undo window the conversation row keeps the countdown of its timer; [`is_pending`] checks for it.

use causerie_shared::{
    Millis,
    conversation::{State, transition::Actor},
    ids::{ConversationId, UserId},
    row::ConversationRow,
};

use super::{change, row};
use crate::{
    commit_events::CommitEvents,
    error::ServiceError,
    store::{
        OrderedTx, conversations,
        timers::{self},
    },
    unit_of_work::UnitOfWork,
};

/// Cause of the conversation event that records the closing words.
pub const CLOSED: &str = "closed";

/// Whether the end can still be undone. Until then the contact sees the chat as open.
pub fn is_pending(head: &ConversationRow) -> bool {
    matches!(head.state, State::Ended { .. }) && head.ring.is_some()
}

/// Returns the agent whom the contact sees in the chat.
pub fn shown_agent(head: &ConversationRow) -> Option<UserId> {
    match &head.state {
        State::Ended { last_agent, .. } if is_pending(head) => *last_agent,
        State::Bot { .. }
        | State::Waiting { .. }
        | State::Assigning { .. }
        | State::Assigned { .. }
        | State::Transferring { .. }
        | State::Ended { .. }
        | State::Failed { .. } => head.state.agent(),
    }
}

/// Ends the undo window when its timer is due.
pub async fn over(
    unit: &mut UnitOfWork,
    conversation: ConversationId,
    fence: i64,
    now: Millis,
) -> Result<(), ServiceError> {
    let head = conversations::lock(&mut unit.tx, conversation).await?;
    match head.filter(|head| head.version == fence) {
        Some(mut head) => hasten(&mut unit.tx, &mut head, now, &mut unit.events).await,
        None => Ok(()),
    }
}

/// Ends the undo window now and sends the closing words, unless this has happened already.
pub async fn hasten(
    db: &mut OrderedTx,
    head: &mut ConversationRow,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    if !is_pending(head) {
        return Ok(());
    }
    timers::cancel_all(&mut *db, &head.id.to_string()).await?;
    let read_version = head.version;
    head.version += 1;
    head.ring = None;
    conversations::rewrite(&mut *db, head, read_version).await?;
    row::save(&mut *db, head, events).await?;
    let State::Ended { by, last_agent, .. } = head.state else {
        return Ok(());
    };
    change::write_journey(db, head, CLOSED, Actor::System, by.or(last_agent), now, events).await
}
