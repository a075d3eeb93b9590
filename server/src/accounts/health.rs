//! The health of messaging accounts: what the provider last said, and tokens that it rejects.

use causerie_shared::{Millis, ids::AccountId};

use crate::{
    channels::inbound_event::Problem,
    error::ServiceError,
    state::App,
    store::{
        Db, StoreError,
        channel_accounts::{self, ChannelAccount, Health},
        feed::{self, FeedKind},
        outbox::{self, OutboxRow},
    },
    unit_of_work::UnitOfWork,
};

/// Due time of a message that is held back until the token is renewed.
const HELD_BACK: Millis = i64::MAX / 2;

/// Updates the health of an account with `write`, if the account still exists.
pub async fn note(app: &App, account: AccountId, write: impl FnOnce(&mut Health)) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    if let Some(mut account) = channel_accounts::lock(&mut tx, account).await? {
        write(&mut account.health);
        channel_accounts::save_health(&mut tx, account.row.id, &account.health).await?;
    }
    Ok(tx.commit().await?)
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
    let mut unit = UnitOfWork::begin(app).await?;
    let known = channel_accounts::lock(&mut unit.tx, id).await?;
    let was_renewed = known.as_ref().is_some_and(|known| known.secrets != account.secrets);
    if let Some(mut row) = row {
        row.due = if was_renewed { now } else { HELD_BACK };
        outbox::save(&mut unit.tx, &row).await?;
    }
    if let Some(mut known) = known.filter(|_| !was_renewed) {
        outbox::delay_account(&mut unit.tx, id, HELD_BACK).await?;
        if !known.health.token_invalid {
            known.health.token_invalid = true;
            known.health.note(now, problem.words.clone());
            channel_accounts::save_health(&mut unit.tx, id, &known.health).await?;
            let entry = feed::append(&mut unit.tx, FeedKind::Account, id.to_string(), None, None).await?;
            unit.events.load(&mut unit.tx, entry).await?;
        }
    }
    unit.commit(app).await?;
    Ok(())
}

/// Holds all messages of an account back until its token is renewed.
pub async fn hold_back(app: &App, account: AccountId) -> Result<(), StoreError> {
    let mut tx = app.store.begin_ordered().await?;
    // The token may have been renewed a moment ago.
    if channel_accounts::get(&mut tx, account)
        .await?
        .is_some_and(|account| account.health.token_invalid)
    {
        outbox::delay_account(&mut tx, account, HELD_BACK).await?;
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
