//! Telegram's updates.

use serde_json::{Value, json};

use super::{Class, News, Scene};

fn number(id: &str) -> i64 {
    id.parse().expect("Telegram's ids are numbers")
}

pub(super) fn body(scene: &Scene<'_>, events: &News<'_>) -> Option<Value> {
    let person = number(scene.person.id);
    let from = json!({ "id": person, "is_bot": false, "first_name": scene.person.name });
    let chat = json!({ "id": person, "type": "private", "first_name": scene.person.name });
    let at = scene.at / 1000;
    let message = |id: &str, content: Value| {
        let mut message = json!({ "message_id": number(id), "date": at, "from": from, "chat": chat });
        for (key, value) in content.as_object().into_iter().flatten() {
            message[key] = value.clone();
        }
        message
    };
    let file = |file: &str| json!({ "file_id": file, "file_unique_id": format!("u{file}"), "file_size": 70 });
    let (kind, inner) = match *events {
        News::Text { id, text, quoted } => {
            let mut message = message(id, json!({ "text": text }));
            if let Some(quoted) = quoted {
                message["reply_to_message"] =
                    json!({ "message_id": number(quoted), "date": at, "chat": chat, "text": "…" });
            }
            ("message", message)
        }
        News::Medium {
            id,
            class,
            file: name,
            caption,
        } => {
            let mut inner = file(name);
            let key = match class {
                Class::Image => "photo",
                Class::Voice => "voice",
                Class::Video => "video",
                Class::Document => "document",
                Class::Sticker => "sticker",
            };
            for (field, value) in [("width", 8), ("height", 8), ("duration", 1)] {
                inner[field] = json!(value);
            }
            let content = match class {
                Class::Image => json!([inner]),
                Class::Sticker => {
                    for field in ["is_animated", "is_video"] {
                        inner[field] = json!(false);
                    }
                    inner["type"] = json!("regular");
                    inner
                }
                Class::Document => {
                    inner["file_name"] = json!(name);
                    inner["mime_type"] = json!("application/pdf");
                    inner
                }
                Class::Voice | Class::Video => inner,
            };
            let mut message = message(id, json!({}));
            message[key] = content;
            if !caption.is_empty() {
                message["caption"] = json!(caption);
            }
            ("message", message)
        }
        News::Place {
            id,
            latitude,
            longitude,
            name,
        } => {
            let place = json!({ "latitude": latitude, "longitude": longitude });
            let venue = json!({ "location": place, "title": name, "address": "" });
            ("message", message(id, json!({ "venue": venue, "location": place })))
        }
        News::Card { id, name, phone } => {
            let card = json!({ "phone_number": phone, "first_name": name });
            ("message", message(id, json!({ "contact": card })))
        }
        News::Reaction { target, emoji } => {
            let new: Vec<Value> = emoji
                .iter()
                .map(|emoji| json!({ "type": "emoji", "emoji": emoji }))
                .collect();
            let reaction = json!({ "chat": chat, "message_id": number(target), "user": from, "date": at,
                "old_reaction": [], "new_reaction": new });
            ("message_reaction", reaction)
        }
        News::Edit { target, text } => {
            let content = json!({ "text": text, "edit_date": at });
            ("edited_message", message(target, content))
        }
        News::Blocked => {
            let member = |status: &str| {
                json!({ "user": { "id": 7_294_013_985_i64, "is_bot": true, "first_name": "Lamp Shop" },
                "status": status, "until_date": 0 })
            };
            let change = json!({ "chat": chat, "from": from, "date": at, "old_chat_member": member("member"),
                "new_chat_member": member("kicked") });
            ("my_chat_member", change)
        }
        News::Delete { .. } | News::State { .. } | News::Echo { .. } => return None,
    };
    let mut update = json!({ "update_id": scene.number });
    update[kind] = inner;
    Some(update)
}
