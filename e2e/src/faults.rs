//! `kill -9` of the server under load, again and again: what it acknowledged is there afterwards, once and in
//! order, and nothing that it counts is off (`docs/sync.md#failures`, 12).
//!
//! The server is the program itself in a process of its own; visitors and agents are bare clients that do what
//! widget and console do: they come back, send again what was not acknowledged, under the same ids, and go on.

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

use crate::{api, bench::figures, wait::PATIENCE};
use agent::Agent;
use dice::Dice;
use ledger::Ledger;
use process::Process;
use visitor::Visitor;

/// Visitors who write at once, half of them to each of the demo's inboxes.
const VISITORS: usize = 8;
const AGENTS: [&str; 2] = ["ana@demo.test", "ben@demo.test"];
/// The server dies after one to so many acknowledgements of its life.
const MOST: u64 = 120;
/// And at most so many microseconds later, so that it dies in the middle of things too.
const LATER: u64 = 4_000;
/// Rounds on one database; then a new one, so that the checks stay quick.
const ROUNDS_OF_A_DATABASE: usize = 20;

/// What a number of rounds showed.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Messages that were acknowledged, all of which were found.
    pub acknowledged: usize,
    /// Agents' replies among them.
    pub replies: usize,
    /// Messages found that nobody was told about: the server died between commit and acknowledgement. Most were
    /// sent again and are among the acknowledged ones by the next round.
    pub unacknowledged: usize,
    /// From the start of the program to the first acknowledgement.
    pub back: Vec<Duration>,
}

/// The program as it is shipped has no addresses for tests, and says so when it is to open them.
///
/// # Panics
/// When it is not so.
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

/// Kills the server `rounds` times at moments that `seed` decides.
///
/// # Panics
/// When anything acknowledged is missing, doubled or out of order, or a count is off; says seed and round.
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

        // What is looked at is a copy: the server itself has to recover what its death left behind.
        let copy = server.copy();
        let found = check::check(copy.path(), &ledger).await;
        outcome.unacknowledged += found.unacknowledged;
        started = Instant::now();
        server.start().await;
    }
    // Whoever was in the middle of something gets it done.
    let calm = timeout(PATIENCE, ledger.reaches(ledger.count() + 1)).await;
    calm.expect("people go on after the last round");
    if let Some(ended) = people.try_join_next() {
        ended.expect("nobody fails");
    }
    people.shutdown().await;
    server.kill().await;
    outcome.acknowledged += check::check(server.copy().path(), &ledger).await.acknowledged;
    outcome.replies += ledger.book().said.keys().filter(|text| text.contains('@')).count();
}

/// Prints the figures of many rounds, one a line.
///
/// # Panics
/// As [`kill_nine`].
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
