//! Calls to the Bot API, and what their answers mean.

#[cfg(test)]
mod tests;

use axum::http::Method;
use causerie_shared::Millis;
use serde_json::{Value, json};

use super::{
    super::{
        Call, Credentials, Next, Outcome, ProviderResponse, SendRequest,
        inbound_event::{Class, Media, Problem},
        step::{Body, Content, File},
        value,
    },
    MB, TOPIC, bot_id, stored_id,
};

const PUBLIC: &str = "https://api.telegram.org";
/// Largest file that a bot can fetch, in bytes.
const MAX_FETCH: u64 = 20 * MB;
/// Pause after a rate limit for which Telegram names none, in milliseconds.
const SLOWER: Millis = 5_000;

fn base(credentials: &Credentials) -> &str {
    match credentials.base_url.trim_end_matches('/') {
        "" => PUBLIC,
        base => base,
    }
}

fn call(credentials: &Credentials, method: &str, body: Body) -> Box<Call> {
    Box::new(Call {
        method: Method::POST,
        url: format!("{}/bot{}/{method}", base(credentials), credentials.token),
        bearer: None,
        body,
    })
}

/// Returns a call of a method, with its parameters as JSON.
pub fn method(credentials: &Credentials, method: &str, parameters: Value) -> Box<Call> {
    call(credentials, method, Body::Json(parameters))
}

/// How the next attempt is sent: without what earlier answers refused.
struct Way {
    /// The contact's id, or the id of the group that theirs has become.
    to: String,
    quoted: Option<i64>,
    /// Whether a file is sent as a document, whatever its class.
    plain: bool,
}

/// Returns the next call that sends `outgoing`, or the outcome.
pub fn send(credentials: &Credentials, outgoing: &SendRequest<'_>, answers: &[ProviderResponse]) -> Next<Outcome> {
    let about = outgoing.quoted.and_then(|quoted| number_of(quoted, outgoing.to));
    let mut way = Way {
        to: outgoing.to.to_owned(),
        quoted: about,
        plain: false,
    };
    for answer in answers {
        if !repair(&mut way, &outgoing.content, answer) {
            let outcome = outcome(answer, &way.to);
            return Next::Done(match (outcome, &outgoing.content) {
                // Repeating these actions does no harm.
                (
                    Outcome::Unconfirmed(problem),
                    Content::React(_) | Content::Delete | Content::Typing | Content::Read,
                ) => Outcome::Retry(problem),
                // The group has another id now.
                (Outcome::Accepted { id, .. }, _) if way.to != outgoing.to => Outcome::Accepted {
                    id,
                    person: Some(way.to),
                },
                (other, _) => other,
            });
        }
    }
    match request(credentials, outgoing, &way) {
        Ok(call) => Next::Call(call),
        Err(words) => Next::Done(Outcome::Final(Problem {
            code: "channel".to_owned(),
            words: words.to_owned(),
        })),
    }
}

/// Returns the number of a message, if it belongs to this chat. A button press has none.
fn number_of(stored: &str, to: &str) -> Option<i64> {
    let (person, number) = stored.rsplit_once(':')?;
    number.parse().ok().filter(|_| person == to)
}

/// Changes `way` after a refusal, if another attempt may succeed. Telegram's refusal guarantees that nothing was sent.
fn repair(way: &mut Way, content: &Content<'_>, answer: &ProviderResponse) -> bool {
    let body = answer.json();
    if body.get("ok") != Some(&Value::Bool(false)) {
        return false;
    }
    let new = body
        .get("parameters")
        .and_then(|inner| value::integer(inner, "migrate_to_chat_id"));
    if let Some(new) = new.map(|new| new.to_string()).filter(|new| *new != way.to) {
        way.to = new;
        // Messages have other numbers in the new group.
        way.quoted = None;
        return true;
    }
    let words = value::text(&body, "description").unwrap_or_default().to_lowercase();
    let is_reply = matches!(content, Content::Text(_) | Content::File { .. });
    if is_reply && way.quoted.is_some() && (words.contains("replied") && words.contains("not found")) {
        way.quoted = None;
        return true;
    }
    let is_refused = [
        "photo_invalid",
        "photo_ext",
        "photo_save",
        "image_process",
        "voice_messages_forbidden",
        "wrong type",
    ]
    .iter()
    .any(|reason| words.contains(reason));
    if let Content::File { file, .. } = content
        && file.class != Class::File
        && is_refused
        && !way.plain
    {
        way.plain = true;
        return true;
    }
    false
}

fn request(credentials: &Credentials, outgoing: &SendRequest<'_>, way: &Way) -> Result<Box<Call>, &'static str> {
    let (chat, through) = match way.to.split_once('/') {
        Some((chat, through)) => (chat, Some(through)),
        None => (way.to.as_str(), None),
    };
    let mut parameters = json!({});
    // An id, or the name of a channel.
    parameters["chat_id"] = chat.parse::<i64>().map_or_else(|_| json!(chat), |id| json!(id));
    let connection = through.filter(|through| !through.starts_with(TOPIC));
    if let Some(connection) = connection {
        parameters["business_connection_id"] = json!(connection);
    }
    if let Some(topic) = through.and_then(|through| through.strip_prefix(TOPIC)) {
        parameters["direct_messages_topic_id"] = topic.parse::<i64>().map_or_else(|_| json!(topic), |id| json!(id));
    }
    let about = way.quoted.ok_or("Telegram does not know this message.");
    let name = match &outgoing.content {
        Content::Text(text) => {
            parameters["text"] = json!(text);
            reply(&mut parameters, way);
            "sendMessage"
        }
        Content::File { file, caption } => {
            reply(&mut parameters, way);
            if !caption.is_empty() {
                parameters["caption"] = json!(caption);
            }
            return Ok(upload(credentials, &parameters, file, way.plain));
        }
        Content::React(emoji) => {
            parameters["message_id"] = json!(about?);
            parameters["reaction"] = if emoji.is_empty() {
                json!([])
            } else {
                json!([{ "type": "emoji", "emoji": emoji }])
            };
            "setMessageReaction"
        }
        Content::Delete if connection.is_some() => {
            parameters = json!({ "business_connection_id": connection, "message_ids": [about?] });
            "deleteBusinessMessages"
        }
        Content::Delete => {
            parameters["message_id"] = json!(about?);
            "deleteMessage"
        }
        Content::Read if connection.is_some() => {
            parameters["message_id"] = json!(about?);
            "readBusinessMessage"
        }
        Content::Read => return Err("Telegram does not tell people what was read."),
        Content::Typing => {
            parameters["action"] = json!("typing");
            "sendChatAction"
        }
        Content::Template { .. } => return Err("Telegram has no templates."),
        Content::Hide(_) => return Err("Telegram cannot hide messages."),
    };
    Ok(method(credentials, name, parameters))
}

fn reply(parameters: &mut Value, way: &Way) {
    if let Some(quoted) = way.quoted {
        parameters["reply_parameters"] = json!({ "message_id": quoted, "allow_sending_without_reply": true });
    }
}

fn upload(credentials: &Credentials, parameters: &Value, file: &File<'_>, plain: bool) -> Box<Call> {
    let (name, field) = match file.class {
        _ if plain => ("sendDocument", "document"),
        Class::Image => ("sendPhoto", "photo"),
        Class::Video => ("sendVideo", "video"),
        Class::Audio if file.mime.starts_with("audio/ogg") => ("sendVoice", "voice"),
        Class::Audio => ("sendAudio", "audio"),
        Class::Sticker => ("sendSticker", "sticker"),
        Class::File | Class::Story => ("sendDocument", "document"),
    };
    let fields = parameters.as_object().into_iter().flatten().map(|(key, parameter)| {
        // Objects go as JSON, strings unchanged.
        let text = parameter.as_str().map_or_else(|| parameter.to_string(), str::to_owned);
        (key.clone(), text)
    });
    let body = Body::Multipart {
        fields: fields.collect(),
        file: (
            field.to_owned(),
            file.name.to_owned(),
            file.mime.to_owned(),
            file.bytes.clone(),
        ),
    };
    call(credentials, name, body)
}

/// Returns what an answer means (`docs/channels.md#errors-of-telegram`). The body's code counts more than the HTTP
/// status. `to` is the contact whose message it is, or empty.
pub fn outcome(answer: &ProviderResponse, to: &str) -> Outcome {
    let body = answer.json();
    match body.get("ok") {
        Some(Value::Bool(true)) => {
            let result = body.get("result").unwrap_or(&Value::Null);
            let id = value::text(result, "message_id").map(|id| stored_id(to, &id));
            Outcome::Accepted { id, person: None }
        }
        Some(Value::Bool(false)) => refused(answer, &body),
        _ if answer.status == 404 => Outcome::TokenInvalid(answer.unclear()),
        _ => answer.outcome(wait(answer, &body)),
    }
}

fn wait(answer: &ProviderResponse, body: &Value) -> Millis {
    body.get("parameters")
        .and_then(|inner| value::integer(inner, "retry_after"))
        .or_else(|| answer.retry_after.and_then(|seconds| i64::try_from(seconds).ok()))
        .map_or(SLOWER, |seconds| seconds.clamp(1, 86_400) * 1000)
}

fn refused(answer: &ProviderResponse, body: &Value) -> Outcome {
    let code = value::integer(body, "error_code").unwrap_or_else(|| i64::from(answer.status));
    let theirs = value::text(body, "description").unwrap_or_default();
    let ours = words(code, &theirs.to_lowercase());
    let problem = Problem {
        code: code.to_string(),
        words: match (ours, theirs.as_str()) {
            ("", "") => answer.unclear().words,
            ("", theirs) => format!("Telegram refused it: {theirs} ({code})"),
            (ours, _) => format!("{ours} ({code})"),
        },
    };
    match code {
        429 => Outcome::RetryAfter(wait(answer, body), problem),
        401 | 404 => Outcome::TokenInvalid(problem),
        409 => Outcome::Retry(problem),
        500.. => Outcome::Retry(problem),
        _ => Outcome::Final(problem),
    }
}

/// Returns what an error means, in plain words; empty if the provider's own text will do. `theirs` is in lower case.
pub fn words(code: i64, theirs: &str) -> &'static str {
    let says = |part: &str| theirs.contains(part);
    match code {
        401 | 404 => "Telegram does not accept the bot's token any more. Connect the account again.",
        403 if says("blocked by the user") => "The customer has blocked the bot.",
        403 if says("deactivated") => "The customer's Telegram account was deleted.",
        403 if says("kicked") || says("not a member") => "The bot was removed from this group.",
        403 if says("initiate conversation") => "The customer has to write to the bot first.",
        403 => "Telegram does not let the bot write here.",
        409 if says("webhook") => {
            "Another webhook is set for this bot, so its messages cannot be fetched. Connect the account again."
        }
        409 => "Another program fetches the messages of this bot. Only one may do so.",
        413 => "The file is too large for Telegram.",
        429 => "Too many messages at once.",
        400 if says("chat not found") => "Telegram does not know this chat.",
        400 if says("too long") => "The text is too long for Telegram.",
        400 if says("too big") => "The file is too large for Telegram.",
        400 if says("can't be deleted") => "Telegram does not delete this message any more.",
        400 if says("business_connection") => "The business account does not let the bot write for it any more.",
        500.. => "Telegram has trouble at the moment.",
        _ => "",
    }
}

/// Returns the call that fetches a medium. Its address holds the bot's token, so no browser may see it.
pub fn fetch(credentials: &Credentials, media: &Media, answers: &[ProviderResponse]) -> Next<Option<Call>> {
    if media.reference.is_empty() || media.size.is_some_and(|size| size > MAX_FETCH) {
        return Next::Done(None);
    }
    let Some(answer) = answers.first() else {
        return Next::Call(method(credentials, "getFile", json!({ "file_id": media.reference })));
    };
    let path = answer
        .json()
        .get("result")
        .and_then(|result| value::text(result, "file_path"))
        // A self-hosted server may name a file on its own disk.
        .filter(|path| !path.starts_with('/') && !path.contains("..") && !path.contains(['?', '#', '\\']));
    Next::Done(path.map(|path| Call {
        method: Method::GET,
        url: format!("{}/file/bot{}/{path}", base(credentials), credentials.token),
        bearer: None,
        body: Body::None,
    }))
}

/// Reads the name of the bot.
pub fn check(credentials: &Credentials, answers: &[ProviderResponse]) -> Next<Result<String, String>> {
    let Some(answer) = answers.first() else {
        return Next::Call(method(credentials, "getMe", json!({})));
    };
    let problem = match outcome(answer, "") {
        Outcome::Accepted { .. } => None,
        Outcome::RetryAfter(_, problem)
        | Outcome::Retry(problem)
        | Outcome::Final(problem)
        | Outcome::TokenInvalid(problem)
        | Outcome::WindowClosed(problem)
        | Outcome::Unconfirmed(problem) => Some(problem.words),
    };
    if let Some(words) = problem {
        return Next::Done(Err(words));
    }
    let body = answer.json();
    let bot = body.get("result").unwrap_or(&Value::Null);
    let id = value::text(bot, "id").or_else(|| bot_id(&credentials.token).map(str::to_owned));
    if !credentials.external_id.is_empty() && id.is_some_and(|id| id != credentials.external_id) {
        return Next::Done(Err("The token belongs to another bot.".to_owned()));
    }
    let name = value::text(bot, "username")
        .map(|name| format!("@{name}"))
        .or_else(|| value::text(bot, "first_name"));
    Next::Done(name.ok_or_else(|| "Telegram does not say which bot this is.".to_owned()))
}
