//! The error of every HTTP handler: a refusal with a code, and its HTTP status.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use causerie_shared::{
    api::ErrorBody,
    refusal::{Code, Refusal},
};

use crate::{
    error::ServiceError, http::json::Json, inbound::intake::IntakeError, limits::TooMany, passwords::PasswordError,
    store::StoreError,
};

/// An error response. The request changed nothing.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    // Boxed to keep `Result` small.
    refusal: Box<Refusal>,
    /// Value of `Retry-After`, seconds.
    retry_after: Option<u64>,
}

impl ApiError {
    /// Creates an error with `code`. `text` is plain English for logs and for clients that have no text for the code.
    pub fn new(code: Code, text: impl Into<String>) -> Self {
        Refusal::new(code, text).into()
    }

    /// The error for too many requests; `retry_after` is in seconds.
    fn rate_limited(retry_after: u64) -> Self {
        let text = format!("too many requests; try again in {retry_after} s");
        Self {
            retry_after: Some(retry_after),
            ..Self::new(Code::RateLimited, text)
        }
    }

    /// The error for a route that does not support the request's method.
    pub fn method_not_allowed() -> Self {
        let text = "this address does not support this method";
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            ..Self::new(Code::Invalid, text)
        }
    }

    /// The error for a failure of the server. The caller has logged the cause; the client gets no details.
    pub fn internal() -> Self {
        Self::new(Code::Internal, "something failed on the server; nothing was changed")
    }

    /// Returns the refusal.
    pub fn refusal(&self) -> &Refusal {
        &self.refusal
    }
}

fn status(code: Code) -> StatusCode {
    match code {
        Code::Malformed => StatusCode::BAD_REQUEST,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::Invalid | Code::BadHeader | Code::BadOperation | Code::BadContent => StatusCode::UNPROCESSABLE_ENTITY,
        Code::Unauthorized | Code::BadCredentials => StatusCode::UNAUTHORIZED,
        Code::Forbidden | Code::BadOrigin => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::Conflict
        | Code::Taken
        | Code::Away
        | Code::Capacity
        | Code::Closed
        | Code::WindowClosed
        | Code::Sealed
        | Code::StaleEpoch
        | Code::Quarantined
        | Code::Schema => StatusCode::CONFLICT,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::BadFile => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::BadLink => StatusCode::GONE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self {
            status: status(refusal.code),
            refusal: Box::new(refusal),
            retry_after: None,
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a request failed");
        Self::internal()
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        error.into_refusal().into()
    }
}

impl From<TooMany> for ApiError {
    fn from(error: TooMany) -> Self {
        Self::rate_limited(error.retry_after)
    }
}

impl From<IntakeError> for ApiError {
    fn from(error: IntakeError) -> Self {
        match error {
            IntakeError::Full => Self {
                status: StatusCode::SERVICE_UNAVAILABLE,
                retry_after: Some(1),
                ..Self::new(Code::Internal, error.to_string())
            },
            IntakeError::Store(error) => error.into(),
        }
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        tracing::error!(%error, "a request failed");
        Self::internal()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(ErrorBody { error: *self.refusal })).into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
