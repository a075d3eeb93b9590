//! Fifty chats at once, over real sockets: how long a message takes in each direction, and what it costs the server.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use automerge::Automerge;
use causerie_server::demo::PASSWORD;
use causerie_shared::{
    conversation::State,
    document::{DocumentId, Pen, apply, begin, load},
    frame::{ClientFrame, Command, Part, ServerFrame},
    ids::{ConversationId, IntentId},
    row::ConversationRow,
};
use serde_json::json;
use tokio::{sync::Barrier, task::JoinSet, time};

use super::{figures, server::Released, workspace};
use crate::{
    client::{Client, heads, random},
    visitor::Visitor,
};

const CHATS: usize = 50;
/// Messages of each visitor. With the first one, they stay below the limit per minute.
const ROUNDS: usize = 25;
/// The time between two messages of a visitor. Each message is answered at once.
const PACE: Duration = Duration::from_secs(1);

/// When each message was sent, and how long those that have arrived took.
#[derive(Default)]
pub(super) struct Log {
    pub(super) sent: HashMap<String, Instant>,
    pub(super) took: Vec<Duration>,
}

impl Log {
    pub(super) fn arrived(&mut self, mark: &str) {
        if let Some(sent) = self.sent.remove(mark) {
            self.took.push(sent.elapsed());
        }
    }
}

pub(super) type Shared = Arc<Mutex<Log>>;

pub(super) fn with<T>(log: &Shared, act: impl FnOnce(&mut Log) -> T) -> T {
    act(&mut log.lock().expect("nobody panics while holding it"))
}

/// Runs the chats and prints the figures.
pub async fn print(server: &Released) {
    let (there, back) = (Shared::default(), Shared::default());
    let mut agents = JoinSet::new();
    for agent in 0..workspace::AGENTS {
        let client = Client::sign_in(&server.host, &workspace::email(agent), PASSWORD).await;
        agents.spawn(answer(client, there.clone(), back.clone()));
    }
    let all_assigned = Arc::new(Barrier::new(CHATS + 1));
    let mut visitors = JoinSet::new();
    for number in 0..CHATS {
        let visitor = Visitor::new(&server.host, workspace::KEY).await;
        visitors.spawn(write(
            number,
            visitor,
            all_assigned.clone(),
            there.clone(),
            back.clone(),
        ));
    }
    all_assigned.wait().await;
    let before = server.processor_time();
    let begun = Instant::now();
    while let Some(done) = visitors.join_next().await {
        done.expect("a visitor gets every answer");
    }
    let used = server.processor_time() - before;
    let lasted = begun.elapsed();
    agents.abort_all();

    let (there, back) = (
        with(&there, |log| std::mem::take(&mut log.took)),
        with(&back, |log| std::mem::take(&mut log.took)),
    );
    let delivered = there.len() + back.len();
    figures::print("chats at once", CHATS as f64, "chats");
    figures::print(
        "messages delivered",
        delivered as f64 / lasted.as_secs_f64(),
        "messages/s",
    );
    figures::print_times("visitor to agent's client", there);
    figures::print_times("agent's client to visitor", back);
    figures::print(
        "server processor time a delivered message",
        used.as_secs_f64() * 1e6 / delivered as f64,
        "µs",
    );
}

/// Plays a visitor: starts a chat, then writes at its pace and reads each answer.
async fn write(number: usize, mut visitor: Visitor, all_assigned: Arc<Barrier>, there: Shared, back: Shared) {
    visitor.start(&format!("Visitor {number}"), "Hello").await;
    visitor.state("assigned").await;
    all_assigned.wait().await;
    // Spread the visitors over the pace, as real visitors are.
    time::sleep(PACE.mul_f64(number as f64 / CHATS as f64)).await;
    let mut pace = time::interval(PACE);
    for round in 0..ROUNDS {
        pace.tick().await;
        let mark = format!("<{number}:{round}>");
        with(&there, |log| log.sent.insert(mark.clone(), Instant::now()));
        visitor
            .send(&json!({ "t": "message", "cid": format!("{number}-{round}"), "text": mark }))
            .await;
        while visitor.next("an answer").await["message"]["text"] != format!("re {mark}") {}
        with(&back, |log| log.arrived(&mark));
    }
}

/// A console's replica of one chat's timeline.
struct Replica {
    doc: Automerge,
    pen: Pen,
    epoch: u32,
}

impl Replica {
    fn take(&mut self, part: &Part) {
        match &part.snapshot {
            Some(snapshot) => {
                self.doc = load(part.document.kind(), Some(snapshot), &part.changes).expect("a document");
            }
            None => apply(&mut self.doc, &part.changes).expect("changes"),
        }
        self.epoch = part.epoch;
    }
}

/// Plays an agent: accepts each offer and answers every message at once, as the console would.
async fn answer(mut client: Client, there: Shared, back: Shared) {
    let mut replicas: HashMap<DocumentId, Replica> = HashMap::new();
    loop {
        let frame = client.next("work").await.clone();
        for head in heads(&frame) {
            follow(&mut client, head, &mut replicas).await;
        }
        let ServerFrame::Part(part) = frame else { continue };
        let Some(replica) = replicas.get_mut(&part.document) else {
            continue;
        };
        let fresh: Vec<_> = part.changes.iter().filter_map(|change| mark(change)).collect();
        // A message has arrived when the console could draw it, so the change must be in the replica.
        replica.take(&part);
        for mark in fresh {
            with(&there, |log| log.arrived(&mark));
            let Replica { doc, pen, epoch } = replica;
            let push = client.reply_in(part.document, *epoch, doc, pen, &format!("re {mark}"));
            with(&back, |log| log.sent.insert(mark, Instant::now()));
            client.send(&push).await;
        }
    }
}

/// Accepts an offer, and opens a chat once the agent has it.
async fn follow(client: &mut Client, head: &ConversationRow, replicas: &mut HashMap<DocumentId, Replica>) {
    let me = client.me.id;
    match head.state {
        State::Assigning { agent, .. } if agent == me => accept(client, head.id).await,
        State::Assigned { agent, .. } if agent == me => {
            let document = DocumentId::Timeline(head.id, head.segment);
            if replicas.contains_key(&document) {
                return;
            }
            let pen = Pen {
                actor: random().to_be_bytes(),
                user: Some(me),
            };
            replicas.insert(
                document,
                Replica {
                    doc: begin(document.kind()),
                    pen,
                    epoch: 1,
                },
            );
            client
                .send(&ClientFrame::Open {
                    document,
                    have: None,
                    rows_after: 0,
                })
                .await;
        }
        _ => {}
    }
}

pub(super) async fn accept(client: &mut Client, conversation: ConversationId) {
    let intent = IntentId::from_u128(random());
    client
        .send(&ClientFrame::Command {
            intent,
            expect_version: None,
            body: Command::Accept(conversation),
        })
        .await;
}

/// The mark `<visitor:round>` of a visitor's message inside the bytes of its change.
pub(super) fn mark(change: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(change);
    if text.contains("re <") {
        return None;
    }
    // Ids and hashes may hold the same bytes by chance.
    text.match_indices('<').find_map(|(from, _)| {
        let inner = text[from + 1..].split_once('>')?.0;
        let numbers = inner.split_once(':')?;
        let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        (number(numbers.0) && number(numbers.1)).then(|| format!("<{inner}>"))
    })
}
