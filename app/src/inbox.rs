//! The frame of the console and the conversation list.

mod agents;
mod assign_dialog;
mod banner;
mod board;
mod desk;
mod ending;
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

pub use assign_dialog::{Asking, candidates_for, may_give, other_inboxes};
pub use desk::{Desk, folder_name};
pub use ending::{end_chat, may_end};
pub use frame::Frame;
