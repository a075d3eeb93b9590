//! What the console knows and what was done on it.
//!
//! `core` is pure: events in, effects out, natively tested. `engine` runs it in the browser. Views use
//! [`Store`] alone: `facade` to read, `actions` to do, `session` for sign-in and single requests.

mod actions;
pub mod core;
mod engine;
mod facade;
mod session;
pub mod view;

pub use engine::prefetch;
pub use facade::Store;
