//! Telegram Bot API (`docs/channels.md#telegram`).
//!
//! A message's id is unique within its chat only, so messages are known as `<person>:<message id>`. A person is the
//! chat that answers go to; one who writes to a business account that the bot works for is
//! `<chat>/<business connection>`, for only by that connection can they be answered, and one who writes to a channel is
//! `<chat>/#<topic>`.

mod content;
mod inbound;
mod outbound;
pub mod polling;
mod words;

use causerie_shared::{inbox::Channel, message::Kind};
use serde_json::{Value, json};

use super::{
    Adapter, Answer, Call, Capabilities, Courtesy, Credentials, Element, Hook, Next, Outcome, Outgoing,
    capabilities::{Limit, MediaRule, Rate, Unit},
    element::{Class, Media, What},
    signature,
};

/// The adapter.
pub struct Telegram;

/// Before the topic of a channel's direct messages, in a person's id.
const TOPIC: char = '#';

const MB: u64 = 1024 * 1024;

/// What the bot is told of, named one by one: the default leaves reactions out (`docs/channels.md#updates`).
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

    /// Telegram has none.
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

    fn elements(&self, body: &Value) -> Vec<Element> {
        inbound::elements(body)
    }

    fn send(&self, credentials: &Credentials, outgoing: &Outgoing<'_>, answers: &[Answer]) -> Next<Outcome> {
        outbound::send(credentials, outgoing, answers)
    }

    fn fetch(&self, credentials: &Credentials, media: &Media, answers: &[Answer]) -> Next<Option<Call>> {
        outbound::fetch(credentials, media, answers)
    }

    fn check(&self, credentials: &Credentials, answers: &[Answer]) -> Next<Result<String, String>> {
        outbound::check(credentials, answers)
    }

    /// A button that was pressed spins until the bot says that it heard.
    fn courtesy(&self, element: &Element) -> Option<Courtesy> {
        let What::Message(arrived) = &element.what else {
            return None;
        };
        let pressed = arrived.kind == Kind::Choice && arrived.id.contains(PRESS);
        pressed.then(|| -> Courtesy {
            let query = json!({ "callback_query_id": plain_id(&arrived.id) });
            Box::new(|credentials| *outbound::method(credentials, "answerCallbackQuery", query))
        })
    }
}

/// What stands between person and query in the id of a press.
const PRESS: &str = ":press:";

/// The id that Telegram gave a message, of the form in which it is stored.
pub fn plain_id(stored: &str) -> &str {
    stored.rsplit_once(':').map_or(stored, |(_, id)| id)
}

/// The chat of a person, without the business connection or topic.
pub fn plain_chat(person: &str) -> &str {
    person.split_once('/').map_or(person, |(chat, _)| chat)
}

/// A person's message in the form in which it is stored.
pub fn stored_id(person: &str, message: &str) -> String {
    format!("{person}:{message}")
}

/// A person's press of a button, which is counted apart from messages.
pub fn press_id(person: &str, query: &str) -> String {
    format!("{person}{PRESS}{}", query.replace(':', "_"))
}

/// The bot's id, which its token begins with.
pub fn bot_id(token: &str) -> Option<&str> {
    let (id, _) = token.split_once(':')?;
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
}

/// The call that connects an account: by webhook when there is an address that Telegram can reach, which must be
/// `https`; otherwise Telegram is told that the account asks for its updates itself.
pub fn connect(credentials: &Credentials, webhook: Option<&str>) -> Call {
    match webhook.filter(|webhook| webhook.starts_with("https://")) {
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
    }
}

/// What came of [`connect`].
///
/// # Errors
/// What is wrong, in plain words.
pub fn connected(answer: &Answer) -> Result<(), String> {
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
