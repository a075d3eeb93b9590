//! Kills the server with `kill -9` many times and prints the figures (`make bench-faults`).

#![allow(
    clippy::disallowed_methods,
    reason = "measures and waits in real time, as a user does"
)]

use std::{env, time::SystemTime};

/// The number in an environment variable, if it is set.
fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is not a number: {text}")),
    )
}

#[tokio::main]
async fn main() {
    let rounds = number("CAUSERIE_FAULT_ROUNDS").unwrap_or(200);
    // A different seed for each run; the run prints it, so that it can be repeated.
    let seed = number("CAUSERIE_FAULT_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        now.map_or(1, |now| now.as_nanos() as u64)
    });
    causerie_e2e::faults::print(rounds as usize, seed).await;
}
