//! A burst of webhooks: many connections at once, batches, and bodies that come twice.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use causerie_server::{channels::signature, clock::Clock};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinSet;

const PHONE: &str = "106540352242922";
const SECRET: &str = "secret of the burst";

/// One body in so many is delivered a second time, and another one holds a batch.
const ONE_IN: usize = 10;
/// Messages of a batch, of as many contacts.
const BATCH: usize = 5;

/// How large a burst is.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Bodies that are delivered as fast as they are answered, duplicates included.
    pub bodies: usize,
    /// The provider delivers over so many connections. What a contact writes comes over one of them, so in order.
    pub connections: usize,
    pub contacts: usize,
}

/// What came of a burst.
#[derive(Debug)]
pub struct Done {
    /// How long each answer took.
    pub took: Vec<Duration>,
    /// From the first body to the last answer, and until everything was processed.
    pub answered: Duration,
    pub processed: Duration,
    /// Messages in it, without duplicates.
    pub messages: usize,
}

/// Delivers a burst and checks what the server made of it.
///
/// # Panics
/// When a webhook is refused, a message is lost or stored twice, or a contact's messages change their order.
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

/// The account, as its provider sees it.
#[derive(Clone)]
pub struct Line {
    client: reqwest::Client,
    /// Where webhooks are delivered, and where the addresses for tests are.
    base: String,
    tests: String,
    webhook: String,
}

impl Line {
    /// Connects an account of WhatsApp.
    ///
    /// # Panics
    /// When the server refuses it.
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

    /// Delivers to another server on the same database from now on.
    pub fn to(mut self, host: &str) -> Self {
        self.base = format!("http://{host}");
        self
    }

    /// Asks for something of the interface for tests.
    ///
    /// # Panics
    /// When the server refuses it.
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

    /// Delivers a signed body; how long the answer took.
    ///
    /// # Panics
    /// When the answer is no 200.
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

    /// Waits until everything that was received is processed. A single call gives up after two minutes.
    ///
    /// # Panics
    /// When it takes too long.
    pub async fn quiesce(&self) {
        for _ in 0..5 {
            let answer = self.client.post(format!("{}/test/quiesce", self.tests)).send().await;
            if answer.expect("the server answers").status().is_success() {
                return;
            }
        }
        panic!("the webhooks are never processed");
    }

    /// All conversations.
    ///
    /// # Panics
    /// When the server does not give them.
    pub async fn conversations(&self) -> Vec<Value> {
        let answer = self
            .client
            .get(format!("{}/test/conversations", self.tests))
            .send()
            .await;
        answer.expect("the server answers").json().await.expect("JSON")
    }
}

/// A message: its contact, its number among theirs, and its text.
pub type Written = (usize, usize, String);

/// A body with these messages.
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

/// What one connection delivers, in order, and how many messages each of its contacts writes.
fn deliveries(plan: &Plan, connection: usize, written: &mut HashMap<usize, usize>) -> Vec<String> {
    let contacts: Vec<usize> = (connection..plan.contacts).step_by(plan.connections).collect();
    let mut next = contacts.iter().copied().cycle();
    let mut bodies: Vec<String> = vec![];
    while bodies.len() < plan.bodies / plan.connections {
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

/// One chat a contact, each message once, in the order in which they were written.
///
/// # Panics
/// When it is not so.
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
