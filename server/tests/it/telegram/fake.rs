//! A Bot API on loopback whose answers the test defines.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore};

/// The token of the bot that the fake knows.
pub const TOKEN: &str = "99:secret-token";

/// An answer other than the usual one.
pub enum Reply {
    Says(u16, Value),
    Header(u16, u64),
    /// The fake accepts the request and breaks the connection before it answers.
    BreaksOff,
    /// The fake answers as usual, once there is a permit.
    Waits(Arc<Semaphore>),
}

#[derive(Default)]
struct Inner {
    /// Method and body of each call.
    calls: Vec<(String, String)>,
    replies: HashMap<String, VecDeque<Reply>>,
    updates: Vec<Value>,
    files: Vec<String>,
    last: i64,
}

/// A fake of the Bot API.
#[derive(Clone, Default)]
pub struct Fake {
    inner: Arc<Mutex<Inner>>,
    events: Arc<Notify>,
}

impl Fake {
    /// Starts a fake, and returns it with its address.
    pub async fn start() -> (Self, String) {
        let fake = Self::default();
        let router = Router::new()
            .route("/{bot}/{method}", post(call))
            .route("/file/{bot}/{*path}", get(file))
            .with_state(fake.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (fake, address)
    }

    fn with<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().expect("no test panicked with it"))
    }

    /// Sets the answer to the next call of a method.
    pub fn reply(&self, method: &str, reply: Reply) {
        self.with(|inner| inner.replies.entry(method.to_owned()).or_default().push_back(reply));
    }

    /// The bodies of the calls of a method.
    pub fn calls(&self, method: &str) -> Vec<String> {
        self.with(|inner| {
            let of = |(name, body): &(String, String)| (name == method).then(|| body.clone());
            inner.calls.iter().filter_map(of).collect()
        })
    }

    /// The bodies of the calls of a method, as JSON.
    pub fn json(&self, method: &str) -> Vec<Value> {
        let read = |body: &String| serde_json::from_str(body).expect("JSON");
        self.calls(method).iter().map(read).collect()
    }

    /// The files that were fetched since the last call.
    pub fn fetched(&self) -> Vec<String> {
        self.with(|inner| std::mem::take(&mut inner.files))
    }

    /// Adds an update.
    pub fn happens(&self, update: Value) {
        self.with(|inner| inner.updates.push(update));
        self.events.notify_waiters();
    }

    /// The number of updates that were not confirmed yet.
    pub fn unconfirmed(&self) -> usize {
        self.with(|inner| inner.updates.len())
    }
}

fn ok(result: Value) -> Response {
    axum::Json(json!({ "ok": true, "result": result })).into_response()
}

/// An error of the Bot API.
pub fn error(code: u16, description: &str) -> Value {
    json!({ "ok": false, "error_code": code, "description": description })
}

async fn call(State(fake): State<Fake>, Path((bot, method)): Path<(String, String)>, body: Bytes) -> Response {
    let body = String::from_utf8_lossy(&body).into_owned();
    let reply = fake.with(|inner| {
        inner.calls.push((method.clone(), body.clone()));
        inner.replies.get_mut(&method).and_then(VecDeque::pop_front)
    });
    match reply {
        Some(Reply::Says(status, body)) => {
            let status = StatusCode::from_u16(status).expect("a status");
            return (status, axum::Json(body)).into_response();
        }
        Some(Reply::Header(status, seconds)) => {
            let status = StatusCode::from_u16(status).expect("a status");
            return (status, [("retry-after", seconds.to_string())], "<html>").into_response();
        }
        Some(Reply::BreaksOff) => {
            let broken = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("broken off")) });
            return Body::from_stream(broken).into_response();
        }
        Some(Reply::Waits(until)) => until.acquire().await.expect("it is never closed").forget(),
        None => {}
    }
    if bot != format!("bot{TOKEN}") {
        return (StatusCode::UNAUTHORIZED, axum::Json(error(401, "Unauthorized"))).into_response();
    }
    match method.as_str() {
        "getMe" => ok(json!({ "id": 99, "is_bot": true, "first_name": "Help", "username": "help_bot" })),
        "getUpdates" => updates(&fake, &serde_json::from_str(&body).expect("JSON")).await,
        "getFile" => {
            let asked: Value = serde_json::from_str(&body).expect("JSON");
            match asked["file_id"].as_str() {
                Some("gone") | None => axum::Json(error(400, "Bad Request: file is too big")).into_response(),
                Some(id) => ok(json!({ "file_id": id, "file_path": format!("things/{id}") })),
            }
        }
        name if name.starts_with("send") => {
            let id = fake.with(|inner| {
                inner.last += 1;
                1000 + inner.last
            });
            ok(json!({ "message_id": id, "date": 1_700_000_000, "chat": { "id": 1 } }))
        }
        _ => ok(json!(true)),
    }
}

/// Returns the updates from the offset on and forgets earlier ones, as Telegram does.
async fn updates(fake: &Fake, asked: &Value) -> Response {
    let offset = asked["offset"].as_i64().unwrap_or(0);
    loop {
        let events = fake.events.notified();
        let waiting = fake.with(|inner| {
            inner
                .updates
                .retain(|update| update["update_id"].as_i64().is_some_and(|id| id >= offset));
            inner.updates.clone()
        });
        if !waiting.is_empty() {
            return ok(json!(waiting));
        }
        events.await;
    }
}

async fn file(State(fake): State<Fake>, Path((bot, path)): Path<(String, String)>) -> Response {
    if bot != format!("bot{TOKEN}") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let id = path.trim_start_matches("things/").to_owned();
    let bytes = format!("bytes of {id}");
    fake.with(|inner| inner.files.push(id));
    bytes.into_response()
}
