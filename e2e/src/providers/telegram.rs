//! The fake's answers of the Bot API (`docs/channels.md#telegram`).

use std::time::Duration;

use causerie_shared::inbox::Channel;
use serde_json::{Value, json};

use super::{
    BOT, Request, Sent,
    fake::{Act, Reply, World},
    request::text,
};

/// The longest text, in UTF-16 units. `MAX_CAPTION` is the longest caption.
const MAX_TEXT: usize = 4096;
const MAX_CAPTION: usize = 1024;
/// The date of all messages: 2 March 2026, in seconds.
const DATE: i64 = 1_772_442_000;

/// A successful answer.
pub(super) fn ok(result: &Value) -> Reply {
    Reply::ok(&json!({ "ok": true, "result": result }))
}

/// An error of the Bot API.
pub(super) fn error(status: u16, code: i64, words: &str) -> Reply {
    Reply::json(
        status,
        &json!({ "ok": false, "error_code": code, "description": words }),
    )
}

pub(super) fn too_fast(after: Option<u64>) -> Reply {
    let mut body = json!({ "ok": false, "error_code": 429, "description": "Too Many Requests" });
    if let Some(seconds) = after {
        body["description"] = json!(format!("Too Many Requests: retry after {seconds}"));
        body["parameters"] = json!({ "retry_after": seconds });
    }
    Reply::json(429, &body)
}

fn wrong(words: &str) -> Act {
    Act::Answer(error(400, 400, words))
}

fn bot() -> Value {
    json!({ "id": BOT.parse::<i64>().unwrap_or_default(), "is_bot": true, "first_name": "Lamp Shop",
        "username": "lamp_shop_bot", "can_join_groups": true, "can_read_all_group_messages": false,
        "supports_inline_queries": false })
}

/// What the fake does with a request.
pub(super) fn act(request: &Request, world: &mut World) -> Act {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let is_token = |part: &str| part.strip_prefix("bot") == Some(&format!("{BOT}:{}", world.token));
    let method = match path[..] {
        ["file", token, ref rest @ ..] => {
            let file = world.files.get(&rest.join("/")).filter(|_| is_token(token));
            return Act::Answer(match file {
                Some(medium) => Reply {
                    status: 200,
                    headers: vec![("content-type", "application/octet-stream".to_owned())],
                    body: medium.bytes.clone(),
                },
                None => error(404, 404, "Not Found"),
            });
        }
        [token, method] if is_token(token) => method,
        [_, _] => return Act::Answer(error(401, 401, "Unauthorized")),
        _ => return Act::Answer(error(404, 404, "Not Found")),
    };
    match method {
        "getMe" => Act::Answer(ok(&bot())),
        "getUpdates" if world.webhook.is_some() => Act::Answer(error(
            409,
            409,
            "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
        )),
        "getUpdates" => Act::Poll(
            request.text("offset").parse().unwrap_or_default(),
            Duration::from_secs(request.text("timeout").parse().unwrap_or_default()),
        ),
        "setWebhook" => {
            world.webhook = Some((request.text("url"), request.text("secret_token")));
            Act::Answer(ok(&json!(true)))
        }
        "deleteWebhook" => {
            world.webhook = None;
            Act::Answer(ok(&json!(true)))
        }
        "getWebhookInfo" => Act::Answer(ok(&json!({
            "url": world.webhook.as_ref().map_or("", |(url, _)| url), "has_custom_certificate": false,
            "pending_update_count": world.updates.len(),
        }))),
        "getFile" => Act::Answer(file(&request.text("file_id"), world)),
        "deleteMessage" => done("delete", request, world),
        "setMessageReaction" => done("react", request, world),
        "sendChatAction" | "answerCallbackQuery" => done("courtesy", request, world),
        name => match name.strip_prefix("send") {
            Some(what) => send(what, request, world),
            None => Act::Answer(error(404, 404, "Not Found: method not found")),
        },
    }
}

fn done(what: &'static str, request: &Request, world: &mut World) -> Act {
    world.done.push((what, request.text("message_id")));
    Act::Answer(ok(&json!(true)))
}

fn file(id: &str, world: &World) -> Reply {
    match world.files.get(id) {
        Some(medium) => ok(&json!({
            "file_id": id, "file_unique_id": format!("u{id}"), "file_size": medium.bytes.len(), "file_path": id,
        })),
        None => error(
            400,
            400,
            "Bad Request: wrong file_id or the file is temporarily unavailable",
        ),
    }
}

fn send(what: &str, request: &Request, world: &mut World) -> Act {
    let to = request.text("chat_id");
    if to.is_empty() {
        return wrong("Bad Request: chat_id is empty");
    }
    let (words, longest) = match what {
        "Message" => (request.text("text"), MAX_TEXT),
        "Photo" | "Video" | "Audio" | "Voice" | "Document" | "Animation" | "Sticker" => {
            (request.text("caption"), MAX_CAPTION)
        }
        _ => return Act::Answer(error(404, 404, "Not Found: method not found")),
    };
    if what == "Message" && words.is_empty() {
        return wrong("Bad Request: message text is empty");
    }
    if words.encode_utf16().count() > longest {
        return wrong("Bad Request: message is too long");
    }
    let field = what.to_lowercase();
    let file = match &request.file {
        Some((_, mime, _)) => Some(mime.clone()),
        None if what == "Message" => None,
        None if request.text(&field).is_empty() => return wrong("Bad Request: there is no file in the request"),
        None => Some(field),
    };
    let quoted = text(&request.fields["reply_parameters"]["message_id"]);
    Act::Send(Box::new(Sent {
        channel: Channel::Telegram,
        id: (1000 + world.next()).to_string(),
        to,
        text: words,
        quoted: Some(quoted).filter(|quoted| !quoted.is_empty()),
        opaque: None,
        file,
        private: false,
        tag: None,
        template: None,
    }))
}

/// The answer to an accepted message.
pub(super) fn taken(sent: &Sent) -> Reply {
    let number = |text: &str| text.parse::<i64>().unwrap_or_default();
    let chat = number(&sent.to);
    let mut message = json!({
        "message_id": number(&sent.id), "date": DATE, "from": bot(),
        "chat": { "id": chat, "type": if chat > 0 { "private" } else { "group" }, "first_name": "Ada" },
    });
    let key = if sent.file.is_some() { "caption" } else { "text" };
    if !sent.text.is_empty() {
        message[key] = json!(sent.text);
    }
    if let Some(quoted) = &sent.quoted {
        message["reply_to_message"] = json!({
            "message_id": number(quoted), "date": DATE, "chat": message["chat"], "text": "…",
        });
    }
    ok(&message)
}
