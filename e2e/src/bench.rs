//! The figures of the product (`make bench`): one line each, in the form label = value unit.

mod arrivals;
mod chats;
mod conversation;
mod dispatcher;
pub(crate) mod figures;
mod gate;
mod known;
pub mod peers;
mod process;
mod screen;
mod server;
mod sizes;
mod start;
mod webhooks;
mod windows;
mod workspace;

use server::Released;

/// Measures and prints everything, or only one part: `routing`, `webhooks`, `conversation` or `known`.
///
/// # Panics
/// Panics if the product is not built or does not work, or if the part does not exist.
pub async fn run(part: Option<&str>) {
    match part {
        None => everything().await,
        Some("routing") => routing().await,
        Some("webhooks") => webhooks::print().await,
        Some("conversation") => conversation::print().await,
        Some("known") => known::print().await,
        Some(other) => panic!("there is no part {other} to measure"),
    }
}

async fn routing() {
    dispatcher::print().await;
    arrivals::print().await;
}

async fn everything() {
    sizes::print_sizes();
    gate::print();
    routing().await;
    webhooks::print().await;
    let mut server = Released::start().await;
    figures::print("idle server, resident memory", server.resident_megabytes(), "MB");
    chats::print(&server).await;
    figures::print("server after it, resident memory", server.resident_megabytes(), "MB");
    screen::print(&server).await;
    known::print().await;
    conversation::print().await;
    start::print(&mut server).await;
}
