//! Prints the comparison of the product with its peers under the same load.

#![allow(
    clippy::disallowed_methods,
    reason = "measures and waits in real time, as a user does"
)]

#[tokio::main]
async fn main() {
    causerie_e2e::bench::peers::run().await;
}
