//! Fake providers on this machine: the Graph API (WhatsApp, Messenger, Instagram, comments) and the Bot API of
//! Telegram, as `docs/channels.md` describes them. They record every request, answer like the real ones or with a
//! [`Fault`], and deliver signed webhooks.

mod events;
mod fake;
mod graph;
mod line;
mod request;
mod telegram;

pub use events::{Class, News, Person, State, webhook};
pub use fake::{Fake, Fault, Kind, Medium, Sent};
pub use line::Line;
pub use request::Request;

use causerie_shared::inbox::Channel;

/// Ids of the accounts that the fakes know.
pub const PHONE: &str = "106540352242922";
pub const BUSINESS: &str = "102290129340398";
pub const PAGE: &str = "1067280970047460";
pub const INSTAGRAM: &str = "17841405822304914";
pub const BOT: &str = "7294013985";

/// The token that a provider accepts at first. Telegram's begins with the bot's id.
pub const TOKEN: &str = "EAAJB-first";
/// The token that a provider accepts after the first one expired.
pub const RENEWED: &str = "EAAJB-second";

/// The provider's id of a channel's account.
pub fn account(channel: Channel) -> &'static str {
    match channel {
        Channel::Whatsapp => PHONE,
        Channel::Messenger | Channel::FacebookComments => PAGE,
        Channel::Instagram | Channel::InstagramComments => INSTAGRAM,
        Channel::Telegram => BOT,
        Channel::Web => "",
    }
}
