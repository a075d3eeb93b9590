//! The HTTP edge: one file per resource, without business rules.

pub mod accounts;
pub mod assets;
pub mod audit;
pub mod auth;
pub mod blocked;
pub mod channels;
pub mod crashes;
pub mod departments;
pub mod detach;
pub mod error;
pub mod files;
pub mod headers;
pub mod health;
pub mod hooks;
pub mod inboxes;
pub mod json;
pub mod notify;
pub mod origin;
pub mod persons;
pub mod router;
pub mod signins;
pub mod socket;
#[cfg(feature = "test-api")]
pub mod test_api;
pub mod users;
pub mod widget;

#[cfg(test)]
mod tests;
