//! Pages for settings: one's own account, and users for owners and admins.

mod account;
mod frame;
mod invite;
mod link;
mod sign_ins;
mod users;

pub use account::Account;
pub use users::Users;
