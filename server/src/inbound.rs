//! The worker that processes stored webhooks: reads their events, routes them to accounts, and applies them in order
//! for each contact.

mod apply;
mod blocked;
pub mod intake;
mod lanes;
pub mod media;
mod message;
pub mod polling;

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    panic::AssertUnwindSafe,
    sync::Arc,
};

use causerie_shared::{Millis, ids::AccountId};
use futures_util::{FutureExt as _, future::BoxFuture};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    accounts::health::note,
    channels::{
        adapter, client,
        inbound_event::{InboundEvent, InboundEventKind, OWN_ACCOUNT},
        value,
    },
    conversations::provider_events::Routed,
    error::ServiceError,
    state::{App, Shared},
    store::{
        StoreError, blacklist,
        channel_accounts::{self, ChannelAccount},
        nodes, outbox, provider,
        raw_events::{self, RawEvent},
        retried,
    },
    workers,
};
use blocked::{Cut, dropped, without};
use lanes::Lanes;

/// Maximum number of bodies in one round.
const MAX_BATCH: i64 = 200;
/// Maximum number of lanes (contacts) that are processed at the same time.
const MAX_LANES: usize = 8;
/// Pause after a failure of the database, or while another node holds the cluster lock.
const RETRY_PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// How long bodies are kept, in milliseconds (`docs/domain.md#retention`).
const BODY_RETENTION_MS: Millis = 7 * 24 * 3_600_000;
/// How long pending provider events are kept, in milliseconds.
const PENDING_RETENTION_MS: Millis = 3_600_000;
/// How often expired rows are deleted, in milliseconds.
const UPKEEP_INTERVAL_MS: Millis = 600_000;
/// Maximum number of outbox rows that are deleted in one transaction.
const TRIM_BATCH: i64 = 1_000;

/// The result of a round.
enum Round {
    Worked,
    Nothing,
    /// Another node holds the cluster lock. It may have begun its round before the newest bodies were stored.
    NotMine,
}

/// Runs the worker until shutdown.
pub async fn run(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    let mut trimmed = None;
    loop {
        let now = app.clock.now();
        if trimmed.is_none_or(|trimmed| now >= trimmed + UPKEEP_INTERVAL_MS) {
            match trim(&app, now).await {
                Ok(()) => trimmed = Some(now),
                Err(error) => tracing::error!(%error, "old webhooks could not be removed"),
            }
        }
        let upkeep = trimmed.unwrap_or(now) + UPKEEP_INTERVAL_MS;
        let wait = async {
            match round(&app).await {
                Ok(Round::Worked) => {}
                Ok(Round::Nothing) => {
                    tokio::select! {
                        () = app.hooked.notified() => {}
                        () = app.clock.sleep_until(upkeep) => {}
                        () = workers::fallback(&app) => {}
                    }
                }
                Ok(Round::NotMine) => crate::clock::pause(RETRY_PAUSE).await,
                Err(error) => {
                    tracing::error!(%error, "webhooks could not be processed");
                    crate::clock::pause(RETRY_PAUSE).await;
                }
            }
        };
        tokio::select! {
            () = wait => {}
            () = workers::stop(&mut shutdown) => return,
        }
    }
}

/// Deletes bodies after a week, with the outbox rows of sent messages, because late echoes of them could be among the
/// bodies. Deletes pending provider events after an hour.
async fn trim(app: &App, now: Millis) -> Result<(), StoreError> {
    retried(async || {
        let mut tx = app.store.begin().await?;
        raw_events::trim(&mut tx, now - BODY_RETENTION_MS).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    retried(async || {
        let mut tx = app.store.begin().await?;
        provider::trim_early(&mut tx, now - PENDING_RETENTION_MS).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    loop {
        let mut tx = app.store.begin().await?;
        let gone = outbox::trim(&mut tx, now - BODY_RETENTION_MS, TRIM_BATCH).await?;
        tx.commit().await?;
        if gone < TRIM_BATCH as u64 {
            return Ok(());
        }
    }
}

/// Processes one batch of bodies.
async fn round(app: &Shared) -> Result<Round, ServiceError> {
    let Some(_turn) = app.store.cluster_lock(nodes::Work::Inbound).await? else {
        return Ok(Round::NotMine);
    };
    let mut db = app.store.read().await?;
    let events = raw_events::waiting(&mut db, MAX_BATCH).await?;
    if events.is_empty() {
        return Ok(Round::Nothing);
    }
    let anyone_is_blocked = blacklist::is_anyone(&mut db).await?;
    drop(db);
    let mut lanes = Lanes::default();
    let mut accounts = HashMap::new();
    let mut problems: BTreeMap<String, String> = BTreeMap::new();
    for event in &events {
        match read(app, event, &mut accounts).await? {
            Ok(routed) => {
                for mut one in routed {
                    one.element.sanitize();
                    lanes.push(one);
                }
            }
            Err(problem) => {
                problems.insert(event.id.clone(), problem);
            }
        }
    }
    let mut running = JoinSet::new();
    let mut cut: Vec<Cut> = vec![];
    for mut lane in lanes.split() {
        // Providers do not keep the order. An event without a time stays behind the one that it came with.
        let mut last = Millis::MIN;
        lane.sort_by_cached_key(|routed| {
            last = routed.element.at.unwrap_or(last);
            last
        });
        if running.len() >= MAX_LANES {
            cut.extend(settle(running.join_next().await)?);
        }
        let app = Arc::clone(app);
        running.spawn(async move {
            let mut cut = vec![];
            for routed in lane {
                if anyone_is_blocked && let Some(ids) = dropped(&app, &routed).await? {
                    cut.push((routed.event, ids));
                    continue;
                }
                greet(&app, &routed);
                one(&app, &routed).await?;
            }
            Ok(cut)
        });
    }
    while let Some(done) = running.join_next().await {
        cut.extend(settle(Some(done))?);
    }
    let now = app.clock.now();
    let mut heard: Vec<AccountId> = events.iter().map(|event| event.account).collect();
    heard.sort_unstable();
    heard.dedup();
    for account in heard {
        note(app, account, |health| health.last_webhook = Some(now)).await?;
    }
    // Only the holder of the cluster lock writes these rows.
    let mut tx = app.store.begin().await?;
    for event in &events {
        let of = cut.iter().filter(|(of, _)| *of == event.id);
        let ids: Vec<String> = of.flat_map(|(_, ids)| ids.clone()).collect();
        if !ids.is_empty() {
            raw_events::rewrite(&mut tx, &event.id, without(&event.body, &ids)).await?;
        }
    }
    raw_events::done(&mut tx, &events, &problems).await?;
    tx.commit().await?;
    Ok(Round::Worked)
}

fn settle(
    done: Option<Result<Result<Vec<Cut>, StoreError>, tokio::task::JoinError>>,
) -> Result<Vec<Cut>, ServiceError> {
    match done {
        None => Ok(vec![]),
        Some(Ok(Ok(cut))) => Ok(cut),
        Some(Ok(Err(error))) => Err(error.into()),
        // One bad event must not lose the others.
        Some(Err(panic)) => {
            tracing::error!(%panic, "an event of a webhook could not be processed");
            Ok(vec![])
        }
    }
}

/// Reads the events of a body and finds their accounts. `accounts` caches the accounts of the batch.
async fn read(
    app: &App,
    event: &RawEvent,
    accounts: &mut HashMap<AccountId, Option<ChannelAccount>>,
) -> Result<Result<Vec<Routed>, String>, StoreError> {
    let account = match accounts.entry(event.account) {
        Entry::Occupied(known) => known.get().clone(),
        Entry::Vacant(new) => {
            let account = channel_accounts::get(&mut *app.store.read().await?, event.account).await?;
            new.insert(account).clone()
        }
    };
    let Some(account) = account else {
        return Ok(Ok(vec![]));
    };
    let Some(adapter) = adapter(account.row.channel) else {
        return Ok(Ok(vec![]));
    };
    let body: Value = match value::parse(&event.body) {
        Ok(body) => body,
        Err(error) => return Ok(Err(format!("no JSON: {error}"))),
    };
    let mut routed = vec![];
    for element in adapter.elements(&body) {
        let own = element.account == account.external || element.account == OWN_ACCOUNT;
        let to = if element.channel == account.row.channel && own {
            Some(account.clone())
        } else {
            channel_accounts::by_external(&mut *app.store.read().await?, element.channel, &element.account).await?
        };
        // An account that is not connected here is another app's, or was removed.
        if let Some(account) = to.filter(|account| is_news(account, &element)) {
            let event = event.id.clone();
            routed.push(Routed {
                account,
                element,
                event,
            });
        }
    }
    Ok(Ok(routed))
}

/// Whether an event says anything new. Every body of WhatsApp's names the business account, which is usually known.
fn is_news(account: &ChannelAccount, element: &InboundEvent) -> bool {
    !matches!(&element.what, InboundEventKind::Belongs(business) if account.health.business.as_ref() == Some(business))
}

/// Makes the best-effort call that the channel has for this event, such as the answer to a pressed button, in the
/// background.
fn greet(app: &Shared, routed: &Routed) {
    let account = &routed.account;
    let courtesy = adapter(account.row.channel).and_then(|adapter| adapter.courtesy(&routed.element));
    if let Some(courtesy) = courtesy
        && let Some(credentials) = crate::accounts::credentials(app, account)
    {
        client::courtesy(app, courtesy(&credentials));
    }
}

/// Applies a comment that waited for the first comment of its thread ([`App::apply_comment`]).
pub fn apply_comment<'a>(app: &'a App, routed: &'a Routed) -> BoxFuture<'a, Result<(), ServiceError>> {
    Box::pin(apply::apply(app, routed))
}

async fn one(app: &App, routed: &Routed) -> Result<(), StoreError> {
    // A panic ends this event, but not the later events of the same contact.
    let Ok(done) = AssertUnwindSafe(apply::apply(app, routed)).catch_unwind().await else {
        tracing::error!(
            channel = routed.account.row.channel.as_str(),
            "an event of a webhook could not be processed"
        );
        return Ok(());
    };
    match done {
        Ok(()) => Ok(()),
        Err(ServiceError::Store(error)) if error.may_pass() => Err(error),
        // Log the error once, and continue with the other events.
        Err(error) => {
            tracing::warn!(%error, channel = routed.account.row.channel.as_str(), "could not apply a provider's event");
            Ok(())
        }
    }
}
