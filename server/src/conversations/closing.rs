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

use super::{change, read_receipts::touch};
use crate::{
    commit_events::CommitEvents,
    error::ServiceError,
    state::App,
    store::{
        OrderedTx, conversations,
        timers::{self, TimerRecord},
    },
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

/// Ends the undo window, in the transaction that takes the timer.
pub async fn over(app: &App, conversation: ConversationId, timer: &TimerRecord) -> Result<(), ServiceError> {
    let mut tx = app.store.begin_ordered().await?;
    if !timers::take(&mut tx, timer).await? {
        return Ok(());
    }
    let mut events = CommitEvents::default();
    if let Some(mut head) = conversations::lock(&mut tx, conversation).await?
        && head.version == timer.fence
    {
        hasten(&mut tx, &mut head, app.clock.now(), &mut events).await?;
    }
    tx.commit().await?;
    crate::commit_events::publish(app, events);
    Ok(())
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
    touch(&mut *db, head, events).await?;
    let State::Ended { by, last_agent, .. } = head.state else {
        return Ok(());
    };
    change::write_journey(db, head, CLOSED, Actor::System, by.or(last_agent), now, events).await
}
