//! One chat: header, messages, and the controls below the messages in each state.

mod bar;
mod bubble;
mod colleagues;
mod composer;
mod discussion;
mod discussion_pen;
mod files;
mod group;
mod head;
mod kind;
mod log;
mod mention;
mod message_menu;
mod state;
mod templates;
mod thread;
mod tray;
mod window;

pub use thread::Chat;
