//! The only room that touches the browser's socket, disk and requests.
//!
//! One tab that leads the others (Web Locks) will live here too; until then every tab has its own socket,
//! which is safe because intents are kept one by one and the server knows them by their ids.

pub mod clock;
pub mod disk;
pub mod http;
pub mod local;
mod promise;
pub mod socket;
pub mod worker;
