//! Time as a parameter, and randomness: production uses the machine's clock, tests a clock that they advance.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use causerie_shared::Millis;
use tokio::sync::watch;

/// A clock that returns the time and can wait until a time.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Moves only when [`ManualClock::advance`] is called.
    Manual(watch::Receiver<Millis>),
}

/// The handle that advances a [`Clock::Manual`].
#[derive(Debug)]
pub struct ManualClock(watch::Sender<Millis>);

impl ManualClock {
    /// Returns a clock that stands at `start`, and the handle that advances it.
    pub fn new(start: Millis) -> (Self, Clock) {
        let (sender, receiver) = watch::channel(start);
        (Self(sender), Clock::Manual(receiver))
    }

    /// Moves the clock forward and wakes the tasks that sleep until a time that has now come.
    pub fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now += by.as_millis() as Millis);
    }
}

impl Clock {
    /// Returns the milliseconds since the Unix epoch.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> Millis {
        match self {
            Self::System => {
                // A system clock before 1970 counts as 1970: no caller could handle the error.
                let since = std::time::SystemTime::now()
                    .duration_since(std::time::UNIX_EPOCH)
                    .unwrap_or_default();
                since.as_millis() as Millis
            }
            Self::Manual(now) => *now.borrow(),
        }
    }

    /// Returns once the clock shows `due` or later.
    pub async fn sleep_until(&self, due: Millis) {
        match self {
            Self::System => {
                let left = (due - self.now()).max(0) as u64;
                pause(Duration::from_millis(left)).await;
            }
            Self::Manual(now) => {
                let mut now = now.clone();
                // The sender lives as long as the test; without it, time stands still.
                if now.wait_for(|now| *now >= due).await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

/// Returns random bytes from the operating system.
///
/// # Panics
/// If the operating system has no random source, because no secret can be made then.
#[expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "the one source of random numbers; without it no secret can be made"
)]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has a random source");
    bytes
}

/// Waits in real time. Only for pauses after a failure and for combining several changes: what a test must see follows
/// the server's [`Clock`].
#[expect(clippy::disallowed_methods, reason = "the one place that waits in real time")]
pub async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Returns the pause after a number of failures in a row, in milliseconds: `first` doubled each time up to `longest`,
/// with jitter so that many waiting tasks do not come back at once.
pub fn back_off(failures: u32, first: Millis, longest: Millis) -> Millis {
    let whole = first.saturating_mul(1 << failures.min(20)).min(longest);
    whole / 2 + (random_u128() % (whole.unsigned_abs() as u128 / 2 + 1)) as Millis
}

/// Measures how long something takes, for logs and metrics. It is monotonic, and no rule depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(std::time::Instant);

impl Stopwatch {
    /// Starts to measure.
    #[expect(clippy::disallowed_methods, reason = "a duration for logs and metrics")]
    pub fn start() -> Self {
        Self(std::time::Instant::now())
    }

    /// Returns the time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Returns an id that sorts by arrival, also among ids of the same millisecond.
pub fn sequence(now: Millis) -> String {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let last = LAST
        .fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| {
            Some((last + 1).max(now * 1000))
        })
        .unwrap_or(now * 1000);
    // `fetch_update` returns the value before the update.
    let mine = (last + 1).max(now * 1000);
    format!("{mine:019}{:08x}", random_u128() as u32)
}

/// Returns the random part of an id.
pub fn random_u128() -> u128 {
    u128::from_be_bytes(random_bytes())
}

/// Returns `bytes` in lower-case hexadecimal.
#[expect(clippy::let_underscore_must_use, reason = "writing into a String cannot fail")]
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            use std::fmt::Write as _;
            // Writing into a String cannot fail.
            let _: std::fmt::Result = write!(text, "{byte:02x}");
            text
        })
}
