//! The application service over conversations. Only this module changes a conversation's state, through `shared`'s
//! transition, with one database transaction per change.

pub mod assign;
pub mod change;
pub mod claim;
pub mod closing;
pub mod discussion;
pub mod hours;
pub mod inactivity;
pub mod inbox;
pub mod lifecycle;
pub mod message_updates;
pub mod provider_events;
pub mod queue;
pub mod read_receipts;
pub mod redact;
pub mod reply;
pub mod resend;
pub mod system_message;

use causerie_shared::refusal::{Code, Refusal};

/// The refusal for a chat that does not exist, or that the user may not know of.
pub(crate) fn not_found() -> Refusal {
    Refusal::new(Code::NotFound, "there is no such chat")
}
