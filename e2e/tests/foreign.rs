//! Programs that nobody here wrote, against the fake providers: what the fakes take and answer is what these expect.

#[path = "foreign/node.rs"]
mod node;
#[path = "foreign/telegram.rs"]
mod telegram;
