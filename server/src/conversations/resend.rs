//! Failed and unconfirmed messages: the agent decides whether to send them again.

use causerie_shared::{
    access::Access,
    ids::{ConversationId, MessageId},
    message::Delivery,
    refusal::{Code, Refusal},
};

use super::{not_found, row};
use crate::{
    error::ServiceError,
    state::App,
    store::{
        Db, conversations, messages,
        outbox::{self, OutboxRow, Progress, Stage},
    },
    unit_of_work::UnitOfWork,
};

/// Sends a message again. Parts that the provider accepted are not repeated, unless it reported later that they failed.
///
/// # Errors
/// `NotFound`, `Forbidden` unless the user may reply in the chat, `Conflict` when there is nothing to send again.
pub async fn again(
    app: &App,
    access: &Access,
    conversation: ConversationId,
    message: MessageId,
) -> Result<(), ServiceError> {
    let now = app.clock.now();
    decide(app, access, conversation, message, Delivery::Queued, None, move |row| {
        if row.stage == Stage::Settled {
            row.progress = Progress::default();
        }
        row.progress.begun = false;
        row.stage = Stage::Waiting;
        row.attempts = 0;
        row.due = now;
    })
    .await
}

/// Marks an unconfirmed message as failed. If the provider reports it later, it counts as sent.
///
/// # Errors
/// As for [`again`].
pub async fn give_up(
    app: &App,
    access: &Access,
    conversation: ConversationId,
    message: MessageId,
) -> Result<(), ServiceError> {
    let words = "It was never confirmed, and its agent gave it up.".to_owned();
    decide(
        app,
        access,
        conversation,
        message,
        Delivery::Failed,
        Some(words),
        |_| {},
    )
    .await
}

async fn decide(
    app: &App,
    access: &Access,
    conversation: ConversationId,
    message: MessageId,
    to: Delivery,
    reason: Option<String>,
    write: impl FnOnce(&mut OutboxRow) + Send,
) -> Result<(), ServiceError> {
    let mut unit = UnitOfWork::begin(app).await?;
    let (mut head, rules) = conversations::ruled(&mut unit.tx, conversation)
        .await?
        .ok_or_else(not_found)?;
    if !access.reads(&head.scope(rules.mode)) {
        return Err(not_found().into());
    }
    if !access.replies(&head.state) {
        return Err(Refusal::new(Code::Forbidden, "the chat is not yours").into());
    }
    let mut row = undecided(&mut unit.tx, conversation, message, to).await?;
    write(&mut row);
    row::save(&mut unit.tx, &mut head, &mut unit.events).await?;
    outbox::save(&mut unit.tx, &row).await?;
    if let Some(record) = messages::deliver(&mut unit.tx, message, to, reason, head.seq).await? {
        unit.events.message(record);
    }
    unit.commit(app).await?;
    app.outbox_changed.notify_one();
    Ok(())
}

/// Returns the message's outbox row, if a decision that leads to `to` is possible.
async fn undecided(
    db: &mut Db,
    conversation: ConversationId,
    message: MessageId,
    to: Delivery,
) -> Result<OutboxRow, ServiceError> {
    let missing = || Refusal::new(Code::NotFound, "there is no such message");
    let record = messages::get(&mut *db, conversation, message)
        .await?
        .ok_or_else(missing)?;
    let decidable = match record.row.delivery {
        Delivery::Unconfirmed => true,
        Delivery::Failed => to == Delivery::Queued,
        Delivery::Queued | Delivery::Sent | Delivery::Delivered | Delivery::Read => false,
    };
    let row = outbox::get(db, message).await?.ok_or_else(missing)?;
    let over = match row.stage {
        Stage::Waiting | Stage::Sending => false,
        Stage::Settled | Stage::Unconfirmed | Stage::Failed => true,
    };
    if decidable && over && record.row.redacted_at.is_none() {
        Ok(row)
    } else {
        Err(Refusal::new(Code::Conflict, "there is nothing to decide about this message any more").into())
    }
}
