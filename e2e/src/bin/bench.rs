//! Prints the figures of the product.

#[tokio::main]
async fn main() {
    causerie_e2e::bench::run().await;
}
