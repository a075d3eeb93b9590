//! WhatsApp Cloud API (`docs/channels.md#whatsapp`).

mod content;
mod inbound;
mod outbound;
mod person;
mod templates;

use causerie_shared::{api::channels::Template, inbox::Channel};
use serde_json::Value;

use super::{
    Adapter, Call, Capabilities, Credentials, Hook, InboundEvent, Next, Outcome, ProviderResponse, SendRequest,
    capabilities::{Limit, MediaRule, Rate, Unit, Window},
    inbound_event::{Class, Media, Problem},
    meta,
};

/// The adapter of WhatsApp.
pub struct WhatsApp;

const KB: u64 = 1024;
const MB: u64 = 1024 * KB;
const HOUR: i64 = 3_600_000;

const CAPABILITIES: Capabilities = Capabilities {
    text: Limit {
        max: 4096,
        unit: Unit::Chars,
    },
    caption: Some(Limit {
        max: 1024,
        unit: Unit::Chars,
    }),
    media: &[
        MediaRule {
            class: Class::Image,
            types: &["image/jpeg", "image/png"],
            max: 5 * MB,
        },
        MediaRule {
            class: Class::Audio,
            types: &["audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"],
            max: 16 * MB,
        },
        MediaRule {
            class: Class::Video,
            types: &["video/mp4", "video/3gpp"],
            max: 16 * MB,
        },
        MediaRule {
            class: Class::File,
            types: &[],
            max: 100 * MB,
        },
    ],
    window: Some(Window {
        open: 24 * HOUR,
        human_agent: false,
        templates: true,
    }),
    quotes: true,
    rate: Rate { account: 80, pair: 0 },
    uploads: true,
};

impl Adapter for WhatsApp {
    fn channel(&self) -> Channel {
        Channel::Whatsapp
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn handshake(&self, credentials: &Credentials, hook: &Hook<'_>) -> Option<String> {
        meta::handshake(credentials, hook)
    }

    fn is_authentic(&self, credentials: &Credentials, hook: &Hook<'_>) -> bool {
        meta::is_authentic(credentials, hook)
    }

    fn elements(&self, body: &Value) -> Vec<InboundEvent> {
        inbound::elements(body)
    }

    fn send(
        &self,
        credentials: &Credentials,
        outgoing: &SendRequest<'_>,
        answers: &[ProviderResponse],
    ) -> Next<Outcome> {
        outbound::send(credentials, outgoing, answers)
    }

    fn fetch(&self, credentials: &Credentials, media: &Media, answers: &[ProviderResponse]) -> Next<Option<Call>> {
        outbound::fetch(credentials, media, answers)
    }

    fn slows_all(&self, problem: &Problem) -> bool {
        problem.code != outbound::PAIR_CODE
    }

    fn templates(
        &self,
        credentials: &Credentials,
        answers: &[ProviderResponse],
    ) -> Next<Result<Vec<Template>, String>> {
        templates::fetch(credentials, answers)
    }

    fn check(&self, credentials: &Credentials, answers: &[ProviderResponse]) -> Next<Result<String, String>> {
        outbound::check(credentials, answers)
    }
}
