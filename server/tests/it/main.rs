//! Tests of the server on both engines, in one program, with a module for each area.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends where its expectation fails"
)]

mod channels_settings;
mod clock;
mod common;
mod crashes;
mod desk;
mod dispatcher;
mod docs;
mod documents;
mod meta;
mod nodes;
mod people;
mod persons;
mod push;
mod races;
mod settings;
mod store;
mod sync;
mod telegram;
mod test_api;
mod transfers;
mod upgrade;
mod whatsapp;
mod windows;
mod workers;
mod writers;
