//! Messaging accounts: owners and admins connect, change, pause, check and remove them.

use causerie_shared::{
    api::channels::{ChannelCheck, FieldKind, NewChannel, RemoveChannel, SaveChannel},
    conversation::transition::{Actor, Event},
    ids::{AccountId, InboxId},
    inbox::AccountRow,
    refusal::{Code, Refusal},
};

use super::{check, inboxes::told};
use crate::{
    access::may_manage,
    audit::Trail,
    channels::{self, Credentials, Next, forms},
    clock::random_u128,
    conversations::lifecycle,
    error::ServiceError,
    secrets,
    state::App,
    store::{
        Db,
        channel_accounts::{self, ChannelAccount, Health},
        conversations,
        feed::FeedKind,
        places,
        users::UserRecord,
    },
    unit_of_work::UnitOfWork,
};

/// Maximum number of calls that a check of a token may make.
const MAX_CALLS: usize = 4;

fn missing() -> Refusal {
    Refusal::new(Code::NotFound, "there is no such account")
}

fn taken() -> Refusal {
    Refusal::new(Code::Conflict, "this account is connected already")
}

fn seal(app: &App, credentials: &Credentials) -> Result<String, Refusal> {
    let failed = |_| Refusal::new(Code::Internal, "the secrets could not be encrypted");
    let plain = serde_json::to_vec(credentials).map_err(|_| Refusal::new(Code::Internal, "secrets are no JSON"))?;
    app.vault.seal(&plain).map_err(failed)
}

/// Returns the id of the business account in the form, if it is not empty.
fn business(credentials: &Credentials) -> Option<String> {
    Some(credentials.business_id.clone()).filter(|id| !id.is_empty())
}

async fn inbox(db: &mut Db, inbox: InboxId) -> Result<String, ServiceError> {
    let row = places::inbox(db, inbox).await?;
    let row = row.ok_or_else(|| Refusal::new(Code::Invalid, "there is no such inbox"))?;
    Ok(row.name)
}

/// Connects an account.
///
/// # Errors
/// [`Code::Forbidden`], [`Code::Invalid`], [`Code::Conflict`] when the provider's account is connected already.
pub async fn connect(app: &App, actor: &UserRecord, body: NewChannel) -> Result<AccountId, ServiceError> {
    may_manage(actor)?;
    if forms::form(body.channel).is_none() {
        return Err(Refusal::new(Code::Invalid, "this channel cannot be connected").into());
    }
    let name = check::name(&body.name)?;
    let mut credentials = Credentials {
        verify_token: secrets::new_token(),
        secret_token: secrets::new_token(),
        ..Credentials::default()
    };
    forms::fill(body.channel, &mut credentials, &body.fields)?;
    let now = app.clock.now();
    let mut unit = UnitOfWork::begin(app).await?;
    let of_inbox = inbox(&mut unit.tx, body.inbox).await?;
    let external = &credentials.external_id;
    if channel_accounts::by_external(&mut unit.tx, body.channel, external)
        .await?
        .is_some()
    {
        return Err(taken().into());
    }
    let account = ChannelAccount {
        row: AccountRow {
            id: AccountId::new(now, random_u128()),
            inbox: body.inbox,
            channel: body.channel,
            name,
            enabled: true,
            trouble: false,
            human_agent: credentials.human_agent,
        },
        key: secrets::new_token(),
        external: external.clone(),
        secrets: seal(app, &credentials)?,
        health: Health {
            human_agent: credentials.human_agent,
            business: business(&credentials),
            ..Health::default()
        },
    };
    channel_accounts::insert(&mut unit.tx, &account).await?;
    let mut trail = Trail::default();
    trail.field("channel", "", account.row.channel.as_str());
    trail.field("inbox", "", of_inbox);
    trail.field("external_id", "", &account.external);
    trail
        .write(&mut unit.tx, actor, "channel.connect", &account.row.name, now)
        .await?;
    told(&mut unit.tx, FeedKind::Account, account.row.id, &mut unit.events).await?;
    unit.commit(app).await?;
    crate::accounts::connected(app, &account).await?;
    Ok(account.row.id)
}

/// Changes an account. A new token resumes the messages that were held back by an invalid one.
///
/// # Errors
/// [`Code::Forbidden`], [`Code::NotFound`], [`Code::Invalid`]; [`Code::Closed`] when the account's secrets cannot be
/// read.
pub async fn save(app: &App, actor: &UserRecord, account: AccountId, body: SaveChannel) -> Result<(), ServiceError> {
    may_manage(actor)?;
    let now = app.clock.now();
    let mut unit = UnitOfWork::begin(app).await?;
    let before = channel_accounts::lock(&mut unit.tx, account)
        .await?
        .ok_or_else(missing)?;
    let unreadable = || {
        Refusal::new(
            Code::Closed,
            "its secrets cannot be read; remove it and connect it again",
        )
    };
    let mut credentials = crate::accounts::credentials(app, &before).ok_or_else(unreadable)?;
    let changed = forms::fill(before.row.channel, &mut credentials, &body.fields)?;
    if credentials.external_id != before.external {
        let text = "connect the other account separately; this one stays as it is";
        return Err(Refusal::new(Code::Invalid, text).into());
    }
    let mut after = before.clone();
    after.row.name = check::name(&body.name)?;
    after.row.enabled = body.enabled;
    after.row.inbox = body.inbox;
    let mut trail = Trail::default();
    trail.field("name", &before.row.name, &after.row.name);
    trail.field("enabled", before.row.enabled, after.row.enabled);
    if before.row.inbox != after.row.inbox {
        let known = places::inbox(&mut unit.tx, before.row.inbox).await?;
        let known = known.map(|inbox| inbox.name).unwrap_or_default();
        trail.field("inbox", known, inbox(&mut unit.tx, after.row.inbox).await?);
    }
    for (label, _) in &changed {
        // The old and new values may be secrets.
        trail.field(label, "", "changed");
    }
    if trail.is_empty() {
        return Ok(());
    }
    if !changed.is_empty() {
        after.secrets = seal(app, &credentials)?;
        after.health.human_agent = credentials.human_agent;
        after.health.business = business(&credentials).or(after.health.business);
    }
    channel_accounts::save(&mut unit.tx, &after).await?;
    let renewed = changed.iter().any(|(_, kind)| *kind == FieldKind::Secret);
    if renewed && before.health.token_invalid {
        crate::accounts::health::resume(&mut unit.tx, &mut after, now).await?;
    }
    let action = match (before.row.enabled, after.row.enabled) {
        (true, false) => "channel.pause",
        (false, true) => "channel.resume",
        (true, true) | (false, false) => "channel.save",
    };
    trail.write(&mut unit.tx, actor, action, &after.row.name, now).await?;
    told(&mut unit.tx, FeedKind::Account, account, &mut unit.events).await?;
    unit.commit(app).await?;
    app.outbox_changed.notify_one();
    app.polling_changed.notify_one();
    if !changed.is_empty() {
        crate::accounts::connected(app, &after).await?;
    }
    Ok(())
}

/// Checks the token at the provider. A valid token resumes the messages that were held back by an invalid one.
///
/// # Errors
/// [`Code::Forbidden`], [`Code::NotFound`].
pub async fn check(app: &App, actor: &UserRecord, account: AccountId) -> Result<ChannelCheck, ServiceError> {
    may_manage(actor)?;
    let known = channel_accounts::get(&mut *app.store.read().await?, account)
        .await?
        .ok_or_else(missing)?;
    let result = attempt(app, &known).await;
    if result.is_ok() {
        crate::accounts::templates::fetch(app, &known).await?;
    }
    let mut unit = UnitOfWork::begin(app).await?;
    let mut known = channel_accounts::lock(&mut unit.tx, account)
        .await?
        .ok_or_else(missing)?;
    match &result {
        Ok(_) if known.health.token_invalid => {
            crate::accounts::health::resume(&mut unit.tx, &mut known, app.clock.now()).await?;
            told(&mut unit.tx, FeedKind::Account, account, &mut unit.events).await?;
        }
        Ok(_) => {}
        Err(words) => {
            known.health.note(app.clock.now(), words.clone());
            channel_accounts::save_health(&mut unit.tx, account, &known.health).await?;
        }
    }
    unit.commit(app).await?;
    app.outbox_changed.notify_one();
    app.polling_changed.notify_one();
    Ok(ChannelCheck {
        ok: result.is_ok(),
        words: result.unwrap_or_else(|words| words),
    })
}

async fn attempt(app: &App, account: &ChannelAccount) -> Result<String, String> {
    let unreadable = || "Its secrets cannot be read; remove it and connect it again.".to_owned();
    let credentials = crate::accounts::credentials(app, account).ok_or_else(unreadable)?;
    let adapter = channels::adapter(account.row.channel).ok_or_else(unreadable)?;
    let mut answers = vec![];
    for _ in 0..MAX_CALLS {
        match adapter.check(&credentials, &answers) {
            Next::Call(call) => answers.push(app.client.call(&app.config, &call, None).await),
            Next::Done(result) => return result,
        }
    }
    Err("The provider asked for too many calls.".to_owned())
}

/// Removes an account: its open chats fail, its secrets are deleted, its history stays.
///
/// # Errors
/// [`Code::Forbidden`], [`Code::NotFound`], [`Code::Invalid`] when the typed name is wrong.
pub async fn remove(
    app: &App,
    actor: &UserRecord,
    account: AccountId,
    body: RemoveChannel,
) -> Result<(), ServiceError> {
    may_manage(actor)?;
    let now = app.clock.now();
    let mut unit = UnitOfWork::begin(app).await?;
    let known = channel_accounts::lock(&mut unit.tx, account)
        .await?
        .ok_or_else(missing)?;
    if body.name.trim() != known.row.name {
        return Err(Refusal::new(Code::Invalid, "type the name of the account as it is").into());
    }
    channel_accounts::remove(&mut unit.tx, account, now).await?;
    let trail = Trail::default();
    trail
        .write(&mut unit.tx, actor, "channel.remove", &known.row.name, now)
        .await?;
    told(&mut unit.tx, FeedKind::Account, account, &mut unit.events).await?;
    unit.commit(app).await?;
    // No new chats begin after the commit, so the open ones can fail one by one.
    let open = conversations::open_at(&mut *app.store.read().await?, account).await?;
    for conversation in open {
        lifecycle::apply_system_event(app, conversation, Event::AccountRemoved, Actor::System).await?;
    }
    app.outbox_changed.notify_one();
    app.polling_changed.notify_one();
    Ok(())
}
