//! Webhooks of WhatsApp over real HTTP: a burst with batches and duplicates, then a calm day.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use causerie_server::{channels::signature, clock::Clock, demo::PASSWORD};
use causerie_shared::{
    document::DocumentId,
    frame::{ClientFrame, Command, ServerFrame},
    ids::ConversationId,
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time};

use super::{
    chats::{Shared, mark, with},
    figures,
    server::Released,
    workspace,
};
use crate::{client::Client, wait::until};

const PHONE: &str = "106540352242922";
const SECRET: &str = "bench secret";

/// Bodies that are delivered as fast as they are answered, duplicates included.
const BURST: usize = 10_000;
/// The provider delivers over so many connections. What a contact writes comes over one of them, so in order.
const CONNECTIONS: usize = 50;
const CONTACTS: usize = 500;
/// One body in so many is delivered a second time, and another one holds a batch.
const ONE_IN: usize = 10;
/// Messages of a batch, of as many contacts.
const BATCH: usize = 5;

/// Bodies of the calm day and the time between two of them.
const CALM: usize = 200;
const PACE: Duration = Duration::from_millis(50);
/// Chats of the calm day; its agents may have twice as many in all.
const CHATS: usize = 10;

/// Prints the figures of both.
///
/// # Panics
/// When a webhook is refused, a message is lost or stored twice, or a contact's messages change their order.
pub async fn print() {
    let server = Released::start().await;
    let line = Line::connect(&server.host).await;
    burst(&server, &line).await;
    line.post("/test/reset", Value::Null).await;
    calm(&server, &line).await;
}

/// The account, as its provider sees it.
#[derive(Clone)]
struct Line {
    client: reqwest::Client,
    base: String,
    webhook: String,
}

impl Line {
    async fn connect(host: &str) -> Self {
        let mut line = Self {
            client: reqwest::Client::new(),
            base: format!("http://{host}"),
            webhook: String::new(),
        };
        let account = json!({
            "channel": "whatsapp", "external_id": PHONE, "app_secret": SECRET, "verify_token": "bench",
            "token": "bench", "base_url": "http://127.0.0.1:1",
        });
        let connected: Value = line.post("/test/accounts", account).await.json().await.expect("JSON");
        line.webhook = connected["webhook"].as_str().expect("a callback address").to_owned();
        line
    }

    async fn post(&self, path: &str, body: Value) -> reqwest::Response {
        let answer = self
            .client
            .post(format!("{}{path}", self.base))
            .json(&body)
            .send()
            .await;
        let answer = answer.expect("the server answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer
    }

    /// Delivers a signed body; how long the answer took.
    async fn deliver(&self, body: &str) -> Duration {
        let mac = signature::hex(&signature::hmac_sha256(SECRET.as_bytes(), body.as_bytes()));
        let request = self
            .client
            .post(format!("{}{}", self.base, self.webhook))
            .header("content-type", "application/json")
            .header("x-hub-signature-256", format!("sha256={mac}"))
            .body(body.to_owned());
        let begun = Instant::now();
        let answer = request.send().await.expect("the server answers");
        assert_eq!(answer.status(), StatusCode::OK);
        begun.elapsed()
    }

    /// Waits until everything that was received is processed. A single call gives up after two minutes.
    async fn quiesce(&self) {
        for _ in 0..5 {
            let answer = self.client.post(format!("{}/test/quiesce", self.base)).send().await;
            if answer.expect("the server answers").status().is_success() {
                return;
            }
        }
        panic!("the webhooks are never processed");
    }

    async fn conversations(&self) -> Vec<Value> {
        let answer = self
            .client
            .get(format!("{}/test/conversations", self.base))
            .send()
            .await;
        answer.expect("the server answers").json().await.expect("JSON")
    }
}

/// A message of a contact: its number among theirs and its text.
type Written = (usize, usize, String);

/// A body with these messages.
fn body(messages: &[Written]) -> String {
    let at = (Clock::System.now() / 1000).to_string();
    let changes: Vec<Value> = messages
        .iter()
        .map(|(contact, number, text)| {
            let from = phone(*contact);
            json!({ "field": "messages", "value": {
                "messaging_product": "whatsapp",
                "metadata": { "display_phone_number": "15550783881", "phone_number_id": PHONE },
                "contacts": [{ "profile": { "name": format!("Contact {contact}") }, "wa_id": from }],
                "messages": [{
                    "from": from, "id": id(*contact, *number), "timestamp": at,
                    "type": "text", "text": { "body": text },
                }],
            }})
        })
        .collect();
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "102290129340398", "changes": changes }] })
        .to_string()
}

fn phone(contact: usize) -> String {
    format!("1650{contact:07}")
}

fn id(contact: usize, number: usize) -> String {
    format!("wamid.{contact}.{number}")
}

/// What one connection delivers, in order, and how many messages each of its contacts writes.
fn deliveries(connection: usize, written: &mut HashMap<usize, usize>) -> Vec<String> {
    let contacts: Vec<usize> = (connection..CONTACTS).step_by(CONNECTIONS).collect();
    let mut next = contacts.iter().copied().cycle();
    let mut bodies: Vec<String> = vec![];
    while bodies.len() < BURST / CONNECTIONS {
        let place = bodies.len() % ONE_IN;
        if place == ONE_IN - 1 {
            // What was delivered a few bodies ago comes again.
            bodies.push(bodies[bodies.len() - BATCH].clone());
            continue;
        }
        let size = if place == ONE_IN / 2 { BATCH } else { 1 };
        let messages: Vec<Written> = next
            .by_ref()
            .take(size)
            .map(|contact| {
                let number = written.entry(contact).or_default();
                *number += 1;
                (contact, *number, format!("Message {number} of contact {contact}"))
            })
            .collect();
        bodies.push(body(&messages));
    }
    bodies
}

async fn burst(server: &Released, line: &Line) {
    let mut written = HashMap::new();
    let work: Vec<Vec<String>> = (0..CONNECTIONS)
        .map(|connection| deliveries(connection, &mut written))
        .collect();
    let before = server.processor_time();
    let begun = Instant::now();
    let mut running = JoinSet::new();
    for bodies in work {
        let line = line.clone();
        running.spawn(async move {
            let mut took = vec![];
            for body in bodies {
                took.push(line.deliver(&body).await);
            }
            took
        });
    }
    let mut took = vec![];
    while let Some(done) = running.join_next().await {
        took.extend(done.expect("every webhook is answered"));
    }
    let answered = begun.elapsed();
    line.quiesce().await;
    let processed = begun.elapsed();
    let used = server.processor_time() - before;

    check(&line.conversations().await, &written);
    assert_eq!(took.len(), BURST, "all were delivered");
    let messages: usize = written.values().sum();
    figures::print("webhooks in a burst", BURST as f64, "webhooks");
    figures::print("messages in them, without duplicates", messages as f64, "messages");
    figures::print("webhooks answered", BURST as f64 / answered.as_secs_f64(), "webhooks/s");
    figures::print_times("webhook to its answer in the burst", took);
    figures::print("burst until all is processed", processed.as_secs_f64(), "s");
    figures::print(
        "messages processed",
        messages as f64 / processed.as_secs_f64(),
        "messages/s",
    );
    figures::print(
        "server processor time a message of the burst",
        used.as_secs_f64() * 1e6 / messages as f64,
        "µs",
    );
}

/// One chat a contact, each message once, in the order in which they were written.
fn check(conversations: &[Value], written: &HashMap<usize, usize>) {
    assert_eq!(conversations.len(), written.len(), "one chat a contact");
    let mut seen = HashSet::new();
    for chat in conversations {
        let external = chat["contact"]["external_id"].as_str().expect("who it is");
        let contact: usize = external[4..].parse().expect("a number of ours");
        assert!(seen.insert(contact), "a second chat of contact {contact}");
        let stored: Vec<&str> = chat["messages"]
            .as_array()
            .expect("messages")
            .iter()
            .filter_map(|message| message["provider_id"].as_str())
            .collect();
        let expected: Vec<String> = (1..=written[&contact]).map(|number| id(contact, number)).collect();
        assert_eq!(stored, expected, "the messages of contact {contact}");
    }
}

/// Chats that agents have; a message comes now and then.
async fn calm(server: &Released, line: &Line) {
    for contact in 0..CHATS {
        line.deliver(&body(&[(contact, 0, "Hello".to_owned())])).await;
    }
    line.quiesce().await;
    let log = Shared::default();
    let mut agents = JoinSet::new();
    for (agent, chat) in line.conversations().await.iter().enumerate() {
        let mut client = Client::sign_in(&server.host, &workspace::email(agent), PASSWORD).await;
        let chat: ConversationId = chat["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
        client.command(Command::Start(chat)).await.expect("nobody has it");
        let document = DocumentId::Timeline(chat, 1);
        let open = ClientFrame::Open {
            document,
            have: None,
            rows_after: 0,
        };
        client.send(&open).await;
        agents.spawn(read(client, document, log.clone()));
    }
    assert_eq!(agents.len(), CHATS, "each has a chat");
    let mut pace = time::interval(PACE);
    for number in 1..=CALM {
        let text = format!("<{}:{number}>", number % CHATS);
        let body = body(&[(number % CHATS, number, text.clone())]);
        pace.tick().await;
        with(&log, |log| log.sent.insert(text, Instant::now()));
        line.deliver(&body).await;
    }
    until("the last message", async || {
        with(&log, |log| log.sent.is_empty()).then_some(())
    })
    .await;
    agents.abort_all();
    let took = with(&log, |log| std::mem::take(&mut log.took));
    figures::print_times("webhook to the agent's client", took);
}

/// An agent: notes when a message is in the chat that they have.
async fn read(mut client: Client, document: DocumentId, log: Shared) {
    loop {
        let ServerFrame::Part(part) = client.next("messages").await else {
            continue;
        };
        if part.document == document {
            for mark in part.changes.iter().filter_map(|change| mark(change)) {
                with(&log, |log| log.arrived(&mark));
            }
        }
    }
}
