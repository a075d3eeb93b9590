//! What the server acknowledged to its clients.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use causerie_shared::ids::{ConversationId, MessageId};
use tokio::{sync::watch, time::timeout};

use crate::wait::TIMEOUT;

/// Where a message is, according to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) id: MessageId,
    /// The message's position. Visitors get it with the acknowledgement; agents would learn it only from rows.
    pub(super) position: Option<i64>,
}

/// Everything that was acknowledged so far.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// Acknowledged messages by text, which is `<author>-<number>` and never used twice.
    pub(super) said: HashMap<String, Place>,
    /// Texts that were refused and not sent again.
    pub(super) refused: HashSet<String>,
    pub(super) ended: Vec<ConversationId>,
}

/// The book, shared by all clients.
pub(super) struct Ledger {
    book: Mutex<Book>,
    count: watch::Sender<u64>,
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            book: Mutex::default(),
            count: watch::Sender::new(0),
        }
    }
}

impl Ledger {
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that a message is stored. A repeated acknowledgement must name the same place.
    pub(super) fn said(&self, text: String, place: Place) {
        let known = self.book().said.insert(text.clone(), place);
        assert!(
            known.is_none_or(|known| known == place),
            "{text} was acknowledged as {known:?}, then as {place:?}"
        );
        self.count.send_modify(|count| *count += 1);
    }

    pub(super) fn refused(&self, text: String) {
        self.book().refused.insert(text);
    }

    pub(super) fn ended(&self, conversation: ConversationId) {
        self.book().ended.push(conversation);
    }

    /// The number of acknowledgements so far.
    pub(super) fn count(&self) -> u64 {
        *self.count.borrow()
    }

    /// Waits until there are `count` acknowledgements.
    pub(super) async fn reaches(&self, count: u64) {
        let mut counted = self.count.subscribe();
        let reached = timeout(TIMEOUT, counted.wait_for(|now| *now >= count)).await;
        assert!(reached.is_ok(), "nobody is told any more that something is stored");
    }
}
