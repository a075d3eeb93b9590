//! A rush of new chats at an `auto` inbox: measures the time from a visitor's first message to the offer at an agent's
//! client. Agents accept at once, so the server does the whole work of an arrival.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use causerie_server::demo::PASSWORD;
use causerie_shared::conversation::State;
use tokio::{task::JoinSet, time};

use super::{
    chats::{Shared, accept, with},
    figures,
    server::Released,
    workspace,
};
use crate::{
    client::{Client, heads},
    visitor::Visitor,
};

const AGENTS: usize = 50;
/// Enough for all arrivals, so that a chat waits for nothing but the server.
const CAPACITY: u32 = 30;
const ARRIVALS: usize = 1_000;
/// The time between two arrivals: a hundred a second.
const PACE: Duration = Duration::from_millis(10);
/// Number of sockets that are opened at the same time before the measurement.
const TOGETHER: usize = 50;

/// Lets the visitors arrive and prints the figures.
///
/// # Panics
/// Panics if a visitor is refused or a chat is not offered.
pub async fn print() {
    let furnish = async |folder: &Path, url: &str| (workspace::staffed(folder, url, AGENTS, CAPACITY).await, ());
    let (server, ()) = Released::furnished(furnish).await;
    let log = Shared::default();
    let mut agents = JoinSet::new();
    for agent in 0..AGENTS {
        let client = Client::sign_in(&server.host, &workspace::email(agent), PASSWORD).await;
        agents.spawn(take(client, log.clone()));
    }
    let mut visitors = vec![];
    for first in (0..ARRIVALS).step_by(TOGETHER) {
        let some = (first..first + TOGETHER).map(|number| visitor(&server.host, number));
        visitors.extend(futures_util::future::join_all(some).await);
    }

    let before = server.processor_time();
    let begun = time::Instant::now();
    let mut running = JoinSet::new();
    for (number, mut visitor) in visitors.into_iter().enumerate() {
        let log = log.clone();
        running.spawn(async move {
            time::sleep_until(begun + PACE * number as u32).await;
            let name = format!("Visitor {number}");
            with(&log, |log| log.sent.insert(name.clone(), Instant::now()));
            visitor.start(&name, "Hello").await;
            visitor.state("assigned").await;
        });
    }
    while let Some(done) = running.join_next().await {
        done.expect("a visitor is helped");
    }
    let used = server.processor_time() - before;
    let lasted = begun.elapsed();
    agents.abort_all();
    let took = with(&log, |log| std::mem::take(&mut log.took));
    assert_eq!(took.len(), ARRIVALS, "each was offered once");
    figures::print("arrivals", ARRIVALS as f64 / lasted.as_secs_f64(), "arrivals/s");
    figures::print_times("arrival to offer on the agent's client", took);
    figures::print(
        "server processor time an arrival, offer and acceptance",
        used.as_secs_f64() * 1e6 / ARRIVALS as f64,
        "µs",
    );
}

/// Connects a visitor from an address of their own, since the server limits the sockets of one address.
async fn visitor(host: &str, number: usize) -> Visitor {
    let address = format!("198.18.{}.{}", number / 250, number % 250 + 1);
    Visitor::from(host, workspace::KEY, &address).await
}

/// Plays an agent: records each offer and accepts it.
async fn take(mut client: Client, log: Shared) {
    let me = client.me.id;
    loop {
        let frame = client.next("work").await.clone();
        for head in heads(&frame) {
            if matches!(head.state, State::Assigning { agent, .. } if agent == me) {
                with(&log, |log| log.arrived(&head.contact_name));
                accept(&mut client, head.id).await;
            }
        }
    }
}
