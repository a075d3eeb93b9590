//! Sends direct messages and private replies on Messenger and Instagram, and maps their errors to outcomes.

use axum::http::Method;
use causerie_shared::Millis;
use serde_json::{Value, json};

use super::{errors::GraphError, graph};
use crate::channels::{
    Credentials, Next, Outcome, ProviderResponse, SendRequest,
    inbound_event::{Class, Problem},
    step::{Body, Content, File},
    value,
};

/// Pause after a rate limit for which Meta names none, in milliseconds.
const SLOWER: Millis = 30_000;

/// The dialect of direct messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Messenger,
    Instagram,
}

/// Returns the host that an account's calls go to.
pub fn host(credentials: &Credentials, dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Messenger => graph::FACEBOOK,
        Dialect::Instagram if !credentials.page_id.is_empty() => graph::FACEBOOK,
        Dialect::Instagram => graph::INSTAGRAM,
    }
}

/// Returns the id that messages are sent as: the page's if there is one, also for Instagram by Facebook login.
pub fn owner(credentials: &Credentials) -> &str {
    if credentials.page_id.is_empty() {
        &credentials.external_id
    } else {
        &credentials.page_id
    }
}

/// Returns the next call that sends `outgoing`, or the outcome.
pub fn send(
    dialect: Dialect,
    credentials: &Credentials,
    outgoing: &SendRequest<'_>,
    recipient: &Value,
    answers: &[ProviderResponse],
) -> Next<Outcome> {
    if let Some(answer) = answers.first() {
        return Next::Done(outcome(answer));
    }
    let path = format!("{}/messages", owner(credentials));
    let body = match &outgoing.content {
        Content::File { file, .. } if dialect == Dialect::Messenger => multipart(outgoing, recipient, file),
        Content::Text(_)
        | Content::File { .. }
        | Content::Template { .. }
        | Content::React(_)
        | Content::Read
        | Content::Typing
        | Content::Hide(_)
        | Content::Delete => Body::Json(json(dialect, outgoing, recipient)),
    };
    Next::Call(graph::call(
        credentials,
        Method::POST,
        host(credentials, dialect),
        &path,
        body,
    ))
}

fn class(class: Class) -> &'static str {
    match class {
        Class::Image | Class::Sticker | Class::Story => "image",
        Class::Video => "video",
        Class::Audio => "audio",
        Class::File => "file",
    }
}

/// Returns the fields of the messaging type. A private reply has none.
fn messaging_type(dialect: Dialect, outgoing: &SendRequest<'_>) -> Vec<(&'static str, &'static str)> {
    if outgoing.private {
        return vec![];
    }
    if outgoing.human_agent {
        return vec![("messaging_type", "MESSAGE_TAG"), ("tag", "HUMAN_AGENT")];
    }
    match dialect {
        Dialect::Messenger => vec![("messaging_type", "RESPONSE")],
        Dialect::Instagram => vec![],
    }
}

/// Returns the message that this one answers. A private reply has none: it answers a comment, which is not a message.
fn quoted<'a>(outgoing: &SendRequest<'a>) -> Option<&'a str> {
    outgoing.quoted.filter(|_| !outgoing.private)
}

fn json(dialect: Dialect, outgoing: &SendRequest<'_>, recipient: &Value) -> Value {
    let mut body = json!({ "recipient": recipient });
    match &outgoing.content {
        Content::Read => body["sender_action"] = json!("mark_seen"),
        Content::Typing => body["sender_action"] = json!("typing_on"),
        Content::React(emoji) => {
            body["sender_action"] = json!(if emoji.is_empty() { "unreact" } else { "react" });
            body["payload"] = json!({ "message_id": outgoing.quoted.unwrap_or_default() });
            if !emoji.is_empty() {
                body["payload"]["reaction"] = json!("love");
            }
        }
        Content::Text(text) => body["message"] = json!({ "text": text }),
        Content::File { file, .. } => {
            body["message"] = json!({
                "attachment": { "type": class(file.class), "payload": { "url": file.url } }
            });
        }
        Content::Template { .. } | Content::Hide(_) | Content::Delete => body["message"] = json!({ "text": "" }),
    }
    if body.get("message").is_some() {
        for (key, entry) in messaging_type(dialect, outgoing) {
            body[key] = json!(entry);
        }
        if !outgoing.opaque.is_empty() && dialect == Dialect::Messenger {
            body["message"]["metadata"] = json!(outgoing.opaque);
        }
        if let Some(quoted) = quoted(outgoing) {
            body["reply_to"] = json!({ "mid": quoted });
        }
    }
    body
}

fn multipart(outgoing: &SendRequest<'_>, recipient: &Value, file: &File<'_>) -> Body {
    let mut message = json!({ "attachment": { "type": class(file.class), "payload": {} } });
    if !outgoing.opaque.is_empty() {
        message["metadata"] = json!(outgoing.opaque);
    }
    let mut fields = vec![
        ("recipient".to_owned(), recipient.to_string()),
        ("message".to_owned(), message.to_string()),
    ];
    for (key, entry) in messaging_type(Dialect::Messenger, outgoing) {
        fields.push((key.to_owned(), entry.to_owned()));
    }
    if let Some(quoted) = quoted(outgoing) {
        fields.push(("reply_to".to_owned(), json!({ "mid": quoted }).to_string()));
    }
    Body::Multipart {
        fields,
        file: (
            "filedata".to_owned(),
            file.name.to_owned(),
            file.mime.to_owned(),
            file.bytes.clone(),
        ),
    }
}

/// Returns what the answer to a call means (`docs/channels.md#errors-of-messenger-and-instagram`).
pub fn outcome(answer: &ProviderResponse) -> Outcome {
    let body = answer.json();
    if let Some(error) = GraphError::of(&body) {
        return failed(&error, answer);
    }
    let id = value::text(&body, "message_id").or_else(|| value::text(&body, "id"));
    let person = value::text(&body, "recipient_id");
    if answer.is_ok() && (id.is_some() || person.is_some() || value::flag(&body, "success")) {
        return Outcome::Accepted { id, person };
    }
    answer.outcome(answer.wait(SLOWER))
}

/// Returns what the answer to a private reply means. A second reply, and one that comes too late, are refused with
/// codes that say little (`docs/channels.md#what-the-sources-leave-open`).
#[expect(clippy::wildcard_enum_match_arm, reason = "all other outcomes are passed on")]
pub fn private_outcome(answer: &ProviderResponse) -> Outcome {
    match outcome(answer) {
        Outcome::Final(problem) if matches!(problem.code.as_str(), "10" | "100" | "10900") => Outcome::Final(Problem {
            words: format!(
                "It was answered privately already, or is too old for that ({}).",
                problem.code
            ),
            ..problem
        }),
        other => other,
    }
}

fn failed(error: &GraphError, answer: &ProviderResponse) -> Outcome {
    match (error.code, error.subcode) {
        (10, 2_018_278 | 2_018_065 | 2_534_022) => {
            Outcome::WindowClosed(error.problem("The time in which this person may be written to is over."))
        }
        (190 | 102, _) => Outcome::TokenInvalid(
            error.problem("The account's token is not accepted any more. Connect the account again."),
        ),
        (551, _) | (_, 1_545_041) => Outcome::Final(error.problem("This person cannot be reached now.")),
        (10, 2_018_108) => Outcome::Final(error.problem("This person does not accept messages.")),
        (200, 2_534_041) => Outcome::Final(error.problem("This person does not accept messages from you.")),
        (100, 2_018_001 | 2_534_014) => Outcome::Final(error.problem("There is no such person any more.")),
        (100, 2_018_047) => Outcome::Final(error.problem("The file was not accepted.")),
        (100, 33) => Outcome::Final(error.problem("It is not there any more.")),
        (4 | 17 | 32 | 613 | 80_006 | 80_007, _) => {
            Outcome::RetryAfter(answer.wait(SLOWER), error.problem("Too many messages at once."))
        }
        // Meta says that the message may have been sent although there was an error.
        (1, 1_357_046) => Outcome::Unconfirmed(error.problem("The provider does not know whether it was sent.")),
        (1 | 2 | 1200, _) => Outcome::Retry(error.problem("The provider has a passing problem.")),
        _ if error.is_transient => Outcome::Retry(error.problem("")),
        _ => Outcome::Final(error.problem("")),
    }
}

/// Reads the name of the account.
pub fn check(
    credentials: &Credentials,
    dialect: Dialect,
    answers: &[ProviderResponse],
) -> Next<Result<String, String>> {
    let Some(answer) = answers.first() else {
        let fields = match dialect {
            Dialect::Messenger => "name",
            Dialect::Instagram => "username,name",
        };
        let path = format!("{}?fields={fields}", credentials.external_id);
        return Next::Call(graph::get(credentials, host(credentials, dialect), &path));
    };
    let body = answer.json();
    if let Some(error) = GraphError::of(&body) {
        return Next::Done(Err(error.problem("").words));
    }
    let name = ["name", "username", "id"]
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

    #[test]
    fn the_subcode_decides_before_the_code() {
        let of = |code: i64, subcode: i64| {
            outcome(&ProviderResponse {
                status: 400,
                maybe_sent: true,
                retry_after: None,
                body: json!({"error": {"code": code, "error_subcode": subcode, "message": "x"}})
                    .to_string()
                    .into(),
            })
        };
        assert!(matches!(of(10, 2_018_278), Outcome::WindowClosed(_)));
        assert!(matches!(of(10, 2_534_022), Outcome::WindowClosed(_)));
        assert!(matches!(of(200, 1_545_041), Outcome::Final(_)));
        assert!(matches!(of(190, 463), Outcome::TokenInvalid(_)));
        assert!(matches!(of(613, 0), Outcome::RetryAfter(..)));
        assert!(matches!(of(1, 1_357_046), Outcome::Unconfirmed(_)));
        assert!(matches!(of(2, 0), Outcome::Retry(_)));
        assert!(matches!(of(100, 0), Outcome::Final(_)));
    }
}
