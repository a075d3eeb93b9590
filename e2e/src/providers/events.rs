//! Events at a provider, and their webhooks.

mod meta;
mod telegram;
mod whatsapp;

use causerie_shared::{Millis, inbox::Channel};
use serde_json::Value;

/// A customer, as a provider knows them.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    pub id: &'static str,
    pub name: &'static str,
}

/// The kinds of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Image,
    Voice,
    Video,
    Document,
    Sticker,
}

/// The delivery state of an outgoing message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Sent,
    Delivered,
    Read,
    /// The message failed, with this code and text.
    Failed(i64, &'static str),
}

/// An event at a provider. `id` and `target` are the provider's id of a message, or of a comment.
#[derive(Debug, Clone, Copy)]
pub enum News<'a> {
    /// The customer sends a text. `quoted` is the message that it answers.
    Text {
        id: &'a str,
        text: &'a str,
        quoted: Option<&'a str>,
    },
    /// The customer sends a file that the fake has under this name.
    Medium {
        id: &'a str,
        class: Class,
        file: &'a str,
        caption: &'a str,
    },
    Place {
        id: &'a str,
        latitude: f64,
        longitude: f64,
        name: &'a str,
    },
    Card {
        id: &'a str,
        name: &'a str,
        phone: &'a str,
    },
    /// The customer reacts to a message. `None` removes the reaction.
    Reaction {
        target: &'a str,
        emoji: Option<&'a str>,
    },
    Edit {
        target: &'a str,
        text: &'a str,
    },
    Delete {
        target: &'a str,
    },
    /// The delivery state of an outgoing message changes. `opaque` is our reference, if the channel returns it.
    State {
        target: &'a str,
        state: State,
        opaque: Option<&'a str>,
    },
    /// A message of the company, typed in another app or sent by the server.
    Echo {
        id: &'a str,
        text: &'a str,
        opaque: Option<&'a str>,
    },
    /// The customer blocks the account.
    Blocked,
}

/// The time and place of an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    /// The address of the fake.
    pub url: &'a str,
    pub at: Millis,
    pub person: Person,
    /// A number that is not used twice.
    pub number: i64,
}

/// The webhook's body for an event of March 2026 at a fake with this URL, or `None` if the channel has no such event.
/// `number` must not be used twice.
pub fn webhook(channel: Channel, url: &str, person: Person, number: i64, events: &News<'_>) -> Option<Value> {
    let scene = Scene {
        url,
        at: 1_772_442_000_000,
        person,
        number,
    };
    body(channel, &scene, events)
}

/// The body of a channel's webhook, or `None` if the channel has no such event.
pub(super) fn body(channel: Channel, scene: &Scene<'_>, events: &News<'_>) -> Option<Value> {
    match channel {
        Channel::Whatsapp => whatsapp::body(scene, events),
        Channel::Messenger => meta::message("page", scene, events),
        Channel::Instagram => meta::message("instagram", scene, events),
        Channel::FacebookComments => meta::facebook(scene, events),
        Channel::InstagramComments => meta::instagram(scene, events),
        Channel::Telegram => telegram::body(scene, events),
        Channel::Web => None,
    }
}
