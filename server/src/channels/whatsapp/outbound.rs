//! Calls to WhatsApp, and what their answers mean.

use axum::http::Method;
use causerie_shared::Millis;
use serde_json::{Value, json};

use super::{
    super::{
        Call, Credentials, Next, Outcome, ProviderResponse, SendRequest,
        inbound_event::{Class, Media, Problem},
        meta::{
            errors::GraphError,
            graph::{self, FACEBOOK},
        },
        step::{Body, Content},
        value,
    },
    templates::components,
};

/// Pause after a rate limit for which WhatsApp names none, in milliseconds.
const SLOWER: Millis = 5_000;
/// Pause after too many messages to one contact, in milliseconds.
const PAIR: Millis = 6_000;
/// The error code for too many messages to one contact.
pub const PAIR_CODE: &str = "131056";

/// Returns the next call that sends `outgoing`, or the outcome.
#[expect(clippy::wildcard_enum_match_arm, reason = "all other outcomes are passed on")]
pub fn send(credentials: &Credentials, outgoing: &SendRequest<'_>, answers: &[ProviderResponse]) -> Next<Outcome> {
    let messages = format!("{}/messages", credentials.external_id);
    if let Content::File { file, .. } = &outgoing.content {
        let Some(uploaded) = answers.first() else {
            let body = Body::Multipart {
                fields: vec![
                    ("messaging_product".to_owned(), "whatsapp".to_owned()),
                    ("type".to_owned(), file.mime.to_owned()),
                ],
                file: (
                    "file".to_owned(),
                    file.name.to_owned(),
                    file.mime.to_owned(),
                    file.bytes.clone(),
                ),
            };
            let path = format!("{}/media", credentials.external_id);
            return Next::Call(graph::call(credentials, Method::POST, FACEBOOK, &path, body));
        };
        // Nothing was sent yet, so a lost answer is only a lost upload.
        let Some(id) = value::text(&uploaded.json(), "id") else {
            return Next::Done(match outcome(uploaded) {
                Outcome::Unconfirmed(problem) => Outcome::Retry(problem),
                other => other,
            });
        };
        return match answers.get(1) {
            None => Next::Call(graph::post(credentials, FACEBOOK, &messages, body(outgoing, Some(&id)))),
            Some(answer) => Next::Done(outcome(answer)),
        };
    }
    match answers.first() {
        None => Next::Call(graph::post(credentials, FACEBOOK, &messages, body(outgoing, None))),
        Some(answer) => Next::Done(outcome(answer)),
    }
}

fn body(outgoing: &SendRequest<'_>, media: Option<&str>) -> Value {
    if let Content::Read | Content::Typing = outgoing.content {
        let mut body = json!({
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": outgoing.quoted.unwrap_or_default(),
        });
        if let Content::Typing = outgoing.content {
            body["typing_indicator"] = json!({"type": "text"});
        }
        return body;
    }
    let (kind, content) = content(outgoing, media);
    let mut body = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "type": kind,
        kind: content,
    });
    // A phone number, or the user id of a contact who shows none.
    let to = if outgoing.to.bytes().all(|byte| byte.is_ascii_digit()) {
        "to"
    } else {
        "recipient"
    };
    body[to] = json!(outgoing.to);
    if !outgoing.opaque.is_empty() {
        body["biz_opaque_callback_data"] = json!(outgoing.opaque);
    }
    if let (Some(quoted), false) = (outgoing.quoted, kind == "reaction") {
        body["context"] = json!({ "message_id": quoted });
    }
    body
}

fn content(outgoing: &SendRequest<'_>, media: Option<&str>) -> (&'static str, Value) {
    match &outgoing.content {
        Content::Text(text) => (
            "text",
            json!({ "body": text, "preview_url": text.contains("https://") }),
        ),
        Content::File { file, caption } => {
            let kind = match file.class {
                Class::Image => "image",
                Class::Video => "video",
                Class::Audio => "audio",
                Class::Sticker => "sticker",
                Class::File | Class::Story => "document",
            };
            let mut content = json!({ "id": media.unwrap_or_default() });
            if !caption.is_empty() && !matches!(file.class, Class::Audio | Class::Sticker) {
                content["caption"] = json!(caption);
            }
            if file.class == Class::File {
                content["filename"] = json!(file.name);
            }
            (kind, content)
        }
        Content::Template { used, template } => {
            let mut content = json!({ "name": used.name, "language": { "code": used.language } });
            let components = components(used, *template);
            if !components.is_empty() {
                content["components"] = Value::Array(components);
            }
            ("template", content)
        }
        Content::React(emoji) => (
            "reaction",
            json!({ "message_id": outgoing.quoted.unwrap_or_default(), "emoji": emoji }),
        ),
        Content::Read | Content::Typing | Content::Hide(_) | Content::Delete => ("text", json!({ "body": "" })),
    }
}

/// Returns what the answer to a call means (`docs/channels.md#errors-of-whatsapp`).
fn outcome(answer: &ProviderResponse) -> Outcome {
    let body = answer.json();
    if let Some(error) = error_of(&body) {
        return failed(&error, answer);
    }
    let id = value::list(&body, "messages")
        .into_iter()
        .find_map(|message| value::text(message, "id"));
    if answer.is_ok() && (id.is_some() || value::flag(&body, "success")) {
        let person = value::list(&body, "contacts")
            .into_iter()
            .find_map(|contact| value::text(contact, "wa_id").or_else(|| value::text(contact, "user_id")));
        return Outcome::Accepted { id, person };
    }
    answer.outcome(answer.wait(SLOWER))
}

/// Returns the error in a body, if it has a code; without one, the status of the answer says more.
pub fn error_of(body: &Value) -> Option<GraphError> {
    GraphError::of(body).filter(|_| value::integer(&body["error"], "code").is_some())
}

fn failed(error: &GraphError, answer: &ProviderResponse) -> Outcome {
    let problem = explain(Some(error.code), &error.words);
    match error.code {
        0 | 190 => Outcome::TokenInvalid(problem),
        131_047 => Outcome::WindowClosed(problem),
        131_056 => Outcome::RetryAfter(answer.wait(PAIR), problem),
        130_429 | 131_048 | 80_007 | 4 | 613 => Outcome::RetryAfter(answer.wait(SLOWER), problem),
        133_016 | 131_000 | 131_016 | 2 | 1 | 131_052 | 131_053 => Outcome::Retry(problem),
        _ if error.is_transient => Outcome::Retry(problem),
        _ => Outcome::Final(problem),
    }
}

/// Returns what a code means, in plain words; empty if the provider's own text will do.
fn words(code: i64) -> &'static str {
    match code {
        0 | 190 => "WhatsApp does not accept the account's token any more. Connect the account again.",
        131_047 => "More than 24 hours have passed since the customer's last message. Only a template can be sent.",
        131_026 => "WhatsApp cannot deliver to this number.",
        131_056 => "Too many messages to this person at once.",
        130_429 | 131_048 | 80_007 | 4 | 613 => "Too many messages at once.",
        131_049 | 131_050 => "WhatsApp limits marketing messages to this person.",
        130_472 => "This person is part of an experiment of WhatsApp's and cannot get this message.",
        131_051 => "WhatsApp does not support this type of message.",
        131_052 | 131_053 => "WhatsApp could not load the file.",
        131_042 => "There is a problem with the account's payment method.",
        131_045 | 133_010 => "The phone number is not registered with WhatsApp.",
        131_031 | 368 => "WhatsApp has locked the account.",
        131_021 => "The number cannot write to itself.",
        132_000 | 132_001 | 132_005 | 132_007 | 132_012 => {
            "The template does not fit: check its name, language and values."
        }
        132_015 | 132_016 => "WhatsApp has paused or disabled this template.",
        130_497 => "WhatsApp does not allow messages to this country.",
        _ => "",
    }
}

/// Returns the problem in plain words, with the provider's code and text.
pub fn explain(code: Option<i64>, theirs: &str) -> Problem {
    let ours = code.map_or("", words);
    let number = code.map(|code| code.to_string()).unwrap_or_default();
    let origin = match (number.as_str(), theirs) {
        ("", theirs) => theirs.to_owned(),
        (number, "") => number.to_owned(),
        (number, theirs) => format!("{number}: {theirs}"),
    };
    Problem {
        words: match ours {
            "" if theirs.is_empty() => format!("WhatsApp refused it ({origin})."),
            "" if number.is_empty() => theirs.to_owned(),
            "" => format!("{theirs} ({number})"),
            ours => format!("{ours} ({origin})"),
        },
        code: number,
    }
}

/// Returns the next call that fetches a medium. The medium's address is valid for minutes and needs the token.
pub fn fetch(credentials: &Credentials, media: &Media, answers: &[ProviderResponse]) -> Next<Option<Call>> {
    let bytes = |url: String| {
        Next::Done(Some(Call {
            method: Method::GET,
            url,
            bearer: Some(credentials.token.clone()),
            body: Body::None,
        }))
    };
    if media.reference.starts_with("https://") || media.reference.starts_with("http://") {
        return bytes(media.reference.clone());
    }
    if media.reference.is_empty()
        || !media
            .reference
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    {
        return Next::Done(None);
    }
    match answers.first() {
        None => {
            let path = format!("{}?phone_number_id={}", media.reference, credentials.external_id);
            Next::Call(graph::get(credentials, FACEBOOK, &path))
        }
        Some(answer) => match value::text(&answer.json(), "url").filter(|_| answer.is_ok()) {
            Some(url) => bytes(url),
            None => Next::Done(None),
        },
    }
}

/// Reads the name of the phone number.
pub fn check(credentials: &Credentials, answers: &[ProviderResponse]) -> Next<Result<String, String>> {
    let Some(answer) = answers.first() else {
        let path = format!("{}?fields=verified_name,display_phone_number", credentials.external_id);
        return Next::Call(graph::get(credentials, FACEBOOK, &path));
    };
    let body = answer.json();
    if let Some(error) = error_of(&body) {
        return Next::Done(Err(explain(Some(error.code), &error.words).words));
    }
    let name = ["verified_name", "display_phone_number"]
        .iter()
        .find_map(|key| value::text(&body, key));
    Next::Done(match name {
        Some(name) if answer.is_ok() => Ok(name),
        _ => Err(answer.unclear().words),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: Value) -> ProviderResponse {
        ProviderResponse {
            status,
            maybe_sent: true,
            retry_after: None,
            body: body.to_string().into(),
        }
    }

    #[test]
    fn an_answer_is_judged_by_its_code_even_when_it_says_200() {
        let error = |code: i64| json!({"error": {"code": code, "message": "词"}});
        assert!(matches!(
            outcome(&answer(200, error(131_047))),
            Outcome::WindowClosed(_)
        ));
        assert!(matches!(
            outcome(&answer(400, error(131_056))),
            Outcome::RetryAfter(6_000, _)
        ));
        assert!(matches!(outcome(&answer(401, error(190))), Outcome::TokenInvalid(_)));
        assert!(matches!(outcome(&answer(500, error(131_000))), Outcome::Retry(_)));
        assert!(matches!(outcome(&answer(400, error(131_026))), Outcome::Final(_)));
        assert!(matches!(outcome(&answer(200, json!({}))), Outcome::Unconfirmed(_)));
        assert!(matches!(outcome(&answer(0, Value::Null)), Outcome::Unconfirmed(_)));
        let gone = ProviderResponse {
            maybe_sent: false,
            ..answer(0, Value::Null)
        };
        assert!(matches!(outcome(&gone), Outcome::Retry(_)));
        let taken = json!({"messages": [{"id": "wamid.1"}], "contacts": [{"input": "1", "wa_id": "2"}]});
        assert_eq!(
            outcome(&answer(200, taken)),
            Outcome::Accepted {
                id: Some("wamid.1".to_owned()),
                person: Some("2".to_owned())
            }
        );
    }
}
