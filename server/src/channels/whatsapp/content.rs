//! The content of WhatsApp messages, by type.

use causerie_shared::message::{Card, ContactCard, Kind};
use serde_json::Value;

use super::super::{
    inbound_event::{Class, InboundMessage, Media},
    value,
};

/// Code of an entry of `errors` that only says that the type of the message is unknown.
const UNKNOWN_KIND: i64 = 131_051;

/// The types whose content stands under their own name.
const TYPES: [&str; 16] = [
    "text",
    "image",
    "video",
    "audio",
    "voice",
    "document",
    "sticker",
    "location",
    "contacts",
    "button",
    "interactive",
    "order",
    "reaction",
    "edit",
    "revoke",
    "system",
];

/// Returns the type of a message; if it is missing, the content decides.
pub fn kind(message: &Value) -> String {
    value::text(message, "type").unwrap_or_else(|| {
        let has = |kind: &&str| {
            message
                .get(kind)
                .is_some_and(|inner| inner.is_object() || inner.is_array())
        };
        TYPES.into_iter().find(has).unwrap_or_default().to_owned()
    })
}

/// Returns the text of an entry of `errors`: its title and details.
pub fn words_of(error: &Value) -> String {
    let details = error.get("error_data").and_then(|data| value::text(data, "details"));
    let what = value::text(error, "title").or_else(|| value::text(error, "message"));
    match (what, details) {
        (Some(what), Some(details)) if !details.contains(&what) => format!("{what}: {details}"),
        (_, Some(details)) => details,
        (Some(what), None) => what,
        (None, None) => String::new(),
    }
}

/// Reads a message of any type, except those that change another message.
pub fn arrived(message: &Value, kind: &str, inner: &Value, id: String) -> InboundMessage {
    let context = message.get("context").unwrap_or(&Value::Null);
    let forwarded = value::flag(context, "forwarded") || value::flag(context, "frequently_forwarded");
    let mut arrived = InboundMessage {
        id,
        outgoing: false,
        kind: Kind::Unsupported,
        text: String::new(),
        media: vec![],
        quoted: value::text(context, "id").or_else(|| value::text(context, "message_id")),
        forwarded,
        referral: referral(message, context),
        card: None,
        opaque: value::text(message, "biz_opaque_callback_data"),
        album: None,
    };
    fill(&mut arrived, kind, inner);
    if arrived.kind == Kind::Unsupported && arrived.text.is_empty() {
        // The placeholder already says that the type is unknown. Other errors, such as a file that is too large, say
        // more.
        arrived.text = value::list(message, "errors")
            .into_iter()
            .filter(|error| value::integer(error, "code") != Some(UNKNOWN_KIND))
            .map(words_of)
            .find(|words| !words.is_empty())
            .unwrap_or_default();
    }
    arrived
}

fn fill(arrived: &mut InboundMessage, kind: &str, inner: &Value) {
    let text = |key: &str| value::text(inner, key).unwrap_or_default();
    match kind {
        "text" => {
            // Some senders put the text itself where the object belongs.
            if let Some(text) = value::text(inner, "body").or_else(|| value::as_text(inner)) {
                arrived.kind = Kind::Text;
                arrived.text = text;
            }
        }
        "image" => medium(arrived, Kind::Image, Class::Image, inner),
        "video" => medium(arrived, Kind::Video, Class::Video, inner),
        "audio" if value::flag(inner, "voice") => medium(arrived, Kind::Voice, Class::Audio, inner),
        "voice" => medium(arrived, Kind::Voice, Class::Audio, inner),
        "audio" => medium(arrived, Kind::Audio, Class::Audio, inner),
        "document" => medium(arrived, Kind::File, Class::File, inner),
        "sticker" => medium(arrived, Kind::Sticker, Class::Sticker, inner),
        "location" => location(arrived, inner),
        "contacts" => contacts(arrived, inner),
        "button" => {
            arrived.text = value::text(inner, "text").unwrap_or_else(|| text("payload"));
            if !arrived.text.is_empty() {
                arrived.kind = Kind::Choice;
            }
        }
        "interactive" => interactive(arrived, inner),
        "order" => order(arrived, inner),
        _ => {
            arrived.kind = Kind::Unsupported;
            arrived.text = text("body");
        }
    }
}

fn medium(arrived: &mut InboundMessage, kind: Kind, class: Class, inner: &Value) {
    let text = |key: &str| value::text(inner, key).unwrap_or_default();
    arrived.kind = kind;
    arrived.text = text("caption");
    arrived.media.push(Media {
        class,
        reference: value::text(inner, "id").unwrap_or_else(|| text("url")),
        name: text("filename"),
        mime: text("mime_type"),
        size: value::integer(inner, "file_size").and_then(|size| u64::try_from(size).ok()),
        sha256: text("sha256"),
    });
}

fn location(arrived: &mut InboundMessage, inner: &Value) {
    let text = |key: &str| value::text(inner, key).unwrap_or_default();
    let degrees = |key: &str, most: f64| {
        value::float(inner, key)
            .filter(|degrees| degrees.abs() <= most)
            .map(|degrees| (degrees * 1e6).round() as i32)
    };
    let (name, address) = (text("name"), text("address"));
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
    if arrived.card.is_some() || !arrived.text.is_empty() {
        arrived.kind = Kind::Location;
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "any other JSON is taken as it is")]
fn contacts(arrived: &mut InboundMessage, inner: &Value) {
    let all: Vec<&Value> = match inner {
        Value::Array(all) => all.iter().collect(),
        other => vec![other],
    };
    let cards: Vec<ContactCard> = all.into_iter().filter(|one| one.is_object()).map(card).collect();
    if cards.is_empty() {
        return;
    }
    arrived.kind = Kind::Contacts;
    arrived.text = cards
        .iter()
        .map(|card| card.name.as_str())
        .filter(|name| !name.is_empty())
        .collect::<Vec<_>>()
        .join(", ");
    arrived.card = Some(Card::Contacts(cards));
}

fn card(contact: &Value) -> ContactCard {
    let name = contact.get("name").unwrap_or(&Value::Null);
    let of = |list: &str, keys: &[&str]| {
        value::list(contact, list)
            .into_iter()
            .filter_map(|entry| keys.iter().find_map(|key| value::text(entry, key)))
            .collect::<Vec<_>>()
    };
    let phones = of("phones", &["phone", "wa_id"]);
    ContactCard {
        name: value::text(name, "formatted_name")
            .or_else(|| value::text(name, "first_name"))
            .or_else(|| value::as_text(name))
            .or_else(|| phones.first().cloned())
            .unwrap_or_default(),
        phones,
        emails: of("emails", &["email"]),
    }
}

fn interactive(arrived: &mut InboundMessage, inner: &Value) {
    let kind = value::text(inner, "type").or_else(|| {
        let kinds = ["button_reply", "list_reply", "nfm_reply", "call_permission_reply"];
        kinds
            .into_iter()
            .find(|kind| inner.get(kind).is_some())
            .map(str::to_owned)
    });
    let kind = kind.unwrap_or_default();
    let answer = inner.get(kind.as_str()).unwrap_or(&Value::Null);
    arrived.kind = Kind::Choice;
    arrived.text = ["title", "body", "name", "id"]
        .iter()
        .find_map(|key| value::text(answer, key))
        .unwrap_or_default();
    match kind.as_str() {
        "nfm_reply" => {
            arrived.kind = Kind::Form;
            let json = answer.get("response_json").unwrap_or(&Value::Null);
            // Show a response that is not a valid form as it is, so that it is not lost.
            let whole = || Some(vec![("response".to_owned(), value::as_text(json)?)]);
            arrived.card = form(json).or_else(whole).map(Card::Entries);
        }
        "button_reply" | "list_reply" if !arrived.text.is_empty() => {}
        "call_permission_reply" => {
            arrived.text = match value::text(answer, "response").as_deref() {
                Some("accept") => "May be called.".to_owned(),
                Some(_) | None => "May not be called.".to_owned(),
            };
        }
        _ => arrived.kind = Kind::Unsupported,
    }
}

/// Reads the entries of a form, which come as JSON text of any shape.
#[expect(clippy::wildcard_enum_match_arm, reason = "any other JSON is taken as it is")]
fn form(json: &Value) -> Option<Vec<(String, String)>> {
    let parsed: Value = match json {
        Value::String(text) => serde_json::from_str(text).ok()?,
        other => other.clone(),
    };
    let entries = parsed.as_object()?;
    Some(
        entries
            .iter()
            .filter(|(key, _)| key.as_str() != "flow_token")
            .map(|(key, entry)| {
                let text = value::as_text(entry).unwrap_or_else(|| match entry {
                    Value::Array(all) => all.iter().filter_map(value::as_text).collect::<Vec<_>>().join(", "),
                    Value::Bool(flag) => flag.to_string(),
                    Value::Null | Value::String(_) | Value::Number(_) => String::new(),
                    Value::Object(_) => entry.to_string(),
                });
                (key.clone(), text)
            })
            .collect(),
    )
}

fn order(arrived: &mut InboundMessage, inner: &Value) {
    arrived.kind = Kind::Order;
    arrived.text = value::text(inner, "text").unwrap_or_default();
    let lines = value::list(inner, "product_items")
        .into_iter()
        .map(|item| {
            let text = |key: &str| value::text(item, key).unwrap_or_default();
            let line = format!("{} × {} {}", text("quantity"), text("item_price"), text("currency"));
            (text("product_retailer_id"), line)
        })
        .collect();
    arrived.card = Some(Card::Entries(lines));
}

/// Returns the advertisement or product that led the contact here.
fn referral(message: &Value, context: &Value) -> Option<String> {
    let words = |from: &Value, keys: &[&str]| {
        let parts: Vec<String> = keys.iter().filter_map(|key| value::text(from, key)).collect();
        (!parts.is_empty()).then(|| parts.join(" · "))
    };
    message
        .get("referral")
        .and_then(|referral| {
            words(referral, &["headline", "body", "source_url"])
                .or_else(|| words(referral, &["source_id"]))
                .or_else(|| words(referral, &["ctwa_clid"]))
                .or_else(|| words(referral, &["source_type"]))
        })
        .or_else(|| {
            let product = context.get("referred_product")?;
            words(product, &["product_retailer_id", "catalog_id"])
        })
}

/// Returns the text of an edited message: the body, or the caption, which may be empty; `None` if the edit gives none.
pub fn edited(message: &Value) -> Option<String> {
    let kind = kind(message);
    let inner = message.get(kind.as_str())?;
    match kind.as_str() {
        "text" => value::text(inner, "body").or_else(|| value::as_text(inner)),
        _ => inner
            .is_object()
            .then(|| value::text(inner, "caption").unwrap_or_default()),
    }
}
