//! Settings that people change in the console: each change in one transaction with all that follows from it and with
//! its entry in the audit log.

pub mod accounts;
pub mod channels;
mod check;
pub mod departments;
pub mod inboxes;
mod trail;
pub mod users;

use causerie_shared::refusal::{Code, Refusal};

pub use trail::Trail;

use crate::store::users::UserRecord;

/// Owners, admins and holders of `inbox_management` change inboxes and their accounts.
///
/// # Errors
/// [`Code::Forbidden`] for everybody else.
pub fn may_change_inboxes(user: &UserRecord) -> Result<(), Refusal> {
    if user.role.manages() || user.grants.inbox_management {
        return Ok(());
    }
    let text = "only owners, admins and those with the permission to manage inboxes do this";
    Err(Refusal::new(Code::Forbidden, text))
}

/// Owners and admins change everything else.
///
/// # Errors
/// [`Code::Forbidden`] for everybody else.
pub fn may_manage(user: &UserRecord) -> Result<(), Refusal> {
    if user.role.manages() {
        return Ok(());
    }
    Err(Refusal::new(Code::Forbidden, "only owners and admins do this"))
}

/// What was edited is what is there.
fn same_version(edited: i64, present: i64) -> Result<(), Refusal> {
    if edited == present {
        return Ok(());
    }
    Err(Refusal::new(
        Code::Conflict,
        "somebody else saved this meanwhile; nothing was changed",
    ))
}
