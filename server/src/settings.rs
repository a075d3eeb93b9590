//! Settings that users change in the console. Each change, all its consequences and its entry in the audit log are one
//! transaction.

pub mod accounts;
pub mod channels;
mod check;
pub mod departments;
pub mod inboxes;
pub mod members;
pub mod users;

use causerie_shared::refusal::{Code, Refusal};

pub use crate::audit::Trail;

use crate::store::users::UserRecord;

/// Checks that the user may change inboxes and their accounts: owners, admins and holders of `inbox_management`.
///
/// # Errors
/// [`Code::Forbidden`] for everyone else.
pub fn may_change_inboxes(user: &UserRecord) -> Result<(), Refusal> {
    if user.role.manages() || user.grants.inbox_management {
        return Ok(());
    }
    let text = "only owners, admins and those with the permission to manage inboxes do this";
    Err(Refusal::new(Code::Forbidden, text))
}

/// Checks that the user may change all other settings: owners and admins.
///
/// # Errors
/// [`Code::Forbidden`] for everyone else.
pub fn may_manage(user: &UserRecord) -> Result<(), Refusal> {
    if user.role.manages() {
        return Ok(());
    }
    Err(Refusal::new(Code::Forbidden, "only owners and admins do this"))
}

/// Checks that the edited version is still the current one.
fn same_version(edited: i64, present: i64) -> Result<(), Refusal> {
    if edited == present {
        return Ok(());
    }
    Err(Refusal::new(
        Code::Conflict,
        "somebody else saved this meanwhile; nothing was changed",
    ))
}
