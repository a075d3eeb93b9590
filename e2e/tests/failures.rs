//! The failures of `sync.md`, each under its number: hostile and unlucky clients at the real socket of a real
//! server, with real Automerge changes bent byte by byte.

#[path = "failures/bench.rs"]
mod bench;
#[path = "failures/crafted.rs"]
mod crafted;
#[path = "failures/races.rs"]
mod races;
