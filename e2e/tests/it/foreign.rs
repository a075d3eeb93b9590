//! Programs that nobody here wrote, against the fake providers: what the fakes take and answer is what these expect.

mod node;
mod telegram;
