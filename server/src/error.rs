//! The error of every service.

use causerie_shared::{
    document::DocumentError,
    refusal::{Code, Refusal},
};

use crate::store::StoreError;

/// The reason why a change was not made.
#[derive(Debug)]
pub enum ServiceError {
    /// A rule forbids the change; the user gets the refusal.
    Refused(Refusal),
    Store(StoreError),
    Document(DocumentError),
}

impl std::fmt::Display for ServiceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(refusal) => write!(f, "{refusal}"),
            Self::Store(error) => write!(f, "{error}"),
            Self::Document(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for ServiceError {}

impl From<Refusal> for ServiceError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for ServiceError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<DocumentError> for ServiceError {
    fn from(error: DocumentError) -> Self {
        Self::Document(error)
    }
}

impl ServiceError {
    /// Whether a row with the same key exists already ([`StoreError::is_duplicate`]).
    pub fn is_duplicate(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_duplicate())
    }

    /// Returns the refusal for the user. Errors of the store or a document are logged, and the user gets a general
    /// text.
    pub fn into_refusal(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Store(error) => {
                tracing::error!(%error, "a change failed");
                Refusal::new(Code::Internal, "the server could not do this; nothing was changed")
            }
            Self::Document(error) => {
                tracing::error!(%error, "a document failed");
                Refusal::new(Code::Internal, "the server could not do this; nothing was changed")
            }
        }
    }
}
