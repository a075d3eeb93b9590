//! Files: uploads that are streamed to their storage, and downloads that cannot run in the console's origin
//! (`docs/domain.md#uploads`).

mod disposition;

pub use disposition::file_name;

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use causerie_shared::{ids::FileId, refusal::Code};

use crate::{
    access,
    files::{Owner, save},
    http::{auth::Signed, error::ApiError, json::Json},
    limits::Limit,
    state::{App, Shared},
    store::files::{self, FileRecord},
};

/// Types that browsers show without running anything. All others are downloads.
const INLINE: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// `POST /api/files`: the body is the file, and `X-File-Name` its percent-encoded name.
pub async fn upload(
    State(app): State<Shared>,
    signed: Signed,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, ApiError> {
    app.limits
        .take(Limit::Upload, &signed.user.id.to_string(), app.clock.now())?;
    let brief = save(&app, &file_name(&headers)?, body, Owner::User(signed.user.id)).await?;
    Ok((StatusCode::CREATED, Json(brief)))
}

/// `GET /api/files/{id}`: for the uploader and users who may read the file's conversation.
pub async fn download(State(app): State<Shared>, signed: Signed, Path(id): Path<String>) -> Result<Response, ApiError> {
    let id: FileId = id.parse().map_err(|_| missing())?;
    let file = files::file(&mut *app.store.read().await?, id)
        .await?
        .ok_or_else(missing)?;
    let own = file.user == Some(signed.user.id);
    let readable = match file.conversation {
        Some(conversation) => own || access::may_read(&app, signed.user.id, conversation, file.internal).await?,
        None => own,
    };
    if readable {
        serve(&app, &file).await
    } else {
        Err(missing())
    }
}

/// Responds with a file. The caller has checked that the client may read it.
pub async fn serve(app: &App, file: &FileRecord) -> Result<Response, ApiError> {
    let bytes = app.blobs.stream(file.id).await.map_err(|error| {
        tracing::error!(file = %file.id, %error, "a stored file cannot be read");
        missing()
    })?;
    let inline = INLINE.contains(&file.mime.as_str());
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
    ];
    let mut response = (fixed, Body::from_stream(bytes)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(file.size));
    headers.insert(header::CONTENT_DISPOSITION, disposition::header(inline, &file.name)?);
    // The check at the upload allows only types that are valid header values.
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_str(&file.mime).map_err(|_| ApiError::internal())?,
    );
    Ok(response)
}

fn missing() -> ApiError {
    ApiError::new(Code::NotFound, "there is no such file")
}
