//! Prints the comparison of the product with its peers under the same load.

#[tokio::main]
async fn main() {
    causerie_e2e::bench::peers::run().await;
}
