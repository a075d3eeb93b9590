//! The HTTP edge: one resource a file, thin.

pub mod accounts;
pub mod assets;
pub mod auth;
pub mod files;
pub mod headers;
pub mod health;
pub mod json;
pub mod limits;
pub mod notify;
pub mod origin;
pub mod signins;
pub mod socket;
pub mod users;
pub mod widget;

#[cfg(test)]
mod tests;
