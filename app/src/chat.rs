//! One chat: header, messages, and what stands below them in each state.

mod bar;
mod bubble;
mod colleagues;
mod composer;
mod discussion;
mod discussion_pen;
mod files;
mod group;
mod head;
mod line;
mod log;
mod mention;
mod thread;
mod tray;

pub use composer::without_scheme;
pub use head::end_chat;
pub use line::{line_icon, line_words};
pub use thread::Thread;
