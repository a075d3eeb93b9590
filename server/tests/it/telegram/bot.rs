//! A server with a connected bot.

use std::{net::SocketAddr, sync::Mutex, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{Request, StatusCode},
};
use causerie_server::{
    Shared,
    clock::ManualClock,
    config::Config,
    demo,
    http::router,
    store::{channel_accounts, raw_events},
};
use causerie_shared::inbox::Channel;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::fake::{Fake, TOKEN};
use crate::common::{self, START, eventually};

/// The secret that webhooks of the test's bot carry.
pub const SECRET: &str = "hook-secret_1";
/// The table of updates and their results.
pub const UPDATES: &str = include_str!("updates.json");

/// A server with a bot, and the Bot API that it calls.
pub struct Bot {
    pub app: Shared,
    pub router: Router,
    pub clock: ManualClock,
    pub fake: Fake,
    pub base: String,
    pub webhook: String,
    _folder: tempfile::TempDir,
}

impl Bot {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config::for_test(folder.path());
        Self::with(config, folder).await
    }

    /// A server with a bot on each engine.
    pub async fn all() -> Vec<Self> {
        let first = tempfile::tempdir().expect("a folder");
        let mut bots = vec![];
        for address in common::databases(first.path()).await {
            let folder = tempfile::tempdir().expect("a folder");
            let mut config = Config::for_test(folder.path());
            if address.starts_with("postgres") {
                config.database_url = address;
            }
            bots.push(Self::with(config, folder).await);
        }
        bots
    }

    pub async fn with(mut config: Config, folder: tempfile::TempDir) -> Self {
        config.test_api = true;
        let (clock, time) = ManualClock::new(START);
        let app = causerie_server::build(config, time).await.expect("a server");
        demo::workspace(&app).await.expect("a workspace");
        let (fake, base) = Fake::start().await;
        let mut bot = Self {
            router: router::build(app.clone()),
            app,
            clock,
            fake,
            base,
            webhook: String::new(),
            _folder: folder,
        };
        bot.connect(TOKEN).await;
        bot
    }

    pub async fn connect(&mut self, token: &str) {
        let account = json!({
            "channel": "telegram", "external_id": "99", "secret_token": SECRET, "token": token, "base_url": self.base,
        });
        let (status, answer) = self.ask("POST", "/test/accounts", &account.to_string(), None).await;
        assert_eq!(status, StatusCode::CREATED);
        self.webhook = answer["webhook"].as_str().expect("an address").to_owned();
    }

    pub async fn ask(&self, method: &str, path: &str, body: &str, secret: Option<&str>) -> (StatusCode, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4711))))
            .header("content-type", "application/json");
        if let Some(secret) = secret {
            request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
        }
        let request = request.body(Body::from(body.to_owned())).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    pub async fn hook(&self, update: &Value) -> StatusCode {
        self.ask("POST", &self.webhook, &update.to_string(), Some(SECRET))
            .await
            .0
    }

    /// Waits until all received updates are processed.
    pub async fn processed(&self) {
        let done = eventually(|| async {
            let mut db = self.app.store.read().await.expect("a connection");
            raw_events::waiting(&mut db, 1)
                .await
                .expect("events")
                .is_empty()
                .then_some(())
        });
        done.await.expect("webhooks are processed");
    }

    pub async fn chats(&self) -> Vec<Value> {
        let (status, chats) = self.ask("GET", "/test/conversations", "", None).await;
        assert_eq!(status, StatusCode::OK);
        chats.as_array().expect("a list").clone()
    }

    pub async fn reset(&self) {
        let (status, _) = self.ask("POST", "/test/reset", "", None).await;
        assert_eq!(status, StatusCode::NO_CONTENT);
    }

    /// Sends a message of a customer, and returns the id of their conversation.
    pub async fn customer(&self, id: i64) -> String {
        let update = json!({"update_id": id, "message": {"message_id": 42, "from": {"id": id, "first_name": "Ada"},
            "chat": {"id": id, "type": "private"}, "text": "Hello"}});
        assert_eq!(self.hook(&update).await, StatusCode::OK);
        self.processed().await;
        let chats = self.chats().await;
        let of = |chat: &&Value| chat["contact"]["external_id"] == id.to_string().as_str();
        chats.iter().find(of).expect("a chat")["id"]
            .as_str()
            .expect("an id")
            .to_owned()
    }

    pub async fn send(&self, conversation: &str, text: &str, quoted: Option<&str>) {
        let body = json!({ "conversation": conversation, "text": text, "quoted": quoted });
        let (status, answer) = self.ask("POST", "/test/send", &body.to_string(), None).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
    }

    /// Waits until `wanted` accepts the last message of a conversation, while the clock advances.
    pub async fn until(&self, conversation: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let last = Mutex::new(Value::Null);
        let reached = eventually(|| async {
            let chats = self.chats().await;
            let chat = chats.iter().find(|chat| chat["id"] == conversation).expect("a chat");
            let message = chat["messages"].as_array().expect("a list").last().expect("one");
            *last.lock().expect("one looks at a time") = message.clone();
            if wanted(message) {
                return Some(message.clone());
            }
            self.clock.advance(Duration::from_millis(500));
            self.app.outbox_changed.notify_one();
            None
        });
        match reached.await {
            Some(message) => message,
            None => panic!("{what} never came: {last:?}"),
        }
    }

    pub async fn account(&self) -> channel_accounts::ChannelAccount {
        let mut db = self.app.store.read().await.expect("a connection");
        channel_accounts::by_external(&mut db, Channel::Telegram, "99")
            .await
            .expect("accounts")
            .expect("the account")
    }

    /// From now on, the bot fetches its updates itself.
    pub async fn poll(&self) {
        let mut account = self.account().await;
        account.health.polling = Some(0);
        let mut tx = self.app.store.begin_ordered().await.expect("a transaction");
        channel_accounts::save_health(&mut tx, account.row.id, &account.health)
            .await
            .expect("saved");
        tx.commit().await.expect("committed");
        self.app.polling_changed.notify_one();
    }
}
