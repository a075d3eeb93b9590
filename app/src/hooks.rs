//! What views need from the browser besides the document: preferences, width, sound, title, keys.

mod address;
mod announcer;
mod device;
mod keys;
mod notify;
mod preferences;
mod sound;
mod title;

pub use address::Address;
pub(crate) use address::inner_link;
pub use announcer::Announcer;
pub use device::{DOCKED, PHONE, copy, is_mac, matches_media, matches_media_now};
pub use keys::{in_text, primary};
pub use notify::use_notifications;
pub use preferences::{Preferences, Theme};
pub use sound::Sound;
pub use title::use_title;

/// Logs `what` with the browser's own error as a warning in the browser's console.
pub fn warn(what: &str, error: &wasm_bindgen::JsValue) {
    web_sys::console::warn_2(&what.into(), error);
}
