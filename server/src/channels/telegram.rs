//! Telegram Bot API (`docs/channels.md#telegram`).
//!
//! A message's id is unique within its chat only, so messages are stored as `<person>:<message id>`. A contact's id is
//! the chat that replies go to. A contact who writes to a business account that the bot works for is
//! `<chat>/<business connection>`, because only that connection can answer them. A contact who writes to a channel is
//! `<chat>/#<topic>`.

mod content;
mod inbound;
mod outbound;
mod words;

use causerie_shared::{inbox::Channel, message::Kind};
use serde_json::{Value, json};

use super::{
    Adapter, BestEffortCall, Call, Capabilities, Credentials, Hook, InboundEvent, Next, Outcome, ProviderResponse,
    SendRequest, Update,
    capabilities::{Limit, MediaRule, Rate, Unit},
    inbound_event::{Class, InboundEventKind, Media},
    value,
};
use crate::secrets::signature;

/// The adapter of Telegram.
pub struct Telegram;

/// Prefix of the topic of a channel's direct messages, in a contact's id.
const TOPIC: char = '#';

/// Maximum number of updates in one answer to a poll.
const MAX_UPDATES: u32 = 100;
/// How long Telegram waits for an update, in seconds; less than a call may take.
const LONG_POLL_SECS: u32 = 25;

const MB: u64 = 1024 * 1024;

/// The updates that the bot gets. They are named one by one because the default leaves reactions out
/// (`docs/channels.md#updates`).
const UPDATES: [&str; 11] = [
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "message_reaction",
    "callback_query",
    "my_chat_member",
];

const CAPABILITIES: Capabilities = Capabilities {
    // Telegram counts characters after it has parsed entities; UTF-16 units are never fewer.
    text: Limit {
        max: 4096,
        unit: Unit::Utf16,
    },
    caption: Some(Limit {
        max: 1024,
        unit: Unit::Utf16,
    }),
    media: &[
        MediaRule {
            class: Class::Image,
            types: &["image/jpeg", "image/png"],
            max: 10 * MB,
        },
        MediaRule {
            class: Class::Audio,
            types: &["audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/ogg"],
            max: 50 * MB,
        },
        MediaRule {
            class: Class::Video,
            types: &["video/mp4"],
            max: 50 * MB,
        },
        MediaRule {
            class: Class::File,
            types: &[],
            max: 50 * MB,
        },
    ],
    window: None,
    quotes: true,
    rate: Rate {
        account: 30,
        pair: 1_000,
    },
    uploads: true,
};

impl Adapter for Telegram {
    fn channel(&self) -> Channel {
        Channel::Telegram
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    /// Returns `None`, because Telegram has no handshake.
    fn handshake(&self, _credentials: &Credentials, _hook: &Hook<'_>) -> Option<String> {
        None
    }

    fn is_authentic(&self, credentials: &Credentials, hook: &Hook<'_>) -> bool {
        let Some(said) = hook.headers.get("x-telegram-bot-api-secret-token") else {
            return false;
        };
        !credentials.secret_token.is_empty()
            && signature::is_equal(said.as_bytes(), credentials.secret_token.as_bytes())
    }

    fn elements(&self, body: &Value) -> Vec<InboundEvent> {
        inbound::elements(body)
    }

    fn connect(&self, credentials: &Credentials, webhook: Option<&str>) -> Option<Call> {
        Some(match webhook.filter(|webhook| webhook.starts_with("https://")) {
            Some(webhook) => *outbound::method(
                credentials,
                "setWebhook",
                json!({
                    "url": webhook,
                    "secret_token": credentials.secret_token,
                    "allowed_updates": UPDATES,
                }),
            ),
            None => *outbound::method(credentials, "deleteWebhook", json!({})),
        })
    }

    fn connected(&self, answer: &ProviderResponse) -> Result<(), String> {
        match outbound::outcome(answer, "") {
            Outcome::Accepted { .. } => Ok(()),
            Outcome::RetryAfter(_, problem)
            | Outcome::Retry(problem)
            | Outcome::Final(problem)
            | Outcome::TokenInvalid(problem)
            | Outcome::WindowClosed(problem)
            | Outcome::Unconfirmed(problem) => Err(problem.words),
        }
    }

    fn poll(&self, credentials: &Credentials, next: i64) -> Option<Call> {
        let mut parameters = json!({ "limit": MAX_UPDATES, "timeout": LONG_POLL_SECS, "allowed_updates": UPDATES });
        if next != 0 {
            parameters["offset"] = json!(next);
        }
        Some(*outbound::method(credentials, "getUpdates", parameters))
    }

    fn polled(&self, answer: &ProviderResponse) -> Result<Vec<Update>, Outcome> {
        let mut body = answer.json();
        if body.get("ok") == Some(&Value::Bool(true))
            && let Some(Value::Array(updates)) = body.get_mut("result").map(Value::take)
        {
            return Ok(updates
                .into_iter()
                .map(|body| Update {
                    number: value::integer(&body, "update_id"),
                    body,
                })
                .collect());
        }
        Err(outbound::outcome(answer, ""))
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

    fn check(&self, credentials: &Credentials, answers: &[ProviderResponse]) -> Next<Result<String, String>> {
        outbound::check(credentials, answers)
    }

    /// Answers the press of a button, which shows a spinner until then.
    fn courtesy(&self, element: &InboundEvent) -> Option<BestEffortCall> {
        let InboundEventKind::Message(arrived) = &element.what else {
            return None;
        };
        let pressed = arrived.kind == Kind::Choice && arrived.id.contains(PRESS);
        pressed.then(|| -> BestEffortCall {
            let query = json!({ "callback_query_id": plain_id(&arrived.id) });
            Box::new(|credentials| *outbound::method(credentials, "answerCallbackQuery", query))
        })
    }
}

/// Separates the contact and the query in the id of a button press.
const PRESS: &str = ":press:";

/// Returns the id that Telegram gave a message, from the stored id.
pub fn plain_id(stored: &str) -> &str {
    stored.rsplit_once(':').map_or(stored, |(_, id)| id)
}

/// Returns the chat of a contact, without the business connection or topic.
pub fn plain_chat(person: &str) -> &str {
    person.split_once('/').map_or(person, |(chat, _)| chat)
}

/// Returns the id under which a contact's message is stored.
pub fn stored_id(person: &str, message: &str) -> String {
    format!("{person}:{message}")
}

/// Returns the id under which a contact's button press is stored. Telegram numbers presses apart from messages.
pub fn press_id(person: &str, query: &str) -> String {
    format!("{person}{PRESS}{}", query.replace(':', "_"))
}

/// Returns the bot's id, which its token begins with.
pub fn bot_id(token: &str) -> Option<&str> {
    let (id, _) = token.split_once(':')?;
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
}
