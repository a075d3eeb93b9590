//! The sockets of visitors, and the frames sent to them.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use causerie_shared::{
    conversation::State,
    ids::{ContactId, InboxId, UserId},
    row::ConversationRow,
    widget::WidgetFrame,
};
use tokio::sync::{Notify, mpsc};

use super::chat;
use crate::{commit_events::CommitEvents, conversations::closing};

/// Maximum number of frames that wait for a slow visitor. One more closes the socket.
const QUEUE: usize = 256;

/// Identifies a visitor's socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VisitorId(u64);

struct Visitor {
    contact: Option<ContactId>,
    out: mpsc::Sender<String>,
}

#[derive(Default)]
struct Inner {
    next: u64,
    visitors: HashMap<VisitorId, Visitor>,
    names: HashMap<UserId, String>,
    /// Inboxes in which a place in the queue may have changed.
    moved: BTreeSet<InboxId>,
}

/// The sockets of all visitors on this node.
#[derive(Default)]
pub struct VisitorHub {
    inner: Mutex<Inner>,
    /// Wakes the worker that sends waiting visitors their place.
    pub places_changed: Notify,
}

impl VisitorHub {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn open(&self) -> (VisitorId, mpsc::Receiver<String>) {
        let (out, receiver) = mpsc::channel(QUEUE);
        let mut inner = self.inner();
        inner.next += 1;
        let id = VisitorId(inner.next);
        inner.visitors.insert(id, Visitor { contact: None, out });
        (id, receiver)
    }

    pub(crate) fn close(&self, id: VisitorId) {
        self.inner().visitors.remove(&id);
    }

    /// Subscribes the socket to the chats of this contact.
    pub(crate) fn identify(&self, id: VisitorId, contact: ContactId) {
        if let Some(visitor) = self.inner().visitors.get_mut(&id) {
            visitor.contact = Some(contact);
        }
    }

    /// Whether the visitor has a socket on this node.
    pub fn is_connected(&self, contact: ContactId) -> bool {
        self.inner()
            .visitors
            .values()
            .any(|visitor| visitor.contact == Some(contact))
    }

    /// Returns the contacts that have sockets on this node.
    pub fn contacts(&self) -> HashSet<ContactId> {
        let inner = self.inner();
        inner.visitors.values().filter_map(|visitor| visitor.contact).collect()
    }

    /// Returns the name of an agent.
    pub fn name(&self, user: UserId) -> Option<String> {
        self.inner().names.get(&user).cloned()
    }

    /// Stores names of users.
    pub fn learn(&self, users: impl IntoIterator<Item = (UserId, String)>) {
        self.inner().names.extend(users);
    }

    /// Sends a frame to one socket.
    pub(crate) fn tell(&self, id: VisitorId, frame: &WidgetFrame) {
        let mut inner = self.inner();
        if let Some(visitor) = inner.visitors.get(&id)
            && visitor.out.try_send(chat::encode(frame)).is_err()
        {
            inner.visitors.remove(&id);
        }
    }

    /// Sends a frame to all sockets of a contact.
    pub fn send(&self, contact: ContactId, frame: &WidgetFrame) {
        self.inner().send(contact, frame);
    }

    /// Sends visitors what a transaction changed in their chats.
    pub fn deliver(&self, events: &CommitEvents) {
        let mut inner = self.inner();
        for user in events.users() {
            inner.names.insert(user.id, user.name.clone());
        }
        for head in events.heads() {
            // A message in an assigned chat changes nobody's place in the queue.
            if events.moved(head.id) || matches!(head.state, State::Waiting { .. } | State::Assigning { .. }) {
                inner.moved.insert(head.inbox);
            }
            if !inner.listens(head.contact) {
                continue;
            }
            for message in events.messages_of(head.id) {
                let name = message
                    .row
                    .author
                    .user()
                    .and_then(|user| inner.names.get(&user).cloned());
                let frame = WidgetFrame::Message {
                    message: chat::message(message, name),
                    cursor: head.seq,
                };
                inner.send(head.contact, &frame);
            }
            for row in events.journey_of(head.id) {
                let name = row.user.and_then(|user| inner.names.get(&user).cloned());
                if let Some(message) = chat::system_line(row, name) {
                    inner.send(
                        head.contact,
                        &WidgetFrame::Message {
                            message,
                            cursor: head.seq,
                        },
                    );
                }
            }
            let agent = closing::shown_agent(head).and_then(|user| inner.names.get(&user).cloned());
            // The worker sends the place, because it needs the database.
            let chat = chat::of(head, agent, None, None);
            inner.send(head.contact, &WidgetFrame::Chat { chat });
        }
        drop(inner);
        self.places_changed.notify_one();
    }

    pub(crate) fn take_moved(&self) -> BTreeSet<InboxId> {
        std::mem::take(&mut self.inner().moved)
    }
}

impl Inner {
    fn listens(&self, contact: ContactId) -> bool {
        self.visitors.values().any(|visitor| visitor.contact == Some(contact))
    }

    fn send(&mut self, contact: ContactId, frame: &WidgetFrame) {
        let text = chat::encode(frame);
        self.visitors
            .retain(|_, visitor| visitor.contact != Some(contact) || visitor.out.try_send(text.clone()).is_ok());
    }
}

/// Whether this chat has a place in the queue.
pub(crate) fn waits(head: &ConversationRow) -> bool {
    use causerie_shared::conversation::Status;
    matches!(head.state.status(), Status::Waiting | Status::Assigning)
}
