//! Hashing and verification of passwords with Argon2id.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::OnceLock,
    thread,
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::{mpsc, oneshot};

/// Jobs that the hashing thread's queue holds; further callers wait for a free slot.
const WAITING: usize = 64;

/// A job of the hashing thread.
type Job = Box<dyn FnOnce() + Send>;

/// The password could not be hashed.
#[derive(Debug)]
pub struct PasswordError;

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the password could not be hashed")
    }
}

impl std::error::Error for PasswordError {}

/// Returns the hash of `password` with a new salt.
pub async fn hash(password: String) -> Result<String, PasswordError> {
    run(move || hash_now(&password)).await?
}

/// Whether `password` matches `hash`. Without a hash it returns `false` after the same work, so that the time does not
/// tell whether a user exists.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool, PasswordError> {
    run(move || {
        let known = hash.is_some();
        let hash = match hash {
            Some(hash) => hash,
            None => nobodys_hash()?.to_owned(),
        };
        let parsed = PasswordHash::new(&hash).map_err(|_| PasswordError)?;
        let right = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
        Ok(right && known)
    })
    .await?
}

/// Runs `work` on the hashing thread.
///
/// There is one such thread: a hash takes 19 MiB and a core, the allocator keeps that memory for every thread that
/// once used it, and parallel hashes would slow each other down.
#[expect(
    clippy::let_underscore_must_use,
    reason = "the caller may have been cancelled; the result is then not needed"
)]
async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
    static QUEUE: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    let queue = match QUEUE.get() {
        Some(queue) => queue,
        None => {
            let queue = hashing_thread()?;
            QUEUE.get_or_init(|| queue)
        }
    };
    let (answer, answered) = oneshot::channel();
    let job: Job = Box::new(move || {
        // The caller may have been cancelled; the result is then not needed.
        let _: Result<(), T> = answer.send(work());
    });
    queue.send(job).await.map_err(|_| PasswordError)?;
    answered.await.map_err(|_| PasswordError)
}

fn hashing_thread() -> Result<mpsc::Sender<Job>, PasswordError> {
    let (queue, mut jobs) = mpsc::channel::<Job>(WAITING);
    let work = move || {
        while let Some(job) = jobs.blocking_recv() {
            // A panic drops the job's sender, so its caller gets an error; the thread continues with the next job.
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("hashing a password panicked");
            }
        }
    };
    thread::Builder::new()
        .name("passwords".into())
        .spawn(work)
        .map_err(|_| PasswordError)?;
    Ok(queue)
}

fn hash_now(password: &str) -> Result<String, PasswordError> {
    let hash: PasswordHash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|_| PasswordError)?;
    Ok(hash.to_string())
}

/// The hash that [`verify`] checks when there is no user.
fn nobodys_hash() -> Result<&'static str, PasswordError> {
    static HASH: OnceLock<String> = OnceLock::new();
    if let Some(hash) = HASH.get() {
        return Ok(hash);
    }
    let hash = hash_now("nobody's password")?;
    Ok(HASH.get_or_init(|| hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_is_verified() {
        let stored = hash("demo-causerie".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$"));
        assert!(verify("demo-causerie".into(), Some(stored.clone())).await.unwrap());
        assert!(!verify("demo-Causerie".into(), Some(stored)).await.unwrap());
        assert!(!verify("nobody's password".into(), None).await.unwrap());
    }
}
