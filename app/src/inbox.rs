//! The frame of the console and the conversation list.

mod banner;
mod desk;
mod filters;
mod frame;
mod list;
mod menu;
mod offers;
mod rail;
mod row;
mod rows;
mod shortcuts;
mod toasts;
mod topbar;
mod undelivered;

pub use desk::{Desk, folder_name};
pub use frame::Frame;
