//! Facebook Messenger (`docs/channels.md#messenger`).

use causerie_shared::inbox::Channel;
use serde_json::json;

use super::{
    MetaChannel,
    send::{self, Dialect},
};
use crate::channels::{
    Capabilities, Credentials, Next, Outcome, ProviderResponse, SendRequest,
    capabilities::{Limit, MediaRule, Rate, Unit, Window},
    inbound_event::Class,
};

/// The adapter of Messenger.
pub struct Messenger;

const MB: u64 = 1024 * 1024;
const HOUR: i64 = 3_600_000;
/// Largest file, in bytes.
const MAX: u64 = 25 * MB;

const CAPABILITIES: Capabilities = Capabilities {
    text: Limit {
        max: 2000,
        unit: Unit::Chars,
    },
    caption: None,
    media: &[
        MediaRule {
            class: Class::Image,
            types: &["image/jpeg", "image/png", "image/gif", "image/webp"],
            max: MAX,
        },
        MediaRule {
            class: Class::Video,
            types: &["video/mp4", "video/quicktime", "video/x-msvideo", "video/webm"],
            max: MAX,
        },
        MediaRule {
            class: Class::Audio,
            types: &["audio/mpeg", "audio/mp4", "audio/aac", "audio/wav", "audio/ogg"],
            max: MAX,
        },
        MediaRule {
            class: Class::File,
            types: &[],
            max: MAX,
        },
    ],
    window: Some(Window {
        open: 24 * HOUR,
        human_agent: true,
        templates: false,
    }),
    quotes: true,
    rate: Rate { account: 250, pair: 0 },
    uploads: true,
};

impl MetaChannel for Messenger {
    const CHANNEL: Channel = Channel::Messenger;
    const DIALECT: Dialect = Dialect::Messenger;
    const CAPABILITIES: &'static Capabilities = &CAPABILITIES;
    const NAMES: Option<&'static str> = Some("first_name,last_name");
    const POST: Option<&'static str> = None;

    fn send(
        &self,
        credentials: &Credentials,
        outgoing: &SendRequest<'_>,
        answers: &[ProviderResponse],
    ) -> Next<Outcome> {
        let recipient = json!({ "id": outgoing.to });
        send::send(Dialect::Messenger, credentials, outgoing, &recipient, answers)
    }
}
