//! What happens at a provider, and the webhook that says so.

mod meta;
mod telegram;
mod whatsapp;

use causerie_shared::{Millis, inbox::Channel};
use serde_json::Value;

/// A customer as a provider knows them.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    pub id: &'static str,
    pub name: &'static str,
}

/// Classes of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Image,
    Voice,
    Video,
    Document,
    Sticker,
}

/// How far one of our messages came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Sent,
    Delivered,
    Read,
    /// Code and words.
    Failed(i64, &'static str),
}

/// What happens. `id`, `target`: the provider's id of the message; of comments, of the comment.
#[derive(Debug, Clone, Copy)]
pub enum News<'a> {
    /// The customer writes; `quoted`: what it answers.
    Text {
        id: &'a str,
        text: &'a str,
        quoted: Option<&'a str>,
    },
    /// A file that the fake has under this name.
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
    /// `None`: it is taken back.
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
    /// What became of one of our messages; `opaque`: our own reference, where the channel hands it back.
    State {
        target: &'a str,
        state: State,
        opaque: Option<&'a str>,
    },
    /// One of the company's messages, typed elsewhere or sent by us.
    Echo {
        id: &'a str,
        text: &'a str,
        opaque: Option<&'a str>,
    },
    /// The customer blocks the account.
    Blocked,
}

/// When and where something happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    /// Address of the fake.
    pub url: &'a str,
    pub at: Millis,
    pub person: Person,
    /// A number that is not used twice.
    pub number: i64,
}

/// What the webhook of a fake at `url` says in March 2026; `number` is not used twice. `None`: the channel does not say
/// such a thing.
pub fn webhook(channel: Channel, url: &str, person: Person, number: i64, events: &News<'_>) -> Option<Value> {
    let scene = Scene {
        url,
        at: 1_772_442_000_000,
        person,
        number,
    };
    body(channel, &scene, events)
}

/// The body that a channel's webhook has; `None`: the channel does not say such a thing.
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
