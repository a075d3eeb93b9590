//! A user's own notifications: the preferences, and the devices that receive web push.

use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
};
use causerie_shared::{
    api::notify::{NotifyPreferences, PushDevice, PushInfo, Subscribe},
    ids::IntentId,
    refusal::Code,
};

use crate::{
    clock::random_u128,
    http::{
        auth::{Client, Signed},
        error::ApiError,
        json::Json,
    },
    limits::Limit,
    safe_http,
    state::Shared,
    store::{
        preferences,
        push::{self as devices, Subscription},
    },
    web_push,
};

/// Number of minutes in a day.
const DAY: u16 = 24 * 60;
/// Maximum length of a push service's address, in bytes.
const MAX_ENDPOINT: usize = 2000;

/// `GET /api/me/notifications`.
pub async fn preferences(State(app): State<Shared>, signed: Signed) -> Result<Json<NotifyPreferences>, ApiError> {
    let mut db = app.store.read().await?;
    Ok(Json(preferences::get(&mut db, signed.user.id).await?))
}

/// `PUT /api/me/notifications`.
pub async fn set_preferences(
    State(app): State<Shared>,
    signed: Signed,
    Json(body): Json<NotifyPreferences>,
) -> Result<StatusCode, ApiError> {
    if let Some(quiet) = &body.quiet {
        if quiet.from >= DAY || quiet.to >= DAY {
            return Err(ApiError::new(Code::Invalid, "a day has 1440 minutes"));
        }
        if !web_push::zone_exists(&quiet.zone) {
            return Err(ApiError::new(Code::Invalid, "there is no such time zone"));
        }
    }
    let mut tx = app.store.begin().await?;
    preferences::set(&mut tx, signed.user.id, &body).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/me/push`.
pub async fn push(State(app): State<Shared>, signed: Signed) -> Result<Json<PushInfo>, ApiError> {
    let key = web_push::key(&app).await?;
    let mut db = app.store.read().await?;
    let all = devices::of_user(&mut db, signed.user.id, app.clock.now()).await?;
    let all = all.into_iter().map(|device| PushDevice {
        id: device.id.to_string(),
        name: device.device,
        since: device.created_at,
        current: device.session == signed.session,
    });
    Ok(Json(PushInfo {
        key,
        devices: all.collect(),
        log: devices::logged(&mut db, signed.user.id).await?,
    }))
}

/// `POST /api/me/push`: subscribes this browser to web push for as long as the session lasts.
pub async fn subscribe(
    State(app): State<Shared>,
    signed: Signed,
    client: Client,
    headers: HeaderMap,
    Json(body): Json<Subscribe>,
) -> Result<StatusCode, ApiError> {
    let invalid = |text: &str| ApiError::new(Code::Invalid, text);
    if body.endpoint.len() > MAX_ENDPOINT || safe_http::check(&app.config, &body.endpoint).is_err() {
        return Err(invalid("that is not the address of a push service"));
    }
    if web_push::public_key(&body.p256dh).is_err() || web_push::auth_secret(&body.auth).is_err() {
        return Err(invalid("the browser's keys cannot be used"));
    }
    let now = app.clock.now();
    let new = Subscription {
        id: IntentId::new(now, random_u128()),
        user: signed.user.id,
        session: signed.session,
        endpoint: body.endpoint,
        p256dh: body.p256dh,
        auth: body.auth,
        device: device_name(&client.user_agent),
        lang: language(&headers),
        created_at: now,
    };
    let mut tx = app.store.begin_ordered().await?;
    devices::subscribe(&mut tx, &new).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/me/push/{id}`.
pub async fn unsubscribe(
    State(app): State<Shared>,
    signed: Signed,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let mut tx = app.store.begin().await?;
    if !devices::end(&mut tx, signed.user.id, &id).await? {
        return Err(ApiError::new(Code::NotFound, "there is no such device"));
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/me/push/test`: sends a test and returns when the push services have answered. The log holds their
/// answers.
pub async fn test(State(app): State<Shared>, signed: Signed) -> Result<StatusCode, ApiError> {
    let user = signed.user.id;
    app.limits.take(Limit::PushTest, &user.to_string(), app.clock.now())?;
    web_push::test(&app, user).await.map_err(|error| {
        tracing::error!(%error, "the test of notifications failed");
        ApiError::internal()
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns the first language that the browser asks for, as far as the console has it: English or Spanish.
fn language(headers: &HeaderMap) -> String {
    let asked = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let spanish = asked.trim_start().to_lowercase().starts_with("es");
    (if spanish { "es" } else { "en" }).into()
}

/// Returns a readable name of the browser, such as "Firefox, Windows". The order matters: every browser also claims
/// older names.
fn device_name(agent: &str) -> String {
    let named = |names: &[(&str, &str)]| {
        let found = names.iter().find(|(mark, _)| agent.contains(mark));
        found.map_or("", |(_, name)| *name).to_owned()
    };
    let browser = named(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = named(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    let words: Vec<String> = [browser, system].into_iter().filter(|word| !word.is_empty()).collect();
    if words.is_empty() {
        "Browser".into()
    } else {
        words.join(", ")
    }
}
