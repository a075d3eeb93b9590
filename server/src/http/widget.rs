//! The visitor's side: configuration, files and the JSON socket (`docs/sync.md#visitors`).

mod files;

pub use files::{download, upload};

use axum::{
    extract::{Query, State, WebSocketUpgrade},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use causerie_shared::{
    refusal::Code,
    widget::{MAX_VISITOR_FRAME, WidgetConfig},
};
use serde::Deserialize;

use crate::{
    http::{error::ApiError, headers::ClientIp},
    limits::Limit,
    state::{App, Shared},
    store::places::{AccountRecord, account_by_key},
};

/// The query `?key=`: the public key of the embed snippet.
#[derive(Deserialize)]
pub struct Key {
    #[serde(default)]
    key: String,
}

/// Returns the enabled web account of a key.
async fn account(app: &App, key: &str) -> Result<AccountRecord, ApiError> {
    let account = account_by_key(&mut *app.store.read().await?, key).await?;
    account
        .filter(|account| account.row.enabled)
        .ok_or_else(|| ApiError::new(Code::NotFound, "this widget does not exist or was switched off"))
}

/// `GET /widget/config`: readable by the pages that may embed the widget.
pub async fn config(
    State(app): State<Shared>,
    Query(Key { key }): Query<Key>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let account = account(&app, &key).await?;
    let body = WidgetConfig {
        name: account.config.title.clone(),
        lang: account.config.lang.clone(),
        form: account.config.form,
    };
    let mut response = axum::Json(body).into_response();
    let answer = response.headers_mut();
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer.insert(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = headers.get(header::ORIGIN)
        && origin
            .to_str()
            .is_ok_and(|origin| account.config.origins.iter().any(|allowed| allowed == origin))
    {
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
    Ok(response)
}

/// `GET /widget/socket`: only for the server's own panel page, whose frame ancestors the browser checks.
pub async fn socket(
    State(app): State<Shared>,
    Query(Key { key }): Query<Key>,
    ClientIp(ip): ClientIp,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    super::origin::check(&headers, &app.config)?;
    app.limits
        .take(Limit::VisitorSocket, &ip.to_string(), app.clock.now())?;
    let account = account(&app, &key).await.ok();
    let country = country(&app, &headers);
    Ok(upgrade
        .max_message_size(MAX_VISITOR_FRAME)
        .on_upgrade(move |socket| async move {
            crate::realtime::visitors::session::serve(app, account, ip, country, socket).await;
        }))
}

/// Returns the country from a proxy's header, if the server has trusted proxies.
fn country(app: &App, headers: &HeaderMap) -> Option<String> {
    if app.config.trusted_proxies.is_empty() {
        return None;
    }
    let value = ["cf-ipcountry", "x-country-code"]
        .iter()
        .find_map(|name| headers.get(*name))?
        .to_str()
        .ok()?;
    (value.len() == 2 && value.bytes().all(|b| b.is_ascii_alphabetic())).then(|| value.to_ascii_uppercase())
}
