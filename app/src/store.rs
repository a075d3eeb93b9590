//! The console's data and the user's actions on it.
//!
//! `core` is pure: it takes events, returns effects and is tested natively. `engine` runs it in the browser. Views use
//! only [`Store`]: `facade` to read, `actions` to act, `session` for sign-in and single requests.

mod actions;
pub mod core;
mod engine;
mod facade;
mod session;
pub mod view;

pub use engine::prefetch;
pub use facade::Store;
