//! Waiting for something to become true, with a deadline instead of a guess.

use std::{io::Write as _, time::Duration};

use tokio::time::{Instant, sleep};

/// How long anything may take on a busy machine before it counts as not happening.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// What took longer is worth a line in the output of the tests.
const LONG: Duration = Duration::from_secs(5);
/// Pause between two looks.
pub(crate) const LOOK: Duration = Duration::from_millis(40);

/// Looks again and again until `look` gives a value.
///
/// # Panics
/// When [`PATIENCE`] is over; says `what` was waited for.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            let took = begun.elapsed();
            if took > LONG {
                // Not by the macro, whose output nobody sees of a test that passes.
                drop(writeln!(std::io::stderr(), "{what} took {:.1} s", took.as_secs_f64()));
            }
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        sleep(LOOK).await;
    }
}
