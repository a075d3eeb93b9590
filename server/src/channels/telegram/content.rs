//! The content of Telegram messages.

use causerie_shared::message::{Card, ContactCard, Kind};
use serde_json::Value;

use super::{
    super::{
        inbound_event::{Class, InboundMessage, Media},
        value,
    },
    words,
};

/// Fields of service messages: events of a chat in the form of a message, which no contact wrote. Older names are
/// included.
const SERVICE: [&str; 52] = [
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
    "pinned_message",
    "connected_website",
    "write_access_allowed",
    "proximity_alert_triggered",
    "boost_added",
    "chat_background_set",
    "chat_owner_left",
    "chat_owner_changed",
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
    "voice_chat_scheduled",
    "voice_chat_started",
    "voice_chat_ended",
    "voice_chat_participants_invited",
    "giveaway_created",
    "giveaway_completed",
    "gift_upgrade_sent",
    "checklist_tasks_done",
    "checklist_tasks_added",
    "poll_option_added",
    "poll_option_deleted",
    "direct_message_price_changed",
    "paid_message_price_changed",
    "suggested_post_approved",
    "suggested_post_approval_failed",
    "suggested_post_declined",
    "suggested_post_paid",
    "suggested_post_refunded",
    "community_chat_added",
    "community_chat_joined",
    "community_chat_removed",
    "managed_bot_created",
];

/// Whether a field has a value. Programs that forward updates write absent fields as null, `false` or an empty list.
pub fn is_said(message: &Value, key: &str) -> bool {
    match message.get(key) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(all)) => !all.is_empty(),
        Some(Value::Number(number)) => number.as_i64() != Some(0),
        Some(Value::Bool(true) | Value::Object(_)) => true,
    }
}

/// Returns the field of a service message, if the message has no text.
pub fn service(message: &Value) -> Option<&'static str> {
    if text(message).is_some() {
        return None;
    }
    SERVICE.into_iter().find(|key| is_said(message, key))
}

/// Whether a message has a file, whose caption is the message's text.
pub fn has_medium(message: &Value) -> bool {
    [
        "photo",
        "video",
        "video_note",
        "animation",
        "audio",
        "voice",
        "document",
        "live_photo",
        "paid_media",
    ]
    .iter()
    .any(|key| is_said(message, key))
}

/// Returns a message without content.
pub fn blank(id: String) -> InboundMessage {
    InboundMessage {
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

/// Returns the text or caption of a message.
pub fn text(message: &Value) -> Option<String> {
    value::text(message, "text").or_else(|| value::text(message, "caption"))
}

/// Reads a contact's message.
pub fn arrived(message: &Value, id: String) -> InboundMessage {
    const FORWARDED: [&str; 5] = [
        "forward_origin",
        "forward_from",
        "forward_from_chat",
        "forward_sender_name",
        "forward_date",
    ];
    let mut arrived = InboundMessage {
        text: text(message).unwrap_or_default(),
        forwarded: FORWARDED.iter().any(|key| is_said(message, key)),
        album: value::text(message, "media_group_id"),
        ..blank(id)
    };
    arrived.referral =
        start(&arrived.text).or_else(|| is_said(message, "reply_to_story").then(|| "Reply to a story".to_owned()));
    fill(&mut arrived, message);
    arrived
}

/// Returns what follows `/start`: the payload of the link that led the contact here.
fn start(text: &str) -> Option<String> {
    let (command, payload) = text.trim().split_once(char::is_whitespace)?;
    let is_start = command == "/start" || command.starts_with("/start@");
    is_start
        .then(|| payload.trim().to_owned())
        .filter(|payload| !payload.is_empty())
}

fn fill(arrived: &mut InboundMessage, message: &Value) {
    let object = |key: &str| message.get(key).filter(|inner| inner.is_object());
    // Venue before location, and animation before document, because the former come with the latter.
    if let Some(photo) = largest(message, "photo") {
        medium(arrived, Kind::Image, Class::Image, photo, "image/jpeg");
    } else if let Some(animation) = object("animation") {
        match value::text(animation, "mime_type").as_deref() {
            Some("image/gif") => medium(arrived, Kind::Image, Class::Image, animation, "image/gif"),
            Some(_) | None => medium(arrived, Kind::Video, Class::Video, animation, "video/mp4"),
        }
    } else if let Some(video) = object("video")
        .or_else(|| object("video_note"))
        .or_else(|| object("live_photo"))
    {
        medium(arrived, Kind::Video, Class::Video, video, "video/mp4");
    } else if let Some(voice) = object("voice") {
        medium(arrived, Kind::Voice, Class::Audio, voice, "audio/ogg");
    } else if let Some(audio) = object("audio") {
        medium(arrived, Kind::Audio, Class::Audio, audio, "audio/mpeg");
    } else if let Some(document) = object("document") {
        medium(arrived, Kind::File, Class::File, document, "");
    } else if let Some(sticker) = object("sticker") {
        self::sticker(arrived, sticker);
    } else if let Some(paid) = object("paid_media") {
        self::paid(arrived, paid);
    } else if let Some(venue) = object("venue") {
        let place = venue.get("location").filter(|place| place.is_object());
        location(arrived, place.or(object("location")).unwrap_or(&Value::Null), venue);
    } else if let Some(place) = object("location") {
        location(arrived, place, &Value::Null);
    } else if let Some(contact) = object("contact") {
        self::contact(arrived, contact);
    } else if let Some(rich) = object("rich_message") {
        arrived.kind = Kind::Text;
        arrived.text = words::rich(rich);
    } else if let Some(pressed) = object("web_app_data") {
        arrived.kind = Kind::Choice;
        arrived.text = value::text(pressed, "button_text").unwrap_or_default();
    } else if value::text(message, "text").is_some() {
        arrived.kind = Kind::Text;
    } else if arrived.text.is_empty() {
        // The message cannot be shown as what it is, but its text can be read.
        arrived.text = words::of_unsupported(message);
    }
}

/// Adds media that cost stars. Telegram gives nothing of those that were not bought.
fn paid(arrived: &mut InboundMessage, paid: &Value) {
    for one in value::list(paid, "paid_media") {
        if let Some(photo) = largest(one, "photo") {
            medium(arrived, Kind::Image, Class::Image, photo, "image/jpeg");
        } else if let Some(video) = ["video", "live_photo"]
            .iter()
            .find_map(|key| one.get(*key).filter(|inner| inner.is_object()))
        {
            medium(arrived, Kind::Video, Class::Video, video, "video/mp4");
        }
    }
}

fn medium(arrived: &mut InboundMessage, kind: Kind, class: Class, inner: &Value, mime: &str) {
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

/// Returns the largest of the sizes in which a photo comes.
fn largest<'a>(message: &'a Value, key: &str) -> Option<&'a Value> {
    let size = |photo: &&Value| {
        let of = |key: &str| value::integer(photo, key).unwrap_or_default();
        let is_there = value::text(photo, "file_id").is_some();
        (is_there, of("width").saturating_mul(of("height")), of("file_size"))
    };
    value::list(message, key)
        .into_iter()
        .filter(|photo| photo.is_object())
        .max_by_key(size)
}

fn sticker(arrived: &mut InboundMessage, sticker: &Value) {
    let is_animated = value::flag(sticker, "is_animated");
    // No browser draws the animation; a still picture comes with it.
    let still = ["thumbnail", "thumb"]
        .iter()
        .filter_map(|key| sticker.get(*key))
        .find(|still| is_animated && value::text(still, "file_id").is_some());
    let (mime, ending) = if still.is_some() {
        ("image/webp", "webp")
    } else if is_animated {
        ("application/x-tgsticker", "tgs")
    } else if value::flag(sticker, "is_video") {
        ("video/webm", "webm")
    } else {
        ("image/webp", "webp")
    };
    medium(arrived, Kind::Sticker, Class::Sticker, still.unwrap_or(sticker), mime);
    if let (Some(medium), Some(emoji)) = (arrived.media.last_mut(), value::text(sticker, "emoji")) {
        medium.name = format!("{emoji}.{ending}");
    }
}

fn location(arrived: &mut InboundMessage, place: &Value, venue: &Value) {
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

fn contact(arrived: &mut InboundMessage, contact: &Value) {
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

/// Returns the email addresses in a vCard: lines such as `EMAIL;TYPE=home:ada@example.com`.
fn emails(card: &str) -> Vec<String> {
    card.lines()
        .filter_map(|line| {
            let (field, value) = line.split_once(':')?;
            let field = field.split(';').next()?.rsplit('.').next()?;
            field.eq_ignore_ascii_case("email").then(|| value.trim().to_owned())
        })
        .collect()
}

/// Returns the phone number of a contact who shares their own card: digits with country code.
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

/// Returns the label of the button with `data` below a message.
pub fn label(message: &Value, data: &str) -> Option<String> {
    let rows = message.get("reply_markup")?.get("inline_keyboard")?.as_array()?;
    rows.iter()
        .filter_map(Value::as_array)
        .flatten()
        .find(|button| value::text(button, "callback_data").as_deref() == Some(data))
        .and_then(|button| value::text(button, "text"))
}
