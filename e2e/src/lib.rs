//! The test environment of the end-to-end tests: the real server with a manual clock, headless browsers, and clients of
//! both sockets for tests that look at the frames.
//!
//! A test is written as a user would tell it. It gets everything it needs from its [`Stage`].

#![allow(
    clippy::disallowed_methods,
    reason = "measures and waits in real time, as a user does"
)]

mod answering_socket;
pub mod api;
pub mod axe;
pub mod bench;
pub mod browser;
pub mod client;
pub mod environment;
pub mod faults;
mod line;
pub mod page;
pub mod pages;
pub mod port;
pub mod providers;
pub mod proxy;
pub mod server;
pub mod simulation;
pub mod visitor;
pub mod wait;
pub mod webhook_flood;

pub use environment::{Stage, Through, story, story_in, story_through};
pub use page::Page;
