//! What goes to a provider: messages, calls, and what came of them.

use causerie_shared::{Millis, api::channels::Template, message::TemplateUse};
use serde_json::Value;

use super::element::{Class, Problem};

/// A file with its bytes or a public address.
#[derive(Debug, Clone)]
pub struct File<'a> {
    /// How it is sent, by the channel's rules.
    pub class: Class,
    pub name: &'a str,
    pub mime: &'a str,
    pub bytes: bytes::Bytes,
    /// A public address, where the provider has to fetch it; empty otherwise.
    pub url: &'a str,
}

/// What is sent: one bubble may be several of these.
#[derive(Debug, Clone)]
pub enum Content<'a> {
    Text(&'a str),
    File {
        file: File<'a>,
        /// Empty: none.
        caption: &'a str,
    },
    Template {
        used: &'a TemplateUse,
        /// What it is filled in from, if the provider told.
        template: Option<&'a Template>,
    },
    /// React to the quoted message; empty: take it back.
    React(&'a str),
    /// Everything up to the quoted message was read.
    Read,
    Typing,
    /// Comments: hide or show the quoted one, delete it.
    Hide(bool),
    Delete,
}

/// One thing to send.
#[derive(Debug, Clone)]
pub struct Outgoing<'a> {
    /// The person's id.
    pub to: &'a str,
    pub content: Content<'a>,
    /// The provider's id of the message it answers or is about.
    pub quoted: Option<&'a str>,
    /// Our reference; providers that can hand it back.
    pub opaque: &'a str,
    /// The 24 hours are over and the account may write as a human agent.
    pub human_agent: bool,
    /// Comments: the top of the thread; `private`: only its author sees the answer.
    pub comment: Option<&'a str>,
    pub private: bool,
}

/// How a call's body is encoded.
#[derive(Debug, Clone)]
pub enum Body {
    None,
    Json(Value),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
    Multipart {
        fields: Vec<(String, String)>,
        /// Field, file name, media type, bytes.
        file: (String, String, String, bytes::Bytes),
    },
}

/// A request to a provider. Logged as method and host only: path and headers may hold a token.
#[derive(Clone)]
pub struct Call {
    pub method: axum::http::Method,
    /// Whole address.
    pub url: String,
    /// `Authorization: Bearer`, if any.
    pub bearer: Option<String>,
    pub body: Body,
}

/// The answer to a call.
#[derive(Debug, Clone)]
pub struct Answer {
    /// 0: there was none.
    pub status: u16,
    /// The request may have reached the provider although there was no answer.
    pub maybe_sent: bool,
    /// Seconds, from the header.
    pub retry_after: Option<u64>,
    pub body: bytes::Bytes,
}

impl Answer {
    /// The body as JSON; `Null` when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// 2xx.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The problem of an answer that gives no reason of its own.
    pub fn unclear(&self) -> Problem {
        Problem {
            code: self.status.to_string(),
            words: match self.status {
                0 => "The provider could not be reached.".to_owned(),
                status => format!("The provider answered {status} without a reason."),
            },
        }
    }

    /// How long the provider wants to be left alone; `default` milliseconds when it does not say.
    pub fn wait(&self, default: Millis) -> Millis {
        self.retry_after
            .map_or(default, |seconds| seconds.min(86_400) as Millis * 1000)
    }

    /// What the status alone means; `wait`: how long to wait when it was too fast.
    pub fn outcome(&self, wait: Millis) -> Outcome {
        let problem = self.unclear();
        match self.status {
            0 if !self.maybe_sent => Outcome::Retry(problem),
            429 => Outcome::RetryAfter(wait, problem),
            // It may have been taken: no answer at all, one without an id, or a gateway that gave up waiting.
            0 | 200..=299 | 502 | 504 => Outcome::Unconfirmed(problem),
            500.. => Outcome::Retry(problem),
            401 => Outcome::TokenInvalid(problem),
            _ => Outcome::Final(problem),
        }
    }
}

/// The next step of something that takes several calls.
pub enum Next<T> {
    Call(Box<Call>),
    Done(T),
}

/// What came of a message; the fixed table from which adapters choose. The core decides what happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider has it. `id`: its id of the message; `person`: the id of the receiver, when it is news.
    Accepted { id: Option<String>, person: Option<String> },
    /// Too fast: again after so many milliseconds.
    RetryAfter(Millis, Problem),
    /// Passing trouble: again, later and later.
    Retry(Problem),
    /// It will never go.
    Final(Problem),
    /// The account's token is not taken any more: nothing is sent until it is renewed.
    TokenInvalid(Problem),
    /// The channel's window is closed.
    WindowClosed(Problem),
    /// Nobody knows whether it went: never sent again without a person's word.
    Unconfirmed(Problem),
}
