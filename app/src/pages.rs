//! Pages: signing in, the console's frame, and where addresses lead.

mod accept;
mod expired;
mod gate;
mod login;
mod place;
mod setup;
mod sign;

pub use accept::Accept;
pub use gate::Gate;
pub use login::Login;
pub use place::Place;
pub use setup::Setup;
pub use sign::FormError;
