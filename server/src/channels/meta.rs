//! Meta's webhooks and Graph API, as far as WhatsApp, Messenger, Instagram and comments share them
//! (`docs/channels.md#meta`).

pub mod attachments;
pub mod comments;
pub mod errors;
pub mod facebook_comments;
pub mod graph;
pub mod instagram;
pub mod instagram_comments;
pub mod messaging;
pub mod messenger;
pub mod send;

use axum::http::Method;
use causerie_shared::inbox::Channel;
use serde_json::Value;

use super::{
    Adapter, BestEffortCall, Capabilities, CommentThread, Credentials, Hook, InboundEvent, Next, Outcome, Person,
    ProviderResponse, SendRequest,
    inbound_event::{Media, Problem},
    step::{Body, Call},
    value,
};
use crate::secrets::signature;
use send::Dialect;

/// Version of the Graph API that this release was written for.
pub const VERSION: &str = "v25.0";

/// Returns `hub.challenge` if the verify token is the account's.
pub fn handshake(credentials: &Credentials, hook: &Hook<'_>) -> Option<String> {
    let of = |name: &str| {
        hook.query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| decode(key) == name)
            .map(|(_, value)| decode(value))
    };
    let token = of("hub.verify_token")?;
    let matches = !credentials.verify_token.is_empty()
        && signature::is_equal(token.as_bytes(), credentials.verify_token.as_bytes());
    (of("hub.mode")? == "subscribe" && matches)
        .then(|| of("hub.challenge"))
        .flatten()
}

/// Whether the header `X-Hub-Signature-256` fits the raw bytes.
pub fn is_authentic(credentials: &Credentials, hook: &Hook<'_>) -> bool {
    if credentials.app_secret.is_empty() {
        return false;
    }
    let said = hook
        .headers
        .get("x-hub-signature-256")
        .and_then(|value| value.to_str().ok()?.strip_prefix("sha256="));
    let Some(said) = said else { return false };
    let mac = signature::hex(&signature::hmac_sha256(credentials.app_secret.as_bytes(), hook.body));
    signature::is_equal(mac.as_bytes(), said.to_ascii_lowercase().as_bytes())
}

/// A channel of a page or an Instagram account. The four of them share one [`Adapter`] implementation, so each gives
/// only its limits and how it sends.
pub trait MetaChannel: Send + Sync {
    const CHANNEL: Channel;
    const DIALECT: Dialect;
    const CAPABILITIES: &'static Capabilities;
    /// Profile fields that hold a contact's name; `None` for comments, which come with the name.
    const NAMES: Option<&'static str>;
    /// Fields of a post that hold its text and address; `None` if the channel has no posts.
    const POST: Option<&'static str>;

    /// Returns the next call that sends `outgoing`, or the outcome.
    fn send(
        &self,
        credentials: &Credentials,
        outgoing: &SendRequest<'_>,
        answers: &[ProviderResponse],
    ) -> Next<Outcome>;
}

impl<C: MetaChannel> Adapter for C {
    fn channel(&self) -> Channel {
        C::CHANNEL
    }

    fn capabilities(&self) -> &'static Capabilities {
        C::CAPABILITIES
    }

    fn handshake(&self, credentials: &Credentials, hook: &Hook<'_>) -> Option<String> {
        handshake(credentials, hook)
    }

    fn is_authentic(&self, credentials: &Credentials, hook: &Hook<'_>) -> bool {
        is_authentic(credentials, hook)
    }

    fn elements(&self, body: &Value) -> Vec<InboundEvent> {
        elements(body)
    }

    fn send(
        &self,
        credentials: &Credentials,
        outgoing: &SendRequest<'_>,
        answers: &[ProviderResponse],
    ) -> Next<Outcome> {
        MetaChannel::send(self, credentials, outgoing, answers)
    }

    fn fetch(&self, _: &Credentials, media: &Media, _: &[ProviderResponse]) -> Next<Option<Call>> {
        Next::Done(public(media))
    }

    fn check(&self, credentials: &Credentials, answers: &[ProviderResponse]) -> Next<Result<String, String>> {
        send::check(credentials, C::DIALECT, answers)
    }

    fn asks_name(&self, person: &Person) -> Option<BestEffortCall> {
        let path = format!("{}?fields={}", segment(&person.id), C::NAMES?);
        Some(Box::new(move |credentials| {
            *graph::get(credentials, send::host(credentials, C::DIALECT), &path)
        }))
    }

    fn asks_post(&self, thread: &CommentThread) -> Option<BestEffortCall> {
        let path = format!("{}?fields={}", segment(&thread.post), C::POST?);
        Some(Box::new(move |credentials| {
            *graph::get(credentials, send::host(credentials, C::DIALECT), &path)
        }))
    }

    fn post(&self, answer: &ProviderResponse) -> (Option<String>, Option<String>) {
        let body = answer.json();
        let first = |keys: [&str; 2]| keys.iter().find_map(|key| value::text(&body, key));
        (first(["message", "caption"]), first(["permalink_url", "permalink"]))
    }

    fn name(&self, answer: &ProviderResponse) -> Option<String> {
        let body = answer.json();
        let parts = ["first_name", "last_name"].map(|key| value::text(&body, key));
        let whole = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Some(whole)
            .filter(|whole| !whole.is_empty())
            .or_else(|| value::text(&body, "name"))
            .or_else(|| value::text(&body, "username"))
    }
}

/// Returns the inbound events of a body: direct messages and comments, because both come to the same address if one app
/// serves both.
///
/// Meta's samples wrap the body in a list.
#[expect(clippy::wildcard_enum_match_arm, reason = "any other JSON is one body")]
pub fn elements(body: &Value) -> Vec<InboundEvent> {
    let bodies = match body {
        Value::Array(bodies) => bodies.as_slice(),
        body => std::slice::from_ref(body),
    };
    let of = |body: &Value| {
        let mut elements = messaging::elements(body);
        elements.extend(comments::elements(body));
        elements
    };
    bodies.iter().flat_map(of).collect()
}

/// Returns the call that fetches a medium from its public address.
pub fn public(media: &Media) -> Option<Call> {
    let address = &media.reference;
    (address.starts_with("https://") || address.starts_with("http://")).then(|| Call {
        method: Method::GET,
        url: address.clone(),
        bearer: None,
        body: Body::None,
    })
}

/// Returns a provider's id with only those characters that are safe in a path.
pub fn segment(id: &str) -> String {
    id.chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
        .collect()
}

/// Returns the outcome of an action that the channel does not support.
pub fn unsupported() -> Outcome {
    Outcome::Final(Problem {
        code: "unsupported".to_owned(),
        words: "This channel does not take that.".to_owned(),
    })
}

/// Percent-decodes a part of a query; `+` is a space.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let mut after = rest.clone();
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                match (digit(after.next()), digit(after.next())) {
                    (Some(high), Some(low)) => {
                        bytes.push((high * 16 + low) as u8);
                        rest = after;
                    }
                    (_, None) | (None, _) => bytes.push(b'%'),
                }
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    fn credentials() -> Credentials {
        Credentials {
            app_secret: "secret".to_owned(),
            verify_token: "tök en".to_owned(),
            ..Credentials::default()
        }
    }

    #[test]
    fn a_subscription_is_answered_to_whoever_knows_the_token() {
        let headers = HeaderMap::new();
        let ask = |query: &str| {
            let hook = Hook {
                query,
                headers: &headers,
                body: &[],
            };
            handshake(&credentials(), &hook)
        };
        let query = "hub.mode=subscribe&hub.challenge=115%2B8&hub.verify_token=t%C3%B6k+en";
        assert_eq!(ask(query), Some("115+8".to_owned()));
        assert_eq!(
            ask("hub%2Emode=subscribe&hub.challenge=1&hub.verify_token=t%C3%B6k%20en"),
            Some("1".to_owned())
        );
        assert_eq!(ask("hub.mode=subscribe&hub.challenge=1&hub.verify_token=other"), None);
        assert_eq!(
            ask("hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=t%C3%B6k+en"),
            None
        );
        assert_eq!(ask("hub.mode=subscribe&hub.challenge=1"), None);
        assert_eq!(ask("hub.mode=%&hub.challenge=1"), None);
    }

    #[test]
    fn the_signature_is_over_the_raw_bytes() {
        let body = br#"{"text":"\u00e4"}"#;
        let mac = signature::hex(&signature::hmac_sha256(b"secret", body));
        let check = |header: Option<String>, body: &[u8]| {
            let mut headers = HeaderMap::new();
            if let Some(header) = header {
                headers.insert("x-hub-signature-256", header.parse().unwrap());
            }
            let hook = Hook {
                query: "",
                headers: &headers,
                body,
            };
            is_authentic(&credentials(), &hook)
        };
        assert!(check(Some(format!("sha256={mac}")), body));
        assert!(check(Some(format!("sha256={}", mac.to_uppercase())), body));
        assert!(!check(Some(format!("sha256={mac}")), b"{\"text\":\"\xc3\xa4\"}"));
        assert!(!check(Some(format!("sha1={mac}")), body));
        assert!(!check(Some("sha256=00".to_owned()), body));
        assert!(!check(None, body));
    }
}
