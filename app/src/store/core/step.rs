//! The inputs and effects of one event.

use std::collections::HashSet;

use causerie_shared::{Millis, frame::ClientFrame};

use super::Key;
use crate::net::{disk_key::DiskKey, tabs::TabMessage};

/// Time and randomness for one event, and its effects.
pub struct Step<'a> {
    /// The device's clock.
    pub now: Millis,
    /// Returns 128 random bits per call, from the browser's crypto API.
    pub random: &'a mut dyn FnMut() -> u128,
    pub effects: Effects,
}

/// What the engine has to do after an event.
#[derive(Debug, Default)]
pub struct Effects {
    /// Frames to send, in order. The engine sends them only while the socket is open.
    pub frames: Vec<ClientFrame>,
    /// Keys to write, whose values the engine gets from [`super::Core::stored`] when it writes, or (`true`) to delete.
    /// Of several entries of a key only the last counts: see [`lasting`].
    pub writes: Vec<(DiskKey, bool)>,
    /// Copies to delete before anything is written, because space is needed.
    pub evict: Vec<DiskKey>,
    /// Whether to write all dirty keys now, in one transaction, because they contain the user's work.
    pub urgent: bool,
    /// Keys to read; the answer is [`super::Event::Loaded`].
    pub load: Vec<DiskKey>,
    /// Whether to empty all stores of copies ([`crate::net::disk_key::CACHES`]) before anything is written.
    pub clear: bool,
    /// Messages for the other tabs.
    pub words: Vec<TabMessage>,
    /// Signals to update.
    pub changed: HashSet<Key>,
    /// Whether to update all signals, because the whole copy was read or dropped.
    pub all_changed: bool,
    /// Whether to close the socket without reconnecting.
    pub hang_up: bool,
}

/// Keeps only the last write of each key, in order.
pub fn lasting(writes: Vec<(DiskKey, bool)>) -> Vec<(DiskKey, bool)> {
    let mut seen = HashSet::new();
    let mut last: Vec<_> = writes.into_iter().rev().filter(|(key, _)| seen.insert(*key)).collect();
    last.reverse();
    last
}

impl<'a> Step<'a> {
    pub fn new(now: Millis, random: &'a mut dyn FnMut() -> u128) -> Self {
        Self {
            now,
            random,
            effects: Effects::default(),
        }
    }

    pub(super) fn changed(&mut self, key: Key) {
        self.effects.changed.insert(key);
    }

    pub(super) fn dirty(&mut self, key: DiskKey) {
        self.effects.writes.push((key, false));
    }

    /// Deletes `key` with the next write.
    pub(super) fn erase(&mut self, key: DiskKey) {
        self.effects.writes.push((key, true));
    }

    /// Writes `key` at once.
    pub(super) fn keep(&mut self, key: DiskKey) {
        self.dirty(key);
        self.effects.urgent = true;
    }

    pub(super) fn send(&mut self, frame: ClientFrame) {
        self.effects.frames.push(frame);
    }

    pub(super) fn random(&mut self) -> u128 {
        (self.random)()
    }

    pub(super) fn actor(&mut self) -> [u8; 16] {
        self.random().to_be_bytes()
    }
}
