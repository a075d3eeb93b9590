//! WhatsApp's webhooks.

use serde_json::{Value, json};

use super::{Class, News, Scene, State};
use crate::providers::{BUSINESS, PHONE};

fn envelope(field: &str, mut value: Value) -> Value {
    value["messaging_product"] = json!("whatsapp");
    value["metadata"] = json!({ "display_phone_number": "15550783881", "phone_number_id": PHONE });
    json!({ "object": "whatsapp_business_account", "entry": [{
        "id": BUSINESS, "changes": [{ "field": field, "value": value }],
    }] })
}

pub(super) fn body(scene: &Scene<'_>, events: &News<'_>) -> Option<Value> {
    let (person, at) = (scene.person, (scene.at / 1000).to_string());
    let message = |id: &str, kind: &str, content: Value| {
        let mut message = json!({ "from": person.id, "id": id, "timestamp": at, "type": kind });
        message[kind] = content;
        message
    };
    // An event that is not a message of its own has its own id.
    let own = format!("wamid.event{}", scene.number);
    let message = match *events {
        News::Text { id, text, quoted } => {
            let mut message = message(id, "text", json!({ "body": text }));
            if let Some(quoted) = quoted {
                message["context"] = json!({ "from": "15550783881", "id": quoted });
            }
            message
        }
        News::Medium {
            id,
            class,
            file,
            caption,
        } => {
            let (kind, mime) = match class {
                Class::Image => ("image", "image/png"),
                Class::Voice => ("audio", "audio/ogg; codecs=opus"),
                Class::Video => ("video", "video/mp4"),
                Class::Document => ("document", "application/pdf"),
                Class::Sticker => ("sticker", "image/webp"),
            };
            let mut content = json!({ "id": file, "mime_type": mime });
            if class == Class::Voice {
                content["voice"] = json!(true);
            }
            if class == Class::Document {
                content["filename"] = json!(file);
            }
            if !caption.is_empty() {
                content["caption"] = json!(caption);
            }
            message(id, kind, content)
        }
        News::Place {
            id,
            latitude,
            longitude,
            name,
        } => message(
            id,
            "location",
            json!({ "latitude": latitude, "longitude": longitude, "name": name }),
        ),
        News::Card { id, name, phone } => {
            let card = json!([{ "name": { "formatted_name": name }, "phones": [{ "phone": phone, "type": "CELL" }] }]);
            message(id, "contacts", card)
        }
        News::Reaction { target, emoji } => {
            let mut content = json!({ "message_id": target });
            if let Some(emoji) = emoji {
                content["emoji"] = json!(emoji);
            }
            message(&own, "reaction", content)
        }
        News::Edit { target, text } => {
            let content = json!({
                "original_message_id": target,
                "message": { "type": "text", "text": { "body": text } },
            });
            message(&own, "edit", content)
        }
        News::Delete { target } => message(&own, "revoke", json!({ "original_message_id": target })),
        News::State { target, state, opaque } => {
            let mut status = json!({
                "id": target, "timestamp": at, "recipient_id": person.id,
                "status": match state {
                    State::Sent => "sent",
                    State::Delivered => "delivered",
                    State::Read => "read",
                    State::Failed(..) => "failed",
                },
            });
            if let State::Failed(code, words) = state {
                status["errors"] = json!([{ "code": code, "title": words, "error_data": { "details": words } }]);
            }
            if let Some(opaque) = opaque {
                status["biz_opaque_callback_data"] = json!(opaque);
            }
            return Some(envelope("messages", json!({ "statuses": [status] })));
        }
        News::Echo { id, text, .. } => {
            let echo = json!({
                "from": "15550783881", "to": person.id, "id": id, "timestamp": at, "type": "text",
                "text": { "body": text },
            });
            return Some(envelope("smb_message_echoes", json!({ "message_echoes": [echo] })));
        }
        News::Blocked => return None,
    };
    let contact = json!({ "profile": { "name": person.name }, "wa_id": person.id });
    Some(envelope(
        "messages",
        json!({ "contacts": [contact], "messages": [message] }),
    ))
}
