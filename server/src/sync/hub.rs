//! The hub: who is connected, and what each of them may be told.

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
    row::{Gone, Head, Row},
};
use tokio::sync::{Notify, mpsc};

use super::News;
use crate::{http::widget::hub::VisitorHub, store::feed::FeedKind};

/// Frames that may wait for a slow socket; one more and it is closed, to catch up by cursor later.
const QUEUE: usize = 2048;

/// A socket, for as long as it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SocketId(u64);

/// What the socket's task sends.
#[derive(Debug)]
pub enum Outgoing {
    Frame(Bytes),
    /// Say why, then close.
    Close(Refusal),
}

struct Console {
    session: SessionId,
    device: DeviceId,
    access: Arc<Access>,
    out: mpsc::Sender<Outgoing>,
    /// Live frames wait here until the catch-up was sent.
    held: Option<Vec<Bytes>>,
    documents: HashSet<DocumentId>,
    counts: Option<causerie_shared::window::Counts>,
    /// A chat that this console may see changed its state, so its counters may be old.
    recount: bool,
}

impl Console {
    /// `false` when the socket cannot keep up.
    fn send(&mut self, frame: Bytes) -> bool {
        if let Some(held) = &mut self.held {
            held.push(frame);
            return held.len() <= QUEUE;
        }
        self.out.try_send(Outgoing::Frame(frame)).is_ok()
    }

    fn follows(&self, conversation: ConversationId) -> bool {
        self.documents
            .iter()
            .any(|document| matches!(document, DocumentId::Timeline(id, _) if *id == conversation))
    }
}

#[derive(Default)]
struct Inner {
    next: u64,
    consoles: HashMap<SocketId, Console>,
    /// Everything up to here was announced.
    announced: i64,
    /// Announcements that came before their predecessors, by first feed number.
    early: BTreeMap<i64, News>,
}

/// Tells consoles what changed, in the order of the feed.
pub struct Hub {
    inner: Mutex<Inner>,
    /// Wakes the counters' worker.
    pub(super) counts_changed: Notify,
}

impl Hub {
    /// A hub that has announced everything up to `newest`.
    pub fn new(newest: i64) -> Self {
        Self {
            inner: Mutex::new(Inner {
                announced: newest,
                ..Inner::default()
            }),
            counts_changed: Notify::new(),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A panic while holding the lock leaves a consistent list at worst one frame short.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a socket. Its live frames are held until [`Hub::release`].
    pub fn open(
        &self,
        session: SessionId,
        device: DeviceId,
        access: Arc<Access>,
    ) -> (SocketId, mpsc::Receiver<Outgoing>) {
        let (out, receiver) = mpsc::channel(QUEUE);
        let mut inner = self.inner();
        inner.next += 1;
        let id = SocketId(inner.next);
        let console = Console {
            session,
            device,
            access,
            out,
            held: Some(vec![]),
            documents: HashSet::new(),
            counts: None,
            recount: true,
        };
        inner.consoles.insert(id, console);
        (id, receiver)
    }

    /// The catch-up was sent: live frames follow it.
    pub fn release(&self, socket: SocketId, catch_up: Vec<ServerFrame>) {
        let mut inner = self.inner();
        let Some(console) = inner.consoles.get_mut(&socket) else {
            return;
        };
        let held = console.held.take().unwrap_or_default();
        let frames = catch_up.iter().map(|frame| Bytes::from(encode(frame)));
        let all_sent = frames
            .chain(held)
            .all(|frame| console.out.try_send(Outgoing::Frame(frame)).is_ok());
        if !all_sent {
            inner.consoles.remove(&socket);
        }
        drop(inner);
        self.counts_changed.notify_one();
    }

    /// Forgets a socket.
    pub fn close(&self, socket: SocketId) {
        self.inner().consoles.remove(&socket);
    }

    /// Has this user any open socket?
    pub fn is_connected(&self, user: UserId) -> bool {
        self.inner()
            .consoles
            .values()
            .any(|console| console.access.user == user)
    }

    /// What this socket may see, as it was computed last.
    pub fn access(&self, socket: SocketId) -> Option<Arc<Access>> {
        self.inner()
            .consoles
            .get(&socket)
            .map(|console| Arc::clone(&console.access))
    }

    /// A frame for one socket.
    pub fn send(&self, socket: SocketId, frame: &ServerFrame) {
        let bytes = Bytes::from(encode(frame));
        let mut inner = self.inner();
        if let Some(console) = inner.consoles.get_mut(&socket)
            && !console.send(bytes)
        {
            inner.consoles.remove(&socket);
        }
    }

    /// The session was ended: its sockets say so and close.
    pub fn session_ended(&self, session: SessionId) {
        self.end(|console| console.session == session, "you were signed out");
    }

    /// What the user may see has changed: sockets close and come back with the new grants.
    pub fn grants_changed(&self, user: UserId) {
        let mut inner = self.inner();
        inner.consoles.retain(|_, console| console.access.user != user);
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
                && console
                    .out
                    .try_send(Outgoing::Close(Refusal::new(Code::Unauthorized, why)))
                    .is_err()
            {
                tracing::debug!("a socket was gone before it could be told");
            }
        }
    }

    /// From now on the socket gets this document's changes.
    pub fn follow(&self, socket: SocketId, document: DocumentId) {
        if let Some(console) = self.inner().consoles.get_mut(&socket) {
            console.documents.insert(document);
        }
    }

    /// The socket needs the document no longer.
    pub fn unfollow(&self, socket: SocketId, document: DocumentId) {
        if let Some(console) = self.inner().consoles.get_mut(&socket) {
            console.documents.remove(&document);
        }
    }

    /// A document changed: everyone who has it open and may (still) read it gets the frame, but its author.
    pub fn document_changed(
        &self,
        document: DocumentId,
        frame: &ServerFrame,
        scope: Option<&Scope>,
        author: Option<SocketId>,
    ) {
        let bytes = Bytes::from(encode(frame));
        self.each(|id, console| {
            let wanted = Some(id) != author && console.documents.contains(&document);
            let allowed = scope.is_none_or(|scope| console.access.reads(scope));
            !(wanted && allowed) || console.send(bytes.clone())
        });
    }

    /// A short-lived frame for all who have a chat open and may read it, but its author.
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
    }

    /// Runs on every socket; one for which it returns `false` is too slow and is closed.
    fn each(&self, mut tell: impl FnMut(SocketId, &mut Console) -> bool) {
        self.inner().consoles.retain(|id, console| {
            let keeps_up = tell(*id, console);
            if !keeps_up {
                tracing::warn!(device = %console.device, "a console could not keep up and was closed");
            }
            keeps_up
        });
    }

    /// The last feed number that was announced.
    pub fn announced(&self) -> i64 {
        self.inner().announced
    }

    /// The feed number for which later announcements wait, if any do.
    pub(super) fn gap(&self) -> Option<i64> {
        let inner = self.inner();
        (!inner.early.is_empty()).then_some(inner.announced + 1)
    }

    /// Announces what a transaction changed, after all that was committed before it.
    ///
    /// Transactions commit in the order of their feed numbers, but their tasks may get here in another one;
    /// a client whose cursor had overtaken a change would miss it after a reconnect.
    pub fn announce(&self, news: News, visitors: &VisitorHub) {
        let Some((first, _)) = news.span() else { return };
        let mut inner = self.inner();
        if first > inner.announced {
            inner.early.insert(first, news);
        }
        while let Some(entry) = inner.early.first_entry() {
            let first = *entry.key();
            if first > inner.announced + 1 {
                break;
            }
            let Some((_, news)) = inner.early.pop_first() else {
                break;
            };
            let Some((_, last)) = news.span() else { continue };
            if last <= inner.announced {
                continue;
            }
            inner.announced = last;
            inner.deliver(&news, last);
            visitors.deliver(&news);
        }
        drop(inner);
        self.counts_changed.notify_one();
    }

    /// Sockets whose counters may be old, with their users; asked once by the counters' worker.
    pub(super) fn take_recounts(&self) -> Vec<(SocketId, Arc<Access>)> {
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

    /// Sends counters if they differ from what the socket has.
    pub(super) fn tell_counts(&self, socket: SocketId, counts: causerie_shared::window::Counts) {
        let mut inner = self.inner();
        let Some(console) = inner.consoles.get_mut(&socket) else {
            return;
        };
        if console.counts == Some(counts) {
            return;
        }
        console.counts = Some(counts);
        if !console.send(Bytes::from(encode(&ServerFrame::Counts(counts)))) {
            inner.consoles.remove(&socket);
        }
    }
}

impl Inner {
    fn deliver(&mut self, news: &News, to: i64) {
        let changed = Changed::of(news);
        // Most sockets see the same: rows are put together and encoded once for each combination of rights.
        let mut encoded: HashMap<Vec<u8>, Bytes> = HashMap::new();
        self.consoles.retain(|_, console| {
            let view = View::of(console, news, &changed);
            for revoked in view.revoked {
                if !console.send(Bytes::from(encode(&revoked))) {
                    return false;
                }
            }
            if view.mask.iter().all(|seen| *seen == HIDDEN) {
                return true;
            }
            let frame = encoded.entry(view.mask).or_insert_with_key(|mask| {
                let (upserts, gone) = rows(news, &changed, mask);
                Bytes::from(encode(&ServerFrame::Rows { to, upserts, gone }))
            });
            console.send(frame.clone())
        });
    }
}

/// A conversation of the news, with who could read it before and who can now.
struct Changed<'a> {
    head: &'a Head,
    before: Option<&'a Scope>,
    after: Option<&'a Scope>,
    moved: bool,
}

impl<'a> Changed<'a> {
    fn of(news: &'a News) -> Vec<Self> {
        let changed = news.heads.iter().map(|(id, head)| {
            let name = id.to_string();
            let mut entries = news
                .entries
                .iter()
                .filter(|entry| entry.kind == FeedKind::Conversation && entry.row_id == name);
            let first = entries.next();
            let last = entries.next_back().or(first);
            Self {
                head,
                before: first.and_then(|entry| entry.before.as_ref()),
                after: last.and_then(|entry| entry.after.as_ref()),
                moved: news.moved(*id),
            }
        });
        changed.collect()
    }
}

/// What a console is told of a row of the news.
const HIDDEN: u8 = 0;
const SEEN: u8 = 1;
/// It could see the chat and cannot now.
const GONE: u8 = 2;
/// The same, and it may know who took the chat.
const TAKEN: u8 = 3;

/// What one console is told of the news. Equal masks mean equal frames: a byte for each row of the news, in the
/// order of [`rows`].
struct View {
    mask: Vec<u8>,
    revoked: Vec<ServerFrame>,
}

/// The rows that a mask shows.
fn rows(news: &News, changed: &[Changed<'_>], mask: &[u8]) -> (Vec<Row>, Vec<Gone>) {
    let (mut upserts, mut gone) = (vec![], vec![]);
    for (changed, seen) in changed.iter().zip(mask) {
        let taken_by = (*seen == TAKEN).then(|| changed.head.state.agent()).flatten();
        match *seen {
            HIDDEN => {}
            SEEN => upserts.push(Row::Head(Box::new(changed.head.clone()))),
            _ => gone.push(Gone::Conversation {
                id: changed.head.id,
                taken_by,
            }),
        }
    }
    let messages = news.messages.iter().map(|message| Row::Message(message.row.clone()));
    let journey = news.journey.iter().map(|row| Row::Journey(row.clone()));
    let users = news.users.iter().map(|user| Row::User(user.clone()));
    let inboxes = news.inbox_rows.iter().map(|inbox| Row::Inbox(inbox.clone()));
    let accounts = news.accounts.iter().map(|account| Row::Account(account.clone()));
    let others = messages.chain(journey).chain(users).chain(inboxes).chain(accounts);
    let seen = mask.iter().skip(changed.len()).map(|seen| *seen == SEEN);
    upserts.extend(others.zip(seen).filter_map(|(row, seen)| seen.then_some(row)));
    (upserts, gone)
}

impl View {
    fn of(console: &mut Console, news: &News, changed: &[Changed<'_>]) -> Self {
        let access = Arc::clone(&console.access);
        let mut view = Self {
            mask: vec![],
            revoked: vec![],
        };
        for Changed {
            head,
            before,
            after,
            moved,
        } in changed
        {
            let sees = after.is_some_and(|scope| access.reads(scope));
            let concerns = sees || before.is_some_and(|scope| access.reads(scope));
            console.recount |= concerns && *moved;
            if sees {
                view.mask.push(SEEN);
            } else if concerns {
                // Members of the inbox may know who took a chat from their queue.
                let taken = head.state.agent().is_some() && access.is_member(head.inbox);
                view.mask.push(if taken { TAKEN } else { GONE });
                view.revoke(console, head);
            } else {
                view.mask.push(HIDDEN);
            }
        }
        let heads = view.mask.clone();
        let follows = |conversation| {
            let seen = changed
                .iter()
                .zip(&heads)
                .any(|(c, seen)| c.head.id == conversation && *seen == SEEN);
            seen && console.follows(conversation)
        };
        let messages = news.messages.iter().map(|message| follows(message.row.conversation));
        let journey = news.journey.iter().map(|row| follows(row.conversation));
        let users = news.users.iter().map(|_| true);
        let inboxes = news.inbox_rows.iter().map(|inbox| access.sees_inbox(inbox.id));
        let accounts = news.accounts.iter().map(|account| access.sees_inbox(account.inbox));
        let others = messages.chain(journey).chain(users).chain(inboxes).chain(accounts);
        view.mask.extend(others.map(u8::from));
        view
    }

    /// The chat's documents go with it, in the same breath; so do profile and notes of its contact, which a
    /// client that may see them through another chat opens again.
    fn revoke(&mut self, console: &mut Console, head: &Head) {
        let belongs = |document: &DocumentId| match document {
            DocumentId::Timeline(id, _) | DocumentId::Discussion(id) | DocumentId::Draft(id) => *id == head.id,
            DocumentId::Contact(contact) | DocumentId::Notes(contact) => *contact == head.contact,
        };
        let documents: Vec<DocumentId> = console.documents.extract_if(belongs).collect();
        if !documents.is_empty() {
            self.revoked.push(ServerFrame::Revoked {
                documents,
                inboxes: vec![],
            });
        }
    }
}
