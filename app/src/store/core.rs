//! The store without a browser: it takes events and the user's actions, and returns effects. Clock and randomness are
//! parameters, and it uses neither socket nor disk, so its tests run natively.

mod commands;
mod copies;
mod disk;
mod document;
mod documents;
mod drafts;
mod event;
mod intents;
mod link;
mod lists;
mod outbox;
mod outcomes;
mod presence;
mod replica;
mod rows;
mod select;
mod stale_replies;
mod step;
mod table;
mod tabs;
mod thread;

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use causerie_shared::{
    Millis,
    access::Access,
    document::DocumentId,
    frame::Command,
    ids::{ConversationId, DeviceId, IntentId, UserId},
    inbox::{AccountRow, InboxRow},
    intent::Queued,
    refusal::{Code, Refusal},
    row::ConversationRow,
    user::{Me, UserRow},
    window::{Counts, Folder, List},
};

pub use disk::Stored;
pub use document::{DOCUMENTS, Documents};
pub use event::{Act, Event, Key};
pub use step::{Effects, Step, lasting};
pub use table::Table;
pub use tabs::is_shared;

use super::view::{Notice, NoticeBody, Session};
use crate::net::disk_key::DiskKey;
use copies::CachedDocument;
use link::LinkState;
use lists::WindowState;
use presence::{Caret, Present, SentCaret};
use replica::Replica;
use thread::Timeline;

/// The state of the console.
#[derive(Debug)]
pub struct Core {
    pub session: Session,
    pub me: Option<Me>,
    pub farewell: Option<Refusal>,
    /// By id.
    pub users: Table<UserRow>,
    pub inboxes: Table<InboxRow>,
    pub accounts: Table<AccountRow>,
    pub drafts: HashMap<ConversationId, String>,
    /// Drafts for internal discussions.
    pub discussion_drafts: HashMap<ConversationId, String>,
    pub notices: Vec<Notice>,
    /// Contacts who are typing, and until when the mark is valid.
    pub typing: HashMap<ConversationId, Millis>,
    /// Whether the browser's storage is full, so that copies were dropped in favour of unsent work and drafts.
    pub storage_full: bool,
    access: Option<Access>,
    device: Option<DeviceId>,
    line: LinkState,
    /// The server's clock minus this device's.
    offset: Millis,
    as_of: Option<Millis>,
    /// The last feed number. With it the server sends only later changes.
    cursor: Option<i64>,
    /// Fingerprint of the access that the copy was made under, from the last `Welcome`.
    grants: u64,
    counts: Counts,
    heads: HashMap<ConversationId, ConversationRow>,
    lists: Vec<(List, WindowState)>,
    /// The list that was last in view.
    in_view: List,
    /// After a `Reset`: rows that the server has not sent again yet.
    stale: HashSet<ConversationId>,
    threads: HashMap<ConversationId, Timeline>,
    replicas: HashMap<DocumentId, Replica>,
    /// Documents that the server does not let the user read; asked for again after a change that may permit it.
    denied: HashSet<DocumentId>,
    /// Keys of documents and threads that are being read from the disk.
    loading: HashSet<DiskKey>,
    /// Intents in the order in which they were made.
    outbox: Vec<Queued>,
    open: Option<ConversationId>,
    /// Commands without an outcome yet.
    asked: HashMap<IntentId, Command>,
    /// Read receipts that wait for the connection.
    seen_later: Vec<(ConversationId, i64)>,
    /// Intents that were sent at least once: the server may have them, so they are not taken back.
    tried: HashSet<IntentId>,
    /// Intents that are no longer allowed, while the server is asked whether it has them. The refusal is shown if not.
    doubted: HashMap<IntentId, Refusal>,
    /// When this agent's typing was last sent, by conversation.
    told_typing: HashMap<ConversationId, Millis>,
    /// When the mark that the open chat is in view was last sent.
    told_viewing: Millis,
    present: HashMap<(ConversationId, UserId), Present>,
    /// Colleagues' carets in notes.
    carets: Vec<Caret>,
    /// The user's own caret, as last sent.
    told_caret: Option<SentCaret>,
    /// Position of the newest message when the current draft was begun.
    began: HashMap<ConversationId, i64>,
    /// Drafts typed here and not shared yet, with the time of the last change.
    typed: HashMap<ConversationId, Millis>,
    /// Drafts that another tab has typed and not shared yet.
    typed_elsewhere: HashSet<ConversationId>,
    /// Drafts whose document has been shown.
    known_drafts: HashSet<ConversationId>,
    /// Whether the changes made while the connection was down have arrived.
    caught_up: bool,
    /// Whether this tab leads: it owns the connection.
    leads: bool,
    /// Documents that other tabs follow through this one, with the tab's number.
    elsewhere: Vec<(DocumentId, u64)>,
    /// Documents on the disk.
    copies: Vec<CachedDocument>,
    /// Whether copies were used since the list was last stored.
    copies_moved: bool,
    /// When the copies were last checked.
    copies_looked: Millis,
    /// Whether the disk has room only for unsent work and drafts.
    no_copies: bool,
    /// The number of rows from which the next check forgets some.
    most_rows: usize,
    /// Number of intents on the disk that this version cannot read.
    unreadable: usize,
    /// Corrected time of the current event.
    clock: Millis,
    /// Time of the newest intent. The next one is later, so that ids keep the order of the actions.
    last_at: Millis,
    last_notice: u64,
    booted: bool,
}

impl Core {
    /// Creates an empty store.
    pub fn new(now: Millis) -> Self {
        Self {
            session: Session::Starting,
            me: None,
            farewell: None,
            users: Table::default(),
            inboxes: Table::default(),
            accounts: Table::default(),
            drafts: HashMap::new(),
            discussion_drafts: HashMap::new(),
            notices: vec![],
            typing: HashMap::new(),
            storage_full: false,
            access: None,
            device: None,
            line: LinkState::down(now),
            offset: 0,
            as_of: None,
            cursor: None,
            grants: 0,
            counts: Counts::default(),
            heads: HashMap::new(),
            lists: Folder::ALL
                .into_iter()
                .map(|folder| (List::of(folder), WindowState::default()))
                .collect(),
            in_view: List::of(Folder::Mine),
            stale: HashSet::new(),
            threads: HashMap::new(),
            replicas: HashMap::new(),
            denied: HashSet::new(),
            loading: HashSet::new(),
            outbox: vec![],
            open: None,
            asked: HashMap::new(),
            seen_later: vec![],
            tried: HashSet::new(),
            doubted: HashMap::new(),
            told_typing: HashMap::new(),
            told_viewing: 0,
            present: HashMap::new(),
            carets: vec![],
            told_caret: None,
            began: HashMap::new(),
            typed: HashMap::new(),
            typed_elsewhere: HashSet::new(),
            known_drafts: HashSet::new(),
            caught_up: false,
            leads: true,
            elsewhere: vec![],
            copies: vec![],
            copies_moved: false,
            copies_looked: now,
            no_copies: false,
            most_rows: 0,
            unreadable: 0,
            clock: now,
            last_at: 0,
            last_notice: 0,
            booted: false,
        }
    }

    /// Processes an event.
    pub fn handle(&mut self, step: &mut Step<'_>, event: Event) {
        self.clock = self.now(step);
        match event {
            Event::Boot(stored) => self.boot(step, stored),
            Event::Opened => self.opened(step),
            Event::Closed => self.closed(step),
            Event::Frame(frame) => self.frame(step, frame),
            Event::OtherSchema => self.bye(step, Refusal::new(Code::Schema, "the server is of another version")),
            Event::Follow => self.begin_to_follow(),
            Event::Lead(stored) => self.take_over(step, stored),
            Event::Word(word) => self.word(step, word),
            Event::Changed(found) => self.changed_elsewhere(step, found),
            Event::Loaded(documents, found) => self.loaded(step, documents, found),
            Event::Tick => self.tick(step),
            Event::DiskFailed(text) => self.notify(step, NoticeBody::Storage { text }),
            Event::DiskFull(writes) => self.disk_full(step, writes),
        }
        self.settle(step);
    }

    /// Performs a user's action.
    pub fn act(&mut self, step: &mut Step<'_>, act: Act) {
        self.clock = self.now(step);
        match act {
            Act::Open(id) => self.show(step, id),
            Act::Look(list, from, to) => self.look(step, list, from, to),
            Act::Earlier(id) => self.earlier(step, id),
            Act::SetDraft(id, text) => self.set_draft(step, id, text),
            Act::SetDiscussionDraft(id, text) => self.set_discussion_draft(step, id, text),
            Act::Typing(id, on) => self.tell_typing(step, id, on),
            Act::Caret(contact, note, at) => self.tell_caret(step, contact, note, at),
            Act::Highlight(contact, note, on) => self.highlight(step, contact, note, on),
            Act::Retry(intent) => self.retry(step, intent),
            Act::Discard(intent) => self.discard(step, intent),
            Act::SendAnyway(intent) => self.send_anyway(step, intent),
            Act::Command(command) => self.command(step, command),
            Act::Dismiss(notice) => {
                self.notices.retain(|known| known.id != notice);
                step.changed(Key::Notices);
            }
        }
        self.settle(step);
    }

    /// Starts the session of a signed-in user; `me` comes from the device or the server.
    pub fn enter(&mut self, step: &mut Step<'_>, me: Me) {
        self.session = Session::SignedIn;
        self.farewell = None;
        step.changed(Key::Session);
        step.changed(Key::Connection);
        self.set_me(step, me);
        self.settle(step);
    }

    /// Records that the server no longer accepts the sign-in. Local data is kept: a dialog ([`Session::Expired`]) or,
    /// at the start, the page ([`Session::SignedOut`]) asks the user to sign in again.
    pub fn expire(&mut self, step: &mut Step<'_>, session: Session) {
        self.session = session;
        step.changed(Key::Session);
    }

    /// Whether this tab owns the connection to the server; other tabs follow it.
    pub fn leads(&self) -> bool {
        self.leads
    }

    /// Whether the local copy has been read.
    pub fn booted(&self) -> bool {
        self.booted
    }

    /// Clears the store after a sign-out; only the sign-in page remains.
    pub fn leave(&mut self, step: &mut Step<'_>) {
        *self = Self::new(step.now);
        self.session = Session::SignedOut;
        step.effects.all_changed = true;
    }

    /// The time corrected by the server's clock.
    fn now(&self, step: &Step<'_>) -> Millis {
        step.now + self.offset
    }

    /// Returns a time for a new intent, later than all earlier ones.
    fn stamp(&mut self, step: &Step<'_>) -> Millis {
        self.last_at = self.now(step).max(self.last_at + 1);
        self.last_at
    }

    /// The server's clock minus this device's.
    pub fn offset(&self) -> Millis {
        self.offset
    }

    fn notify(&mut self, step: &mut Step<'_>, body: NoticeBody) {
        self.last_notice += 1;
        let at = self.now(step);
        self.notices.push(Notice {
            id: self.last_notice,
            at,
            body,
        });
        step.changed(Key::Notices);
    }

    /// Runs after every event: follows the right documents, then sends what can be sent.
    fn settle(&mut self, step: &mut Step<'_>) {
        if !self.booted || self.session == Session::SignedOut {
            return;
        }
        self.follow(step);
        self.drain(step);
        self.keep_few_rows(step);
        self.leave_rows_to_the_leader(step);
    }
}
