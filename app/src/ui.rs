//! Small components that every part of the console uses.

mod avatar;
mod caret;
mod confirm;
mod countdown;
mod dialog;
mod empty;
mod field;
mod form_error;
mod icon;
mod keyed;
mod line;
mod menu;
mod part;
mod status;
mod tabs;

pub use crate::format::kind::{kind_word, preview_words};
pub use avatar::{Avatar, Presence, PresenceDot};
pub use caret::show_text;
pub use confirm::Confirm;
pub use countdown::TimerRing;
pub use dialog::Dialog;
pub use empty::{Empty, ErrorBox, Skeleton};
pub use field::{Field, PasswordField};
pub use form_error::FormError;
pub use icon::{Icon, Logo, sprite};
pub use keyed::{key_of, keyed};
pub use line::{SystemLine, line_icon, line_words};
pub use menu::{menu_items, menu_keys};
pub use part::Asked;
pub use status::{ChannelIcon, StatusTag, StatusWord, channel_icon, channel_name, status_icon, status_name};
pub use tabs::{Tab, TabBar};

/// Gives an element the focus. If the element cannot take it, the focus does not change.
pub fn focus(element: &web_sys::HtmlElement) {
    if let Err(error) = element.focus() {
        crate::hooks::warn("focus was refused", &error);
    }
}
