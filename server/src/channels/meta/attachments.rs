//! Attachments of direct messages: what they are by their type and keys.

use causerie_shared::message::{Card, Kind};
use serde_json::Value;

use crate::channels::{
    element::{Arrived, Class, Media},
    value,
};

/// The thumb of Messenger in its three sizes.
const THUMBS: [&str; 3] = ["369239263222822", "369239343222814", "369239383222810"];

/// Until August 2026 a sticker came as an image and as a sticker: the image goes.
pub fn without_doubles(all: Vec<&Value>) -> Vec<&Value> {
    let kind = |attachment: &Value| value::text(attachment, "type").unwrap_or_default();
    let has_sticker = all.iter().any(|attachment| kind(attachment) == "sticker");
    all.into_iter()
        .filter(|attachment| {
            let double = kind(attachment) == "image"
                && attachment
                    .get("payload")
                    .is_some_and(|payload| payload.get("sticker_id").is_some());
            !(has_sticker && double)
        })
        .collect()
}

/// Adds an attachment to its message.
pub fn add(arrived: &mut Arrived, attachment: &Value) {
    let payload = attachment.get("payload").unwrap_or(&Value::Null);
    let url = ["url", "story_media_url", "URL"]
        .iter()
        .find_map(|key| value::text(payload, key))
        .or_else(|| value::text(attachment, "url").or_else(|| value::text(attachment, "URL")));
    let title = value::text(payload, "title").or_else(|| value::text(attachment, "title"));
    match value::text(attachment, "type").unwrap_or_default().as_str() {
        "image" => match value::text(payload, "sticker_id") {
            Some(sticker) => sticker_of(arrived, url, &sticker),
            None => medium(arrived, Kind::Image, Class::Image, url),
        },
        "sticker" => {
            let sticker = value::text(payload, "sticker_id").unwrap_or_default();
            sticker_of(arrived, url, &sticker);
        }
        "video" => medium(arrived, Kind::Video, Class::Video, url),
        "audio" => medium(arrived, Kind::Audio, Class::Audio, url),
        "file" => medium(arrived, Kind::File, Class::File, url),
        "story_mention" => medium(arrived, Kind::StoryMention, Class::Image, url),
        "ig_story" => {
            arrived.kind = Kind::Share;
            medium(arrived, Kind::Share, Class::Image, url);
        }
        "like_heart" => {
            if arrived.text.is_empty() {
                arrived.text = "❤️".to_owned();
            }
        }
        "location" => location(arrived, payload, title),
        "share" | "post" | "ig_post" | "reel" | "ig_reel" | "fallback" => link(arrived, url, title),
        "template" => {
            arrived.kind = Kind::Template;
            if arrived.text.is_empty() {
                arrived.text = title.or_else(|| value::text(payload, "text")).unwrap_or_default();
            }
        }
        _ => {
            if arrived.text.is_empty() {
                arrived.kind = Kind::Unsupported;
            }
        }
    }
}

fn medium(arrived: &mut Arrived, kind: Kind, class: Class, url: Option<String>) {
    arrived.kind = kind;
    // Without an address there is still a picture to speak of.
    arrived.media.push(Media {
        class,
        reference: url.unwrap_or_default(),
        name: String::new(),
        mime: String::new(),
        size: None,
        sha256: String::new(),
    });
}

fn sticker_of(arrived: &mut Arrived, url: Option<String>, sticker: &str) {
    if THUMBS.contains(&sticker) && url.is_none() {
        arrived.text = "👍".to_owned();
        return;
    }
    medium(arrived, Kind::Sticker, Class::Sticker, url);
}

fn location(arrived: &mut Arrived, payload: &Value, title: Option<String>) {
    let place = payload.get("coordinates").unwrap_or(payload);
    let degrees = |keys: [&str; 2]| {
        keys.iter()
            .find_map(|key| value::float(place, key))
            .map(|degrees| (degrees * 1e6).round() as i32)
    };
    arrived.kind = Kind::Location;
    let name = title.unwrap_or_default();
    if let (Some(latitude), Some(longitude)) = (degrees(["lat", "latitude"]), degrees(["long", "longitude"])) {
        arrived.card = Some(Card::Location {
            latitude,
            longitude,
            name: name.clone(),
            address: String::new(),
        });
    }
    if arrived.text.is_empty() {
        arrived.text = name;
    }
}

fn link(arrived: &mut Arrived, url: Option<String>, title: Option<String>) {
    // A link in a text comes with its preview: the text says it all.
    if arrived.text.is_empty() {
        arrived.kind = Kind::Share;
    }
    if url.is_none() && title.is_none() {
        return;
    }
    arrived.card = Some(Card::Link {
        title: title.unwrap_or_default(),
        url: url.unwrap_or_default(),
    });
}
