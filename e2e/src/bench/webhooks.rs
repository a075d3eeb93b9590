//! WhatsApp webhooks over real HTTP: a burst with batches and duplicates, then a calm day.

use std::{
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use causerie_server::{clock::Clock, config::Config, demo::PASSWORD, http::router, state::App, store::Store};
use causerie_shared::{
    document::DocumentId,
    frame::{ClientFrame, Command, ServerFrame},
    ids::ConversationId,
};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinSet, time};

use super::{
    chats::{Shared, mark, with},
    figures,
    server::Released,
    workspace,
};
use crate::{
    client::Client,
    wait::until,
    webhook_flood::{Line, Plan, body, burst},
};

const PLAN: Plan = Plan {
    bodies: 10_000,
    connections: 50,
    contacts: 500,
};

/// Number of bodies of the calm day. `PACE` is the time between two of them.
const CALM: usize = 200;
const PACE: Duration = Duration::from_millis(50);
/// Chats of the calm day. The agents together may have twice as many.
const CHATS: usize = 10;

/// Measures and prints both.
///
/// # Panics
/// Panics if a webhook is refused, a message is lost or stored twice, or a contact's messages change their order.
pub async fn print() {
    let (server, line) = Released::furnished(async |folder, url| {
        let database = workspace::furnish(folder, url).await;
        (database, Line::connect(&side_door(folder).await).await)
    })
    .await;
    let line = line.to(&server.host);
    large(&server, &line).await;
    line.post("/test/reset", Value::Null).await;
    calm(&server, &line).await;
}

/// Serves the addresses for tests, which the measured program lacks, on its database, and returns host and port. No
/// worker runs here.
async fn side_door(folder: &Path) -> String {
    let mut config = Config::for_test(folder);
    config.test_api = true;
    let store = Store::open(&config.database_url).await.expect("a database");
    let app = App::new(config, store, Clock::System).await.expect("the application");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let host = listener.local_addr().expect("an address").to_string();
    let service = router::build(Arc::new(app)).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(axum::serve(listener, service).into_future());
    host
}

async fn large(server: &Released, line: &Line) {
    let before = server.processor_time();
    let done = burst(line, PLAN).await;
    let used = server.processor_time() - before;
    let messages = done.messages as f64;
    figures::print("webhooks in a burst", PLAN.bodies as f64, "webhooks");
    figures::print("messages in them, without duplicates", messages, "messages");
    figures::print(
        "webhooks answered",
        PLAN.bodies as f64 / done.answered.as_secs_f64(),
        "webhooks/s",
    );
    figures::print_times("webhook to its answer in the burst", done.took);
    figures::print("burst until all is processed", done.processed.as_secs_f64(), "s");
    figures::print(
        "messages processed",
        messages / done.processed.as_secs_f64(),
        "messages/s",
    );
    figures::print(
        "server processor time a message of the burst",
        used.as_secs_f64() * 1e6 / messages,
        "µs",
    );
}

/// Sends messages at a slow pace to chats that agents have.
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

/// Plays an agent: records when a message reaches the agent's chat.
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
