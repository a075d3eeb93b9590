//! When a connection is dead, and when to try again: plain arithmetic on a clock that the socket passes in.

use causerie_shared::Millis;

/// The server pings every 10 s; after this long without a frame the connection is half-open.
const SILENCE_MS: Millis = 25_000;
const FIRST_WAIT_MS: u32 = 1_000;
const LONGEST_WAIT_MS: u32 = 30_000;

/// The connection's timing: failed attempts, the last frame, and the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Failed attempts in a row.
    attempt: u32,
    /// When the last frame arrived or the attempt began.
    heard: Millis,
    /// When to try again, while there is no connection.
    again: Option<Millis>,
}

/// What the socket has to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    Fine,
    /// The connection is silent: close it.
    Dead,
    /// The wait is over: connect.
    Connect,
}

impl Pace {
    /// Starts the timing of a first attempt.
    pub fn new(now: Millis) -> Self {
        Self {
            attempt: 0,
            heard: now,
            again: None,
        }
    }

    /// Records that an attempt begins.
    pub fn connecting(&mut self, now: Millis) {
        (self.heard, self.again) = (now, None);
    }

    /// Records a frame, which proves that the connection works.
    pub fn heard(&mut self, now: Millis) {
        (self.heard, self.attempt) = (now, 0);
    }

    /// Records a lost or failed connection. Returns the number of failed attempts before this one and schedules the
    /// next attempt: 1 s after the first, then twice as long each time, 30 s at most. A random part of up to half of
    /// the wait is left out, so that a thousand clients do not reconnect at once.
    pub fn lost(&mut self, now: Millis, random: u128) -> u32 {
        let attempt = self.attempt;
        self.attempt += 1;
        let longest = FIRST_WAIT_MS.saturating_mul(1 << attempt.min(5)).min(LONGEST_WAIT_MS);
        let wait = longest / 2 + (random % u128::from(longest / 2 + 1)) as u32;
        self.again = Some(now + Millis::from(wait));
        attempt
    }

    /// Makes the next attempt due now, for example when the network returns or the page is shown again.
    pub fn hurry(&mut self, now: Millis) {
        if self.again.is_some() {
            (self.attempt, self.again) = (0, Some(now));
        }
    }

    /// Milliseconds until the next attempt.
    pub fn wait(&self, now: Millis) -> u32 {
        self.again.map_or(0, |again| (again - now).max(0) as u32)
    }

    /// What to do at this time. A hidden page's timers are throttled, so it is also called when the page is shown, the
    /// network returns, or a follower tab asks.
    pub fn look(&self, now: Millis) -> Look {
        match self.again {
            Some(again) if now >= again => Look::Connect,
            Some(_) => Look::Fine,
            None if now - self.heard > SILENCE_MS => Look::Dead,
            None => Look::Fine,
        }
    }
}
