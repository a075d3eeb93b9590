//! A connected account through the real router, and a provider whose answers the test defines.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{ConnectInfo, State},
    http::{Method, Request, Response, StatusCode, Uri},
};
use causerie_server::{Shared, clock::ManualClock, config::Config, demo, http::router, secrets::signature};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::{START, databases};

/// A request that the provider received.
#[derive(Debug, Clone)]
pub struct Got {
    pub method: Method,
    /// Path and query.
    pub target: String,
    pub body: Bytes,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

/// The provider's answer to a request.
type Answers = dyn Fn(&Got) -> (u16, Vec<u8>) + Send + Sync;

/// A status for an answer that is lost: the provider gets the request, and the connection breaks before the answer.
pub const LOST: u16 = 0;

/// A provider on this machine.
pub struct Provider {
    pub url: String,
    played: Played,
}

#[derive(Clone)]
struct Played {
    got: Arc<Mutex<Vec<Got>>>,
    answers: Arc<Mutex<Box<Answers>>>,
    retry_after: Arc<Mutex<Option<u32>>>,
}

async fn play(State(played): State<Played>, method: Method, uri: Uri, body: Bytes) -> Response<Body> {
    let got = Got {
        method,
        target: uri.to_string(),
        body,
    };
    let (status, answer) = (played.answers.lock().unwrap())(&got);
    played.got.lock().unwrap().push(got);
    if status == LOST {
        let broken = std::io::Error::other("the line breaks");
        return Response::new(Body::from_stream(futures_util::stream::iter([Err::<Bytes, _>(broken)])));
    }
    let mut response = Response::builder().status(status);
    if let Some(seconds) = *played.retry_after.lock().unwrap() {
        response = response.header("retry-after", seconds.to_string());
    }
    response.body(Body::from(answer)).unwrap()
}

impl Provider {
    pub async fn start(answers: impl Fn(&Got) -> (u16, Vec<u8>) + Send + Sync + 'static) -> Self {
        let played = Played {
            got: Arc::default(),
            answers: Arc::new(Mutex::new(Box::new(answers))),
            retry_after: Arc::default(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(play).with_state(played.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, played }
    }

    /// From now on, names this number of seconds in every answer.
    pub fn retry_after(&self, seconds: Option<u32>) {
        *self.played.retry_after.lock().unwrap() = seconds;
    }

    /// From now on, answers with `answers`.
    pub fn answer(&self, answers: impl Fn(&Got) -> (u16, Vec<u8>) + Send + Sync + 'static) {
        *self.played.answers.lock().unwrap() = Box::new(answers);
    }

    pub fn got(&self) -> Vec<Got> {
        self.played.got.lock().unwrap().clone()
    }
}

/// An answer with a JSON body.
pub fn answer(status: u16, body: &Value) -> (u16, Vec<u8>) {
    (status, body.to_string().into_bytes())
}

/// A server with one account.
pub struct Line {
    pub app: Shared,
    pub clock: ManualClock,
    pub router: Router,
    pub webhook: String,
    pub secret: String,
    _folder: tempfile::TempDir,
}

impl Line {
    /// Connects an account on each engine. `base_url` is the address of its provider.
    pub async fn each(channel: &str, external_id: &str, base_url: &str) -> Vec<Self> {
        let mut lines = vec![];
        let first = tempfile::tempdir().unwrap();
        for address in databases(first.path()).await {
            let folder = tempfile::tempdir().unwrap();
            let mut config = Config::for_test(folder.path());
            config.test_api = true;
            if address.starts_with("postgres") {
                config.database_url = address;
            }
            let (hand, clock) = ManualClock::new(START);
            let app = causerie_server::build(config, clock).await.unwrap();
            demo::workspace(&app).await.unwrap();
            let mut line = Self {
                router: router::build(app.clone()),
                app,
                clock: hand,
                webhook: String::new(),
                secret: "app secret".to_owned(),
                _folder: folder,
            };
            line.webhook = line.connect(channel, external_id, base_url).await;
            lines.push(line);
        }
        lines
    }

    /// Connects an account, and returns the address of its webhook.
    pub async fn connect(&self, channel: &str, external_id: &str, base_url: &str) -> String {
        let account = json!({
            "channel": channel, "external_id": external_id, "app_secret": self.secret, "verify_token": "verify",
            "token": "token", "secret_token": "secret-token", "base_url": base_url,
        });
        let (status, body) = self
            .call(Method::POST, "/test/accounts", account.to_string().into())
            .await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        body["webhook"].as_str().unwrap().to_owned()
    }

    pub async fn call(&self, method: Method, path: &str, body: Bytes) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4711))))
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    pub async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let value = serde_json::from_slice(&body).unwrap_or_else(|_| json!(String::from_utf8_lossy(&body)));
        (status, value)
    }

    /// Delivers a signed webhook.
    pub async fn hook(&self, body: &[u8]) -> StatusCode {
        self.hook_at(&self.webhook, body).await
    }

    /// Delivers a signed webhook to another address.
    pub async fn hook_at(&self, webhook: &str, body: &[u8]) -> StatusCode {
        let mac = signature::hex(&signature::hmac_sha256(self.secret.as_bytes(), body));
        let request = Request::builder()
            .method(Method::POST)
            .uri(webhook)
            .header("content-type", "application/json")
            .header("x-hub-signature-256", format!("sha256={mac}"))
            .header("x-telegram-bot-api-secret-token", "secret-token")
            .body(Body::from(body.to_vec()))
            .unwrap();
        self.send(request).await.0
    }

    /// Delivers a webhook, which must be accepted, and waits until it is processed.
    pub async fn receive(&self, body: &Value) {
        assert_eq!(self.hook(body.to_string().as_bytes()).await, StatusCode::OK);
        self.quiesce().await;
    }

    pub async fn quiesce(&self) {
        let (status, body) = self.call(Method::POST, "/test/quiesce", Bytes::new()).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }

    /// Deletes all chats and contacts.
    pub async fn reset(&self) {
        let (status, body) = self.call(Method::POST, "/test/reset", Bytes::new()).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{body}");
    }

    pub async fn conversations(&self) -> Vec<Value> {
        let (status, body) = self.call(Method::GET, "/test/conversations", Bytes::new()).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body.as_array().unwrap().clone()
    }

    /// The messages of the only conversation.
    pub async fn messages(&self) -> Vec<Value> {
        let all = self.conversations().await;
        assert_eq!(all.len(), 1, "{all:#?}");
        all[0]["messages"].as_array().unwrap().clone()
    }

    /// Sends a message as an agent in the only conversation, and waits until the outbox has tried to send it.
    pub async fn say(&self, text: &str, quoted: Option<&str>) {
        let all = self.conversations().await;
        let body = json!({ "conversation": all[0]["id"], "text": text, "quoted": quoted });
        let (status, answer) = self.call(Method::POST, "/test/send", body.to_string().into()).await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
        self.quiesce().await;
    }
}
