//! Bodies of the HTTP interface under `/api/`: JSON, or postcard for clients that name [`COMPACT`]. Times are
//! milliseconds since the Unix epoch.

pub mod blocked;
pub mod channels;
pub mod crashes;
pub mod notify;
pub mod persons;
pub mod settings;

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    ids::{InboxId, SessionId, UserId},
    refusal::Refusal,
    user::{Grants, Me, Role},
};

/// Media type of a postcard body.
pub const COMPACT: &str = "application/x-postcard";
/// Minimum length of a password, in characters.
pub const MIN_PASSWORD: usize = 10;
/// Maximum length of a password, in bytes, so that hashing cannot be used to keep the server busy.
pub const MAX_PASSWORD: usize = 256;
/// Maximum size of an upload, in bytes (`docs/domain.md#uploads`).
pub const MAX_UPLOAD: usize = 25 * 1024 * 1024;
/// File name extensions that may be uploaded (`docs/domain.md#uploads`).
pub const UPLOAD_EXTENSIONS: [&str; 35] = [
    "7z", "avi", "bmp", "cfg", "csv", "doc", "docx", "gif", "gz", "jpg", "jpeg", "json", "mkv", "mov", "mp3", "mp4",
    "pcap", "pdf", "pgp", "png", "psd", "rar", "svg", "tar", "tgz", "tif", "tiff", "txt", "wav", "webm", "wmv", "xls",
    "xlsx", "xml", "zip",
];

/// Body of every error response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    pub error: Refusal,
}

/// `GET /api/organization`: what the sign-in page shows before anyone has signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    pub name: String,
    /// Whether no owner exists yet. The browser then offers to create one with the set-up token.
    pub needs_setup: bool,
}

/// `POST /api/setup`.
#[derive(Clone, Serialize, Deserialize)]
pub struct Setup {
    /// The token that the server printed at startup.
    pub token: String,
    pub organization: String,
    pub name: String,
    pub email: String,
    pub password: String,
}

/// `POST /api/session`.
#[derive(Clone, Serialize, Deserialize)]
pub struct SignIn {
    pub email: String,
    pub password: String,
    /// Whether to keep the session for 30 days instead of until the browser closes.
    pub stay: bool,
}

/// Response to sign-in, set-up, an accepted link and `GET /api/session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    pub session: SessionId,
    pub me: Me,
}

/// One row of `GET /api/sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInRow {
    pub id: SessionId,
    pub created_at: Millis,
    pub seen_at: Millis,
    pub user_agent: String,
    pub ip: String,
    pub current: bool,
}

/// `POST /api/password`. All other sessions of the user end.
#[derive(Clone, Serialize, Deserialize)]
pub struct ChangePassword {
    pub current: String,
    pub new: String,
}

/// `POST /api/users`: creates a user, who sets the password through a one-time link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    pub name: String,
    pub email: String,
    pub role: Role,
    pub inboxes: Vec<InboxId>,
}

/// A one-time link for an admin to copy; the response to an invitation or a password reset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OneTimeLink {
    pub user: UserId,
    /// The complete address, under the public URL.
    pub url: String,
    pub expires_at: Millis,
}

/// One row of `GET /api/users` (owners and admins only).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub active: bool,
    /// Whether the user has not set a password yet.
    pub invited: bool,
    pub inboxes: Vec<InboxId>,
    pub grants: Grants,
    pub capacity: u32,
    pub version: i64,
}

/// The purpose of a one-time link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    Invitation,
    Reset,
}

/// `GET /api/links/{token}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkInfo {
    pub kind: LinkKind,
    pub name: String,
    pub email: String,
    pub organization: String,
}

/// `POST /api/links/{token}`.
#[derive(Clone, Serialize, Deserialize)]
pub struct AcceptLink {
    pub password: String,
}

/// Returns why a password is not accepted, in plain words; `None` if it is.
pub fn password_problem(password: &str) -> Option<&'static str> {
    if password.chars().count() < MIN_PASSWORD {
        return Some("the password has at least 10 characters");
    }
    if password.len() > MAX_PASSWORD {
        return Some("the password has at most 256 bytes");
    }
    None
}

/// Returns the extension of a file name in lower case, if files with it may be uploaded.
pub fn upload_extension(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    UPLOAD_EXTENSIONS
        .into_iter()
        .find(|allowed| allowed.eq_ignore_ascii_case(extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_extensions_may_be_uploaded() {
        assert_eq!(upload_extension("Report.PDF"), Some("pdf"));
        assert_eq!(upload_extension("archive.tar.gz"), Some("gz"));
        assert_eq!(upload_extension("run.exe"), None);
        assert_eq!(upload_extension("pdf"), None);
        assert_eq!(upload_extension("page.html"), None);
    }

    #[test]
    fn a_password_has_a_shortest_and_a_longest_form() {
        assert!(password_problem("ninechars").is_some());
        assert!(password_problem("demo-causerie").is_none());
        assert!(password_problem(&"x".repeat(257)).is_some());
    }
}
