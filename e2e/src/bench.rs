//! The figures of the product (`make bench`): one line each, label = value unit.

mod chats;
mod conversation;
pub(crate) mod figures;
mod gate;
pub mod peers;
mod process;
mod screen;
mod server;
mod sizes;
mod start;
mod windows;
mod workspace;

use server::Released;

/// Measures everything and prints it.
///
/// # Panics
/// When the product is not built or does not work.
pub async fn run() {
    sizes::print_sizes();
    gate::print();
    let mut server = Released::start().await;
    figures::print("idle server, resident memory", server.resident_megabytes(), "MB");
    chats::print(&server).await;
    figures::print("server after it, resident memory", server.resident_megabytes(), "MB");
    screen::print(&server).await;
    windows::print().await;
    conversation::print().await;
    start::print(&mut server).await;
}
