//! The failures of `docs/sync.md#failures`, each under its number: hostile and unlucky clients at the real socket of a
//! real server, with real Automerge changes bent byte by byte.

mod bench;
mod crafted;
mod races;
