//! Instagram direct messages (`channels.md` §3).

use causerie_shared::inbox::Channel;
use serde_json::{Value, json};

use super::send::{self, Dialect};
use crate::channels::{
    Adapter, Answer, Call, Capabilities, Credentials, Element, Hook, Next, Outcome, Outgoing,
    capabilities::{Limit, MediaRule, Rate, Unit, Window},
    element::{Class, Media},
};

/// The adapter.
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
        human_agent: Some(7 * 24 * HOUR),
        templates: false,
    }),
    quotes: true,
    rate: Rate { account: 100, pair: 0 },
    uploads: false,
};

impl Adapter for Instagram {
    fn channel(&self) -> Channel {
        Channel::Instagram
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn handshake(&self, credentials: &Credentials, hook: &Hook<'_>) -> Option<String> {
        super::handshake(credentials, hook)
    }

    fn is_authentic(&self, credentials: &Credentials, hook: &Hook<'_>) -> bool {
        super::is_authentic(credentials, hook)
    }

    fn elements(&self, body: &Value) -> Vec<Element> {
        super::elements(body)
    }

    fn send(&self, credentials: &Credentials, outgoing: &Outgoing<'_>, answers: &[Answer]) -> Next<Outcome> {
        let recipient = json!({ "id": outgoing.to });
        send::send(Dialect::Instagram, credentials, outgoing, &recipient, answers)
    }

    fn fetch(&self, _: &Credentials, media: &Media, _: &[Answer]) -> Next<Option<Call>> {
        Next::Done(super::public(media))
    }

    fn check(&self, credentials: &Credentials, answers: &[Answer]) -> Next<Result<String, String>> {
        send::check(credentials, Dialect::Instagram, answers)
    }
}
