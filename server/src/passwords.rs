//! Passwords as Argon2id hashes.

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

/// Passwords that may wait for their turn; more make their senders wait.
const WAITING: usize = 64;

/// What the hashing thread does next.
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

/// The hash of `password`, with a salt of its own.
pub async fn hash(password: String) -> Result<String, PasswordError> {
    run(move || hash_now(&password)).await?
}

/// Does `password` belong to `hash`? Without a hash the answer is no, after as much work.
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
/// There is one: hashing takes 19 MiB and a core each time, the allocator keeps that memory for every thread
/// that ever asked for it, and several at once would only make each other slow.
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
        // Whoever asked may be gone; then nobody needs the answer.
        let _: Result<(), T> = answer.send(work());
    });
    queue.send(job).await.map_err(|_| PasswordError)?;
    answered.await.map_err(|_| PasswordError)
}

fn hashing_thread() -> Result<mpsc::Sender<Job>, PasswordError> {
    let (queue, mut jobs) = mpsc::channel::<Job>(WAITING);
    let work = move || {
        while let Some(job) = jobs.blocking_recv() {
            // A panic drops the job's answer, which its asker sees as a failure; the next one goes on.
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

/// A hash that no password of a user has.
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
