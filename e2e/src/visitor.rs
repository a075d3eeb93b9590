//! A client of the visitor's socket without a widget.

use causerie_shared::ids::ConversationId;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message as Packet;

use crate::{
    answering_socket::Attended,
    api::{self, Socket},
    client::random,
    wait::TIMEOUT,
};

/// A connected visitor. Keeps every frame that it has read.
pub struct Visitor {
    line: Attended,
    frames: Vec<Value>,
}

fn pong(packet: &Packet) -> Option<Packet> {
    let Packet::Text(text) = packet else { return None };
    let frame: Value = serde_json::from_str(text).ok()?;
    (frame["t"] == "ping").then(|| Packet::text(json!({ "t": "pong" }).to_string()))
}

impl Visitor {
    /// Connects as a new visitor and sends the hello.
    ///
    /// # Panics
    /// Panics if the server does not accept the connection.
    pub async fn new(host: &str, key: &str) -> Self {
        Self::greet(api::socket(host, &Self::path(key), None).await).await
    }

    /// Connects as [`Visitor::new`] does, as if from another address, behind a proxy.
    ///
    /// # Panics
    /// Panics if the server does not accept the connection.
    pub async fn from(host: &str, key: &str, address: &str) -> Self {
        Self::greet(api::socket_from(host, &Self::path(key), address).await).await
    }

    fn path(key: &str) -> String {
        format!("/widget/socket?key={key}")
    }

    async fn greet(socket: Socket) -> Self {
        let token = format!("{:032x}{:032x}", random(), random());
        let hello = json!({
            "t": "hello", "v": 1, "token": token, "cursor": 0, "lang": "en",
            "url": "https://lumbre.example/lamps", "title": "Lamps",
        });
        let mut visitor = Self {
            line: Attended::new(socket, Packet::text(hello.to_string()), pong).await,
            frames: vec![],
        };
        visitor
            .until("the welcome", |frame| (frame["t"] == "welcome").then_some(()))
            .await;
        visitor
    }

    /// Sends a frame.
    ///
    /// # Panics
    /// Panics if the connection is gone.
    pub async fn send(&mut self, frame: &Value) {
        self.send_text(frame.to_string()).await;
    }

    /// Sends a text that need not be a valid frame.
    ///
    /// # Panics
    /// Panics if the connection is gone.
    pub async fn send_text(&mut self, text: String) {
        self.line.send(Packet::text(text)).await;
    }

    /// Starts a chat, and returns its id once the chat is stored.
    ///
    /// # Panics
    /// Panics if the server refuses the chat.
    pub async fn start(&mut self, name: &str, text: &str) -> ConversationId {
        let cid = format!("{:x}", random());
        self.send(&json!({ "t": "start", "cid": cid, "name": name, "email": "", "text": text }))
            .await;
        self.acknowledged(&cid).await;
        let id = self
            .until("the chat", |frame| frame["chat"]["id"].as_str().map(str::to_owned))
            .await;
        id.parse().expect("an id")
    }

    /// Sends a message, and returns once it is stored.
    ///
    /// # Panics
    /// Panics if the server refuses the message.
    pub async fn say(&mut self, text: &str) {
        let cid = format!("{:x}", random());
        self.send(&json!({ "t": "message", "cid": cid, "text": text })).await;
        self.acknowledged(&cid).await;
    }

    async fn acknowledged(&mut self, cid: &str) {
        let refused = self
            .until("an acknowledgement", |frame| {
                (frame["cid"] == cid).then(|| (frame["t"] != "ack").then(|| frame.to_string()))
            })
            .await;
        assert_eq!(refused, None, "the message was refused");
    }

    /// Every frame that was read so far.
    pub fn frames(&self) -> &[Value] {
        &self.frames
    }

    /// Waits for a message with this text.
    pub async fn hears(&mut self, text: &str) {
        self.until(text, |frame| (frame["message"]["text"] == text).then_some(()))
            .await;
    }

    /// Waits until the chat is in a state such as `assigned`.
    pub async fn state(&mut self, state: &str) {
        // The newest state counts, so search the frames from the end.
        let latest = self
            .frames
            .iter()
            .rev()
            .find(|frame| frame["chat"]["state"].is_string());
        if latest.is_some_and(|frame| frame["chat"]["state"] == state) {
            return;
        }
        while self.next(state).await["chat"]["state"] != state {}
    }

    /// Returns the first value that `look` finds in a frame, in those already read and then in new ones.
    ///
    /// # Panics
    /// Panics if no such frame comes in time or the connection ends.
    pub async fn until<T>(&mut self, what: &str, mut look: impl FnMut(&Value) -> Option<T>) -> T {
        if let Some(found) = self.frames.iter().find_map(&mut look) {
            return found;
        }
        loop {
            if let Some(found) = look(self.next(what).await) {
                return found;
            }
        }
    }

    /// Reads the next frame, without pings.
    ///
    /// # Panics
    /// Panics if no frame comes in time or the connection ends.
    pub async fn next(&mut self, what: &str) -> &Value {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let read = timeout_at(deadline, self.line.next()).await;
            let Ok(message) = read else {
                panic!("a visitor waited in vain for {what}")
            };
            let Some(message) = message else {
                panic!(
                    "a visitor lost the line, waiting for {what}; last: {:?}",
                    self.frames.last()
                )
            };
            let Packet::Text(text) = message else {
                continue;
            };
            self.frames.push(serde_json::from_str(&text).expect("a frame"));
            return self.frames.last().expect("it was just put there");
        }
    }
}
