//! Kills the server with `kill -9` under load, again and again. What it had acknowledged must be stored once and in
//! order, and its counters must be right (`docs/sync.md#failures`, 12).
//!
//! The server runs in a process of its own. Visitors and agents are clients without a browser that behave as widget and
//! console do: they reconnect, send again what was not acknowledged, under the same ids, and continue.

mod agent;
mod check;
mod dice;
mod ledger;
mod process;
mod visitor;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use causerie_server::demo::{KEY, ORDERS_KEY};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{api, bench::figures, wait::TIMEOUT};
use agent::Agent;
use dice::Dice;
use ledger::Ledger;
use process::Process;
use visitor::Visitor;

/// Visitors who write at the same time, half of them to each of the demo's inboxes.
const VISITORS: usize = 8;
const AGENTS: [&str; 2] = ["ana@demo.test", "ben@demo.test"];
/// The server is killed after at most this many acknowledgements.
const MOST: u64 = 120;
/// The kill is delayed by up to this many microseconds, so that it also hits the server in the middle of its work.
const LATER: u64 = 4_000;
/// Rounds per database. A new database then keeps the checks fast.
const ROUNDS_OF_A_DATABASE: usize = 20;

/// The result of a number of rounds.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Acknowledged messages, all of which were found.
    pub acknowledged: usize,
    /// The agents' replies among the acknowledged messages.
    pub replies: usize,
    /// Messages that were stored without an acknowledgement: the server died between commit and acknowledgement. Most
    /// of them were sent again and are among the acknowledged ones of the next round.
    pub unacknowledged: usize,
    /// The time from the start of the program to the first acknowledgement, of each round.
    pub back: Vec<Duration>,
}

/// Checks that the shipped program has no addresses for tests, and reports that when it is told to open them.
///
/// # Panics
/// Panics if the program starts, or stops with another exit code or message.
pub async fn no_test_api() {
    let mut process = Process::furnish().await;
    let (code, words) = process.test_api().await;
    assert_eq!(code, Some(2), "{words}");
    assert!(
        words.contains("CAUSERIE_TEST_API") && words.contains("make acceptance"),
        "{words}"
    );
    process.start().await;
    let answer = reqwest::get(format!("http://{}/test/conversations", process.host)).await;
    assert_eq!(answer.expect("an answer").status(), 404);
    process.kill().await;
}

/// Kills the server `rounds` times, at moments that `seed` determines.
///
/// # Panics
/// Panics if anything acknowledged is missing, doubled or out of order, or a counter is wrong. The output names seed
/// and round.
pub async fn kill_nine(rounds: usize, seed: u64) -> Outcome {
    println!("kill -9, seed {seed}");
    let mut dice = Dice::new(seed);
    let mut outcome = Outcome::default();
    let mut left = rounds;
    while left > 0 {
        let here = left.min(ROUNDS_OF_A_DATABASE);
        on_one_database(here, &mut dice, &mut outcome).await;
        left -= here;
    }
    outcome
}

async fn on_one_database(rounds: usize, dice: &mut Dice, outcome: &mut Outcome) {
    let mut server = Process::furnish().await;
    let ledger = Arc::new(Ledger::default());
    let mut started = Instant::now();
    server.start().await;
    let mut people = JoinSet::new();
    for email in AGENTS {
        let session = api::sign_in(&server.host, email, causerie_server::demo::PASSWORD).await;
        let session = session.expect("the sign-in is right");
        let agent = Agent::new(
            server.host.clone(),
            session,
            Dice::new(dice.next()),
            Arc::clone(&ledger),
        );
        people.spawn(agent.live());
    }
    for number in 0..VISITORS {
        let key = [KEY, ORDERS_KEY][number % 2];
        people.spawn(Visitor::new(number, server.host.clone(), key, Arc::clone(&ledger)).live());
    }
    for round in 1..=rounds {
        ledger.reaches(ledger.count() + 1).await;
        outcome.back.push(started.elapsed());
        let after = 1 + dice.below(MOST);
        let later = Duration::from_micros(dice.below(LATER));
        ledger.reaches(ledger.count() + after).await;
        sleep(later).await;
        server.kill().await;
        println!("round {round}: killed after {after} acknowledgements and {later:?}");

        // Check a copy, so that the server itself has to recover the files that the kill left behind.
        let copy = server.copy();
        let found = check::check(copy.path(), &ledger).await;
        outcome.unacknowledged += found.unacknowledged;
        started = Instant::now();
        server.start().await;
    }
    // Let the clients finish what they had begun.
    let calm = timeout(TIMEOUT, ledger.reaches(ledger.count() + 1)).await;
    calm.expect("people go on after the last round");
    if let Some(ended) = people.try_join_next() {
        ended.expect("nobody fails");
    }
    people.shutdown().await;
    server.kill().await;
    outcome.acknowledged += check::check(server.copy().path(), &ledger).await.acknowledged;
    outcome.replies += ledger.book().said.keys().filter(|text| text.contains('@')).count();
}

/// Prints the figures of many rounds, one per line.
///
/// # Panics
/// Panics as [`kill_nine`] does.
pub async fn print(rounds: usize, seed: u64) {
    let outcome = kill_nine(rounds, seed).await;
    figures::print("kill -9 under load", rounds as f64, "rounds");
    figures::print("messages acknowledged", outcome.acknowledged as f64, "messages");
    figures::print("of them agents' replies", outcome.replies as f64, "messages");
    figures::print("of them lost, doubled or out of order", 0.0, "messages");
    figures::print(
        "stored when the server died before it could say so",
        outcome.unacknowledged as f64,
        "messages",
    );
    figures::print_times("start after a kill to the first acknowledgement", outcome.back);
}
