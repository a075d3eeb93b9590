//! The check of the Origin header: requests that change something must come from a page of this server. Browsers do not
//! let other pages forge the header.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Method, header},
    middleware::Next,
    response::Response,
};
use causerie_shared::refusal::Code;

use crate::{config::Config, http::error::ApiError, state::Shared};

/// Checks that the request comes from a page of this server. A request without an Origin does not.
pub fn check(headers: &HeaderMap, config: &Config) -> Result<(), ApiError> {
    let origin = headers.get(header::ORIGIN).and_then(|value| value.to_str().ok());
    if origin.is_some_and(|origin| config.allowed_origins().any(|allowed| allowed == origin)) {
        return Ok(());
    }
    Err(ApiError::new(
        Code::BadOrigin,
        "the request does not come from a page of this server",
    ))
}

/// Checks every request that may change something.
pub async fn layer(State(app): State<Shared>, request: Request, next: Next) -> Result<Response, ApiError> {
    if ![Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method()) {
        check(request.headers(), &app.config)?;
    }
    Ok(next.run(request).await)
}
