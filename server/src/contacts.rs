//! Contacts: their messages, profile, merges, removal and blocking.

pub mod blacklist;
pub mod forget;
pub mod merge;
pub mod messages;
pub mod profile;
