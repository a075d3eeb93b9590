//! Webhooks of Messenger and Instagram, and of comments below posts.

use serde_json::{Value, json};

use super::{Class, News, Scene, State};
use crate::providers::{INSTAGRAM, PAGE};

/// The post with all comments.
const FACEBOOK_POST: &str = "1067280970047460_200";
const INSTAGRAM_POST: &str = "17900000000000001";

/// A webhook of direct messages. `object` is `page` or `instagram`.
pub(super) fn message(object: &str, scene: &Scene<'_>, events: &News<'_>) -> Option<Value> {
    let owner = if object == "page" { PAGE } else { INSTAGRAM };
    let (person, at) = (scene.person.id, scene.at);
    let mut from_us = false;
    let content = match *events {
        News::Text { id, text, quoted } => {
            let mut message = json!({ "mid": id, "text": text });
            if let Some(quoted) = quoted {
                message["reply_to"] = json!({ "mid": quoted });
            }
            json!({ "message": message })
        }
        News::Medium { id, class, file, .. } => {
            let kind = match class {
                Class::Image => "image",
                Class::Voice => "audio",
                Class::Video => "video",
                Class::Document => "file",
                Class::Sticker => "sticker",
            };
            let url = format!("{}/cdn/{file}", scene.url);
            json!({ "message": { "mid": id, "attachments": [{ "type": kind, "payload": { "url": url } }] } })
        }
        News::Reaction { target, emoji } => json!({ "reaction": match emoji {
            Some(emoji) => json!({ "mid": target, "action": "react", "reaction": "other", "emoji": emoji }),
            None => json!({ "mid": target, "action": "unreact" }),
        } }),
        News::Edit { target, text } => json!({ "message_edit": { "mid": target, "text": text, "num_edit": 1 } }),
        News::Delete { target } => json!({ "message": { "mid": target, "is_deleted": true } }),
        News::State {
            target,
            state: State::Delivered,
            ..
        } if object == "page" => json!({ "delivery": { "mids": [target], "watermark": at } }),
        News::State { state: State::Read, .. } if object == "page" => json!({ "read": { "watermark": at } }),
        News::State {
            target,
            state: State::Read,
            ..
        } => json!({ "read": { "mid": target } }),
        News::Echo { id, text, opaque } => {
            from_us = true;
            let mut message = json!({ "mid": id, "text": text, "is_echo": true, "app_id": 263_902_037_430_900_i64 });
            if let Some(opaque) = opaque {
                message["metadata"] = json!(opaque);
            }
            json!({ "message": message })
        }
        News::State { .. } | News::Place { .. } | News::Card { .. } | News::Blocked => return None,
    };
    let (sender, recipient) = if from_us { (owner, person) } else { (person, owner) };
    let mut event = json!({ "sender": { "id": sender }, "recipient": { "id": recipient }, "timestamp": at });
    for (key, value) in content.as_object().into_iter().flatten() {
        event[key] = value.clone();
    }
    Some(json!({ "object": object, "entry": [{ "id": owner, "time": at, "messaging": [event] }] }))
}

/// A webhook of comments below a post of the page.
pub(super) fn facebook(scene: &Scene<'_>, events: &News<'_>) -> Option<Value> {
    let change = |verb: &str, comment: &str, parent: Option<&str>, text: Option<&str>| {
        let mut value = json!({
            "item": "comment", "verb": verb, "comment_id": comment, "post_id": FACEBOOK_POST,
            "parent_id": parent.unwrap_or(FACEBOOK_POST), "created_time": scene.at / 1000,
            "from": { "id": scene.person.id, "name": scene.person.name },
            "post": { "id": FACEBOOK_POST, "status_type": "added_photos", "is_published": true,
                "permalink_url": "https://www.facebook.com/lampshop/posts/200" },
        });
        if let Some(text) = text {
            value["message"] = json!(text);
        }
        value
    };
    let value = match *events {
        News::Text { id, text, quoted } => change("add", id, quoted, Some(text)),
        News::Edit { target, text } => change("edited", target, None, Some(text)),
        News::Delete { target } => change("remove", target, None, None),
        News::Echo { id, text, .. } => {
            let mut value = change("add", id, None, Some(text));
            value["from"] = json!({ "id": PAGE, "name": "Lamp Shop" });
            value
        }
        News::Medium { .. }
        | News::Place { .. }
        | News::Card { .. }
        | News::Reaction { .. }
        | News::State { .. }
        | News::Blocked => return None,
    };
    let change = json!({ "field": "feed", "value": value });
    Some(json!({ "object": "page", "entry": [{ "id": PAGE, "time": scene.at / 1000, "changes": [change] }] }))
}

/// A webhook of comments below a post of the Instagram account.
pub(super) fn instagram(scene: &Scene<'_>, events: &News<'_>) -> Option<Value> {
    let (id, text, quoted, from) = match *events {
        News::Text { id, text, quoted } => (id, text, quoted, (scene.person.id, scene.person.name)),
        News::Echo { id, text, .. } => (id, text, None, (INSTAGRAM, "lamp.shop")),
        News::Medium { .. }
        | News::Place { .. }
        | News::Card { .. }
        | News::Reaction { .. }
        | News::Edit { .. }
        | News::Delete { .. }
        | News::State { .. }
        | News::Blocked => return None,
    };
    let mut value = json!({
        "id": id, "text": text, "from": { "id": from.0, "username": from.1 },
        "media": { "id": INSTAGRAM_POST, "media_product_type": "FEED" },
    });
    if let Some(quoted) = quoted {
        value["parent_id"] = json!(quoted);
    }
    let change = json!({ "field": "comments", "value": value });
    Some(json!({ "object": "instagram", "entry": [{ "id": INSTAGRAM, "time": scene.at / 1000, "changes": [change] }] }))
}
