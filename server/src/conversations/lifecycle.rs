//! Events of conversations that no agent causes: expired timers, visitors who leave.

use causerie_shared::{
    Millis,
    conversation::{
        State,
        transition::{Actor, Event},
    },
    ids::ConversationId,
};

use super::change;
use crate::{error::ServiceError, state::App, store::conversations, unit_of_work::UnitOfWork};

/// Applies a system or visitor event. A late event has no effect. Returns whether anything changed.
pub async fn apply_system_event(
    app: &App,
    conversation: ConversationId,
    event: Event,
    actor: Actor,
) -> Result<bool, ServiceError> {
    let mut unit = UnitOfWork::begin(app).await?;
    let before = apply_in(&mut unit, conversation, &event, actor, None, app.clock.now()).await?;
    if before.is_none() {
        return Ok(false);
    }
    unit.commit(app).await?;
    Ok(true)
}

/// Applies a system or visitor event in the caller's unit of work. With a `fence`, only if the conversation still has
/// this version. Returns the state before; `None` if the event came too late and changed nothing.
pub async fn apply_in(
    unit: &mut UnitOfWork,
    conversation: ConversationId,
    event: &Event,
    actor: Actor,
    fence: Option<i64>,
    now: Millis,
) -> Result<Option<State>, ServiceError> {
    let Some(mut head) = conversations::lock(&mut unit.tx, conversation).await? else {
        return Ok(None);
    };
    if fence.is_some_and(|fence| fence != head.version) {
        return Ok(None);
    }
    let before = head.state.clone();
    match change::apply(&mut unit.tx, &mut head, event, actor, now, &mut unit.events).await {
        Ok(()) => {}
        // Another change came first, and the event no longer applies.
        Err(ServiceError::Refused(refusal)) => {
            tracing::debug!(%refusal, event = event.as_str(), "a late event");
            return Ok(None);
        }
        Err(error) => return Err(error),
    }
    unit.events.woken(head.inbox);
    Ok(Some(before))
}
