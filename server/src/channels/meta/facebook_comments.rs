//! Comments under the posts of a Facebook page (`docs/channels.md#facebook-comments`).

use axum::http::Method;
use causerie_shared::inbox::Channel;
use serde_json::json;

use super::{
    MetaChannel, graph,
    send::{self, Dialect},
};
use crate::channels::{
    Capabilities, Credentials, Next, Outcome, ProviderResponse, SendRequest,
    capabilities::{Limit, MediaRule, Rate, Unit},
    inbound_event::Class,
    step::{Body, Content},
};

/// The adapter of comments on Facebook.
pub struct FacebookComments;

const CAPABILITIES: Capabilities = Capabilities {
    text: Limit {
        max: 8000,
        unit: Unit::Chars,
    },
    caption: Some(Limit {
        max: 8000,
        unit: Unit::Chars,
    }),
    media: &[MediaRule {
        class: Class::Image,
        types: &["image/jpeg", "image/png", "image/gif"],
        max: 8 * 1024 * 1024,
    }],
    window: None,
    quotes: true,
    rate: Rate { account: 10, pair: 0 },
    uploads: true,
};

impl MetaChannel for FacebookComments {
    const CHANNEL: Channel = Channel::FacebookComments;
    const DIALECT: Dialect = Dialect::Messenger;
    const CAPABILITIES: &'static Capabilities = &CAPABILITIES;
    const NAMES: Option<&'static str> = None;
    const POST: Option<&'static str> = Some("message,permalink_url");

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
        let target = super::segment(outgoing.quoted.or(outgoing.comment).unwrap_or_default());
        let host = graph::FACEBOOK;
        if outgoing.private {
            let recipient = json!({ "comment_id": outgoing.comment.unwrap_or_default() });
            return send::send(Dialect::Messenger, credentials, outgoing, &recipient, answers);
        }
        let (method, path, body) = match &outgoing.content {
            Content::Hide(hidden) => (Method::POST, target, Body::Json(json!({ "is_hidden": hidden }))),
            Content::Delete => (Method::DELETE, target, Body::None),
            Content::File { file, caption } => (
                Method::POST,
                format!("{target}/comments"),
                Body::Multipart {
                    fields: vec![("message".to_owned(), (*caption).to_owned())],
                    file: (
                        "source".to_owned(),
                        file.name.to_owned(),
                        file.mime.to_owned(),
                        file.bytes.clone(),
                    ),
                },
            ),
            Content::Text(text) => (
                Method::POST,
                format!("{target}/comments"),
                Body::Json(json!({ "message": text })),
            ),
            Content::Template { .. } | Content::React(_) | Content::Read | Content::Typing => {
                return Next::Done(super::unsupported());
            }
        };
        Next::Call(graph::call(credentials, method, host, &path, body))
    }
}
