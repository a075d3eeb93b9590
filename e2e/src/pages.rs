//! Page objects: the console, its list and settings, and the widget.

mod board;
mod console;
mod settings;
mod widget;

pub use console::Console;
pub use widget::Widget;
