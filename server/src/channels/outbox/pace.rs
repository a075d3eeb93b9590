//! How fast an account may send, and when something is tried again.

use std::collections::HashMap;

use causerie_shared::{Millis, ids::AccountId};

use crate::{channels::capabilities::Rate, clock::random_u128};

/// First and longest pause between attempts, milliseconds.
const FIRST: Millis = 1_000;
const LONGEST: Millis = 30 * 60_000;

/// When an account and a pair of account and person may be used again.
#[derive(Default)]
pub struct Pace {
    free: HashMap<(AccountId, String), Millis>,
    /// Accounts whose providers said that they are too fast.
    held: HashMap<AccountId, Millis>,
}

impl Pace {
    /// Nothing of an account goes before `until`.
    pub fn hold(&mut self, account: AccountId, until: Millis) {
        let held = self.held.entry(account).or_insert(until);
        *held = until.max(*held);
    }

    /// Until when nothing of an account goes.
    pub fn held(&mut self, account: AccountId, now: Millis) -> Option<Millis> {
        self.held.retain(|_, until| *until > now);
        self.held.get(&account).copied()
    }

    /// Milliseconds to wait; 0: go, and the next one has to wait.
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

/// Pause before the next attempt: doubled each time, with jitter so that many do not come back at once.
pub fn pause(attempts: i64) -> Millis {
    let whole = FIRST.saturating_mul(1 << attempts.clamp(0, 20)).min(LONGEST);
    whole / 2 + (random_u128() % (whole as u128 / 2 + 1)) as Millis
}
