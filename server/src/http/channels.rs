//! Messaging accounts of channels other than the web. Everyone sees their names and how many people each has reached;
//! owners and admins see the details.

use std::collections::HashMap;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::IntoResponse,
};
use causerie_shared::{
    api::channels::{
        ChannelCheck, ChannelDetails, ChannelForm, ChannelRow, NewChannel, RemoveChannel, SaveChannel, Templates,
        TemplatesKnown,
    },
    ids::AccountId,
    inbox::Channel,
    refusal::Code,
};

use crate::{
    access::{self, may_manage},
    channels::forms,
    http::{auth::Signed, error::ApiError, json::Json},
    settings::channels as settings,
    state::{App, Shared},
    store::{
        channel_accounts::{self, ChannelAccount},
        outbox, templates as stored,
    },
};

/// `GET /api/channels`.
pub async fn list(State(app): State<Shared>, signed: Signed) -> Result<Json<Vec<ChannelRow>>, ApiError> {
    let manages = signed.user.role.manages();
    Ok(Json(rows(&app, manages, None).await?))
}

/// `GET /api/channels/forms`.
pub async fn forms(_: Signed) -> Json<Vec<ChannelForm>> {
    Json(Channel::ALL.into_iter().filter_map(forms::form).collect())
}

/// `POST /api/channels`.
pub async fn connect(
    State(app): State<Shared>,
    signed: Signed,
    Json(body): Json<NewChannel>,
) -> Result<impl IntoResponse, ApiError> {
    let account = settings::connect(&app, &signed.user, body).await?;
    Ok((StatusCode::CREATED, Json(present(&app, account).await?)))
}

/// `PUT /api/channels/{id}`.
pub async fn save(
    State(app): State<Shared>,
    signed: Signed,
    Path(account): Path<String>,
    Json(body): Json<SaveChannel>,
) -> Result<Json<ChannelRow>, ApiError> {
    let account = parse(&account)?;
    settings::save(&app, &signed.user, account, body).await?;
    Ok(Json(present(&app, account).await?))
}

/// `POST /api/channels/{id}/check`.
pub async fn check(
    State(app): State<Shared>,
    signed: Signed,
    Path(account): Path<String>,
) -> Result<Json<ChannelCheck>, ApiError> {
    may_manage(&signed.user)?;
    Ok(Json(settings::check(&app, &signed.user, parse(&account)?).await?))
}

/// `GET /api/channels/{id}/templates`, for users who may answer in the account's inbox.
pub async fn templates(
    State(app): State<Shared>,
    signed: Signed,
    Path(account): Path<String>,
) -> Result<Json<Templates>, ApiError> {
    let account = parse(&account)?;
    let mut db = app.store.read().await?;
    let known = channel_accounts::get(&mut db, account).await?.ok_or_else(missing)?;
    let access = access::of(&mut db, &signed.user).await?;
    if !access.is_member(known.row.inbox) && !access.supervises(known.row.inbox) {
        return Err(missing());
    }
    let mut templates = stored::get(&mut db, account).await?;
    if templates.known == TemplatesKnown::NotYet && known.health.business.is_none() {
        templates.known = TemplatesKnown::NoBusiness;
    }
    Ok(Json(templates))
}

/// `DELETE /api/channels/{id}`.
pub async fn remove(
    State(app): State<Shared>,
    signed: Signed,
    Path(account): Path<String>,
    Json(body): Json<RemoveChannel>,
) -> Result<StatusCode, ApiError> {
    settings::remove(&app, &signed.user, parse(&account)?, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn missing() -> ApiError {
    ApiError::new(Code::NotFound, "there is no such account")
}

fn parse(account: &str) -> Result<AccountId, ApiError> {
    account.parse().map_err(|_| missing())
}

async fn present(app: &App, account: AccountId) -> Result<ChannelRow, ApiError> {
    rows(app, true, Some(account)).await?.pop().ok_or_else(missing)
}

async fn rows(app: &App, manages: bool, only: Option<AccountId>) -> Result<Vec<ChannelRow>, ApiError> {
    let mut db = app.store.read().await?;
    let accounts = channel_accounts::all(&mut db).await?;
    let people: HashMap<_, _> = channel_accounts::people(&mut db).await?.into_iter().collect();
    let waiting: HashMap<_, _> = outbox::waiting(&mut db).await?.into_iter().collect();
    let accounts = accounts
        .into_iter()
        .filter(|account| only.is_none_or(|only| only == account.row.id));
    Ok(accounts
        .map(|account| ChannelRow {
            id: account.row.id,
            channel: account.row.channel,
            name: account.row.name.clone(),
            inbox: account.row.inbox,
            enabled: account.row.enabled,
            trouble: account.row.trouble,
            people: people.get(&account.row.id).copied().unwrap_or(0),
            details: manages.then(|| {
                let waiting = waiting.get(&account.row.id).copied().unwrap_or(0);
                Box::new(details(app, &account, waiting))
            }),
        })
        .collect())
}

fn details(app: &App, account: &ChannelAccount, waiting: u32) -> ChannelDetails {
    let channel = account.row.channel;
    let credentials = crate::accounts::credentials(app, account).unwrap_or_default();
    ChannelDetails {
        external_id: account.external.clone(),
        callback: format!("{}/hooks/{}", app.config.public_url, account.key),
        // The server registers the Telegram webhook and its token itself, so nobody has to copy the token.
        verify_token: if channel == Channel::Telegram {
            String::new()
        } else {
            credentials.verify_token.clone()
        },
        subscribe: forms::form(channel).map(|form| form.subscribe).unwrap_or_default(),
        fields: forms::shown(channel, &credentials),
        last_webhook: account.health.last_webhook,
        token_invalid: account.health.token_invalid,
        errors: account.health.errors.clone(),
        polling: account.health.polling.is_some(),
        waiting,
    }
}
