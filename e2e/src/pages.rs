//! What people see, as objects: the console and the widget.

mod console;
mod widget;

pub use console::Console;
pub use widget::Widget;
