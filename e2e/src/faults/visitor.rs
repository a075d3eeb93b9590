//! A visitor who keeps writing across all deaths of the server.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Message;

use super::ledger::{Ledger, Place};
use crate::{client::random, line::Line};

/// The pause before a client connects again.
pub(super) const AGAIN: Duration = Duration::from_millis(15);
/// The number of messages in transit at once.
const AHEAD: usize = 4;
/// The most messages per connection. It is below the server's limit per minute, since a refused message would change
/// the order.
const MOST_OF_A_LINE: usize = 26;

pub(super) struct Visitor {
    number: usize,
    host: String,
    key: &'static str,
    token: String,
    made: u64,
    /// Messages that are not acknowledged yet, oldest first.
    waiting: VecDeque<u64>,
    ledger: Arc<Ledger>,
}

impl Visitor {
    pub(super) fn new(number: usize, host: String, key: &'static str, ledger: Arc<Ledger>) -> Self {
        Self {
            number,
            host,
            key,
            token: format!("{:032x}{:032x}", random(), random()),
            made: 0,
            waiting: VecDeque::new(),
            ledger,
        }
    }

    /// Writes until the task is aborted.
    pub(super) async fn live(mut self) {
        loop {
            self.line().await;
            sleep(AGAIN).await;
        }
    }

    /// Writes on one connection until it breaks.
    async fn line(&mut self) -> Option<Infallible> {
        let path = format!("/widget/socket?key={}", self.key);
        let mut line = Line::open(&self.host, &path, None).await?;
        let hello = json!({
            "t": "hello", "v": 1, "token": self.token, "cursor": 0, "lang": "en",
            "url": "https://lumbre.example/lamps", "title": "Lamps",
        });
        say(&mut line, &hello).await?;
        while next(&mut line).await?["t"] != "welcome" {}
        let mut sent = 0;
        for number in self.waiting.clone() {
            self.send(&mut line, number).await?;
            sent += 1;
        }
        loop {
            while self.waiting.len() < AHEAD && sent < MOST_OF_A_LINE {
                self.made += 1;
                self.waiting.push_back(self.made);
                self.send(&mut line, self.made).await?;
                sent += 1;
            }
            let frame = next(&mut line).await?;
            let first = self.waiting.front().copied();
            let mine = first.filter(|first| frame["cid"] == self.text(*first));
            match (frame["t"].as_str(), mine) {
                (Some("ack"), Some(number)) => {
                    self.waiting.pop_front();
                    let place = Place {
                        id: frame["id"].as_str().and_then(|id| id.parse().ok()).expect("an id"),
                        position: frame["position"].as_i64(),
                    };
                    self.ledger.said(self.text(number), place);
                }
                (Some("refused"), Some(number)) => {
                    self.waiting.pop_front();
                    self.ledger.refused(self.text(number));
                }
                (Some("ack" | "refused"), None) => panic!("an answer out of order: {frame}, waiting for {first:?}"),
                (Some("error"), _) => panic!("a frame made no sense: {frame}"),
                (Some("ping"), _) => say(&mut line, &json!({ "t": "pong" })).await?,
                _ => {}
            }
        }
    }

    /// The text of a message, which is also its id.
    fn text(&self, number: u64) -> String {
        format!("v{}-{number}", self.number)
    }

    async fn send(&self, line: &mut Line, number: u64) -> Option<()> {
        let text = self.text(number);
        say(line, &json!({ "t": "message", "cid": text, "text": text })).await
    }
}

async fn say(line: &mut Line, frame: &Value) -> Option<()> {
    line.send(Message::text(frame.to_string())).await
}

async fn next(line: &mut Line) -> Option<Value> {
    loop {
        if let Message::Text(text) = line.next().await? {
            return Some(serde_json::from_str(&text).expect("a frame"));
        }
    }
}
