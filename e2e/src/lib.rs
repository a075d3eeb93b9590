//! The test environment of the end-to-end tests: the real server with a manual clock, headless browsers, and clients of
//! both sockets for tests that look at the frames.
//!
//! A test is written as a user would tell it. It gets everything it needs from its [`Stage`].

pub mod api;
mod attended;
pub mod axe;
pub mod bench;
pub mod browser;
pub mod burst;
pub mod client;
pub mod faults;
mod line;
pub mod page;
pub mod pages;
pub mod port;
pub mod providers;
pub mod proxy;
pub mod server;
pub mod simulation;
pub mod stage;
pub mod visitor;
pub mod wait;

pub use page::Page;
pub use stage::{Stage, Through, story, story_in, story_through};
