//! Pages: sign-in, the console's frame, and the meaning of addresses.

mod accept;
mod expired;
mod gate;
mod login;
mod outside;
mod place;
mod setup;
mod sign;

use accept::Accept;
pub use gate::Gate;
pub use login::Login;
pub use outside::Outside;
pub use place::Place;
use setup::Setup;
pub use sign::FormError;
