//! Files of visitors: the rules are the same as in the console, but the visitor's token replaces the session.

use axum::{
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use causerie_shared::{
    ids::{ContactId, FileId},
    refusal::Code,
    widget::is_token,
};

use super::{Key, account};
use crate::{
    contacts::profile,
    http::{error::ApiError, files, headers::bearer, json::Json},
    limits::Limit,
    realtime::visitors::external_id,
    state::{App, Shared},
    store::{contacts, conversations, files as rows},
};

fn token(headers: &HeaderMap) -> Result<&str, ApiError> {
    bearer(headers)
        .filter(|token| is_token(token))
        .ok_or_else(|| ApiError::new(Code::Unauthorized, "the visitor's token is missing"))
}

/// `POST /widget/files`.
pub async fn upload(
    State(app): State<Shared>,
    Query(Key { key }): Query<Key>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, ApiError> {
    crate::http::origin::check(&headers, &app.config)?;
    let account = account(&app, &key).await?;
    let external = external_id(token(&headers)?);
    app.limits.take(Limit::VisitorUpload, &external, app.clock.now())?;
    let mut tx = app.store.begin_ordered().await?;
    let contact = profile::resolve(&mut tx, account.row.id, &external, &[], app.clock.now()).await?;
    tx.commit().await?;
    let name = files::file_name(&headers)?;
    let brief = crate::files::save(&app, &name, body, crate::files::Owner::Contact(contact.id)).await?;
    Ok((StatusCode::CREATED, Json(brief)))
}

/// `GET /widget/files/{id}`: returns a file that the visitor sent or received.
pub async fn download(
    State(app): State<Shared>,
    Query(Key { key }): Query<Key>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let missing = || ApiError::new(Code::NotFound, "there is no such file");
    let account = account(&app, &key).await?;
    let id: FileId = id.parse().map_err(|_| missing())?;
    let external = external_id(token(&headers)?);
    let mut db = app.store.read().await?;
    let contact = contacts::by_identity(&mut db, account.row.id, &external)
        .await?
        .ok_or_else(missing)?;
    let file = rows::file(&mut db, id).await?.ok_or_else(missing)?;
    drop(db);
    // Files of the internal discussion are not for the customer.
    if file.internal {
        return Err(missing());
    }
    if file.contact == Some(contact) || in_chat_of(&app, &file, contact).await? {
        return files::serve(&app, &file).await;
    }
    Err(missing())
}

async fn in_chat_of(app: &App, file: &rows::FileRecord, contact: ContactId) -> Result<bool, ApiError> {
    let Some(conversation) = file.conversation else {
        return Ok(false);
    };
    let head = conversations::get(&mut *app.store.read().await?, conversation).await?;
    Ok(head.is_some_and(|head| head.contact == contact))
}
