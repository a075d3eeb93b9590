//! Waiting for something to become true, with a deadline instead of a guess.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How long anything may take on a busy machine before it counts as not happening.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Pause between two looks.
pub(crate) const LOOK: Duration = Duration::from_millis(40);

/// Looks again and again until `look` gives a value.
///
/// # Panics
/// When [`PATIENCE`] is over; says `what` was waited for.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        sleep(LOOK).await;
    }
}
