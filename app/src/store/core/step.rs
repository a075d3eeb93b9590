//! What one event brings with it and what comes out of it.

use std::collections::HashSet;

use causerie_shared::{Millis, frame::ClientFrame};

use super::{DiskKey, Key, Word};

/// Time and randomness for one event, and the place for its effects.
pub struct Step<'a> {
    /// The device's clock.
    pub now: Millis,
    /// 128 random bits a call, from the browser's crypto.
    pub random: &'a mut dyn FnMut() -> u128,
    pub effects: Effects,
}

/// What the edge has to do after an event.
#[derive(Debug, Default)]
pub struct Effects {
    /// To send, in order. Only filled while the socket is open.
    pub frames: Vec<ClientFrame>,
    /// To write behind, where the edge asks [`super::Core::stored`] for the value when it writes, or (`true`) to
    /// delete. Of a key only the last counts: see [`lasting`].
    pub writes: Vec<(DiskKey, bool)>,
    /// Copies to give up at once, before anything is written: room is needed.
    pub evict: Vec<DiskKey>,
    /// Write now, all that is dirty in one transaction: something a person did is in it.
    pub urgent: bool,
    /// To read; the answer is [`super::Event::Loaded`].
    pub load: Vec<DiskKey>,
    /// Before anything is written, empty all stores of copies ([`super::DISK_CACHES`]).
    pub clear: bool,
    /// For the other tabs.
    pub words: Vec<Word>,
    /// Signals to wake.
    pub changed: HashSet<Key>,
    /// Wake all signals: the whole copy was read or dropped.
    pub all_changed: bool,
    /// Close the socket and do not come back by itself.
    pub hang_up: bool,
}

/// Of several writes of a key the last, in order.
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

    /// Deletes `key`.
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
