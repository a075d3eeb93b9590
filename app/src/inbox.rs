//! The frame of the console and the conversation list.

mod agents;
mod assign_dialog;
mod banner;
mod board;
mod filters;
mod frame;
mod list;
mod menu;
mod offers;
mod panel;
mod panes;
mod rail;
mod row;
mod rows;
mod shortcuts;
mod toasts;
mod topbar;
mod undelivered;

pub use frame::Frame;
