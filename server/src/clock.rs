//! Time and randomness as parameters: the real ones in production, a clock turned by hand in tests.

use std::time::Duration;

use causerie_shared::Millis;
use tokio::sync::watch;

/// Tells the time and waits for it.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// Moves only when [`ManualClock::advance`] is called.
    Manual(watch::Receiver<Millis>),
}

/// Turns the hand of a [`Clock::Manual`].
#[derive(Debug)]
pub struct ManualClock(watch::Sender<Millis>);

impl ManualClock {
    /// A clock that stands at `start`, and the handle that turns it.
    pub fn new(start: Millis) -> (Self, Clock) {
        let (sender, receiver) = watch::channel(start);
        (Self(sender), Clock::Manual(receiver))
    }

    /// Moves the clock forward and wakes everyone who waits for it.
    pub fn advance(&self, by: Duration) {
        self.0.send_modify(|now| *now += by.as_millis() as Millis);
    }
}

impl Clock {
    /// Milliseconds since the Unix epoch.
    pub fn now(&self) -> Millis {
        match self {
            Self::System => {
                // A machine whose clock stands before 1970 has worse problems than a wrong time stamp.
                let since = std::time::SystemTime::now()
                    .duration_since(std::time::UNIX_EPOCH)
                    .unwrap_or_default();
                since.as_millis() as Millis
            }
            Self::Manual(now) => *now.borrow(),
        }
    }

    /// Returns once the time has come.
    pub async fn sleep_until(&self, due: Millis) {
        match self {
            Self::System => {
                let left = (due - self.now()).max(0) as u64;
                tokio::time::sleep(Duration::from_millis(left)).await;
            }
            Self::Manual(now) => {
                let mut now = now.clone();
                // The sender lives as long as the test; when it is gone, time stands still.
                if now.wait_for(|now| *now >= due).await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }
}

/// Random bytes from the operating system.
///
/// # Panics
/// When the operating system has no random source: nothing that needs a secret may go on then.
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has a random source");
    bytes
}

/// The random part of an id.
pub fn random_u128() -> u128 {
    u128::from_be_bytes(random_bytes())
}

/// `bytes` in lower-case hexadecimal.
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
