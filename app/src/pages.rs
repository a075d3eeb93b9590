//! Pages without the console's frame: sign-in, set-up and one-time links; and the gate that shows the frame to a
//! signed-in user.

mod accept;
mod expired;
mod gate;
mod login;
pub mod outside;
mod setup;
mod sign;

pub use gate::Gate;
pub use login::Login;
