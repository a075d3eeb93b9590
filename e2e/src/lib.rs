//! What the end-to-end stories stand on: the real server with a clock that is turned by hand, headless
//! browsers, and raw clients of both sockets for what must be seen in the frames themselves.
//!
//! A story is written as a user would tell it; whatever it needs comes from its [`Stage`].

pub mod api;
mod answering_socket;
pub mod axe;
pub mod bench;
pub mod browser;
pub mod webhook_flood;
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
pub mod environment;
pub mod visitor;
pub mod wait;

pub use page::Page;
pub use environment::{Stage, Through, story, story_in, story_through};
