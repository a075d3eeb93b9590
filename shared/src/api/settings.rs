//! Bodies of the settings under `/api/`: inboxes, departments, users, the audit log. For owners and admins; the inboxes
//! also for holders of `inbox_management`.
//!
//! Everything that two people may edit at once carries a `version`. A save that names an older version is refused with
//! [`Code::Conflict`](crate::refusal::Code::Conflict) and changes nothing. The caller then reads the current value
//! again and shows both.

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    ids::{DepartmentId, InboxId, UserId},
    inbox::{AccountRow, Member, Rules, hours::Hours, inactivity::Inactivity},
    user::{Grants, Role},
};

/// The purpose of a new inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboxKind {
    /// A chat on a website: the inbox gets a web account with a widget.
    LiveChat,
    /// WhatsApp, Messenger, Instagram, Telegram or comments: accounts are connected later.
    Messaging,
}

/// The editable settings of an inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxSettings {
    /// 1 to [`MAX_INBOX_NAME`](crate::inbox::MAX_INBOX_NAME) characters, different from the names of other inboxes.
    pub name: String,
    pub rules: Rules,
    /// The members, who all need both add-ons.
    pub members: Vec<Member>,
    /// `None` if there is no inactivity rule.
    pub inactivity: Option<Inactivity>,
    /// `None` if the inbox is always open.
    pub hours: Option<Hours>,
}

/// `POST /api/inboxes`, answered by 201 and an [`InboxDetail`]. The organization needs at least one seat of each
/// add-on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewInbox {
    pub kind: InboxKind,
    pub settings: InboxSettings,
    /// For live chat: origins of the pages that may embed the widget.
    pub origins: Vec<String>,
}

/// `PUT /api/inboxes/{id}`, answered by the new [`InboxDetail`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveInbox {
    /// The version that the user edited.
    pub version: i64,
    pub settings: InboxSettings,
}

/// A messaging account in the settings of its inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxAccount {
    pub row: AccountRow,
    /// For web accounts: the HTML to put into the page. `origins` are the pages that may embed it.
    pub snippet: Option<String>,
    pub origins: Vec<String>,
}

/// `GET /api/inboxes/{id}`, and one row of `GET /api/inboxes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxDetail {
    pub id: InboxId,
    pub version: i64,
    pub settings: InboxSettings,
    pub accounts: Vec<InboxAccount>,
    /// The department that the inbox belongs to.
    pub department: Option<DepartmentId>,
    /// Number of chats that are not Ended or Failed. They must be ended or moved before the inbox can be deleted.
    pub open: u32,
}

/// `DELETE /api/inboxes/{id}`: deactivates the inbox's widget for good. The history stays readable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteInbox {
    /// The inbox's name, typed by hand as a confirmation.
    pub name: String,
}

/// `PUT /api/accounts/{id}`: enables or disables a widget or another account; answered by the [`InboxAccount`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveAccount {
    pub name: String,
    pub enabled: bool,
    /// For web accounts; ignored for others.
    pub origins: Vec<String>,
}

/// `POST /api/departments` (201) and `PUT /api/departments/{id}`, answered by a [`Department`]. Creating a department
/// creates its inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveDepartment {
    /// The version that the user edited; `None` for a new department.
    pub version: Option<i64>,
    pub name: String,
    /// The members of the department's inbox.
    pub members: Vec<UserId>,
}

/// One row of `GET /api/departments`. `DELETE /api/departments/{id}` keeps the department's inbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Department {
    pub id: DepartmentId,
    pub version: i64,
    pub name: String,
    pub inbox: InboxId,
    pub members: Vec<UserId>,
}

/// `PUT /api/users/{id}`, answered by the new [`Account`](super::Account). Deactivating a user ends all their sessions
/// and returns their chats to the queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveUser {
    /// The version that the user edited.
    pub version: i64,
    pub name: String,
    pub role: Role,
    pub grants: Grants,
    /// The capacity, in [`CAPACITY`](crate::inbox::CAPACITY).
    pub capacity: u32,
    pub active: bool,
}

/// One row of `GET /api/audit?before={id}`, newest first, 100 at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// A ULID. Pass the last one as `before` to get the next entries.
    pub id: String,
    pub at: Millis,
    /// The name, at that time, of the user who acted.
    pub actor: String,
    /// The action, e.g. `inbox.save` or `user.deactivate`.
    pub action: String,
    /// The name of the object that was changed.
    pub subject: String,
    /// Field, old value and new value of each change; empty for a missing value.
    pub changes: Vec<(String, String, String)>,
}
