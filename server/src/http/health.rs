//! Health checks and metrics for the process's supervisor.

use std::time::Duration;

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use causerie_shared::refusal::Code;
use tokio::time::timeout;

use crate::{
    http::{error::ApiError, headers},
    state::Shared,
    store::{StoreError, settings},
    telemetry,
};

/// How long the database may take to answer while the server counts as ready.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(2);

/// `GET /health/live`: succeeds while the process answers.
pub async fn live() -> &'static str {
    "ok"
}

/// `GET /health/ready`: succeeds while every worker runs and the database answers.
pub async fn ready(State(app): State<Shared>) -> Response {
    let down = app.workers.down();
    if !down.is_empty() {
        let text = format!("not running: {}", down.join(", "));
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    }
    match timeout(DATABASE_TIMEOUT, ask(&app)).await {
        Ok(Ok(())) => "ok".into_response(),
        Ok(Err(error)) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer").into_response()
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer in time").into_response(),
    }
}

async fn ask(app: &Shared) -> Result<(), StoreError> {
    settings::organization(&mut *app.store.read().await?).await.map(drop)
}

/// `GET /metrics` in Prometheus' text format, for this machine and trusted addresses.
pub async fn metrics(State(app): State<Shared>, request: Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    if !headers::is_internal(&parts.headers, headers::peer(&parts), &app.config) {
        return Err(ApiError::new(Code::NotFound, "there is nothing here"));
    }
    Ok((
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        telemetry::metrics().render(),
    )
        .into_response())
}
