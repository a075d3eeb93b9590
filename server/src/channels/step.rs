//! What adapters and the core exchange to send: requests, calls, answers and outcomes.

use causerie_shared::{Millis, api::channels::Template, message::TemplateUse};
use serde_json::Value;

use super::inbound_event::{Class, Problem};

/// A file with its bytes and, where the provider needs one, a public address.
#[derive(Debug, Clone)]
pub struct File<'a> {
    /// The class as which the file is sent, by the channel's rules.
    pub class: Class,
    pub name: &'a str,
    pub mime: &'a str,
    pub bytes: bytes::Bytes,
    /// The public address from which the provider fetches the file; empty if the bytes go with the call.
    pub url: &'a str,
}

/// The content of one send request; a message may need several.
#[derive(Debug, Clone)]
pub enum Content<'a> {
    Text(&'a str),
    File {
        file: File<'a>,
        /// Empty if there is no caption.
        caption: &'a str,
    },
    Template {
        used: &'a TemplateUse,
        /// The definition of the template, if the provider listed it.
        template: Option<&'a Template>,
    },
    /// Reacts to the quoted message; an empty text removes the reaction.
    React(&'a str),
    /// Marks everything up to the quoted message as read.
    Read,
    Typing,
    /// Hides or shows the quoted comment.
    Hide(bool),
    /// Deletes the quoted message or comment.
    Delete,
}

/// A request to send one thing.
#[derive(Debug, Clone)]
pub struct SendRequest<'a> {
    /// The contact's id.
    pub to: &'a str,
    pub content: Content<'a>,
    /// The provider's id of the message that this one answers or acts on.
    pub quoted: Option<&'a str>,
    /// The reference for providers that return it in an echo.
    pub opaque: &'a str,
    /// Whether the free window is over and the account may answer as a human agent.
    pub human_agent: bool,
    /// Comments: the provider's id of the thread's top comment.
    pub comment: Option<&'a str>,
    /// Comments: whether only the author of the top comment sees the answer.
    pub private: bool,
}

/// How a call's body is encoded.
#[derive(Debug, Clone)]
pub enum Body {
    None,
    Json(Value),
    /// `multipart/form-data` without a file.
    Form(Vec<(String, String)>),
    Multipart {
        fields: Vec<(String, String)>,
        /// Field name, file name, media type, bytes.
        file: (String, String, String, bytes::Bytes),
    },
}

/// A request to a provider. Only method and host are logged, because path and headers may hold a token.
#[derive(Clone)]
pub struct Call {
    pub method: axum::http::Method,
    /// The whole address.
    pub url: String,
    /// Token of the header `Authorization: Bearer`, if any.
    pub bearer: Option<String>,
    pub body: Body,
}

/// The answer to a call.
#[derive(Debug, Clone)]
pub struct ProviderResponse {
    /// HTTP status; 0 if there was no answer.
    pub status: u16,
    /// Whether the request may have reached the provider, even without an answer.
    pub maybe_sent: bool,
    /// Seconds from the header `Retry-After`.
    pub retry_after: Option<u64>,
    pub body: bytes::Bytes,
}

impl ProviderResponse {
    /// Returns the body as JSON; `Null` if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Whether the status is 2xx.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the problem for an answer that gives no reason of its own.
    pub fn unclear(&self) -> Problem {
        Problem {
            code: self.status.to_string(),
            words: match self.status {
                0 => "The provider could not be reached.".to_owned(),
                status => format!("The provider answered {status} without a reason."),
            },
        }
    }

    /// Returns how long to wait before the next call, in milliseconds: as the provider says (at most a day), else
    /// `default`.
    pub fn wait(&self, default: Millis) -> Millis {
        self.retry_after
            .map_or(default, |seconds| seconds.min(86_400) as Millis * 1000)
    }

    /// Returns what the status alone means. `wait` is the pause in milliseconds after a call that was too fast.
    pub fn outcome(&self, wait: Millis) -> Outcome {
        let problem = self.unclear();
        match self.status {
            0 if !self.maybe_sent => Outcome::Retry(problem),
            429 => Outcome::RetryAfter(wait, problem),
            // The provider may have taken it: no answer at all, one without an id, or a gateway that timed out.
            0 | 200..=299 | 502 | 504 => Outcome::Unconfirmed(problem),
            500.. => Outcome::Retry(problem),
            401 => Outcome::TokenInvalid(problem),
            _ => Outcome::Final(problem),
        }
    }
}

/// The next step of an operation that takes several calls.
pub enum Next<T> {
    Call(Box<Call>),
    Done(T),
}

/// The outcome of a send. Adapters choose from this fixed table; the core decides what happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider has it: `id` is the message's id there, `person` the recipient's id, if the provider names it.
    Accepted { id: Option<String>, person: Option<String> },
    /// Too fast: send again after this many milliseconds.
    RetryAfter(Millis, Problem),
    /// A temporary problem: send again, with growing pauses.
    Retry(Problem),
    /// A permanent failure.
    Final(Problem),
    /// The provider rejects the account's token: nothing is sent until the token is renewed.
    TokenInvalid(Problem),
    /// The channel's window is closed.
    WindowClosed(Problem),
    /// It is unknown whether the provider took it: it is never sent again unless a person decides so.
    Unconfirmed(Problem),
}
