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

/// Checks that the edited version is still the current one.
fn same_version(edited: i64, present: i64) -> Result<(), Refusal> {
    if edited == present {
        return Ok(());
    }
    Err(Refusal::new(
        Code::Conflict,
        "someone else saved changes while you were editing; nothing was changed",
    ))
}
