//! Events of conversations that no agent causes: expired timers, visitors who leave.

use causerie_shared::{
    conversation::transition::{Actor, Event},
    ids::ConversationId,
};

use super::change;
use crate::{commit_events::CommitEvents, error::ServiceError, state::App, store::conversations};

/// Applies a system or visitor event. With a `fence`, does nothing unless the conversation still has this version.
///
/// A late event has no effect. Returns whether anything changed.
pub async fn apply_system_event(
    app: &App,
    conversation: ConversationId,
    event: Event,
    actor: Actor,
    fence: Option<i64>,
) -> Result<bool, ServiceError> {
    let now = app.clock.now();
    let mut tx = app.store.begin_ordered().await?;
    let Some(mut head) = conversations::lock(&mut tx, conversation).await? else {
        return Ok(false);
    };
    if fence.is_some_and(|fence| fence != head.version) {
        return Ok(false);
    }
    let mut events = CommitEvents::default();
    match change::apply(&mut tx, &mut head, &event, actor, now, &mut events).await {
        Ok(()) => {}
        // Another change came first, and the event no longer applies.
        Err(ServiceError::Refused(refusal)) => {
            tracing::debug!(%refusal, event = event.as_str(), "a late event");
            return Ok(false);
        }
        Err(error) => return Err(error),
    }
    tx.commit().await?;
    events.woken(head.inbox);
    crate::commit_events::publish(app, events);
    Ok(true)
}
