//! Contacts: merging, and erasing the data of a contact.

use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
};
use causerie_shared::{
    access::Access,
    api::persons::{Merge, Person, SamePerson},
    ids::ContactId,
    refusal::Code,
};
use serde::Deserialize;

use crate::{
    access,
    contacts::{forget, merge},
    http::{auth::Signed, error::ApiError, json::Json},
    state::Shared,
};

/// The query of a search.
#[derive(Debug, Deserialize)]
pub struct Search {
    #[serde(default)]
    name: String,
}

/// `GET /api/contacts/{id}/same`.
pub async fn same(
    State(app): State<Shared>,
    signed: Signed,
    Path(contact): Path<String>,
) -> Result<Json<Person>, ApiError> {
    let access = of(&app, &signed).await?;
    Ok(Json(merge::same(&app, &access, parse(&contact)?).await?))
}

/// `GET /api/contacts/{id}/candidates?name=…`.
pub async fn candidates(
    State(app): State<Shared>,
    signed: Signed,
    Path(contact): Path<String>,
    Query(search): Query<Search>,
) -> Result<Json<Vec<SamePerson>>, ApiError> {
    let access = of(&app, &signed).await?;
    Ok(Json(
        merge::candidates(&app, &access, parse(&contact)?, &search.name).await?,
    ))
}

/// `POST /api/contacts/{id}/same`.
pub async fn merge(
    State(app): State<Shared>,
    signed: Signed,
    Path(contact): Path<String>,
    Json(body): Json<Merge>,
) -> Result<Json<Person>, ApiError> {
    let (access, contact) = (of(&app, &signed).await?, parse(&contact)?);
    merge::merge(&app, &access, contact, body.with).await?;
    Ok(Json(merge::same(&app, &access, contact).await?))
}

/// `DELETE /api/contacts/{id}/same`: separates the contact from those it is merged with.
pub async fn separate(
    State(app): State<Shared>,
    signed: Signed,
    Path(contact): Path<String>,
) -> Result<StatusCode, ApiError> {
    let access = of(&app, &signed).await?;
    merge::separate(&app, &access, parse(&contact)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /api/contacts/{id}`: erases the data of a contact at the contact's request. For owners and admins.
pub async fn forget(
    State(app): State<Shared>,
    signed: Signed,
    Path(contact): Path<String>,
) -> Result<StatusCode, ApiError> {
    let access = of(&app, &signed).await?;
    forget::contact(&app, &access, parse(&contact)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn of(app: &Shared, signed: &Signed) -> Result<Access, ApiError> {
    Ok(access::of(&mut *app.store.read().await?, &signed.user).await?)
}

fn parse(contact: &str) -> Result<ContactId, ApiError> {
    contact
        .parse()
        .map_err(|_| ApiError::new(Code::NotFound, "there is no such contact"))
}
