//! What speaks to providers: one trait, one file a channel, no I/O in either.
//!
//! An adapter reads a webhook's body into [`Element`]s and says, answer by answer, which call comes next to send or to
//! fetch something ([`Next`]). The core makes the calls, keeps order, counts rates and decides about retries; an adapter
//! only names what happened ([`Outcome`]). Adding a channel: one file, its table of payloads, one line in [`adapter`].

pub mod capabilities;
pub mod client;
pub mod element;
pub mod forms;
pub mod inbound;
pub mod intake;
pub mod media;
pub mod meta;
pub mod outbox;
pub mod outgoing;
pub mod parts;
pub mod secrets;
pub mod signature;
pub mod telegram;
pub mod templates;
pub mod value;
pub mod whatsapp;

use std::sync::atomic::{AtomicI64, Ordering};

use axum::http::HeaderMap;
use causerie_shared::{Millis, api::channels::Template, ids::AccountId, inbox::Channel};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    state::App,
    store::{
        Db, StoreError,
        channel_accounts::{self, ChannelAccount, Health},
        raw_events::{self, RawEvent},
    },
};

pub use capabilities::Capabilities;
pub use element::{Element, Person, Thread};
pub use outgoing::{Answer, Call, Next, Outcome, Outgoing};

/// A sequence that sorts by arrival: two of one millisecond too.
pub fn sequence(now: Millis) -> String {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let last = LAST
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| {
            Some((last + 1).max(now * 1000))
        })
        .unwrap_or(now * 1000);
    // What was written: `fetch_update` gives the value before.
    let mine = (last + 1).max(now * 1000);
    format!("{mine:019}{:08x}", crate::clock::random_u128() as u32)
}

/// A messaging account as its adapter needs it; secrets in plain text, so it is neither stored nor logged.
#[derive(Clone, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Credentials {
    /// The provider's id of the account: phone number id, page id, Instagram account id, bot id.
    pub external_id: String,
    /// Address of the provider's interface without a slash at the end; empty: the public one.
    pub base_url: String,
    /// Access token, or the bot's token.
    pub token: String,
    /// Key of the signature over a webhook's body.
    pub app_secret: String,
    /// What a subscription's handshake must name.
    pub verify_token: String,
    /// What each webhook must carry (Telegram).
    pub secret_token: String,
    /// WhatsApp: the business account whose templates are used.
    pub business_id: String,
    /// Instagram by Facebook login: the page that it belongs to; empty: Instagram login.
    pub page_id: String,
    /// Version of Meta's interface, e.g. `v25.0`; empty: the one that this release was written for.
    pub version: String,
    /// Messenger and Instagram: the app may write for seven days as a human agent.
    pub human_agent: bool,
}

/// The credentials of an account; `None` when they cannot be read with this server's key.
pub fn credentials(app: &App, account: &ChannelAccount) -> Option<Credentials> {
    let plain = app.vault.unseal(&account.secrets)?;
    let mut credentials: Credentials = serde_json::from_slice(&plain).ok()?;
    credentials.external_id.clone_from(&account.external);
    Some(credentials)
}

/// Stores a body for processing; whoever commits wakes the worker afterwards ([`App::hooked`]).
pub async fn keep(db: &mut Db, account: AccountId, body: Vec<u8>, now: Millis) -> Result<(), StoreError> {
    let event = RawEvent {
        id: sequence(now),
        account,
        body,
        received_at: now,
    };
    raw_events::insert(db, &event).await
}

/// Writes something into the health of an account, if it is still there.
pub async fn note(app: &App, account: AccountId, write: impl FnOnce(&mut Health)) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    if let Some(mut account) = channel_accounts::lock(&mut tx, account).await? {
        write(&mut account.health);
        channel_accounts::save_health(&mut tx, account.row.id, &account.health).await?;
    }
    Ok(tx.commit().await?)
}

/// An account was connected, or got other secrets. Where the provider has to be told a callback address by us
/// (Telegram's webhook, or asking for updates when there is no public address), it is told here; the others are told by
/// a person.
pub async fn connected(app: &App, account: &ChannelAccount) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    templates::ask(&mut tx, account, app.clock.now()).await?;
    tx.commit().await?;
    app.templates_changed.notify_one();
    if account.row.channel != Channel::Telegram {
        return Ok(());
    }
    let Some(credentials) = credentials(app, account) else {
        return Ok(());
    };
    let webhook = format!("{}/hooks/{}", app.config.public_url, account.key);
    let webhook = app.config.secure().then_some(webhook.as_str());
    let call = telegram::connect(&credentials, webhook);
    let answer = app.client.call(&app.config, &call, None).await;
    note(app, account.row.id, |health| {
        health.polling = match webhook {
            Some(_) => None,
            None => Some(health.polling.unwrap_or(0)),
        };
        if let Err(problem) = telegram::connected(&answer) {
            health.note(app.clock.now(), problem);
        }
    })
    .await?;
    app.polling_changed.notify_one();
    Ok(())
}

/// The channel that shares the provider's account id: comments under posts, and the direct messages to which a private
/// reply leads.
pub fn sibling(channel: Channel) -> Option<Channel> {
    match channel {
        Channel::Messenger => Some(Channel::FacebookComments),
        Channel::FacebookComments => Some(Channel::Messenger),
        Channel::Instagram => Some(Channel::InstagramComments),
        Channel::InstagramComments => Some(Channel::Instagram),
        Channel::Web | Channel::Whatsapp | Channel::Telegram => None,
    }
}

/// The account on the [`sibling`] of an account's channel, if it is connected.
pub async fn beside(db: &mut Db, account: &ChannelAccount) -> Result<Option<ChannelAccount>, StoreError> {
    match sibling(account.row.channel) {
        Some(channel) => channel_accounts::by_external(db, channel, &account.external).await,
        None => Ok(None),
    }
}

/// A webhook request.
pub struct Hook<'a> {
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

/// Makes a call with an account's credentials.
pub type Courtesy = Box<dyn FnOnce(&Credentials) -> Call + Send>;

/// A channel.
pub trait Adapter: Send + Sync {
    fn channel(&self) -> Channel;

    /// What it can do, with its limits.
    fn capabilities(&self) -> &'static Capabilities;

    /// Answers the handshake of a subscription (`GET`): the body of a 200, or `None` for a 403.
    fn handshake(&self, credentials: &Credentials, hook: &Hook<'_>) -> Option<String>;

    /// The webhook is the provider's: signature or secret, over the raw bytes, in constant time.
    fn is_authentic(&self, credentials: &Credentials, hook: &Hook<'_>) -> bool;

    /// Everything that a webhook's body says, element by element; what is not understood is left out or said as
    /// [`What::Nothing`](element::What::Nothing), never an error. Elements may belong to other accounts and channels
    /// of the same provider: the core routes them by [`Element::channel`] and [`Element::account`].
    fn elements(&self, body: &Value) -> Vec<Element>;

    /// The next call that sends `outgoing`, given the answers to those before it; or what came of it.
    fn send(&self, credentials: &Credentials, outgoing: &Outgoing<'_>, answers: &[Answer]) -> Next<Outcome>;

    /// The next call that fetches a medium; at last the address of its bytes, as a call whose answer they are.
    fn fetch(&self, credentials: &Credentials, media: &element::Media, answers: &[Answer]) -> Next<Option<Call>>;

    /// A call that tries the token, and what its answer means: the account's name, or what is wrong.
    fn check(&self, credentials: &Credentials, answers: &[Answer]) -> Next<Result<String, String>>;

    /// Being too fast ([`Outcome::RetryAfter`]) is the whole account's problem, and not one between it and a person:
    /// nothing of it is sent meanwhile.
    fn slows_all(&self, _: &element::Problem) -> bool {
        false
    }

    /// The next call that asks for the account's templates, given the answers to those before it: those that are
    /// approved, or why they are not told, in plain words.
    fn templates(&self, _: &Credentials, _: &[Answer]) -> Next<Result<Vec<Template>, String>> {
        Next::Done(Ok(vec![]))
    }

    /// The call that asks for the name of somebody who writes for the first time; `None`: it comes with their messages,
    /// or never.
    fn asks_name(&self, _person: &Person) -> Option<Courtesy> {
        None
    }

    /// The name in the answer to that call.
    fn name(&self, _answer: &Answer) -> Option<String> {
        None
    }

    /// The call that asks what the post of a thread says; `None`: there are no posts.
    fn asks_post(&self, _thread: &Thread) -> Option<Courtesy> {
        None
    }

    /// The post's text and address in the answer to that call.
    fn post(&self, _answer: &Answer) -> (Option<String>, Option<String>) {
        (None, None)
    }

    /// A call that is made for good manners when an element came in; nobody waits for its answer. Most elements ask for
    /// none, so the account's secrets are read only when one does.
    fn courtesy(&self, _element: &Element) -> Option<Courtesy> {
        None
    }
}

/// The adapter of a channel; the web has none.
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
