//! The store without a browser: events and the person's acts in, effects out. It reads no clock, draws no
//! random number and touches neither socket nor disk, so its tests run natively with fakes.

mod commands;
mod copies;
mod disk;
mod document;
mod documents;
mod drafts;
mod event;
mod held;
mod intents;
mod link;
mod lists;
mod outbox;
mod outcomes;
mod pace;
mod presence;
mod replica;
mod rows;
mod select;
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
    row::Head,
    user::{Me, UserRow},
    window::{Counts, Folder, List},
};

pub use disk::{BOOT_STORES as DISK_BOOT_STORES, CACHES as DISK_CACHES, DiskKey, STORES as DISK_STORES, Stored};
pub use document::{DOCUMENTS, Documents};
pub use event::{Act, Event, Key};
pub use pace::{Look, Pace};
pub use step::{Effects, Step, lasting};
pub use table::Table;
pub use tabs::{Word, is_shared};

use super::view::{Notice, NoticeBody, Session};
use copies::Copied;
use link::Line;
use lists::Listed;
use presence::{Caret, Present, Told};
use replica::Replica;
use thread::Thread;

/// Everything that the console knows.
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
    /// What was typed for internal discussions.
    pub discussion_drafts: HashMap<ConversationId, String>,
    pub notices: Vec<Notice>,
    /// Visitors who are typing, and until when that is believed.
    pub typing: HashMap<ConversationId, Millis>,
    /// The browser's storage is full: copies were given up for unsent work and drafts.
    pub storage_full: bool,
    access: Option<Access>,
    device: Option<DeviceId>,
    line: Line,
    /// Server's clock minus this device's.
    offset: Millis,
    as_of: Option<Millis>,
    /// Last feed number; with it the server sends only what changed since.
    cursor: Option<i64>,
    /// What the copy was made under, from the last `Welcome`.
    grants: u64,
    counts: Counts,
    heads: HashMap<ConversationId, Head>,
    lists: Vec<(List, Listed)>,
    /// The list that was looked at last.
    in_view: List,
    /// After a `Reset`: rows that the server has not sent again yet.
    stale: HashSet<ConversationId>,
    threads: HashMap<ConversationId, Thread>,
    replicas: HashMap<DocumentId, Replica>,
    /// The server does not let these be read; asked again when something about them changed.
    denied: HashSet<DocumentId>,
    /// Documents and threads that the disk was asked for.
    loading: HashSet<DiskKey>,
    /// In the order in which things were done.
    outbox: Vec<Queued>,
    open: Option<ConversationId>,
    /// Commands on their way.
    asked: HashMap<IntentId, Command>,
    /// Seen marks that wait for the line.
    seen_later: Vec<(ConversationId, i64)>,
    /// Sent at least once: the server may have them, so they are not taken back.
    tried: HashSet<IntentId>,
    /// May not be done any more; the server is asked whether it was before. With what its author is told if not.
    doubted: HashMap<IntentId, Refusal>,
    /// When this agent's typing was last told, by conversation.
    told_typing: HashMap<ConversationId, Millis>,
    /// When colleagues were last told that the open chat is in front of me.
    told_viewing: Millis,
    present: HashMap<(ConversationId, UserId), Present>,
    /// Colleagues' carets in notes.
    carets: Vec<Caret>,
    /// My own, as it was told last.
    told_caret: Option<Told>,
    /// Position of the newest message when the present draft was begun.
    began: HashMap<ConversationId, i64>,
    /// Typed here and not shared yet, and when.
    typed: HashMap<ConversationId, Millis>,
    /// The same of another tab.
    typed_elsewhere: HashSet<ConversationId>,
    /// Drafts whose document was seen.
    known_drafts: HashSet<ConversationId>,
    /// What changed while the line was down has come.
    caught_up: bool,
    /// This tab leads: it owns the line.
    leads: bool,
    /// Documents that other tabs follow through this one, and which tabs.
    elsewhere: Vec<(DocumentId, u64)>,
    /// Documents on the disk.
    copies: Vec<Copied>,
    /// Some were used since that was stored.
    copies_moved: bool,
    /// When they were looked through last.
    copies_looked: Millis,
    /// There is room for nothing but unsent work and drafts.
    no_copies: bool,
    /// With more rows than this some are forgotten.
    most_rows: usize,
    /// Intents on the disk that this version cannot read.
    unreadable: usize,
    /// Corrected time of the present event.
    clock: Millis,
    /// Time of the newest intent: the next one is later, so that ids keep the order of what was done.
    last_at: Millis,
    last_notice: u64,
    booted: bool,
}

impl Core {
    /// An empty store.
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
            line: Line::down(now),
            offset: 0,
            as_of: None,
            cursor: None,
            grants: 0,
            counts: Counts::default(),
            heads: HashMap::new(),
            lists: Folder::ALL
                .into_iter()
                .map(|folder| (List::of(folder), Listed::default()))
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

    /// Takes in what happened.
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

    /// Does what a person asked for.
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

    /// Someone is signed in here: `me` is what the device or the server knows of them.
    pub fn enter(&mut self, step: &mut Step<'_>, me: Me) {
        self.session = Session::SignedIn;
        self.farewell = None;
        step.changed(Key::Session);
        step.changed(Key::Connection);
        self.set_me(step, me);
        self.settle(step);
    }

    /// The server does not know the sign-in any more. Nothing local is lost: a dialog ([`Session::Expired`])
    /// or, at the start, the page ([`Session::SignedOut`]) asks to sign in again.
    pub fn expire(&mut self, step: &mut Step<'_>, session: Session) {
        self.session = session;
        step.changed(Key::Session);
    }

    /// This tab owns the line to the server; the others follow it.
    pub fn leads(&self) -> bool {
        self.leads
    }

    /// The local copy was read.
    pub fn booted(&self) -> bool {
        self.booted
    }

    /// Nobody is signed in: only the sign-in page is left.
    pub fn leave(&mut self, step: &mut Step<'_>) {
        *self = Self::new(step.now);
        self.session = Session::SignedOut;
        step.effects.all_changed = true;
    }

    /// Corrected time.
    fn now(&self, step: &Step<'_>) -> Millis {
        step.now + self.offset
    }

    /// A time for a new intent, later than every one before.
    fn stamp(&mut self, step: &Step<'_>) -> Millis {
        self.last_at = self.now(step).max(self.last_at + 1);
        self.last_at
    }

    /// Server's clock minus this device's.
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

    /// After every event: follow the right documents, then send what can be sent.
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
