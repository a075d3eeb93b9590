//! The settings. They are a program of their own (`bin/settings.rs`): nothing but [`SettingsHost`] is part of the
//! console. Its pages know no store: they ask over HTTP, and the console tells them who is there ([`About`]).

mod account;
mod accounts;
mod audit;
mod blocked;
mod conflict;
mod contact;
mod crashes;
mod departments;
mod fetched;
mod form;
mod frame;
mod guard;
mod here;
mod host;
mod inboxes;
mod invite;
mod link;
mod notifications;
mod parts;
mod program;
mod push;
mod route;
mod sign_ins;
mod user;
mod users;
mod zones;

pub use here::{About, Here};
pub use host::SettingsHost;
pub use program::Settings;
