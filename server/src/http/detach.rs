//! Requests that are run to their end, even if the client hangs up.

use axum::{extract::Request, middleware::Next, response::Response};

use super::error::ApiError;

/// Runs a request in a task of its own. A client that hangs up does not cancel it between a commit and what follows
/// from the commit: published changes, woken workers, deleted files.
pub async fn layer(request: Request, next: Next) -> Result<Response, ApiError> {
    tokio::spawn(next.run(request)).await.map_err(|error| {
        tracing::error!(%error, "a request ended early");
        ApiError::internal()
    })
}
