//! Tables of few rows that are found by their key: users, inboxes, accounts, the events of a chat.

use causerie_shared::{
    inbox::{AccountRow, InboxRow},
    row::JourneyRow,
    user::UserRow,
};

/// A row with a key that is unique among its kind.
pub trait Keyed {
    fn key(&self) -> u128;
}

impl Keyed for UserRow {
    fn key(&self) -> u128 {
        self.id.to_u128()
    }
}

impl Keyed for InboxRow {
    fn key(&self) -> u128 {
        self.id.to_u128()
    }
}

impl Keyed for AccountRow {
    fn key(&self) -> u128 {
        self.id.to_u128()
    }
}

impl Keyed for JourneyRow {
    fn key(&self) -> u128 {
        self.version.max(0) as u128
    }
}

/// Rows sorted by their key. A sorted vector compiles to less code than a tree.
#[derive(Debug)]
pub struct Table<T>(Vec<T>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(vec![])
    }
}

impl<T: Keyed> Table<T> {
    fn at(&self, key: u128) -> Result<usize, usize> {
        self.0.binary_search_by(|row| row.key().cmp(&key))
    }

    /// The row of a key.
    pub fn get(&self, key: u128) -> Option<&T> {
        self.0.get(self.at(key).ok()?)
    }

    pub(super) fn get_mut(&mut self, key: u128) -> Option<&mut T> {
        let at = self.at(key).ok()?;
        self.0.get_mut(at)
    }

    pub(super) fn put(&mut self, row: T) {
        match self.at(row.key()) {
            Ok(at) => self.0[at] = row,
            Err(at) => self.0.insert(at, row),
        }
    }

    pub(super) fn remove(&mut self, key: u128) {
        if let Ok(at) = self.at(key) {
            self.0.remove(at);
        }
    }

    /// All rows, sorted by key.
    pub fn all(&self) -> &[T] {
        &self.0
    }
}
