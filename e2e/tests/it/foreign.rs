//! Third-party programs against the fake providers: the fakes accept and answer what these programs expect.

mod node;
mod telegram;
