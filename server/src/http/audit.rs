//! The audit log, for owners and admins.

use axum::extract::{Query, State};
use causerie_shared::api::settings::AuditEntry;
use serde::Deserialize;

use crate::{
    access::may_manage,
    http::{auth::Signed, error::ApiError, json::Json},
    state::Shared,
    store::audit,
};

/// Number of entries in one response.
const PAGE: i64 = 100;

/// The query: `before` is the last entry that the client has.
#[derive(Debug, Deserialize)]
pub struct Page {
    before: Option<String>,
}

/// `GET /api/audit`.
pub async fn list(
    State(app): State<Shared>,
    signed: Signed,
    Query(page): Query<Page>,
) -> Result<Json<Vec<AuditEntry>>, ApiError> {
    may_manage(&signed.user)?;
    let mut db = app.store.read().await?;
    Ok(Json(audit::before(&mut db, page.before.as_deref(), PAGE).await?))
}
