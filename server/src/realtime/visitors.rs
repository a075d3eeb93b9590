//! The sockets of visitors and what is sent to them (`docs/sync.md#visitors`).

pub mod chat;
pub mod hub;
pub mod queue_places;
pub mod session;

