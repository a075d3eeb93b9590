//! Read receipts of agents and visitors.

use causerie_shared::{
    ids::{ConversationId, UserId},
    message::Delivery,
};

use super::{not_found, row};
use crate::{
    error::ServiceError,
    state::App,
    store::{conversations, messages},
    unit_of_work::UnitOfWork,
};

/// Records that the chat's agent has read everything up to `position`. Reading by other users does not count.
pub async fn by_agent(
    app: &App,
    user: UserId,
    conversation: ConversationId,
    position: i64,
) -> Result<(), ServiceError> {
    let mut unit = UnitOfWork::begin(app).await?;
    let mut head = conversations::lock(&mut unit.tx, conversation)
        .await?
        .ok_or_else(not_found)?;
    let position = position.min(head.position);
    if head.state.agent() != Some(user) || position <= head.seen {
        return Ok(());
    }
    head.seen = position;
    head.unread = messages::incoming_after(&mut unit.tx, conversation, position).await?;
    row::save(&mut unit.tx, &mut head, &mut unit.events).await?;
    unit.commit(app).await?;
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
    let mut unit = UnitOfWork::begin(app).await?;
    let Some(mut head) = conversations::lock(&mut unit.tx, conversation).await? else {
        return Ok(());
    };
    row::save(&mut unit.tx, &mut head, &mut unit.events).await?;
    let moved = messages::advance(&mut unit.tx, conversation, position, delivery, head.seq).await?;
    if moved.is_empty() {
        return Ok(());
    }
    for record in moved {
        unit.events.message(record);
    }
    unit.commit(app).await?;
    Ok(())
}
