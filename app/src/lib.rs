//! The console: a program in the browser that works on its own copy of the data.
//!
//! `net` alone touches the browser's socket, disk and requests; `store` keeps the copy and what was done
//! on it; all the rest reads the store and calls its actions.

pub mod app;
pub mod chat;
pub mod format;
pub mod hooks;
pub mod i18n;
pub mod inbox;
pub mod net;
pub mod pages;
pub mod part;
pub mod profile;
pub mod settings;
pub mod store;
pub mod ui;
