//! Webhooks of providers: checked, stored and acknowledged here, processed later.

use axum::{
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use causerie_shared::{ids::FileId, refusal::Code};

use crate::{
    channels::{Hook, adapter},
    http::{error::ApiError, files},
    inbound::intake,
    state::Shared,
    store::{
        channel_accounts::{self, ChannelAccount},
        files as stored,
    },
};

/// Maximum size of a webhook's body in bytes; WhatsApp sends up to 3 MB.
pub const MAX_HOOK: usize = 8 * 1024 * 1024;

async fn account(app: &Shared, key: &str) -> Result<ChannelAccount, ApiError> {
    channel_accounts::by_key(&mut *app.store.read().await?, key)
        .await?
        .ok_or_else(|| ApiError::new(Code::NotFound, "there is no such callback address"))
}

fn no_adapter() -> ApiError {
    ApiError::new(Code::NotFound, "this account takes no webhooks")
}

fn no_secrets() -> ApiError {
    tracing::error!("the secrets of an account cannot be read");
    ApiError::internal()
}

/// `GET /hooks/{key}`: the handshake of a subscription.
pub async fn handshake(
    State(app): State<Shared>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let account = account(&app, &key).await?;
    let adapter = adapter(account.row.channel).ok_or_else(no_adapter)?;
    let credentials = crate::accounts::credentials(&app, &account).ok_or_else(no_secrets)?;
    let hook = Hook {
        query: query.as_deref().unwrap_or_default(),
        headers: &headers,
        body: &[],
    };
    match adapter.handshake(&credentials, &hook) {
        Some(challenge) => Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], challenge).into_response()),
        None => Err(ApiError::new(Code::Forbidden, "the verify token is not this account's")),
    }
}

/// `POST /hooks/{key}`: stores the body and returns 200. A duplicate is stored too and has no effect later. Returns 503
/// when too many bodies wait to be stored, and the provider delivers this one again.
pub async fn receive(
    State(app): State<Shared>,
    Path(key): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    let account = account(&app, &key).await?;
    let adapter = adapter(account.row.channel).ok_or_else(no_adapter)?;
    let credentials = crate::accounts::credentials(&app, &account).ok_or_else(no_secrets)?;
    let hook = Hook {
        query: query.as_deref().unwrap_or_default(),
        headers: &headers,
        body: &body,
    };
    if !adapter.is_authentic(&credentials, &hook) {
        return Err(ApiError::new(Code::Unauthorized, "the signature is missing or wrong"));
    }
    if serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_err() {
        return Err(ApiError::new(Code::Malformed, "the body is no JSON"));
    }
    intake::keep(&app, account.row.id, body.to_vec()).await?;
    Ok(StatusCode::OK)
}

/// `GET /hooks/files/{id}/{pass}`: a file for a provider that downloads it. `pass` is the signed download token.
pub async fn file(State(app): State<Shared>, Path((id, pass)): Path<(String, String)>) -> Result<Response, ApiError> {
    let missing = || ApiError::new(Code::NotFound, "there is no such file");
    if !app.vault.is_pass(&id, &pass) {
        return Err(missing());
    }
    let id: FileId = id.parse().map_err(|_| missing())?;
    let file = stored::file(&mut *app.store.read().await?, id)
        .await?
        .ok_or_else(missing)?;
    files::serve(&app, &file).await
}
