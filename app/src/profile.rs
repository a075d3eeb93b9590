//! The contact's profile beside the chat.

mod assignee;
mod automatic;
mod fact;
mod info;
mod notes;
mod pane;
mod person;
mod timeline;

pub use pane::Pane;
