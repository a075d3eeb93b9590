//! Passwords as Argon2id hashes.

use std::{fmt, sync::OnceLock};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::{sync::Semaphore, task};

/// Hashing takes 19 MiB and a core each time; more at once would only make all of them slow.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

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

async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
    let _permit = AT_ONCE.acquire().await.map_err(|_| PasswordError)?;
    task::spawn_blocking(work).await.map_err(|_| PasswordError)
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
