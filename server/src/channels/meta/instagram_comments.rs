//! Comments under the posts of an Instagram account (`docs/channels.md#instagram-comments`).

use axum::http::Method;
use causerie_shared::inbox::Channel;
use serde_json::json;

use super::{
    MetaChannel, graph,
    send::{self, Dialect},
};
use crate::channels::{
    Capabilities, Credentials, Next, Outcome, ProviderResponse, SendRequest,
    capabilities::{Limit, Rate, Unit},
    step::{Body, Content},
};

/// The adapter of comments on Instagram.
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

impl MetaChannel for InstagramComments {
    const CHANNEL: Channel = Channel::InstagramComments;
    const DIALECT: Dialect = Dialect::Instagram;
    const CAPABILITIES: &'static Capabilities = &CAPABILITIES;
    const NAMES: Option<&'static str> = None;
    const POST: Option<&'static str> = Some("caption,permalink");

    fn send(
        &self,
        credentials: &Credentials,
        outgoing: &SendRequest<'_>,
        answers: &[ProviderResponse],
    ) -> Next<Outcome> {
        if let Some(answer) = answers.first() {
            return Next::Done(if outgoing.private {
                send::private_outcome(answer)
            } else {
                send::outcome(answer)
            });
        }
        if outgoing.private {
            let recipient = json!({ "comment_id": outgoing.comment.unwrap_or_default() });
            return send::send(Dialect::Instagram, credentials, outgoing, &recipient, answers);
        }
        // Only the top comment of a thread takes replies; a reply to a reply lands in the same thread.
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
}
