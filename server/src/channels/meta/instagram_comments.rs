//! Comments under the posts of an Instagram account (`channels.md` §5).

use axum::http::Method;
use causerie_shared::inbox::Channel;
use serde_json::{Value, json};

use super::{
    graph,
    send::{self, Dialect},
};
use crate::channels::{
    Adapter, Answer, Call, Capabilities, Credentials, Element, Hook, Next, Outcome, Outgoing,
    capabilities::{Limit, Rate, Unit},
    element::Media,
    outgoing::{Body, Content},
};

/// The adapter.
pub struct InstagramComments;

const CAPABILITIES: Capabilities = Capabilities {
    text: Limit {
        max: 2200,
        unit: Unit::Chars,
    },
    caption: None,
    media: &[],
    window: None,
    quotes: true,
    rate: Rate { account: 10, pair: 0 },
    uploads: true,
};

impl Adapter for InstagramComments {
    fn channel(&self) -> Channel {
        Channel::InstagramComments
    }

    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn handshake(&self, credentials: &Credentials, hook: &Hook<'_>) -> Option<String> {
        super::handshake(credentials, hook)
    }

    fn is_authentic(&self, credentials: &Credentials, hook: &Hook<'_>) -> bool {
        super::is_authentic(credentials, hook)
    }

    fn elements(&self, body: &Value) -> Vec<Element> {
        super::elements(body)
    }

    fn send(&self, credentials: &Credentials, outgoing: &Outgoing<'_>, answers: &[Answer]) -> Next<Outcome> {
        if let Some(answer) = answers.first() {
            return Next::Done(send::outcome(answer));
        }
        if outgoing.private {
            let recipient = json!({ "comment_id": outgoing.comment.unwrap_or_default() });
            return send::send(Dialect::Instagram, credentials, outgoing, &recipient, answers);
        }
        // A reply to a reply lands in the thread anyway: only its top takes replies.
        let top = super::segment(outgoing.comment.unwrap_or_default());
        let target = super::segment(outgoing.quoted.or(outgoing.comment).unwrap_or_default());
        let host = send::host(credentials, Dialect::Instagram);
        let (method, path, body) = match &outgoing.content {
            Content::Text(text) => (
                Method::POST,
                format!("{top}/replies"),
                Body::Json(json!({ "message": text })),
            ),
            Content::Hide(hidden) => (Method::POST, format!("{target}?hide={hidden}"), Body::None),
            Content::Delete => (Method::DELETE, target, Body::None),
            Content::File { .. } | Content::Template { .. } | Content::React(_) | Content::Read | Content::Typing => {
                return Next::Done(super::unsupported());
            }
        };
        Next::Call(graph::call(credentials, method, host, &path, body))
    }

    fn fetch(&self, _: &Credentials, media: &Media, _: &[Answer]) -> Next<Option<Call>> {
        Next::Done(super::public(media))
    }

    fn check(&self, credentials: &Credentials, answers: &[Answer]) -> Next<Result<String, String>> {
        send::check(credentials, Dialect::Instagram, answers)
    }
}
