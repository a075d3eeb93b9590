//! Rate limits: token buckets in memory, by the server's clock.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{Mutex, PoisonError},
};

use causerie_shared::Millis;

const MINUTE: Millis = 60_000;
/// Number of buckets in one generation. When it is full, buckets not used in it or the one before are dropped.
const GENERATION: usize = 50_000;

/// The limited actions; each has its own keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Sign-ins and password changes, by e-mail address.
    SignInEmail,
    /// Sign-ins, by the client's IP address.
    SignInAddress,
    /// Guesses at one-time links and the set-up token, by IP address.
    Token,
    /// Uploads of a user.
    Upload,
    /// Test notifications of a user.
    PushTest,
    /// Messages of a visitor.
    VisitorMessage,
    /// Uploads of a visitor.
    VisitorUpload,
    /// Sockets of visitors, by IP address.
    VisitorSocket,
    /// Crash reports of the console, by user or, without a session, by IP address.
    Crash,
}

impl Limit {
    /// Returns the size of the bucket, and the time in which an empty bucket fills up.
    fn size(self) -> (u32, Millis) {
        match self {
            Self::SignInEmail => (10, 5 * MINUTE),
            Self::SignInAddress => (50, 5 * MINUTE),
            Self::Token => (30, 5 * MINUTE),
            Self::Upload => (60, MINUTE),
            Self::PushTest => (10, MINUTE),
            Self::VisitorMessage => (30, MINUTE),
            Self::VisitorUpload => (20, MINUTE),
            Self::VisitorSocket => (120, MINUTE),
            Self::Crash => (20, 5 * MINUTE),
        }
    }
}

/// A bucket: `used` is the used part that has not been refilled at the time `at`, as refill time in milliseconds.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    used: Millis,
    at: Millis,
}

/// Buckets by the hash of limit and key. The hash is keyed with a secret, because clients choose e-mail addresses and
/// tokens.
#[derive(Debug, Default)]
struct Buckets {
    young: HashMap<u64, Bucket>,
    old: HashMap<u64, Bucket>,
}

impl Buckets {
    fn get(&mut self, key: u64) -> Option<Bucket> {
        self.young.get(&key).copied().or_else(|| self.old.remove(&key))
    }

    fn put(&mut self, key: u64, bucket: Bucket) {
        if self.young.len() >= GENERATION && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, bucket);
    }
}

/// The error of an action above its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany {
    /// When it is allowed again, in seconds from now.
    pub retry_after: u64,
}

/// All buckets.
#[derive(Debug, Default)]
pub struct Limits {
    hasher: RandomState,
    buckets: Mutex<Buckets>,
}

impl Limits {
    /// Takes one token from the bucket of `key`.
    ///
    /// # Errors
    /// [`TooMany`] when the bucket is empty.
    pub fn take(&self, limit: Limit, key: &str, now: Millis) -> Result<(), TooMany> {
        let (burst, period) = limit.size();
        let cost = period / Millis::from(burst);
        let key = self.hasher.hash_one((limit, key));
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.get(key).unwrap_or(Bucket { used: 0, at: now });
        let used = (bucket.used - (now - bucket.at).max(0)).max(0);
        let over = used + cost - cost * Millis::from(burst);
        if over > 0 {
            buckets.put(key, bucket);
            return Err(TooMany {
                retry_after: over.unsigned_abs().div_ceil(1000),
            });
        }
        let used = used + cost;
        buckets.put(key, Bucket { used, at: now });
        Ok(())
    }

    /// Returns one token, after an attempt that turned out to be legitimate.
    pub fn give_back(&self, limit: Limit, key: &str) {
        let (burst, period) = limit.size();
        let key = self.hasher.hash_one((limit, key));
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut bucket) = buckets.get(key) {
            bucket.used = (bucket.used - period / Millis::from(burst)).max(0);
            buckets.put(key, bucket);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_grows_back_and_others_have_their_own() {
        let limits = Limits::default();
        for _ in 0..10 {
            limits.take(Limit::SignInEmail, "ana", 1_000).unwrap();
        }
        assert!(limits.take(Limit::SignInEmail, "ana", 1_000).is_err());
        assert!(limits.take(Limit::SignInEmail, "ben", 1_000).is_ok());
        assert!(limits.take(Limit::SignInEmail, "ana", 1_000 + 29_999).is_err());
        assert!(limits.take(Limit::SignInEmail, "ana", 1_000 + 30_000).is_ok());
        assert!(limits.take(Limit::SignInEmail, "ana", 1_000 + 30_000).is_err());
    }

    #[test]
    fn a_flood_of_keys_neither_grows_without_end_nor_frees_a_key_that_is_used() {
        let limits = Limits::default();
        for _ in 0..10 {
            limits.take(Limit::SignInEmail, "ana", 0).unwrap();
        }
        for address in 0..3 * GENERATION {
            limits.take(Limit::SignInAddress, &address.to_string(), 0).unwrap();
            if address % 1_000 == 0 {
                assert!(limits.take(Limit::SignInEmail, "ana", 0).is_err(), "after {address}");
            }
        }
        let buckets = limits.buckets.lock().unwrap();
        assert!(buckets.young.len() + buckets.old.len() <= 2 * GENERATION);
    }

    #[test]
    fn what_was_given_back_can_be_taken_again() {
        let limits = Limits::default();
        for _ in 0..100 {
            limits.take(Limit::SignInEmail, "ana", 0).unwrap();
            limits.give_back(Limit::SignInEmail, "ana");
        }
    }
}
