//! A flood of webhooks: many connections at once, batches, and duplicate bodies.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use causerie_server::{clock::Clock, secrets::signature};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const PHONE: &str = "106540352242922";
const SECRET: &str = "secret of the burst";

/// One body in this many is delivered a second time, and one in this many holds a batch.
const ONE_IN: usize = 10;
/// Messages in a batch, each from a different contact.
const BATCH: usize = 5;

/// The size of a burst.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Number of bodies, duplicates included. Each connection delivers its next body as soon as the last one is
    /// answered.
    pub bodies: usize,
    /// Number of connections. The messages of one contact use one connection, so they arrive in order.
    pub connections: usize,
    pub contacts: usize,
}

/// The result of a burst.
#[derive(Debug)]
pub struct Done {
    /// The time that each answer took.
    pub took: Vec<Duration>,
    /// The time from the first body to the last answer; `processed` until everything was processed.
    pub answered: Duration,
    pub processed: Duration,
    /// Number of messages, without duplicates.
    pub messages: usize,
}

/// Delivers a burst and checks what the server stored.
///
/// # Panics
/// Panics if a webhook is refused, a message is lost or stored twice, or a contact's messages change their order.
pub async fn burst(line: &Line, plan: Plan) -> Done {
    let mut written = HashMap::new();
    let work: Vec<Vec<String>> = (0..plan.connections)
        .map(|connection| deliveries(&plan, connection, &mut written))
        .collect();
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
    check(&line.conversations().await, &written);
    assert_eq!(took.len(), plan.bodies, "all were delivered");
    Done {
        took,
        answered,
        processed,
        messages: written.values().sum(),
    }
}

/// A WhatsApp account, as its provider sees it.
#[derive(Clone)]
pub struct Line {
    client: reqwest::Client,
    /// The server that receives the webhooks. `tests` is the server with the addresses for tests.
    base: String,
    tests: String,
    webhook: String,
}

impl Line {
    /// Connects a WhatsApp account.
    ///
    /// # Panics
    /// Panics if the server refuses the account.
    pub async fn connect(host: &str) -> Self {
        let mut line = Self {
            client: reqwest::Client::new(),
            base: format!("http://{host}"),
            tests: format!("http://{host}"),
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

    /// From now on, delivers to another server on the same database.
    pub fn to(mut self, host: &str) -> Self {
        self.base = format!("http://{host}");
        self
    }

    /// Sends a request to an address for tests.
    ///
    /// # Panics
    /// Panics if the server refuses the request.
    pub async fn post(&self, path: &str, body: Value) -> reqwest::Response {
        let answer = self
            .client
            .post(format!("{}{path}", self.tests))
            .json(&body)
            .send()
            .await;
        let answer = answer.expect("the server answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer
    }

    /// Delivers a signed body, and returns how long the answer took.
    ///
    /// # Panics
    /// Panics if the status of the answer is not 200.
    pub async fn deliver(&self, body: &str) -> Duration {
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

    /// Waits until everything that was received is processed. The server gives up a single call after two minutes.
    ///
    /// # Panics
    /// Panics if five calls do not suffice.
    pub async fn quiesce(&self) {
        for _ in 0..5 {
            let answer = self.client.post(format!("{}/test/quiesce", self.tests)).send().await;
            if answer.expect("the server answers").status().is_success() {
                return;
            }
        }
        panic!("the webhooks are never processed");
    }

    /// Returns all conversations.
    ///
    /// # Panics
    /// Panics if the server does not return them.
    pub async fn conversations(&self) -> Vec<Value> {
        let answer = self
            .client
            .get(format!("{}/test/conversations", self.tests))
            .send()
            .await;
        answer.expect("the server answers").json().await.expect("JSON")
    }
}

/// A message: its contact, its number among the contact's messages, and its text.
pub type Written = (usize, usize, String);

/// A webhook body with these messages.
pub fn body(messages: &[Written]) -> String {
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

/// The bodies that one connection delivers, in order. Adds the number of messages of each of its contacts to `written`.
fn deliveries(plan: &Plan, connection: usize, written: &mut HashMap<usize, usize>) -> Vec<String> {
    let contacts: Vec<usize> = (connection..plan.contacts).step_by(plan.connections).collect();
    let mut next = contacts.iter().copied().cycle();
    let mut bodies: Vec<String> = vec![];
    while bodies.len() < plan.bodies / plan.connections {
        let place = bodies.len() % ONE_IN;
        if place == ONE_IN - 1 {
            // A duplicate of a body that was delivered a few bodies ago.
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

/// Checks that each contact has one chat, with each message once and in the order of sending.
///
/// # Panics
/// Panics if a chat or a message is missing, doubled or out of order.
pub fn check(conversations: &[Value], written: &HashMap<usize, usize>) {
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
