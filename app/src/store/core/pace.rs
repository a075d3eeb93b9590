//! When a line is dead, and when to try again: plain arithmetic on a clock that the socket passes in.

use causerie_shared::Millis;

/// The server pings every 10 s; after this long without a frame the line is half-open.
const SILENCE_MS: Millis = 25_000;
const FIRST_WAIT_MS: u32 = 1_000;
const LONGEST_WAIT_MS: u32 = 30_000;

/// How the line is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Failed connections in a row.
    attempt: u32,
    /// When something came last, or the connection was begun.
    heard: Millis,
    /// When to try again, while there is no line.
    again: Option<Millis>,
}

/// What has to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    Fine,
    /// The line says nothing any more: close it.
    Dead,
    /// The wait is over: connect.
    Connect,
}

impl Pace {
    /// A connection is begun for the first time.
    pub fn new(now: Millis) -> Self {
        Self {
            attempt: 0,
            heard: now,
            again: None,
        }
    }

    /// A connection is begun.
    pub fn connecting(&mut self, now: Millis) {
        (self.heard, self.again) = (now, None);
    }

    /// A frame came: the line works.
    pub fn heard(&mut self, now: Millis) {
        (self.heard, self.attempt) = (now, 0);
    }

    /// The line is gone, or was not made. Answers how many attempts failed before this one; `again` says when to
    /// try next: 1 s after the first, then twice as long, 30 s at most, and half to all of that at random, so that
    /// a thousand clients do not come back at once.
    pub fn lost(&mut self, now: Millis, random: u128) -> u32 {
        let attempt = self.attempt;
        self.attempt += 1;
        let longest = FIRST_WAIT_MS.saturating_mul(1 << attempt.min(5)).min(LONGEST_WAIT_MS);
        let wait = longest / 2 + (random % u128::from(longest / 2 + 1)) as u32;
        self.again = Some(now + Millis::from(wait));
        attempt
    }

    /// Network back or page shown again: do not sit out the wait.
    pub fn hurry(&mut self, now: Millis) {
        if self.again.is_some() {
            (self.attempt, self.again) = (0, Some(now));
        }
    }

    /// Milliseconds until the next attempt.
    pub fn wait(&self, now: Millis) -> u32 {
        self.again.map_or(0, |again| (again - now).max(0) as u32)
    }

    /// What the clock says now. A hidden page's timers are throttled, so this is also asked whenever the page is
    /// shown, the network is back, or a tab that follows asks.
    pub fn look(&self, now: Millis) -> Look {
        match self.again {
            Some(again) if now >= again => Look::Connect,
            Some(_) => Look::Fine,
            None if now - self.heard > SILENCE_MS => Look::Dead,
            None => Look::Fine,
        }
    }
}
