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
const MAX_QUEUED: usize = 256;

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
    /// The sockets of each contact, so that a change finds its visitor without a look at all others.
    by_contact: HashMap<ContactId, HashSet<VisitorId>>,
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
        let (out, receiver) = mpsc::channel(MAX_QUEUED);
        let mut inner = self.inner();
        inner.next += 1;
        let id = VisitorId(inner.next);
        inner.visitors.insert(id, Visitor { contact: None, out });
        (id, receiver)
    }

    pub(crate) fn close(&self, id: VisitorId) {
        self.inner().remove(id);
    }

    /// Subscribes the socket to the chats of this contact.
    pub(crate) fn identify(&self, id: VisitorId, contact: ContactId) {
        let mut inner = self.inner();
        let Some(visitor) = inner.visitors.get_mut(&id) else {
            return;
        };
        let before = visitor.contact.replace(contact);
        if before == Some(contact) {
            return;
        }
        if let Some(before) = before {
            inner.forget(before, id);
        }
        inner.by_contact.entry(contact).or_default().insert(id);
    }

    /// Whether the visitor has a socket on this node.
    pub fn is_connected(&self, contact: ContactId) -> bool {
        self.inner().listens(contact)
    }

    /// Returns the contacts that have sockets on this node.
    pub fn contacts(&self) -> HashSet<ContactId> {
        self.inner().by_contact.keys().copied().collect()
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
            inner.remove(id);
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
        self.by_contact.contains_key(&contact)
    }

    fn send(&mut self, contact: ContactId, frame: &WidgetFrame) {
        let Some(sockets) = self.by_contact.get(&contact) else {
            return;
        };
        let text = chat::encode(frame);
        let keeps_up = |id: &VisitorId| {
            let visitor = self.visitors.get(id);
            visitor.is_some_and(|visitor| visitor.out.try_send(text.clone()).is_ok())
        };
        let slow: Vec<VisitorId> = sockets.iter().filter(|id| !keeps_up(id)).copied().collect();
        for id in slow {
            self.remove(id);
        }
    }

    fn remove(&mut self, id: VisitorId) {
        if let Some(contact) = self.visitors.remove(&id).and_then(|visitor| visitor.contact) {
            self.forget(contact, id);
        }
    }

    /// Removes a socket from those of a contact.
    fn forget(&mut self, contact: ContactId, id: VisitorId) {
        if let Some(sockets) = self.by_contact.get_mut(&contact) {
            sockets.remove(&id);
            if sockets.is_empty() {
                self.by_contact.remove(&contact);
            }
        }
    }
}

/// Whether this chat has a place in the queue.
pub(crate) fn waits(head: &ConversationRow) -> bool {
    use causerie_shared::conversation::Status;
    matches!(head.state.status(), Status::Waiting | Status::Assigning)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typing() -> WidgetFrame {
        WidgetFrame::Typing { on: true, name: None }
    }

    #[test]
    fn a_frame_reaches_all_sockets_of_its_contact_and_no_others() {
        let hub = VisitorHub::default();
        let (vera, ben) = (ContactId::from_u128(1), ContactId::from_u128(2));
        let (first, mut at_first) = hub.open();
        let (second, mut at_second) = hub.open();
        let (other, mut at_other) = hub.open();
        let (_, mut at_unknown) = hub.open();
        hub.identify(first, vera);
        hub.identify(second, vera);
        hub.identify(other, ben);
        hub.send(vera, &typing());
        assert!(at_first.try_recv().is_ok() && at_second.try_recv().is_ok());
        assert!(at_other.try_recv().is_err() && at_unknown.try_recv().is_err());
        assert_eq!(hub.contacts(), HashSet::from([vera, ben]));
    }

    #[test]
    fn a_contact_is_connected_until_the_last_socket_closes() {
        let hub = VisitorHub::default();
        let vera = ContactId::from_u128(1);
        let (first, _at_first) = hub.open();
        let (second, _at_second) = hub.open();
        hub.identify(first, vera);
        hub.identify(second, vera);
        hub.close(first);
        assert!(hub.is_connected(vera));
        hub.close(second);
        assert!(!hub.is_connected(vera));
        assert!(hub.inner().by_contact.is_empty(), "nothing is kept of who left");
    }

    #[test]
    fn a_socket_that_becomes_another_contacts_gets_only_that_ones_frames() {
        let hub = VisitorHub::default();
        let (vera, ben) = (ContactId::from_u128(1), ContactId::from_u128(2));
        let (socket, mut frames) = hub.open();
        hub.identify(socket, vera);
        hub.identify(socket, ben);
        hub.send(vera, &typing());
        assert!(frames.try_recv().is_err());
        assert!(!hub.is_connected(vera));
        hub.send(ben, &typing());
        assert!(frames.try_recv().is_ok());
    }

    #[test]
    fn a_socket_that_cannot_keep_up_is_closed() {
        let hub = VisitorHub::default();
        let vera = ContactId::from_u128(1);
        let (socket, _unread) = hub.open();
        hub.identify(socket, vera);
        for _ in 0..=MAX_QUEUED {
            hub.send(vera, &typing());
        }
        assert!(!hub.is_connected(vera));
    }
}
