//! Types and pure rules that the server and the console share.
//!
//! Nothing here performs I/O, reads a clock or draws a random number: `now` and ids are passed in,
//! so every rule can be tested with plain values and runs the same natively and in WebAssembly.

#![cfg_attr(
    test,
    allow(clippy::wildcard_enum_match_arm, reason = "a test names the case that it expects")
)]

pub mod access;
pub mod api;
pub mod contact;
pub mod conversation;
pub mod document;
pub mod frame;
pub mod gate;
pub mod ids;
pub mod inbox;
pub mod intent;
pub mod message;
pub mod refusal;
pub mod routing;
pub mod row;
pub mod timer;
pub mod user;
pub mod widget;
pub mod window;

/// Milliseconds since the Unix epoch, by the server's clock unless a field says otherwise.
pub type Millis = i64;

/// Version of frames, rows and documents. A peer with a different version is refused (`docs/sync.md#failures`, 19).
pub const SCHEMA: u16 = 5;
