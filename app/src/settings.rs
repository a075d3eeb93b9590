//! The settings. They are a part of their own ([`crate::part`]): only [`SettingsHost`] is in the console's main file.
//! The pages send their requests over HTTP and learn the signed-in user from [`Here`].

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
mod pages;
mod parts;
mod push;
mod route;
mod sign_ins;
mod user;
mod users;
mod zones;

use here::Here;
pub use host::SettingsHost;
