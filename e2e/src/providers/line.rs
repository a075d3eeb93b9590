//! A channel between a test's customers and its server.

use std::sync::atomic::{AtomicI64, Ordering};

use causerie_server::{clock::Clock, secrets::signature};
use causerie_shared::inbox::Channel;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{
    BOT, Fake, Kind, News, Person, RENEWED, TOKEN, account,
    events::{self, Scene},
};
use crate::server::{Flow, Server};

const APP_SECRET: &str = "app secret of the story";
const SECRET_TOKEN: &str = "hook_secret-of-the-story";
/// The first number of an event.
const FIRST: i64 = 400;

/// A provider's account that is connected to the server.
pub struct Line {
    pub channel: Channel,
    pub fake: Fake,
    client: reqwest::Client,
    clock: Clock,
    base: String,
    hook: String,
    number: AtomicI64,
    /// Messages are sent at a pace, so time must pass.
    _flow: Flow,
}

impl Line {
    /// Starts the provider and connects its account.
    ///
    /// # Panics
    /// Panics if the server refuses the account.
    pub async fn connect(server: &Server, channel: Channel) -> Self {
        let kind = match channel {
            Channel::Telegram => Kind::Telegram,
            _ => Kind::Graph,
        };
        Self::of(Fake::start(kind).await, server, channel).await
    }

    /// Connects another account of a provider, such as one for comments beside direct messages.
    ///
    /// # Panics
    /// Panics if the server refuses the account.
    pub async fn of(fake: Fake, server: &Server, channel: Channel) -> Self {
        let mut line = Self {
            channel,
            fake,
            client: reqwest::Client::new(),
            clock: server.clock(),
            base: server.url(""),
            hook: String::new(),
            number: AtomicI64::new(FIRST),
            _flow: server.flow(),
        };
        line.hook = line.enter(TOKEN, false).await;
        line
    }

    /// Saves the account with a token, and returns the webhook's address.
    async fn enter(&self, token: &str, human_agent: bool) -> String {
        let external = account(self.channel);
        let token = match self.channel {
            Channel::Telegram => format!("{BOT}:{token}"),
            _ => token.to_owned(),
        };
        let account = json!({
            "channel": self.channel.as_str(), "external_id": external, "app_secret": APP_SECRET,
            "verify_token": "verify", "secret_token": SECRET_TOKEN, "token": token, "base_url": self.fake.url(),
            "business_id": super::BUSINESS, "human_agent": human_agent,
        });
        let connected = self.post("/test/accounts", &account).await;
        format!(
            "{}{}",
            self.base,
            connected["webhook"].as_str().expect("a callback address")
        )
    }

    /// Saves the account with the token that the provider accepts after the first one expired.
    pub async fn renew(&self) {
        self.enter(RENEWED, false).await;
    }

    /// From now on, the company's app may write as a human agent.
    pub async fn allow_human_agent(&self) {
        self.enter(TOKEN, true).await;
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.client.post(format!("{}{path}", self.base)).json(body);
        let answer = request.send().await.expect("the server answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap_or(Value::Null)
    }

    /// The webhook's body for an event of a customer.
    ///
    /// # Panics
    /// Panics if the channel has no such event.
    pub fn body(&self, person: Person, events: News<'_>) -> Value {
        let scene = Scene {
            url: &self.fake.url(),
            at: self.clock.now(),
            person,
            number: self.number.fetch_add(1, Ordering::Relaxed),
        };
        events::body(self.channel, &scene, &events).expect("the channel says such things")
    }

    /// Delivers a body as the provider does. The server must accept it.
    pub async fn deliver(&self, body: &Value) {
        let body = body.to_string();
        let mac = signature::hmac_sha256(APP_SECRET.as_bytes(), body.as_bytes());
        let request = self.client.post(&self.hook).header("content-type", "application/json");
        let request = match self.channel {
            Channel::Telegram => request.header("x-telegram-bot-api-secret-token", SECRET_TOKEN),
            _ => request.header("x-hub-signature-256", format!("sha256={}", signature::hex(&mac))),
        };
        let answer = request.body(body).send().await.expect("the server answers");
        assert_eq!(answer.status(), StatusCode::OK);
    }

    /// Delivers an event of a customer, and returns when the server has accepted it.
    pub async fn happens(&self, person: Person, events: News<'_>) {
        let body = self.body(person, events);
        self.deliver(&body).await;
    }

    /// Delivers a message of a customer.
    pub async fn says(&self, person: Person, id: &str, text: &str) {
        let events = News::Text { id, text, quoted: None };
        self.happens(person, events).await;
    }

    /// Waits until the server has processed all events and sent the messages that are due.
    pub async fn quiet(&self) {
        self.post("/test/quiesce", &Value::Null).await;
    }
}
