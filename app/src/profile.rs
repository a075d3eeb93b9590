//! The contact's profile beside the chat.

mod automatic;
mod fact;
mod info;
mod notes;
mod pane;

pub use pane::Profile;
