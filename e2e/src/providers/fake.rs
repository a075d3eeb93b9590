//! What both fakes have in common: the HTTP server, the recorded requests and messages, and the faults.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use causerie_shared::inbox::Channel;
use serde_json::Value;
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinHandle,
};

use super::{Request, TOKEN, graph, telegram};
use crate::wait::until;

/// How long a request for updates may wait.
const LONG_POLL: Duration = Duration::from_secs(20);

/// The provider that a fake imitates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Graph,
    Telegram,
}

/// A fault of the next message that is sent to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The provider accepts the message, and the connection breaks before the answer.
    Lost,
    /// The provider accepts the message, and answers when the test calls [`Fake::release`].
    Held,
    /// Status 429, with the number of seconds until the next attempt if given.
    TooFast(Option<u64>),
    /// A server error without a body, such as 503.
    Down(u16),
    /// A refusal: HTTP status (possibly 200), code, subcode (Meta) and the provider's text.
    Refused(u16, i64, i64, &'static str),
}

/// A message that the provider accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    pub channel: Channel,
    /// The provider's id of the message.
    pub id: String,
    /// The recipient's id. For comments, the id of the answered comment.
    pub to: String,
    /// The text or caption.
    pub text: String,
    /// The id of the quoted message.
    pub quoted: Option<String>,
    /// The sender's reference, which echoes and statuses return.
    pub opaque: Option<String>,
    /// The media type of the file.
    pub file: Option<String>,
    /// Whether the message is a private reply to a comment.
    pub private: bool,
    /// The message tag, with which a human agent writes after the window.
    pub tag: Option<String>,
    pub template: Option<String>,
}

/// A file that the provider has.
#[derive(Debug, Clone)]
pub struct Medium {
    pub mime: &'static str,
    pub bytes: Bytes,
}

/// The state of a fake.
pub(super) struct World {
    pub url: String,
    pub requests: Vec<Request>,
    /// The faults of the next messages. `None` stands for a message without a fault.
    faults: VecDeque<Option<Fault>>,
    pub sent: Vec<Sent>,
    /// Actions on comments and messages other than sending: the action and its target.
    pub done: Vec<(&'static str, String)>,
    pub files: HashMap<String, Medium>,
    pub uploads: HashMap<String, String>,
    pub token: String,
    pub is_closed: bool,
    /// Telegram's updates that were not fetched yet. `webhook` is the address and secret of the webhook.
    pub updates: Vec<Value>,
    pub webhook: Option<(String, String)>,
    number: u64,
}

impl World {
    /// A number that was not used before.
    pub fn next(&mut self) -> u64 {
        self.number += 1;
        self.number
    }
}

/// An HTTP response.
pub(super) struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: Bytes::from(body.to_string()),
        }
    }

    pub fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).expect("a status of HTTP");
        let mut response = (status, self.body).into_response();
        response.headers_mut().remove(header::CONTENT_TYPE);
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value.parse().expect("a header"));
        }
        response
    }
}

/// What the fake does with a request.
pub(super) enum Act {
    Answer(Reply),
    /// Sends a message, which a fault may affect.
    Send(Box<Sent>),
    /// Returns Telegram's updates from an offset on, and waits at most this long for one.
    Poll(i64, Duration),
}

struct Inner {
    kind: Kind,
    world: Mutex<World>,
    events: Notify,
    held: Semaphore,
}

/// A provider on a port of its own, which ends when its last handle is dropped.
#[derive(Clone)]
pub struct Fake {
    inner: Arc<Inner>,
    _serving: Arc<Serving>,
}

struct Serving(JoinHandle<std::io::Result<()>>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Fake {
    /// Starts a provider.
    ///
    /// # Panics
    /// Panics if there is no free port.
    pub async fn start(kind: Kind) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let world = World {
            url: format!("http://{}", listener.local_addr().expect("an address")),
            requests: vec![],
            faults: VecDeque::new(),
            sent: vec![],
            done: vec![],
            files: HashMap::new(),
            uploads: HashMap::new(),
            token: TOKEN.to_owned(),
            is_closed: false,
            updates: vec![],
            webhook: None,
            number: 0,
        };
        let inner = Arc::new(Inner {
            kind,
            world: Mutex::new(world),
            events: Notify::new(),
            held: Semaphore::new(0),
        });
        let router = Router::new().fallback(answer).with_state(Arc::clone(&inner));
        let serving = tokio::spawn(axum::serve(listener, router).into_future());
        Self {
            inner,
            _serving: Arc::new(Serving(serving)),
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.inner.world()
    }

    /// The provider's address.
    pub fn url(&self) -> String {
        self.world().url.clone()
    }

    /// Makes the next message fail with `fault`. Several calls affect several messages in turn.
    pub fn fault(&self, fault: Fault) {
        self.fault_after(0, fault);
    }

    /// Makes a message fail as [`Self::fault`] does, after `many` messages without a fault.
    pub fn fault_after(&self, many: usize, fault: Fault) {
        let mut world = self.world();
        let fine = std::iter::repeat_n(None, many);
        world.faults.extend(fine.chain([Some(fault)]));
    }

    /// Lets the answer to one [`Fault::Held`] go.
    pub fn release(&self) {
        self.inner.held.add_permits(1);
    }

    /// From now on, accepts only this token.
    pub fn take_only(&self, token: &str) {
        token.clone_into(&mut self.world().token);
    }

    /// Closes or opens the window for free answers, for all contacts.
    pub fn close(&self, is_closed: bool) {
        self.world().is_closed = is_closed;
    }

    /// Adds a file that can be fetched under this id or name.
    pub fn has(&self, id: &str, mime: &'static str, bytes: &'static [u8]) {
        let medium = Medium {
            mime,
            bytes: Bytes::from_static(bytes),
        };
        self.world().files.insert(id.to_owned(), medium);
    }

    /// Adds an update, which Telegram returns to the next request for updates.
    pub fn happens(&self, update: Value) {
        self.world().updates.push(update);
        self.inner.events.notify_waiters();
    }

    /// The address of Telegram's webhook and its secret, once it is set.
    pub fn webhook(&self) -> Option<(String, String)> {
        self.world().webhook.clone()
    }

    /// All requests that the provider got.
    pub fn requests(&self) -> Vec<Request> {
        self.world().requests.clone()
    }

    /// All messages that the provider accepted, in order.
    pub fn sent(&self) -> Vec<Sent> {
        self.world().sent.clone()
    }

    /// Actions on comments and messages other than sending: the action and its target.
    pub fn done(&self) -> Vec<(&'static str, String)> {
        self.world().done.clone()
    }

    /// Waits until the provider accepted a message with this text.
    pub async fn took(&self, text: &str) -> Sent {
        let what = format!("the provider to take “{text}”");
        until(&what, async || self.sent().into_iter().find(|sent| sent.text == text)).await
    }

    /// The number of requests to send a message with this text, whatever their result.
    pub fn tries(&self, text: &str) -> usize {
        let says = |request: &&Request| {
            request.method == Method::POST && request.fields.to_string().contains(&Value::from(text).to_string())
        };
        self.world().requests.iter().filter(says).count()
    }
}

impl Inner {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no request panicked")
    }

    fn act(&self, request: &Request, world: &mut World) -> Act {
        match self.kind {
            Kind::Graph => graph::act(request, world),
            Kind::Telegram => telegram::act(request, world),
        }
    }

    fn taken(&self, sent: &Sent) -> Reply {
        match self.kind {
            Kind::Graph => graph::taken(sent),
            Kind::Telegram => telegram::taken(sent),
        }
    }

    fn refused(&self, status: u16, code: i64, subcode: i64, words: &str) -> Reply {
        match self.kind {
            Kind::Graph => graph::error(status, code, subcode, words),
            Kind::Telegram => telegram::error(status, code, words),
        }
    }
}

async fn answer(
    State(inner): State<Arc<Inner>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = Request::read(method, &uri, &headers, &body);
    let (act, fault) = {
        let mut world = inner.world();
        world.requests.push(request.clone());
        let act = inner.act(&request, &mut world);
        let fault = match &act {
            Act::Send(_) => world.faults.pop_front().flatten(),
            Act::Answer(_) | Act::Poll(..) => None,
        };
        (act, fault)
    };
    let sent = match act {
        Act::Answer(reply) => return reply.into_response(),
        Act::Poll(offset, wait) => return poll(&inner, offset, wait.min(LONG_POLL)).await.into_response(),
        Act::Send(sent) => sent,
    };
    match fault {
        Some(Fault::TooFast(after)) => {
            let mut reply = match inner.kind {
                Kind::Graph => graph::too_fast(sent.channel),
                Kind::Telegram => telegram::too_fast(after),
            };
            reply
                .headers
                .extend(after.map(|seconds| ("retry-after", seconds.to_string())));
            reply.into_response()
        }
        Some(Fault::Down(status)) => Reply {
            status,
            headers: vec![],
            body: Bytes::from_static(b"<html><h1>Sorry, something went wrong.</h1></html>"),
        }
        .into_response(),
        Some(Fault::Refused(status, code, subcode, words)) => {
            inner.refused(status, code, subcode, words).into_response()
        }
        Some(Fault::Lost) => {
            inner.world().sent.push(*sent);
            let broken = futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("broken off")) });
            Body::from_stream(broken).into_response()
        }
        Some(Fault::Held) => {
            inner.world().sent.push((*sent).clone());
            inner.held.acquire().await.expect("it is never closed").forget();
            inner.taken(&sent).into_response()
        }
        None => {
            inner.world().sent.push((*sent).clone());
            inner.taken(&sent).into_response()
        }
    }
}

async fn poll(inner: &Inner, offset: i64, wait: Duration) -> Reply {
    let found = async {
        loop {
            let events = inner.events.notified();
            let waiting = {
                let mut world = inner.world();
                let is_new = |update: &Value| update["update_id"].as_i64().is_some_and(|id| id >= offset);
                world.updates.retain(is_new);
                world.updates.clone()
            };
            if !waiting.is_empty() {
                return waiting;
            }
            events.await;
        }
    };
    let found = tokio::time::timeout(wait, found).await.unwrap_or_default();
    telegram::ok(&Value::Array(found))
}
