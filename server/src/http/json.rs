//! Request and response bodies. Every client may use JSON; the console requests the same types in postcard, so that its
//! program needs no JSON parser. Errors have the server's own form.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::JsonRejection},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use causerie_shared::{api::COMPACT, refusal::Code};
use serde::{Serialize, de::DeserializeOwned};

use crate::http::error::ApiError;

tokio::task_local! {
    /// Whether the current request asks for postcard. The code that builds a response does not have the request.
    static ASKS_COMPACT: bool;
}

/// A request or response body.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// Records which format the client accepts, for the response.
pub async fn negotiate(request: Request, next: Next) -> Response {
    let compact = names_compact(request.headers(), header::ACCEPT);
    ASKS_COMPACT.scope(compact, next.run(request)).await
}

fn names_compact(headers: &HeaderMap, header: HeaderName) -> bool {
    headers
        .get(header)
        .is_some_and(|value| value.as_bytes() == COMPACT.as_bytes())
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if names_compact(request.headers(), header::CONTENT_TYPE) {
            let bytes = Bytes::from_request(request, state)
                .await
                .map_err(|rejection| match rejection.status() {
                    StatusCode::PAYLOAD_TOO_LARGE => too_large(),
                    _ => ApiError::new(Code::Malformed, "the body could not be read"),
                })?;
            return match postcard::take_from_bytes(&bytes) {
                Ok((body, [])) => Ok(Self(body)),
                Ok(_) | Err(_) => Err(ApiError::new(Code::Malformed, "the body is not of this version")),
            };
        }
        match axum::Json::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(refuse(&rejection)),
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        if !ASKS_COMPACT.try_with(|compact| *compact).unwrap_or(false) {
            return axum::Json(self.0).into_response();
        }
        match postcard::to_allocvec(&self.0) {
            Ok(bytes) => ([(header::CONTENT_TYPE, HeaderValue::from_static(COMPACT))], bytes).into_response(),
            Err(error) => {
                tracing::error!(%error, "an answer could not be written");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

fn too_large() -> ApiError {
    ApiError::new(Code::TooLarge, "the body is larger than 64 KiB")
}

/// Returns the error without the rejection's own text, which may repeat what was sent, for example a password.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the type of another crate, which may get more cases"
)]
fn refuse(rejection: &JsonRejection) -> ApiError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    let text = match rejection {
        JsonRejection::MissingJsonContentType(_) => "the body must be sent as application/json",
        JsonRejection::JsonDataError(_) => "the body lacks a field or has one of the wrong kind",
        _ => "the body is not JSON",
    };
    ApiError::new(Code::Malformed, text)
}
