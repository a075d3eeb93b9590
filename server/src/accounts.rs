//! Messaging accounts: their credentials, health and templates.

pub mod templates;
