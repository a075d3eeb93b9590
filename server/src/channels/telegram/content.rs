//! What stands in a Telegram message.

use causerie_shared::message::{Card, ContactCard, Kind};
use serde_json::Value;

use super::super::{
    element::{Arrived, Class, Media},
    value,
};

/// What Telegram says of a chat in the form of a message, and what no customer wrote.
const SERVICE: [&str; 32] = [
    "new_chat_members",
    "new_chat_member",
    "new_chat_participant",
    "left_chat_member",
    "left_chat_participant",
    "new_chat_title",
    "new_chat_photo",
    "delete_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
    "channel_chat_created",
    "message_auto_delete_timer_changed",
    "migrate_from_chat_id",
    "pinned_message",
    "connected_website",
    "write_access_allowed",
    "proximity_alert_triggered",
    "boost_added",
    "chat_background_set",
    "forum_topic_created",
    "forum_topic_edited",
    "forum_topic_closed",
    "forum_topic_reopened",
    "general_forum_topic_hidden",
    "general_forum_topic_unhidden",
    "video_chat_scheduled",
    "video_chat_started",
    "video_chat_ended",
    "video_chat_participants_invited",
    "giveaway_created",
    "giveaway_completed",
    "chat_owner_changed",
];

/// The service that a message tells of.
pub fn service(message: &Value) -> Option<&'static str> {
    let has = |key: &&&str| message.get(**key).is_some_and(|inner| !inner.is_null());
    SERVICE.iter().find(has).copied()
}

/// A message with nothing in it.
pub fn blank(id: String) -> Arrived {
    Arrived {
        id,
        outgoing: false,
        kind: Kind::Unsupported,
        text: String::new(),
        media: vec![],
        quoted: None,
        forwarded: false,
        referral: None,
        card: None,
        opaque: None,
        album: None,
    }
}

/// Text or caption.
pub fn text(message: &Value) -> Option<String> {
    value::text(message, "text").or_else(|| value::text(message, "caption"))
}

/// A message of a customer.
pub fn arrived(message: &Value, id: String) -> Arrived {
    const FORWARDED: [&str; 5] = [
        "forward_origin",
        "forward_from",
        "forward_from_chat",
        "forward_sender_name",
        "forward_date",
    ];
    let mut arrived = Arrived {
        text: text(message).unwrap_or_default(),
        forwarded: FORWARDED
            .iter()
            .any(|key| message.get(key).is_some_and(|inner| !inner.is_null())),
        album: value::text(message, "media_group_id"),
        ..blank(id)
    };
    arrived.referral = start(&arrived.text);
    fill(&mut arrived, message);
    arrived
}

/// What follows `/start`: the link by which somebody came.
fn start(text: &str) -> Option<String> {
    let (command, payload) = text.trim().split_once(char::is_whitespace)?;
    let is_start = command == "/start" || command.starts_with("/start@");
    is_start
        .then(|| payload.trim().to_owned())
        .filter(|payload| !payload.is_empty())
}

fn fill(arrived: &mut Arrived, message: &Value) {
    let object = |key: &str| message.get(key).filter(|inner| inner.is_object());
    // Venue before location and animation before document, for the former bring the latter along.
    if let Some(photo) = largest(message) {
        medium(arrived, Kind::Image, Class::Image, photo, "image/jpeg");
    } else if let Some(animation) = object("animation") {
        match value::text(animation, "mime_type").as_deref() {
            Some("image/gif") => medium(arrived, Kind::Image, Class::Image, animation, "image/gif"),
            Some(_) | None => medium(arrived, Kind::Video, Class::Video, animation, "video/mp4"),
        }
    } else if let Some(video) = object("video").or_else(|| object("video_note")) {
        medium(arrived, Kind::Video, Class::Video, video, "video/mp4");
    } else if let Some(voice) = object("voice") {
        medium(arrived, Kind::Voice, Class::Audio, voice, "audio/ogg");
    } else if let Some(audio) = object("audio") {
        medium(arrived, Kind::Audio, Class::Audio, audio, "audio/mpeg");
    } else if let Some(document) = object("document") {
        medium(arrived, Kind::File, Class::File, document, "");
    } else if let Some(sticker) = object("sticker") {
        self::sticker(arrived, sticker);
    } else if let Some(venue) = object("venue") {
        let place = venue.get("location").filter(|place| place.is_object());
        location(arrived, place.or(object("location")).unwrap_or(&Value::Null), venue);
    } else if let Some(place) = object("location") {
        location(arrived, place, &Value::Null);
    } else if let Some(contact) = object("contact") {
        self::contact(arrived, contact);
    } else if let Some(dice) = object("dice") {
        arrived.kind = Kind::Text;
        arrived.text = ["emoji", "value"]
            .iter()
            .filter_map(|key| value::text(dice, key))
            .collect::<Vec<_>>()
            .join(" ");
    } else if let Some(poll) = object("poll") {
        // It cannot be answered from here, but its words can be read.
        let options = value::list(poll, "options")
            .into_iter()
            .filter_map(|option| value::text(option, "text"));
        let lines: Vec<String> = value::text(poll, "question").into_iter().chain(options).collect();
        arrived.text = lines.join("\n");
    } else if let Some(game) = object("game") {
        arrived.text = value::text(game, "title").unwrap_or_default();
    } else if value::text(message, "text").is_some() {
        arrived.kind = Kind::Text;
    }
}

fn medium(arrived: &mut Arrived, kind: Kind, class: Class, inner: &Value, mime: &str) {
    arrived.kind = kind;
    arrived.media.push(Media {
        class,
        reference: value::text(inner, "file_id").unwrap_or_default(),
        name: value::text(inner, "file_name").unwrap_or_default(),
        mime: value::text(inner, "mime_type").unwrap_or_else(|| mime.to_owned()),
        size: value::integer(inner, "file_size").and_then(|size| u64::try_from(size).ok()),
        sha256: String::new(),
    });
}

/// The largest of the sizes in which a photo comes.
fn largest(message: &Value) -> Option<&Value> {
    let size = |photo: &&Value| {
        let of = |key: &str| value::integer(photo, key).unwrap_or_default();
        (of("width").saturating_mul(of("height")), of("file_size"))
    };
    value::list(message, "photo")
        .into_iter()
        .filter(|photo| value::text(photo, "file_id").is_some())
        .max_by_key(size)
}

fn sticker(arrived: &mut Arrived, sticker: &Value) {
    let (mime, ending) = if value::flag(sticker, "is_animated") {
        ("application/x-tgsticker", "tgs")
    } else if value::flag(sticker, "is_video") {
        ("video/webm", "webm")
    } else {
        ("image/webp", "webp")
    };
    medium(arrived, Kind::Sticker, Class::Sticker, sticker, mime);
    if let (Some(medium), Some(emoji)) = (arrived.media.last_mut(), value::text(sticker, "emoji")) {
        medium.name = format!("{emoji}.{ending}");
    }
}

fn location(arrived: &mut Arrived, place: &Value, venue: &Value) {
    let degrees = |key: &str, most: f64| {
        value::float(place, key)
            .filter(|degrees| degrees.abs() <= most)
            .map(|degrees| (degrees * 1e6).round() as i32)
    };
    let of = |key: &str| value::text(venue, key).unwrap_or_default();
    let (name, address) = (of("title"), of("address"));
    arrived.kind = Kind::Location;
    arrived.text = [name.as_str(), address.as_str()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ");
    if let (Some(latitude), Some(longitude)) = (degrees("latitude", 90.0), degrees("longitude", 180.0)) {
        arrived.card = Some(Card::Location {
            latitude,
            longitude,
            name,
            address,
        });
    }
}

fn contact(arrived: &mut Arrived, contact: &Value) {
    let parts: Vec<String> = ["first_name", "last_name"]
        .iter()
        .filter_map(|key| value::text(contact, key))
        .collect();
    let phones: Vec<String> = value::text(contact, "phone_number").into_iter().collect();
    let name = if parts.is_empty() {
        phones.first().cloned().unwrap_or_default()
    } else {
        parts.join(" ")
    };
    let emails = value::text(contact, "vcard")
        .map(|card| emails(&card))
        .unwrap_or_default();
    arrived.kind = Kind::Contacts;
    arrived.text.clone_from(&name);
    arrived.card = Some(Card::Contacts(vec![ContactCard { name, phones, emails }]));
}

/// The addresses of a vCard: lines such as `EMAIL;TYPE=home:ada@example.com`.
fn emails(card: &str) -> Vec<String> {
    card.lines()
        .filter_map(|line| {
            let (field, value) = line.split_once(':')?;
            let field = field.split(';').next()?.rsplit('.').next()?;
            field.eq_ignore_ascii_case("email").then(|| value.trim().to_owned())
        })
        .collect()
}

/// The phone number of whoever shares their own card: digits with country code.
pub fn own_phone(message: &Value) -> Option<String> {
    let contact = message.get("contact")?;
    let (card, from) = (
        value::text(contact, "user_id")?,
        value::text(message.get("from")?, "id")?,
    );
    let digits: String = value::text(contact, "phone_number")?
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    (card == from && !digits.is_empty()).then_some(digits)
}

/// What stands on the button with `data` below a message.
pub fn label(message: &Value, data: &str) -> Option<String> {
    let rows = message.get("reply_markup")?.get("inline_keyboard")?.as_array()?;
    rows.iter()
        .filter_map(Value::as_array)
        .flatten()
        .find(|button| value::text(button, "callback_data").as_deref() == Some(data))
        .and_then(|button| value::text(button, "text"))
}
