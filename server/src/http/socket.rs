//! The console's socket: checks the request before it becomes one (`docs/sync.md#frames`).

use axum::{
    extract::{State, WebSocketUpgrade},
    http::HeaderMap,
    response::Response,
};
use causerie_shared::frame::MAX_CLIENT_FRAME;

use super::{auth::Signed, error::ApiError, origin};
use crate::{realtime::console_socket::serve, state::Shared};

/// `GET /api/socket`.
pub async fn upgrade(
    State(app): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    origin::check(&headers, &app.config)?;
    Ok(upgrade
        .max_message_size(MAX_CLIENT_FRAME)
        .on_upgrade(move |socket| serve(app, signed.session, signed.user, socket)))
}
