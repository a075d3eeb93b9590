//! Bodies of the settings under `/api/`: inboxes, departments, users, the audit log. Owners and admins, and for
//! inboxes holders of `inbox_management`.
//!
//! What two people may edit at once carries a `version`: a save that names an older one is refused with
//! [`Code::Conflict`](crate::refusal::Code::Conflict) and changes nothing; the caller reads the present value again and
//! shows both.

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    ids::{DepartmentId, InboxId, UserId},
    inbox::{AccountRow, Member, Rules, hours::Hours, inactivity::Inactivity},
    user::{Grants, Role},
};

/// What an inbox is created for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboxKind {
    /// A chat on a website: the inbox gets a web account with its widget.
    LiveChat,
    /// WhatsApp, Messenger, Instagram, Telegram, comments: accounts are connected afterwards.
    Messaging,
}

/// What people edit of an inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxSettings {
    /// 1 to [`MAX_INBOX_NAME`](crate::inbox::MAX_INBOX_NAME) characters, unlike any other inbox's.
    pub name: String,
    pub rules: Rules,
    /// Users with both add-ons only.
    pub members: Vec<Member>,
    /// `None`: off.
    pub inactivity: Option<Inactivity>,
    /// `None`: always open.
    pub hours: Option<Hours>,
}

/// `POST /api/inboxes`, answered by 201 and an [`InboxDetail`]. The organization needs at least one seat of each
/// add-on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewInbox {
    pub kind: InboxKind,
    pub settings: InboxSettings,
    /// Live chat: origins of the pages that may embed the widget.
    pub origins: Vec<String>,
}

/// `PUT /api/inboxes/{id}`, answered by the new [`InboxDetail`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveInbox {
    /// The version that was edited.
    pub version: i64,
    pub settings: InboxSettings,
}

/// A messaging account in its inbox's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxAccount {
    pub row: AccountRow,
    /// Web accounts: what goes into the page, and which pages may carry it.
    pub snippet: Option<String>,
    pub origins: Vec<String>,
}

/// One of `GET /api/inboxes`; `GET /api/inboxes/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxDetail {
    pub id: InboxId,
    pub version: i64,
    pub settings: InboxSettings,
    pub accounts: Vec<InboxAccount>,
    /// The department whose inbox it is.
    pub department: Option<DepartmentId>,
    /// Chats that are not Ended or Failed: they must be ended or moved before the inbox can be deleted.
    pub open: u32,
}

/// `DELETE /api/inboxes/{id}`: its widget is deactivated for good, its history stays readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteInbox {
    /// The inbox's name, typed by hand.
    pub name: String,
}

/// `PUT /api/accounts/{id}`: disables or enables a widget or another account; answered by the [`InboxAccount`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveAccount {
    pub name: String,
    pub enabled: bool,
    /// Web accounts; ignored for others.
    pub origins: Vec<String>,
}

/// `POST /api/departments` (201) and `PUT /api/departments/{id}`; answered by a [`Department`]. Creating one creates
/// its inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveDepartment {
    /// The version that was edited; `None` when it is created.
    pub version: Option<i64>,
    pub name: String,
    /// The members of its inbox.
    pub members: Vec<UserId>,
}

/// One of `GET /api/departments`. `DELETE /api/departments/{id}` keeps its inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Department {
    pub id: DepartmentId,
    pub version: i64,
    pub name: String,
    pub inbox: InboxId,
    pub members: Vec<UserId>,
}

/// `PUT /api/users/{id}`, answered by the new [`Account`](super::Account). A user who is deactivated loses all
/// sign-ins, and their chats return to the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveUser {
    /// The version that was edited.
    pub version: i64,
    pub name: String,
    pub role: Role,
    pub grants: Grants,
    /// In [`CAPACITY`](crate::inbox::CAPACITY).
    pub capacity: u32,
    pub active: bool,
}

/// One of `GET /api/audit?before={id}`, newest first, 100 at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// ULID; give the last one to go on from.
    pub id: String,
    pub at: Millis,
    /// Who did it, by the name they had.
    pub actor: String,
    /// What was done, e.g. `inbox.save`, `user.deactivate`.
    pub action: String,
    /// Name of what it was done to.
    pub subject: String,
    /// Field, value before and after; empty where nothing was there.
    pub changes: Vec<(String, String, String)>,
}
