//! JSON bodies whose errors are ours.

use axum::{
    extract::{FromRequest, Request, rejection::JsonRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use causerie_shared::refusal::Code;
use serde::{Serialize, de::DeserializeOwned};

use crate::error::ApiError;

/// A JSON body, in and out.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        match axum::Json::from_request(request, state).await {
            Ok(axum::Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(refuse(&rejection)),
        }
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// The rejection's own text may repeat what was sent, a password for example, so it is not passed on.
fn refuse(rejection: &JsonRejection) -> ApiError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return ApiError::new(Code::TooLarge, "the body is larger than 64 KiB");
    }
    let text = match rejection {
        JsonRejection::MissingJsonContentType(_) => "the body must be sent as application/json",
        JsonRejection::JsonDataError(_) => "the body lacks a field or has one of the wrong kind",
        _ => "the body is not JSON",
    };
    ApiError::new(Code::Malformed, text)
}
