//! The hub: the connected consoles, and the publication of changes to them.

mod console;
mod documents;
mod mailbox;
mod view;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use causerie_shared::{
    access::{Access, Scope},
    document::DocumentId,
    frame::{ServerFrame, encode},
    ids::{ConversationId, DeviceId, SessionId, UserId},
    refusal::{Code, Refusal},
};
use tokio::sync::Notify;

use crate::{commit_events::CommitEvents, realtime::visitors::hub::VisitorHub};
use console::Console;
pub use mailbox::Mailbox;
use view::{Changed, HIDDEN, View, rows};

/// Maximum number of frames that wait for a socket. A slower socket is closed, and its client catches up by cursor.
const QUEUE: usize = 2048;

/// The id of an open socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SocketId(u64);

/// An item for the socket's task to send.
#[derive(Debug)]
pub enum Outgoing {
    Frame(Bytes),
    /// Send the reason, then close.
    Close(Refusal),
}

#[derive(Default)]
struct Inner {
    next: u64,
    consoles: HashMap<SocketId, Console>,
    /// The last feed number that was published.
    announced: i64,
    /// Commit events that arrived before those with lower feed numbers, by first feed number.
    early: BTreeMap<i64, CommitEvents>,
    /// The versions (epoch and sequence number) of documents that were sent to all their followers.
    sent_versions: HashMap<DocumentId, (u32, i64)>,
}

/// Publishes changes to consoles in the order of the feed.
pub struct Hub {
    inner: Mutex<Inner>,
    /// Wakes the worker for folder counters.
    pub(crate) counts_changed: Notify,
    /// Wakes the worker that rechecks access to contacts' documents.
    pub(crate) recheck: Notify,
    /// Wakes the worker that notifies the other nodes of writes.
    pub(crate) wrote: Notify,
    /// Wakes the worker that reads the feed: another node wrote, or a feed number is missing.
    pub(crate) lagging: Notify,
    /// Wakes the worker that sends deferred frames.
    pub(crate) late: Notify,
}

impl Hub {
    /// Creates a hub that publishes feed numbers after `newest`.
    pub fn new(newest: i64) -> Self {
        Self {
            inner: Mutex::new(Inner {
                announced: newest,
                ..Inner::default()
            }),
            counts_changed: Notify::new(),
            recheck: Notify::new(),
            wrote: Notify::new(),
            lagging: Notify::new(),
            late: Notify::new(),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // After a panic the state is consistent; at worst one frame is missing.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a socket. Its live frames are held back until [`Hub::release`].
    pub fn open(&self, session: SessionId, device: DeviceId, access: Arc<Access>) -> (SocketId, Mailbox) {
        let mut inner = self.inner();
        inner.next += 1;
        let id = SocketId(inner.next);
        let (console, mailbox) = Console::new(session, device, access);
        inner.consoles.insert(id, console);
        (id, mailbox)
    }

    /// Queues the catch-up of a socket, and then the live frames that were held back.
    pub fn release(&self, socket: SocketId, catch_up: Vec<ServerFrame>) {
        let mut inner = self.inner();
        let Some(console) = inner.consoles.get_mut(&socket) else {
            return;
        };
        let held = console.held.take().unwrap_or_default();
        let frames = catch_up.iter().map(|frame| Bytes::from(encode(frame)));
        let all_sent = frames.chain(held).all(|frame| console.send(frame));
        console.flush();
        if !all_sent {
            inner.consoles.remove(&socket);
        }
        drop(inner);
        self.counts_changed.notify_one();
    }

    /// Removes a socket.
    pub fn close(&self, socket: SocketId) {
        self.inner().consoles.remove(&socket);
    }

    /// Whether this user has an open socket on this node.
    pub fn is_connected(&self, user: UserId) -> bool {
        self.inner()
            .consoles
            .values()
            .any(|console| console.access.user == user)
    }

    /// Returns the access of this socket, as it was last computed.
    pub fn access(&self, socket: SocketId) -> Option<Arc<Access>> {
        self.inner()
            .consoles
            .get(&socket)
            .map(|console| Arc::clone(&console.access))
    }

    /// Sends a frame to one socket.
    pub fn send(&self, socket: SocketId, frame: &ServerFrame) {
        let mut inner = self.inner();
        inner.queue(socket, frame);
        inner.flush(socket);
    }

    /// Queues a frame for one socket. It leaves with the next publication, which the caller must make right after.
    pub(crate) fn queue(&self, socket: SocketId, frame: &ServerFrame) {
        self.inner().queue(socket, frame);
    }

    /// Closes the sockets of a sign-in that ended, and tells them why.
    pub fn session_ended(&self, session: SessionId) {
        self.end(|console| console.session == session, "you were signed out");
    }

    /// Returns the user's sockets with their access, as it was last computed, and the documents that they follow.
    pub(crate) fn consoles_of(&self, user: UserId) -> Vec<(SocketId, Arc<Access>, Vec<DocumentId>)> {
        let inner = self.inner();
        let theirs = inner.consoles.iter().filter(|(_, console)| console.access.user == user);
        theirs
            .map(|(id, console)| {
                let followed = console.documents.union(&console.doubtful).copied().collect();
                (*id, Arc::clone(&console.access), followed)
            })
            .collect()
    }

    /// Returns the users with sockets on this node.
    pub(crate) fn users(&self) -> HashSet<UserId> {
        self.inner()
            .consoles
            .values()
            .map(|console| console.access.user)
            .collect()
    }

    fn end(&self, which: impl Fn(&Console) -> bool, why: &str) {
        let mut inner = self.inner();
        let ids: Vec<SocketId> = inner
            .consoles
            .iter()
            .filter(|(_, console)| which(console))
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            if let Some(console) = inner.consoles.remove(&id)
                && !console.bye(Refusal::new(Code::Unauthorized, why))
            {
                tracing::debug!("a socket was gone before it could be told");
            }
        }
    }

    /// Sends an ephemeral frame to the consoles that have a chat open and may read it, except its author.
    pub fn ephemeral(
        &self,
        conversation: ConversationId,
        scope: &Scope,
        frame: &ServerFrame,
        author: Option<SocketId>,
    ) {
        let bytes = Bytes::from(encode(frame));
        self.each(|id, console| {
            let wanted = Some(id) != author && console.follows(conversation) && console.access.reads(scope);
            !wanted || console.send(bytes.clone())
        });
        self.flush();
    }

    /// Flushes queued frames, with one wake-up and one write per socket.
    pub(crate) fn flush(&self) {
        self.inner().consoles.values_mut().for_each(Console::flush);
    }

    /// Flushes queued frames, including deferred ones.
    pub(crate) fn flush_deferred(&self) {
        for console in self.inner().consoles.values_mut() {
            console.immediate |= console.deferred;
            console.flush();
        }
    }

    /// Calls `tell` for each console, and removes those for which it returns `false`, because they are too slow.
    fn each(&self, mut tell: impl FnMut(SocketId, &mut Console) -> bool) {
        self.inner().consoles.retain(|id, console| {
            let keeps_up = tell(*id, console);
            if !keeps_up {
                tracing::warn!(device = %console.device, "a console could not keep up and was closed");
            }
            keeps_up
        });
    }

    /// Returns the last feed number that was published.
    pub fn announced(&self) -> i64 {
        self.inner().announced
    }

    /// Returns the missing feed number for which later commit events wait, if any wait.
    pub(crate) fn gap(&self) -> Option<i64> {
        let inner = self.inner();
        (!inner.early.is_empty()).then_some(inner.announced + 1)
    }

    /// Publishes the changes of a transaction of this node, after those of all transactions that committed before it.
    /// Also flushes frames that were queued before.
    ///
    /// Transactions commit in the order of their feed numbers, but their tasks may call this in another order. A client
    /// whose cursor had passed a missing change would not get the change after a reconnect.
    pub fn announce(&self, events: CommitEvents, visitors: &VisitorHub) {
        if events.span().is_some() {
            self.wrote.notify_one();
        }
        self.publish(events, visitors);
        if self.gap().is_some() {
            self.lagging.notify_one();
        }
    }

    /// Publishes commit events in the order of the feed, whichever node wrote them.
    pub(crate) fn publish(&self, events: CommitEvents, visitors: &VisitorHub) {
        let Some((first, _)) = events.span() else {
            return self.flush();
        };
        let mut inner = self.inner();
        if first > inner.announced {
            inner.early.insert(first, events);
        }
        while let Some(entry) = inner.early.first_entry() {
            let first = *entry.key();
            if first > inner.announced + 1 {
                break;
            }
            let Some((_, events)) = inner.early.pop_first() else {
                break;
            };
            let Some((_, last)) = events.span() else { continue };
            if last <= inner.announced {
                continue;
            }
            inner.announced = last;
            inner.deliver(&events, last);
            visitors.deliver(&events);
        }
        let (mut doubts, mut recount, mut late) = (false, false, false);
        for console in inner.consoles.values_mut() {
            console.flush();
            doubts |= !console.doubtful.is_empty();
            recount |= console.recount;
            late |= console.deferred;
        }
        drop(inner);
        if recount {
            self.counts_changed.notify_one();
        }
        if late {
            self.late.notify_one();
        }
        if doubts {
            self.recheck.notify_one();
        }
    }

    /// Returns the sockets whose folder counters may be old, with their access, and resets their marks.
    pub(crate) fn take_recounts(&self) -> Vec<(SocketId, Arc<Access>)> {
        let mut inner = self.inner();
        let ready = inner
            .consoles
            .iter_mut()
            .filter(|(_, console)| console.held.is_none() && console.recount);
        ready
            .map(|(id, console)| {
                console.recount = false;
                (*id, Arc::clone(&console.access))
            })
            .collect()
    }

    /// Sends folder counters if they differ from those that the socket has.
    pub(crate) fn tell_counts(&self, socket: SocketId, counts: causerie_shared::window::Counts) {
        let mut inner = self.inner();
        let Some(console) = inner.consoles.get_mut(&socket) else {
            return;
        };
        if console.counts == Some(counts) {
            return;
        }
        console.counts = Some(counts);
        inner.queue(socket, &ServerFrame::Counts(counts));
        inner.flush(socket);
    }
}

impl Inner {
    fn queue(&mut self, socket: SocketId, frame: &ServerFrame) {
        if let Some(console) = self.consoles.get_mut(&socket)
            && !console.send(Bytes::from(encode(frame)))
        {
            self.consoles.remove(&socket);
        }
    }

    fn flush(&mut self, socket: SocketId) {
        if let Some(console) = self.consoles.get_mut(&socket) {
            console.flush();
        }
    }

    fn deliver(&mut self, events: &CommitEvents, to: i64) {
        let changed = Changed::of(events);
        // Most sockets see the same rows, so a frame is built and encoded once per distinct mask.
        let mut encoded: HashMap<Vec<u8>, Bytes> = HashMap::new();
        self.consoles.retain(|_, console| {
            let view = View::of(console, events, &changed);
            for revoked in view.revoked {
                if !console.send(Bytes::from(encode(&revoked))) {
                    return false;
                }
            }
            if view.mask.iter().all(|seen| *seen == HIDDEN) {
                return true;
            }
            let late = view.late;
            let frame = encoded.entry(view.mask).or_insert_with_key(|mask| {
                let (upserts, gone) = rows(events, &changed, mask);
                Bytes::from(encode(&ServerFrame::Rows { to, upserts, gone }))
            });
            if late {
                console.send_deferred(frame.clone())
            } else {
                console.send(frame.clone())
            }
        });
    }
}
