//! Instagram direct messages (`docs/channels.md#instagram`).

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

/// The adapter of Instagram.
pub struct Instagram;

const MB: u64 = 1024 * 1024;
const HOUR: i64 = 3_600_000;

const CAPABILITIES: Capabilities = Capabilities {
    text: Limit {
        max: 1000,
        unit: Unit::Bytes,
    },
    caption: None,
    media: &[
        MediaRule {
            class: Class::Image,
            types: &["image/jpeg", "image/png", "image/gif"],
            max: 8 * MB,
        },
        MediaRule {
            class: Class::Video,
            types: &["video/mp4", "video/quicktime", "video/x-msvideo", "video/webm"],
            max: 25 * MB,
        },
        MediaRule {
            class: Class::Audio,
            types: &["audio/aac", "audio/mp4", "audio/mpeg", "audio/wav"],
            max: 25 * MB,
        },
        MediaRule {
            class: Class::File,
            types: &["application/pdf"],
            max: 25 * MB,
        },
    ],
    window: Some(Window {
        open: 24 * HOUR,
        human_agent: true,
        templates: false,
    }),
    quotes: true,
    rate: Rate { account: 100, pair: 0 },
    uploads: false,
};

impl MetaChannel for Instagram {
    const CHANNEL: Channel = Channel::Instagram;
    const DIALECT: Dialect = Dialect::Instagram;
    const CAPABILITIES: &'static Capabilities = &CAPABILITIES;
    const NAMES: Option<&'static str> = Some("name,username");
    const POST: Option<&'static str> = None;

    fn send(
        &self,
        credentials: &Credentials,
        outgoing: &SendRequest<'_>,
        answers: &[ProviderResponse],
    ) -> Next<Outcome> {
        let recipient = json!({ "id": outgoing.to });
        send::send(Dialect::Instagram, credentials, outgoing, &recipient, answers)
    }
}
