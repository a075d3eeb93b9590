//! Waiting for a condition, with a deadline instead of a fixed delay.

use std::{io::Write as _, time::Duration};

use tokio::time::{Instant, sleep};

/// How long anything may take on a busy machine before the test fails.
pub const TIMEOUT: Duration = Duration::from_secs(60);
/// A longer wait is reported in the output of the tests.
const LONG: Duration = Duration::from_secs(5);
/// The pause between two polls.
pub(crate) const LOOK: Duration = Duration::from_millis(40);

/// Polls `look` until it returns a value.
///
/// # Panics
/// Panics after [`TIMEOUT`], with `what` in the message.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            let took = begun.elapsed();
            if took > LONG {
                // The test harness captures the output of `eprintln!` in a test that passes.
                drop(writeln!(std::io::stderr(), "{what} took {:.1} s", took.as_secs_f64()));
            }
            return found;
        }
        assert!(begun.elapsed() < TIMEOUT, "waited in vain for {what}");
        sleep(LOOK).await;
    }
}
