//! The failures of `docs/sync.md#failures`, each under its number: hostile and unlucky clients at a real server's
//! socket, with real Automerge changes that were modified byte by byte.

mod bench;
mod crafted;
mod races;
