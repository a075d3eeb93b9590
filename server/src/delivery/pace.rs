//! Rate limits of accounts.

use std::collections::HashMap;

use causerie_shared::{Millis, ids::AccountId};

use crate::channels::capabilities::Rate;

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
