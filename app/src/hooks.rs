//! What views need of the browser besides the document: preferences, width, sound, title, keys.

mod address;
mod announcer;
mod device;
mod keys;
mod preferences;
mod sound;
mod title;

pub use address::Address;
pub use announcer::Announcer;
pub use device::{DOCKED, PHONE, copy, is_mac, matches_media, matches_media_now};
pub use keys::{in_text, primary};
pub use preferences::{Preferences, Theme};
pub use sound::{Sound, use_offer_sound};
pub use title::use_title;
