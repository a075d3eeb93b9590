//! The blacklist.

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use causerie_shared::{
    api::blocked::{Block, Blocked, Blocking},
    ids::ContactId,
    refusal::Code,
};

use crate::{
    access::{self, may_manage},
    contacts::blacklist,
    http::{auth::Signed, error::ApiError, json::Json},
    state::Shared,
    store::blacklist as stored,
};

/// `GET /api/blocked`.
pub async fn list(State(app): State<Shared>, signed: Signed) -> Result<Json<Vec<Blocked>>, ApiError> {
    may_manage(&signed.user)?;
    Ok(Json(stored::all(&mut *app.store.read().await?).await?))
}

/// `POST /api/blocked`.
pub async fn block(State(app): State<Shared>, signed: Signed, Json(body): Json<Block>) -> Result<StatusCode, ApiError> {
    let access = access::of(&mut *app.store.read().await?, &signed.user).await?;
    blacklist::block(&app, &signed.user, &access, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/contacts/{id}/blocked`.
pub async fn of(
    State(app): State<Shared>,
    signed: Signed,
    Path(contact): Path<String>,
) -> Result<Json<Option<Blocking>>, ApiError> {
    let access = access::of(&mut *app.store.read().await?, &signed.user).await?;
    Ok(Json(blacklist::of(&app, &access, parse(&contact)?).await?))
}

/// `DELETE /api/blocked/{contact}`.
pub async fn unblock(
    State(app): State<Shared>,
    signed: Signed,
    Path(contact): Path<String>,
) -> Result<StatusCode, ApiError> {
    blacklist::unblock(&app, &signed.user, parse(&contact)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn parse(contact: &str) -> Result<ContactId, ApiError> {
    contact
        .parse()
        .map_err(|_| ApiError::new(Code::NotFound, "there is no such contact"))
}
