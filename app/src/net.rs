//! The only module that uses the browser's socket, disk and requests.

pub mod clock;
pub mod disk;
pub mod disk_key;
pub mod http;
pub mod local;
pub mod pace;
mod promise;
pub mod push;
pub mod socket;
pub mod tabs;
pub mod worker;
