//! Attachments of direct messages, recognised by their type and keys.

use causerie_shared::message::{Card, Kind};
use serde_json::Value;

use crate::channels::{
    inbound_event::{Class, InboundMessage, Media},
    value,
};

/// The ids of Messenger's thumb in its three sizes.
const THUMBS: [&str; 3] = ["369239263222822", "369239343222814", "369239383222810"];

/// Removes doubles: until August 2026 a sticker also comes as an image, until April 2026 a post also as a share.
pub fn without_doubles(all: Vec<&Value>) -> Vec<&Value> {
    let kind = |attachment: &Value| value::text(attachment, "type").unwrap_or_default();
    let payload = |attachment: &Value, key: &str| value::text(attachment.get("payload")?, key);
    let stickers: Vec<Option<String>> = all
        .iter()
        .filter(|attachment| kind(attachment) == "sticker")
        .map(|sticker| payload(sticker, "url"))
        .collect();
    let is_double = |attachment: &Value| {
        let url = payload(attachment, "url");
        let is_sticker = payload(attachment, "sticker_id").is_some() || (url.is_some() && stickers.contains(&url));
        kind(attachment) == "image" && is_sticker
    };
    let with_post = all.iter().any(|attachment| kind(attachment) == "ig_post");
    let all = all.into_iter();
    all.filter(|attachment| stickers.is_empty() || !is_double(attachment))
        .filter(|attachment| !with_post || kind(attachment) != "share")
        .collect()
}

/// Adds an attachment to its message.
pub fn add(arrived: &mut InboundMessage, attachment: &Value) {
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
        "like_heart" if arrived.text.is_empty() => arrived.text = "❤️".to_owned(),
        "location" => location(arrived, payload, title),
        "ig_reel" => shared(arrived, Class::Video, url, title, is_page),
        "share" | "ig_post" => shared(arrived, Class::Image, url, title, is_page),
        "reel" => shared(arrived, Class::Video, url, title, |url| !is_medium(url)),
        "post" | "fallback" => shared(arrived, Class::Image, url, title, |url| !is_medium(url)),
        "template" => {
            arrived.kind = Kind::Template;
            if arrived.text.is_empty() {
                arrived.text = title.or_else(|| template(payload)).unwrap_or_default();
            }
        }
        // The caller sees that nothing was added.
        _ => {}
    }
}

/// Returns the text of a template: its own, or the title of its first card or product.
fn template(payload: &Value) -> Option<String> {
    value::text(payload, "text").or_else(|| {
        ["generic", "product"]
            .iter()
            .filter_map(|key| payload.get(key))
            .chain([payload])
            .flat_map(|holder| value::list(holder, "elements"))
            .find_map(|element| value::text(element, "title"))
    })
}

/// Returns the story that a message answers, as a medium.
pub fn story(story: &Value) -> Media {
    Media {
        class: Class::Story,
        reference: value::text(story, "url").unwrap_or_default(),
        name: String::new(),
        mime: String::new(),
        size: None,
        sha256: String::new(),
    }
}

fn medium(arrived: &mut InboundMessage, kind: Kind, class: Class, url: Option<String>) {
    arrived.kind = kind;
    // Without an address, the message still shows that there was a medium.
    arrived.media.push(Media {
        class,
        reference: url.unwrap_or_default(),
        name: String::new(),
        mime: String::new(),
        size: None,
        sha256: String::new(),
    });
}

fn sticker_of(arrived: &mut InboundMessage, url: Option<String>, sticker: &str) {
    if THUMBS.contains(&sticker) && arrived.text.is_empty() {
        arrived.text = "👍".to_owned();
        if url.is_none() {
            return;
        }
    }
    medium(arrived, Kind::Sticker, Class::Sticker, url);
}

fn location(arrived: &mut InboundMessage, payload: &Value, title: Option<String>) {
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

/// Adds a post, reel, story or page that was shared: as a link if `is_link` accepts its address, else as a medium. A
/// share without address and title stands for content that may not be shown, and is ignored.
fn shared(
    arrived: &mut InboundMessage,
    class: Class,
    url: Option<String>,
    title: Option<String>,
    is_link: impl Fn(&str) -> bool,
) {
    if url.is_none() && title.is_none() {
        return;
    }
    let url = url.map(|url| match url.strip_prefix('/') {
        Some(path) => format!("https://www.facebook.com/{path}"),
        None => url,
    });
    let link = url.clone().filter(|url| is_link(url));
    // A link in a text comes with its preview, which adds nothing to the text.
    if arrived.text.is_empty() {
        arrived.kind = Kind::Share;
        arrived.text = title.or_else(|| link.clone()).unwrap_or_default();
    }
    match (link, url) {
        (Some(url), _) => {
            arrived.card = Some(Card::Link {
                title: String::new(),
                url,
            });
        }
        (None, Some(url)) => {
            let kind = arrived.kind;
            medium(arrived, kind, class, Some(url));
        }
        (None, None) => {}
    }
}

/// Whether the address is that of a picture or video itself, which is short-lived and not opened in a browser.
fn is_medium(url: &str) -> bool {
    is_of(url, &["fbsbx.com", "fbcdn.net", "cdninstagram.com"])
}

/// Whether the address is that of a page. Instagram mostly gives the address of the picture or video itself.
fn is_page(url: &str) -> bool {
    is_of(url, &["instagram.com", "facebook.com", "fb.com", "fb.watch"])
}

fn is_of(url: &str, domains: &[&str]) -> bool {
    let host = url
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split(['/', '?', ':']).next());
    let of = |domain: &&str| host.is_some_and(|host| host == *domain || host.ends_with(&format!(".{domain}")));
    domains.iter().any(of)
}
