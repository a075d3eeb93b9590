//! The console: a program in the browser that works on its own copy of the data.
//!
//! Only `net` uses the browser's socket, disk and requests. `store` holds the copy of the data and the user's actions.
//! All other modules read the store and call its actions.

#![cfg_attr(
    test,
    allow(clippy::wildcard_enum_match_arm, reason = "a test names the case that it expects")
)]

pub mod actions;
pub mod app;
pub mod chat;
pub mod format;
pub mod hooks;
pub mod i18n;
pub mod inbox;
pub mod navigation;
pub mod net;
pub mod pages;
pub mod part;
pub mod profile;
pub mod settings;
pub mod store;
pub mod ui;
