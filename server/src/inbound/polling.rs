//! Polls for updates of accounts whose providers cannot reach this server, as Telegram allows.
//!
//! A request for the updates after a given one confirms it, so updates are stored in the same transaction as the new
//! offset. From then on they are processed like webhooks.

use std::{collections::HashMap, sync::Arc, time::Duration};

use causerie_shared::{Millis, ids::AccountId};
use tokio::task::{AbortHandle, JoinSet};

use crate::{
    channels::{Outcome, Update, adapter},
    clock::{Stopwatch, back_off, pause, sequence},
    state::{App, Shared},
    store::{
        StoreError,
        channel_accounts::{self, ChannelAccount},
        nodes,
        raw_events::{self, RawEvent},
    },
    workers,
};

/// Largest answer, in bytes: a hundred updates with long texts.
const MAX_ANSWER: usize = 16 * 1024 * 1024;
/// Pause before a retry, and between answers of a server that does not wait.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// First pause after a problem, in milliseconds.
const FIRST_PAUSE_MS: Millis = 1_000;
/// Longest pause after a problem, in milliseconds.
const LONGEST_PAUSE_MS: Millis = 60_000;

/// Runs the worker until shutdown.
pub async fn run(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    loop {
        let wait = async {
            match shift(&app).await {
                // Another node polls; try again, because that node may stop.
                Ok(()) => workers::fallback(&app).await,
                Err(error) => {
                    tracing::error!(%error, "the accounts to be polled could not be read");
                    pause(POLL_INTERVAL).await;
                }
            }
        };
        tokio::select! {
            () = wait => {}
            () = workers::stop(&mut shutdown) => return,
        }
    }
}

/// Polls for as long as this node holds the cluster lock; ends with the first failure of the database.
async fn shift(app: &Shared) -> Result<(), StoreError> {
    let Some(_turn) = app.store.cluster_lock(nodes::Work::Polling).await? else {
        return Ok(());
    };
    // Dropping the set at the end aborts all its tasks.
    let mut tasks = JoinSet::new();
    let mut running: HashMap<AccountId, AbortHandle> = HashMap::new();
    loop {
        let accounts = channel_accounts::all(&mut *app.store.read().await?).await?;
        let wanted: Vec<AccountId> = accounts
            .iter()
            .filter(|account| is_polled(account))
            .map(|account| account.row.id)
            .collect();
        running.retain(|account, task| {
            let stays = wanted.contains(account);
            if !stays {
                task.abort();
            }
            stays && !task.is_finished()
        });
        for account in wanted {
            running
                .entry(account)
                .or_insert_with(|| tasks.spawn(poll(Arc::clone(app), account)));
        }
        tokio::select! {
            () = app.polling_changed.notified() => {}
            () = workers::fallback(app) => {}
            // The next pass starts the task again, if its account is still wanted.
            Some(ended) = tasks.join_next() => {
                if let Err(error) = ended && error.is_panic() {
                    tracing::error!(%error, "an account was not polled any more");
                }
                pause(POLL_INTERVAL).await;
            }
        }
    }
}

fn is_polled(account: &ChannelAccount) -> bool {
    account.row.enabled && account.health.polling.is_some() && !account.health.token_invalid
}

/// What follows an answer.
enum After {
    Again,
    /// A pause of this many milliseconds, then another request.
    Pause(Millis),
    Stop,
}

async fn poll(app: Shared, account: AccountId) {
    let mut failures = 0;
    loop {
        let after = match once(&app, account, &mut failures).await {
            Ok(after) => after,
            Err(error) => {
                tracing::error!(%error, "polled updates could not be stored");
                failures += 1;
                After::Pause(back_off(failures, FIRST_PAUSE_MS, LONGEST_PAUSE_MS))
            }
        };
        match after {
            After::Again => {}
            After::Pause(wait) => app.clock.sleep_until(app.clock.now() + wait).await,
            After::Stop => return,
        }
    }
}

/// Polls once. `failures` counts the failures in a row.
async fn once(app: &App, id: AccountId, failures: &mut u32) -> Result<After, StoreError> {
    let account = channel_accounts::get(&mut *app.store.read().await?, id).await?;
    let Some(account) = account.filter(is_polled) else {
        return Ok(After::Stop);
    };
    let Some(credentials) = crate::accounts::credentials(app, &account) else {
        note(
            app,
            id,
            "The account's secrets cannot be read; connect it again.",
            false,
        )
        .await?;
        return Ok(After::Pause(LONGEST_PAUSE_MS));
    };
    let Some(adapter) = adapter(account.row.channel) else {
        return Ok(After::Stop);
    };
    let Some(call) = adapter.poll(&credentials, account.health.polling.unwrap_or_default()) else {
        return Ok(After::Stop);
    };
    let began = Stopwatch::start();
    let answer = app.client.call(&app.config, &call, Some(MAX_ANSWER)).await;
    let outcome = match adapter.polled(&answer) {
        Ok(updates) => {
            *failures = 0;
            let advanced = keep(app, &account, &updates).await?;
            // A server that does not wait must not be asked in a tight loop.
            if !advanced && began.elapsed() < POLL_INTERVAL {
                pause(POLL_INTERVAL).await;
            }
            return Ok(After::Again);
        }
        Err(outcome) => outcome,
    };
    *failures += 1;
    match outcome {
        Outcome::TokenInvalid(problem) => {
            note(app, id, &problem.words, true).await?;
            Ok(After::Stop)
        }
        Outcome::RetryAfter(wait, _) => Ok(After::Pause(wait)),
        Outcome::Accepted { .. } => Ok(After::Pause(back_off(*failures, FIRST_PAUSE_MS, LONGEST_PAUSE_MS))),
        // Polling twice does no harm.
        Outcome::Retry(problem)
        | Outcome::Final(problem)
        | Outcome::WindowClosed(problem)
        | Outcome::Unconfirmed(problem) => {
            // Note only the first of several failures in a row, or the list of errors would hold nothing else.
            if *failures == 1 {
                note(app, id, &problem.words, false).await?;
            }
            Ok(After::Pause(back_off(*failures, FIRST_PAUSE_MS, LONGEST_PAUSE_MS)))
        }
    }
}

/// Stores updates and the next offset, both or neither. Returns `false` if there is nothing new.
async fn keep(app: &App, account: &ChannelAccount, updates: &[Update]) -> Result<bool, StoreError> {
    if updates.is_empty() {
        return Ok(false);
    }
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    // The account was removed or switched to webhooks meanwhile. The provider keeps updates that were not confirmed.
    let Some(mut current) = channel_accounts::lock(&mut tx, account.row.id).await?.filter(is_polled) else {
        return Ok(false);
    };
    for update in updates {
        let event = RawEvent {
            id: sequence(now),
            account: account.row.id,
            body: update.body.to_string().into_bytes(),
            received_at: now,
        };
        raw_events::insert(&mut tx, &event).await?;
    }
    let last = updates.iter().filter_map(|update| update.number).max();
    let advanced = last.is_some_and(|last| current.health.polling.is_none_or(|next| last >= next));
    if let Some(last) = last.filter(|_| advanced) {
        current.health.polling = Some(last.saturating_add(1));
        channel_accounts::save_health(&mut tx, current.row.id, &current.health).await?;
    }
    tx.commit().await?;
    app.hooked.notify_one();
    Ok(advanced)
}

/// Notes an error of the account; `invalid` says that the provider rejects the token.
async fn note(app: &App, account: AccountId, words: &str, invalid: bool) -> Result<(), StoreError> {
    let now = app.clock.now();
    crate::accounts::health::note(app, account, |health| {
        health.note(now, words.to_owned());
        health.token_invalid |= invalid;
    })
    .await
}
