//! The end of a chat towards the contact: it acts at once for the company, and the closing words go out when it can
//! no longer be undone (`docs/domain.md#after-the-end`).
//!
//! Until then the head keeps the ring of that timer; [`is_pending`] is what everybody goes by.

use causerie_shared::{
    Millis,
    conversation::{State, transition::Actor},
    ids::{ConversationId, UserId},
    row::ConversationRow,
};

use super::{DeskError, change, read_receipts::touch};
use crate::{
    state::App,
    store::{
        OrderedTx, conversations,
        timers::{self, TimerRecord},
    },
    sync::CommitEvents,
};

/// Cause of the journey's row with which the closing words went out.
pub const CLOSED: &str = "closed";

/// The end can still be undone: the contact sees the chat as it was.
pub fn is_pending(head: &ConversationRow) -> bool {
    matches!(head.state, State::Ended { .. }) && head.ring.is_some()
}

/// The agent whom the contact sees in the chat.
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

/// The time to undo is over, in the transaction that takes the timer.
pub async fn over(app: &App, conversation: ConversationId, timer: &TimerRecord) -> Result<(), DeskError> {
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
    change::publish(app, events);
    Ok(())
}

/// Sends the closing words now, if they are not out yet: the end cannot be undone any more.
pub async fn hasten(
    db: &mut OrderedTx,
    head: &mut ConversationRow,
    now: Millis,
    events: &mut CommitEvents,
) -> Result<(), DeskError> {
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
