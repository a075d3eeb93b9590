//! The worker that fetches templates from providers: when an account is connected or checked, when the provider says
//! that they changed, and once a day.

use causerie_shared::{
    Millis,
    api::channels::{Templates, TemplatesKnown},
    ids::AccountId,
    inbox::Channel,
};

use super::credentials;
use crate::{
    channels::{Next, adapter},
    state::{App, Shared},
    store::{
        Db, StoreError,
        channel_accounts::{self, ChannelAccount},
        templates as stored,
    },
    workers,
};

/// How long fetched templates are valid, in milliseconds.
const DAY: Millis = 24 * 3_600_000;
/// How long after a failed fetch the next one follows, in milliseconds.
const AGAIN: Millis = 3_600_000;
/// How long a fetch may take, in milliseconds. After that, the node that began it counts as dead.
const LEASE: Millis = 10 * 60_000;
/// Pause after a failure of the database.
const RETRY_PAUSE: std::time::Duration = std::time::Duration::from_secs(5);
/// Maximum number of calls (pages) for the templates of one account.
const MAX_CALLS: usize = 100;

/// Runs the worker until shutdown.
pub async fn run(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    loop {
        let due = round(&app).await;
        let wait = async {
            match due {
                Ok(Some(due)) => tokio::select! {
                    () = app.clock.sleep_until(due) => {}
                    () = workers::fallback(&app) => {}
                },
                Ok(None) => workers::fallback(&app).await,
                Err(error) => {
                    tracing::error!(%error, "templates could not be fetched");
                    crate::clock::pause(RETRY_PAUSE).await;
                }
            }
        };
        tokio::select! {
            () = wait => {}
            () = app.templates_changed.notified() => {}
            () = workers::stop(&mut shutdown) => return,
        }
    }
}

/// Fetches the templates of each account that is due, and returns when the next one is due.
async fn round(app: &App) -> Result<Option<Millis>, StoreError> {
    loop {
        let due = stored::next_due(&mut *app.store.read().await?).await?;
        if due.is_none_or(|due| due > app.clock.now()) || !next(app).await? {
            return Ok(due);
        }
    }
}

/// Fetches the templates of one account that is due; returns `false` if there is none.
async fn next(app: &App) -> Result<bool, StoreError> {
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
    let Some(account) = stored::take(&mut tx, now, now + LEASE).await? else {
        return Ok(false);
    };
    let known = channel_accounts::get(&mut tx, account).await?;
    if known.is_none() {
        // The account was removed.
        stored::forget(&mut tx, account).await?;
    }
    tx.commit().await?;
    if let Some(known) = known {
        fetch(app, &known).await?;
    }
    Ok(true)
}

/// Fetches and stores the templates of an account. If the fetch fails, the stored templates stay.
pub async fn fetch(app: &App, account: &ChannelAccount) -> Result<(), StoreError> {
    if !has_templates(account.row.channel) {
        return Ok(());
    }
    let answer = attempt(app, account).await;
    let mut tx = app.store.begin().await?;
    let now = app.clock.now();
    match answer {
        Ok(list) => {
            let known = TemplatesKnown::All;
            stored::save(&mut tx, account.row.id, &Templates { list, known }, now + DAY).await?;
        }
        Err(known) => stored::refused(&mut tx, account.row.id, &known, now + AGAIN).await?,
    }
    Ok(tx.commit().await?)
}

async fn attempt(
    app: &App,
    account: &ChannelAccount,
) -> Result<Vec<causerie_shared::api::channels::Template>, TemplatesKnown> {
    let unreadable = || TemplatesKnown::Refused("The account's secrets cannot be read; connect it again.".to_owned());
    let mut credentials = credentials(app, account).ok_or_else(unreadable)?;
    if let Some(business) = &account.health.business {
        credentials.business_id.clone_from(business);
    }
    if credentials.business_id.is_empty() {
        return Err(TemplatesKnown::NoBusiness);
    }
    let adapter = adapter(account.row.channel).ok_or_else(unreadable)?;
    let mut answers = vec![];
    for _ in 0..MAX_CALLS {
        match adapter.templates(&credentials, &answers) {
            Next::Call(call) => answers.push(app.client.call(&app.config, &call, None).await),
            Next::Done(result) => return result.map_err(TemplatesKnown::Refused),
        }
    }
    Err(TemplatesKnown::Refused(
        "The provider has more templates than can be fetched.".to_owned(),
    ))
}

fn has_templates(channel: Channel) -> bool {
    adapter(channel)
        .and_then(|adapter| adapter.capabilities().window)
        .is_some_and(|window| window.templates)
}

/// Schedules a fetch of an account's templates, in the caller's transaction. The caller wakes the worker
/// ([`App::templates_changed`]) after the commit.
pub async fn ask(db: &mut Db, account: &ChannelAccount, now: Millis) -> Result<(), StoreError> {
    if has_templates(account.row.channel) {
        stored::ask(db, account.row.id, now).await?;
    }
    Ok(())
}

/// Stores the business account that a messaging account belongs to. If it is new, schedules a fetch of the templates.
pub async fn belongs(app: &App, account: AccountId, business: &str) -> Result<(), StoreError> {
    let mut tx = app.store.begin_ordered().await?;
    let Some(mut known) = channel_accounts::lock(&mut tx, account).await? else {
        return Ok(());
    };
    if known.health.business.as_deref() == Some(business) {
        return Ok(());
    }
    known.health.business = Some(business.to_owned());
    channel_accounts::save_health(&mut tx, account, &known.health).await?;
    ask(&mut tx, &known, app.clock.now()).await?;
    tx.commit().await?;
    app.templates_changed.notify_one();
    Ok(())
}

/// Schedules a fetch of templates for `account`, and for each account that belongs to `business`.
pub async fn changed(app: &App, account: AccountId, business: Option<&str>) -> Result<(), StoreError> {
    let mut tx = app.store.begin_ordered().await?;
    for known in channel_accounts::all(&mut tx).await? {
        let same = || business.is_some_and(|business| known.health.business.as_deref() == Some(business));
        if known.row.id == account || same() {
            ask(&mut tx, &known, app.clock.now()).await?;
        }
    }
    tx.commit().await?;
    app.templates_changed.notify_one();
    Ok(())
}
