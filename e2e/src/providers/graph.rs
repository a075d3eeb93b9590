//! The fake's answers of the Graph API (`docs/channels.md#meta`).

use axum::http::Method;
use causerie_shared::inbox::Channel;
use serde_json::{Value, json};

use super::{
    BUSINESS, INSTAGRAM, PAGE, PHONE, Request, Sent,
    fake::{Act, Reply, World},
    request::text,
};

/// The longest texts, in characters, but in bytes on Instagram.
const WHATSAPP_TEXT: usize = 4096;
const MESSENGER_TEXT: usize = 2000;
const INSTAGRAM_TEXT: usize = 1000;

/// An error of the Graph API.
pub(super) fn error(status: u16, code: i64, subcode: i64, words: &str) -> Reply {
    let kind = if code == 190 {
        "OAuthException"
    } else {
        "GraphMethodException"
    };
    let mut error = json!({ "message": words, "type": kind, "code": code, "fbtrace_id": "AbCdEf" });
    if subcode != 0 {
        error["error_subcode"] = json!(subcode);
    }
    Reply::json(status, &json!({ "error": error }))
}

pub(super) fn too_fast(channel: Channel) -> Reply {
    match channel {
        Channel::Whatsapp => error(429, 130_429, 0, "(#130429) Rate limit hit"),
        _ => error(429, 613, 0, "(#613) Calls to this api have exceeded the rate limit."),
    }
}

fn wrong(words: &str) -> Act {
    Act::Answer(error(400, 100, 0, words))
}

fn success() -> Act {
    Act::Answer(Reply::ok(&json!({ "success": true })))
}

/// What the fake does with a request.
pub(super) fn act(request: &Request, world: &mut World) -> Act {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    // The media URLs of Messenger and Instagram need no token.
    if let ["cdn", name] = path[..] {
        return Act::Answer(file(world, name));
    }
    if request.token.as_deref() != Some(world.token.as_str()) {
        let words = "Error validating access token: Session has expired";
        return Act::Answer(error(401, 190, 463, words));
    }
    let path = match path[..] {
        ["lookaside", name] => return Act::Answer(file(world, name)),
        [version, ref rest @ ..] if version.starts_with('v') && version.contains('.') => rest.to_vec(),
        ref all => all.to_vec(),
    };
    let deletes = request.method == Method::DELETE;
    match (&request.method, &path[..]) {
        (&Method::POST, [PHONE, "messages"]) => whatsapp(request, world),
        (&Method::POST, [PHONE, "media"]) => upload(request, world),
        (&Method::POST, [owner, "messages"]) => messages(owner, request, world),
        (&Method::POST, [target, "comments"]) => comment(Channel::FacebookComments, target, request, world),
        (&Method::POST, [target, "replies"]) => comment(Channel::InstagramComments, target, request, world),
        (&Method::POST, [target]) => change(target, request, world),
        (_, [target]) if deletes => {
            world.done.push(("delete", (*target).to_owned()));
            success()
        }
        (&Method::GET, [BUSINESS, "message_templates"]) => Act::Answer(Reply::ok(&templates())),
        (&Method::GET, [id]) => Act::Answer(read(id, world)),
        (_, _) => Act::Answer(error(404, 100, 33, "Unsupported request")),
    }
}

fn file(world: &World, name: &str) -> Reply {
    match world.files.get(name) {
        Some(medium) => Reply {
            status: 200,
            headers: vec![("content-type", medium.mime.to_owned())],
            body: medium.bytes.clone(),
        },
        None => Reply::json(404, &json!({})),
    }
}

/// Returns media, accounts and profiles.
fn read(id: &str, world: &World) -> Reply {
    if let Some(medium) = world.files.get(id) {
        return Reply::ok(&json!({
            "messaging_product": "whatsapp", "id": id, "url": format!("{}/lookaside/{id}", world.url),
            "mime_type": medium.mime, "file_size": medium.bytes.len(),
        }));
    }
    Reply::ok(&match id {
        PHONE => json!({ "id": PHONE, "verified_name": "Lamp Shop", "display_phone_number": "+1 555 078 3881" }),
        PAGE | "me" => json!({ "id": PAGE, "name": "Lamp Shop" }),
        INSTAGRAM => json!({ "id": INSTAGRAM, "username": "lamp.shop", "name": "Lamp Shop" }),
        person => json!({ "id": person, "first_name": "Mia", "last_name": "Moreau" }),
    })
}

fn templates() -> Value {
    json!({ "data": [{
        "name": "parcel_news", "language": "en", "status": "APPROVED", "category": "UTILITY", "id": "594425479261596",
        "components": [{ "type": "BODY", "text": "Hello {{1}}, your parcel is on its way.",
            "example": { "body_text": [["Ada"]] } }],
    }], "paging": { "cursors": { "before": "MA", "after": "MA" } } })
}

fn upload(request: &Request, world: &mut World) -> Act {
    let Some((_, mime, _)) = &request.file else {
        return wrong("(#100) The parameter file is required.");
    };
    if request.text("messaging_product") != "whatsapp" {
        return wrong("(#100) The parameter messaging_product is required.");
    }
    let id = format!("89000{}", world.next());
    world.uploads.insert(id.clone(), mime.clone());
    Act::Answer(Reply::ok(&json!({ "id": id })))
}

fn whatsapp(request: &Request, world: &mut World) -> Act {
    let fields = &request.fields;
    if request.text("messaging_product") != "whatsapp" {
        return wrong("(#100) The parameter messaging_product is required.");
    }
    if request.text("status") == "read" {
        world.done.push(("read", request.text("message_id")));
        return success();
    }
    let to = [request.text("to"), request.text("recipient")].concat();
    if to.is_empty() {
        return wrong("(#100) The parameter to is required.");
    }
    let kind = match request.text("type") {
        kind if kind.is_empty() => "text".to_owned(),
        kind => kind,
    };
    let content = &fields[kind.as_str()];
    if !content.is_object() {
        return wrong("(#100) The content of this type is missing.");
    }
    let template = (kind == "template").then(|| text(&content["name"]));
    if world.is_closed && template.is_none() {
        return Act::Answer(error(400, 131_047, 0, "(#131047) Re-engagement message"));
    }
    let words = [text(&content["body"]), text(&content["caption"])].concat();
    if kind == "text" && !(1..=WHATSAPP_TEXT).contains(&words.chars().count()) {
        return wrong("(#100) Param text['body'] must be at most 4096 characters long.");
    }
    let medium = text(&content["id"]);
    let file = world.uploads.get(&medium).cloned();
    if !medium.is_empty() && file.is_none() {
        return wrong("(#100) There is no such media id.");
    }
    let quoted = text(&fields["context"]["message_id"]);
    Act::Send(Box::new(Sent {
        channel: Channel::Whatsapp,
        id: format!("wamid.HBgL{}", world.next()),
        to,
        text: words,
        quoted: Some(quoted).filter(|quoted| !quoted.is_empty()),
        opaque: Some(request.text("biz_opaque_callback_data")).filter(|opaque| !opaque.is_empty()),
        file,
        private: false,
        tag: None,
        template,
    }))
}

/// Sends with Messenger and Instagram, private replies to comments included.
fn messages(owner: &str, request: &Request, world: &mut World) -> Act {
    let channel = match owner {
        PAGE | "me" => Channel::Messenger,
        INSTAGRAM => Channel::Instagram,
        _ => return Act::Answer(error(400, 100, 33, "Unsupported post request.")),
    };
    let fields = &request.fields;
    let recipient = &fields["recipient"];
    let (person, comment) = (text(&recipient["id"]), text(&recipient["comment_id"]));
    let action = request.text("sender_action");
    if !action.is_empty() {
        return Act::Answer(Reply::ok(&json!({ "recipient_id": person })));
    }
    if person.is_empty() && comment.is_empty() {
        return wrong("(#100) param recipient must be non-empty.");
    }
    let message = &fields["message"];
    let attachment = &message["attachment"];
    let words = text(&message["text"]);
    let fits = match channel {
        Channel::Instagram => words.len() <= INSTAGRAM_TEXT,
        _ => words.chars().count() <= MESSENGER_TEXT,
    };
    if words.is_empty() == attachment.is_null() || !fits {
        return wrong("(#100) Length of param message[text] must be less than or equal to the limit.");
    }
    let tag = Some(request.text("tag")).filter(|tag| !tag.is_empty());
    if world.is_closed && comment.is_empty() && tag.is_none() {
        let subcode = if channel == Channel::Instagram {
            2_534_022
        } else {
            2_018_278
        };
        return Act::Answer(error(
            400,
            10,
            subcode,
            "(#10) This message is sent outside of allowed window.",
        ));
    }
    let file = match (&request.file, attachment.is_null()) {
        (_, true) => None,
        (Some((_, mime, _)), false) => Some(mime.clone()),
        (None, false) => Some(text(&attachment["type"])),
    };
    let quoted = text(&fields["reply_to"]["mid"]);
    let private = !comment.is_empty();
    Act::Send(Box::new(Sent {
        channel,
        id: format!("m_AbC{}", world.next()),
        // The id of a comment's author for direct messages is known only from the answer.
        to: if private {
            format!("9{}", digits(&comment))
        } else {
            person
        },
        text: words,
        quoted: Some(quoted).filter(|quoted| !quoted.is_empty()),
        opaque: Some(text(&message["metadata"])).filter(|opaque| !opaque.is_empty()),
        file,
        private,
        tag,
        template: None,
    }))
}

fn digits(id: &str) -> String {
    id.chars().filter(char::is_ascii_digit).collect()
}

fn comment(channel: Channel, target: &str, request: &Request, world: &mut World) -> Act {
    let words = request.text("message");
    if words.is_empty() && request.file.is_none() {
        return wrong("(#100) The parameter message is required.");
    }
    let number = world.next();
    Act::Send(Box::new(Sent {
        channel,
        id: match channel {
            Channel::FacebookComments => format!("{}_77{number}", target.split('_').next().unwrap_or_default()),
            _ => format!("1788{number}"),
        },
        to: target.to_owned(),
        text: words,
        quoted: None,
        opaque: None,
        file: request.file.as_ref().map(|(_, mime, _)| mime.clone()),
        private: false,
        tag: None,
        template: None,
    }))
}

/// Hides a comment or shows it again.
fn change(target: &str, request: &Request, world: &mut World) -> Act {
    let says = |key: &str| match &request.fields[key] {
        Value::Bool(flag) => Some(*flag),
        Value::String(flag) => flag.parse().ok(),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let Some(hide) = says("is_hidden").or_else(|| says("hide")) else {
        return wrong("(#100) Nothing to change.");
    };
    world.done.push((if hide { "hide" } else { "show" }, target.to_owned()));
    success()
}

/// The answer to an accepted message.
pub(super) fn taken(sent: &Sent) -> Reply {
    Reply::ok(&match sent.channel {
        Channel::Whatsapp => json!({
            "messaging_product": "whatsapp",
            "contacts": [{ "input": sent.to, "wa_id": sent.to }],
            "messages": [{ "id": sent.id, "message_status": "accepted" }],
        }),
        Channel::FacebookComments | Channel::InstagramComments => json!({ "id": sent.id }),
        Channel::Messenger | Channel::Instagram | Channel::Telegram | Channel::Web => {
            json!({ "recipient_id": sent.to, "message_id": sent.id })
        }
    })
}
