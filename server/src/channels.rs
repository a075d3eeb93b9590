//! Messaging channels: one [`Adapter`] per channel, and the client that makes the calls.
//!
//! An adapter does no I/O. It reads a webhook's body into [`InboundEvent`]s and names the next call of a send or a
//! fetch, given the answers so far ([`Next`]). The callers in `inbound`, `delivery`, `accounts` and `settings` make the
//! calls, keep the order, limit the rate and decide about retries; an adapter only names the outcome ([`Outcome`]).
//! `docs/adding-a-channel.md` lists what a new channel needs.

pub mod capabilities;
pub mod client;
pub mod forms;
pub mod inbound_event;
pub mod meta;
pub mod parts;
pub mod step;
pub mod telegram;
pub mod value;
pub mod whatsapp;

use axum::http::HeaderMap;
use causerie_shared::{api::channels::Template, inbox::Channel};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use capabilities::Capabilities;
pub use inbound_event::{CommentThread, InboundEvent, Person};
pub use step::{Call, Next, Outcome, ProviderResponse, SendRequest};

/// The credentials of a messaging account, as its adapter needs them. The secrets are in plain text, so the value is
/// never logged and is stored only encrypted.
#[derive(Clone, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Credentials {
    /// The provider's id of the account: phone number id, page id, Instagram account id, bot id.
    pub external_id: String,
    /// Base URL of the provider's API without a trailing slash; empty for the public one.
    pub base_url: String,
    /// Access token, or the bot's token.
    pub token: String,
    /// Key of the signature over a webhook's body.
    pub app_secret: String,
    /// Token that the handshake of a webhook subscription must carry.
    pub verify_token: String,
    /// Secret that each webhook must carry (Telegram).
    pub secret_token: String,
    /// WhatsApp: id of the business account whose templates are used.
    pub business_id: String,
    /// Instagram by Facebook login: id of the page that the account belongs to; empty for Instagram login.
    pub page_id: String,
    /// Version of Meta's Graph API, e.g. `v25.0`; empty for the one that this release was written for.
    pub version: String,
    /// Messenger and Instagram: whether the app has the permission to answer for 7 days as a human agent.
    pub human_agent: bool,
}

/// Returns the paired channel, which has the same account id at the provider: comments under posts, and the direct
/// messages that a private reply opens.
pub fn paired_channel(channel: Channel) -> Option<Channel> {
    match channel {
        Channel::Messenger => Some(Channel::FacebookComments),
        Channel::FacebookComments => Some(Channel::Messenger),
        Channel::Instagram => Some(Channel::InstagramComments),
        Channel::InstagramComments => Some(Channel::Instagram),
        Channel::Web | Channel::Whatsapp | Channel::Telegram => None,
    }
}

/// A webhook request.
pub struct Hook<'a> {
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

/// A closure that builds a call from an account's credentials.
pub type BestEffortCall = Box<dyn FnOnce(&Credentials) -> Call + Send>;

/// The adapter of a channel.
pub trait Adapter: Send + Sync {
    fn channel(&self) -> Channel;

    /// Returns what the channel can do, with its limits.
    fn capabilities(&self) -> &'static Capabilities;

    /// Answers the handshake (`GET`) of a webhook subscription: the body of a 200, or `None` for a 403.
    fn handshake(&self, credentials: &Credentials, hook: &Hook<'_>) -> Option<String>;

    /// Whether the webhook comes from the provider. Checks the signature or secret over the raw bytes, in constant
    /// time.
    fn is_authentic(&self, credentials: &Credentials, hook: &Hook<'_>) -> bool;

    /// Returns the inbound events of a webhook's body.
    ///
    /// It never fails: what the adapter does not understand is left out or becomes
    /// [`InboundEventKind::Nothing`](inbound_event::InboundEventKind::Nothing). Events may belong to other accounts and
    /// channels of the same provider; `inbound` routes them by [`InboundEvent::channel`] and [`InboundEvent::account`].
    fn elements(&self, body: &Value) -> Vec<InboundEvent>;

    /// Returns the next call that sends `outgoing`, given the answers so far, or the outcome.
    fn send(
        &self,
        credentials: &Credentials,
        outgoing: &SendRequest<'_>,
        answers: &[ProviderResponse],
    ) -> Next<Outcome>;

    /// Returns the next call that fetches a medium, given the answers so far. The result is a call whose answer is the
    /// medium's bytes, or `None` if the medium cannot be fetched.
    fn fetch(
        &self,
        credentials: &Credentials,
        media: &inbound_event::Media,
        answers: &[ProviderResponse],
    ) -> Next<Option<Call>>;

    /// Returns the call that tries the token, and then the account's name, or what is wrong in plain words.
    fn check(&self, credentials: &Credentials, answers: &[ProviderResponse]) -> Next<Result<String, String>>;

    /// Whether [`Outcome::RetryAfter`] with this problem limits the whole account, so that nothing of it is sent
    /// meanwhile. Otherwise the limit concerns one recipient.
    fn slows_all(&self, _: &inbound_event::Problem) -> bool {
        false
    }

    /// Returns the next call that fetches the account's templates, given the answers so far, or the approved templates.
    /// The error says in plain words why the provider did not list them.
    fn templates(&self, _: &Credentials, _: &[ProviderResponse]) -> Next<Result<Vec<Template>, String>> {
        Next::Done(Ok(vec![]))
    }

    /// Returns the call that asks for the name of a new contact; `None` if names come with messages, or never.
    fn asks_name(&self, _person: &Person) -> Option<BestEffortCall> {
        None
    }

    /// Returns the name in the answer to the call of [`Self::asks_name`].
    fn name(&self, _answer: &ProviderResponse) -> Option<String> {
        None
    }

    /// Returns the call that asks for the post of a comment thread; `None` if the channel has no posts.
    fn asks_post(&self, _thread: &CommentThread) -> Option<BestEffortCall> {
        None
    }

    /// Returns the post's text and address in the answer to the call of [`Self::asks_post`].
    fn post(&self, _answer: &ProviderResponse) -> (Option<String>, Option<String>) {
        (None, None)
    }

    /// Returns a best-effort call for an inbound event; its answer is ignored. The result is a closure because most
    /// events need no call, so the account's secrets are decrypted only for those that do.
    fn courtesy(&self, _element: &InboundEvent) -> Option<BestEffortCall> {
        None
    }
}

/// Returns the adapter of a channel; `None` for the web.
pub fn adapter(channel: Channel) -> Option<&'static dyn Adapter> {
    match channel {
        Channel::Whatsapp => Some(&whatsapp::WhatsApp),
        Channel::Messenger => Some(&meta::messenger::Messenger),
        Channel::Instagram => Some(&meta::instagram::Instagram),
        Channel::FacebookComments => Some(&meta::facebook_comments::FacebookComments),
        Channel::InstagramComments => Some(&meta::instagram_comments::InstagramComments),
        Channel::Telegram => Some(&telegram::Telegram),
        Channel::Web => None,
    }
}
