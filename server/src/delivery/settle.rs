//! Decides what happens after an attempt: a retry, a failure, or a hold until the token is renewed.

use causerie_shared::{Millis, message::Delivery};

use super::save;
use crate::{
    accounts::health,
    accounts::health::note,
    channels::{Outcome, adapter, inbound_event::Problem},
    clock::back_off,
    commit_events::CommitEvents,
    conversations::message_updates,
    error::ServiceError,
    state::App,
    store::{
        OrderedTx,
        channel_accounts::ChannelAccount,
        outbox::{self, OutboxRow, Stage},
        provider,
    },
    unit_of_work::UnitOfWork,
};

/// First and longest pause between attempts, in milliseconds.
const FIRST_PAUSE: Millis = 1_000;
const LONGEST_PAUSE: Millis = 30 * 60_000;
/// Attempts before a temporary problem becomes a failure. The pauses between them add up to at most about an hour.
const ATTEMPTS: i64 = 12;
/// Handles any outcome but success. Returns until when nothing of the account is sent, if the provider asks for a
/// pause.
pub async fn settle(
    app: &App,
    account: &ChannelAccount,
    mut row: OutboxRow,
    outcome: Outcome,
) -> Result<Option<Millis>, ServiceError> {
    let now = app.clock.now();
    match outcome {
        Outcome::Accepted { .. } => Ok(()),
        Outcome::RetryAfter(wait, problem) => {
            let due = now + wait.max(1);
            later(app, account, row, due, &problem).await?;
            let all = adapter(account.row.channel).is_some_and(|adapter| adapter.slows_all(&problem));
            return Ok(all.then_some(due));
        }
        Outcome::Retry(problem) if row.attempts >= ATTEMPTS => {
            give_up(app, &mut row, Stage::Failed, Delivery::Failed, Some(problem.words)).await
        }
        Outcome::Retry(problem) => {
            let due = now
                + back_off(
                    u32::try_from(row.attempts).unwrap_or(u32::MAX),
                    FIRST_PAUSE,
                    LONGEST_PAUSE,
                );
            later(app, account, row, due, &problem).await
        }
        Outcome::Final(problem) | Outcome::WindowClosed(problem) => {
            give_up(app, &mut row, Stage::Failed, Delivery::Failed, Some(problem.words)).await
        }
        Outcome::TokenInvalid(problem) => {
            row.stage = Stage::Waiting;
            row.progress.begun = false;
            health::trouble(app, account, Some(row), &problem).await
        }
        Outcome::Unconfirmed(problem) => unconfirmed(app, row, problem).await,
    }?;
    Ok(None)
}

/// Marks a message as unconfirmed, unless a status or an echo has already bound the id of its part.
async fn unconfirmed(app: &App, mut row: OutboxRow, problem: Problem) -> Result<(), ServiceError> {
    let mut unit = UnitOfWork::begin(app).await?;
    let known = provider::of_message(&mut unit.tx, row.message).await?.len();
    if known > row.progress.sent as usize {
        row.progress.sent += 1;
        row.progress.begun = false;
        row.stage = Stage::Waiting;
        row.due = app.clock.now();
        outbox::save(&mut unit.tx, &row).await?;
    } else {
        let (stage, delivery) = (Stage::Unconfirmed, Delivery::Unconfirmed);
        end(
            &mut unit.tx,
            &mut row,
            stage,
            delivery,
            Some(problem.words),
            &mut unit.events,
        )
        .await?;
    }
    unit.commit(app).await?;
    Ok(())
}

/// Schedules another attempt at `due` for a part that was not sent, and notes the problem at the account.
async fn later(
    app: &App,
    account: &ChannelAccount,
    mut row: OutboxRow,
    due: Millis,
    problem: &Problem,
) -> Result<(), ServiceError> {
    row.stage = Stage::Waiting;
    row.due = due;
    row.progress.begun = false;
    save(app, &row).await?;
    note(app, account.row.id, |health| {
        health.note(app.clock.now(), problem.words.clone());
    })
    .await?;
    Ok(())
}

/// Stops sending a message, and shows its sender why.
pub async fn give_up(
    app: &App,
    row: &mut OutboxRow,
    stage: Stage,
    delivery: Delivery,
    words: Option<String>,
) -> Result<(), ServiceError> {
    let mut unit = UnitOfWork::begin(app).await?;
    end(&mut unit.tx, row, stage, delivery, words, &mut unit.events).await?;
    unit.commit(app).await?;
    Ok(())
}

async fn end(
    tx: &mut OrderedTx,
    row: &mut OutboxRow,
    stage: Stage,
    delivery: Delivery,
    words: Option<String>,
    events: &mut CommitEvents,
) -> Result<(), ServiceError> {
    message_updates::deliver_in(tx, (row.conversation, row.message), delivery, words, events).await?;
    row.stage = stage;
    outbox::save(tx, row).await?;
    Ok(())
}
