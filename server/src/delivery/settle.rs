//! Decides what happens after an attempt: a retry, a failure, or a hold until the token is renewed.

use causerie_shared::{Millis, ids::AccountId, message::Delivery};

use super::{pace::pause, save};
use crate::{
    accounts::note,
    channels::{Outcome, adapter, inbound_event::Problem},
    commit_events::CommitEvents,
    conversations::{change, message_updates},
    error::ServiceError,
    state::App,
    store::{
        Db, OrderedTx, StoreError,
        channel_accounts::{self, ChannelAccount},
        feed::{self, FeedKind},
        outbox::{self, OutboxRow, Stage},
        provider,
    },
};

/// Attempts before a temporary problem becomes a failure. The pauses between them add up to at most about an hour.
const ATTEMPTS: i64 = 12;
/// Due time of a message that is held back until the token is renewed.
const NEVER: Millis = i64::MAX / 2;

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
            let due = now + pause(row.attempts);
            later(app, account, row, due, &problem).await
        }
        Outcome::Final(problem) | Outcome::WindowClosed(problem) => {
            give_up(app, &mut row, Stage::Failed, Delivery::Failed, Some(problem.words)).await
        }
        Outcome::TokenInvalid(problem) => {
            row.stage = Stage::Waiting;
            row.progress.begun = false;
            trouble(app, account, Some(row), &problem).await
        }
        Outcome::Unconfirmed(problem) => unconfirmed(app, row, problem).await,
    }?;
    Ok(None)
}

/// Marks a message as unconfirmed, unless a status or an echo has already bound the id of its part.
async fn unconfirmed(app: &App, mut row: OutboxRow, problem: Problem) -> Result<(), ServiceError> {
    let mut tx = app.store.begin_ordered().await?;
    let known = provider::of_message(&mut tx, row.message).await?.len();
    let mut events = CommitEvents::default();
    if known > row.progress.sent as usize {
        row.progress.sent += 1;
        row.progress.begun = false;
        row.stage = Stage::Waiting;
        row.due = app.clock.now();
        outbox::save(&mut tx, &row).await?;
    } else {
        let (stage, delivery) = (Stage::Unconfirmed, Delivery::Unconfirmed);
        end(&mut tx, &mut row, stage, delivery, Some(problem.words), &mut events).await?;
    }
    tx.commit().await?;
    change::publish(app, events);
    Ok(())
}

/// Holds back an account whose token the provider rejects: its messages are kept, none is sent, and the console shows
/// the problem.
///
/// `account` is the account as it was when the call was made, and `row` is what the call was to send. If the token was
/// renewed meanwhile, nothing is held back and the row is due at once.
pub async fn trouble(
    app: &App,
    account: &ChannelAccount,
    row: Option<OutboxRow>,
    problem: &Problem,
) -> Result<(), ServiceError> {
    let (id, now) = (account.row.id, app.clock.now());
    let mut tx = app.store.begin_ordered().await?;
    let known = channel_accounts::lock(&mut tx, id).await?;
    let was_renewed = known.as_ref().is_some_and(|known| known.secrets != account.secrets);
    if let Some(mut row) = row {
        row.due = if was_renewed { now } else { NEVER };
        outbox::save(&mut tx, &row).await?;
    }
    let mut events = CommitEvents::default();
    if let Some(mut known) = known.filter(|_| !was_renewed) {
        outbox::delay_account(&mut tx, id, NEVER).await?;
        if !known.health.token_invalid {
            known.health.token_invalid = true;
            known.health.note(now, problem.words.clone());
            channel_accounts::save_health(&mut tx, id, &known.health).await?;
            let entry = feed::append(&mut tx, FeedKind::Account, id.to_string(), None, None).await?;
            events.load(&mut tx, entry).await?;
        }
    }
    tx.commit().await?;
    change::publish(app, events);
    Ok(())
}

/// Holds all messages of an account back until its token is renewed.
pub(crate) async fn hold_back(app: &App, account: AccountId) -> Result<(), StoreError> {
    let mut tx = app.store.begin_ordered().await?;
    // The token may have been renewed a moment ago.
    if channel_accounts::get(&mut tx, account)
        .await?
        .is_some_and(|account| account.health.token_invalid)
    {
        outbox::delay_account(&mut tx, account, NEVER).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Makes the messages that waited for a renewed token due, in the caller's transaction. The caller wakes the worker.
pub async fn resume(db: &mut Db, account: &mut ChannelAccount, now: Millis) -> Result<(), StoreError> {
    account.health.token_invalid = false;
    channel_accounts::save_health(&mut *db, account.row.id, &account.health).await?;
    outbox::delay_account(db, account.row.id, now).await
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
    let mut events = CommitEvents::default();
    let mut tx = app.store.begin_ordered().await?;
    end(&mut tx, row, stage, delivery, words, &mut events).await?;
    tx.commit().await?;
    change::publish(app, events);
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
