//! Prints the figures of the product, or of the part that the first argument names.

#![allow(
    clippy::disallowed_methods,
    reason = "measures and waits in real time, as a user does"
)]

#[tokio::main]
async fn main() {
    causerie_e2e::bench::run(std::env::args().nth(1).as_deref()).await;
}
