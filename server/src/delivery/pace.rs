//! Rate limits of accounts, and the pauses between attempts.

use std::collections::HashMap;

use causerie_shared::{Millis, ids::AccountId};

use crate::{channels::capabilities::Rate, clock::random_u128};

/// Base of the pause between attempts, in milliseconds.
const FIRST: Millis = 1_000;
/// Longest pause between attempts, in milliseconds.
const LONGEST: Millis = 30 * 60_000;

/// When each account, and each conversation of an account, may be used again.
#[derive(Default)]
pub struct Pace {
    free: HashMap<(AccountId, String), Millis>,
    /// Accounts whose providers asked for a pause, and when it ends.
    held: HashMap<AccountId, Millis>,
}

impl Pace {
    /// Holds everything of an account back until `until`.
    pub fn hold(&mut self, account: AccountId, until: Millis) {
        let held = self.held.entry(account).or_insert(until);
        *held = until.max(*held);
    }

    /// Returns until when everything of an account is held back.
    pub fn held(&mut self, account: AccountId, now: Millis) -> Option<Millis> {
        self.held.retain(|_, until| *until > now);
        self.held.get(&account).copied()
    }

    /// Returns the milliseconds to wait; at 0 the caller may send, and the next call has to wait.
    pub fn take(&mut self, account: AccountId, person: &str, rate: Rate, now: Millis) -> Millis {
        let pair = (account, person.to_owned());
        let all = (account, String::new());
        let free = |key: &(AccountId, String)| self.free.get(key).copied().unwrap_or(0);
        let wait = free(&pair).max(free(&all)) - now;
        if wait > 0 {
            return wait;
        }
        self.free.insert(all, now + 1000 / Millis::from(rate.account.max(1)));
        if rate.pair > 0 {
            self.free.insert(pair, now + rate.pair);
        }
        self.free.retain(|_, until| *until > now);
        0
    }
}

/// Returns the pause before the next attempt, in milliseconds: doubled each time, with jitter so that many messages do
/// not come back at once.
pub fn pause(attempts: i64) -> Millis {
    let whole = FIRST.saturating_mul(1 << attempts.clamp(0, 20)).min(LONGEST);
    whole / 2 + (random_u128() % (whole as u128 / 2 + 1)) as Millis
}
