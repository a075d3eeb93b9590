//! Several tabs of one user: one leads, owns the line and sends what is in the outbox; the others see what it hears
//! and ask through it (`docs/sync.md#tabs`).
//!
//! An intent never travels between tabs. The tab in which it was done stores it, then says that the outbox changed;
//! the others read it from the disk.

use causerie_shared::{
    document::DocumentId,
    frame::{ClientFrame, Command, ServerFrame, decode},
    ids::IntentId,
    intent::Queued,
};
use serde::{Deserialize, Serialize};

use super::{Core, DiskKey, Key, Step, disk, replica::Lane};

/// What tabs say to each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Word {
    /// A tab begins to follow: the leader stores what it has and answers [`Word::Ready`].
    Join(u64),
    /// All that the leader knew is on the disk; what it hears from then on comes as [`Word::Frame`]. `welcome` is the
    /// server's, when the line is up.
    Ready { tab: u64, welcome: Option<Vec<u8>> },
    /// The server said this.
    Frame(Vec<u8>),
    /// The line is gone.
    Closed,
    /// A tab that follows would send this.
    Ask(u64, Vec<u8>),
    /// A tab that follows is closed.
    Leave(u64),
    /// Values of the outbox and drafts, store and name, were written or deleted.
    Changed(Vec<(String, String)>),
    /// An intent is on its way for the first time: it is not taken back any more.
    Tried(IntentId),
    /// Look at the clock: is the line dead, is it time to try again? Timers of a hidden leader are throttled.
    Look,
    /// A person asks to try the line now.
    Hurry,
}

impl Core {
    /// Takes in what another tab said. What needs the disk or the socket is the edge's to do.
    pub(super) fn word(&mut self, step: &mut Step<'_>, word: Word) {
        match word {
            Word::Frame(bytes) if !self.leads => {
                if let Ok(frame) = decode(&bytes) {
                    self.frame(step, frame);
                }
            }
            Word::Closed if !self.leads => self.closed(step),
            Word::Tried(intent) => {
                self.tried.insert(intent);
            }
            Word::Ask(tab, bytes) if self.leads => {
                if let Ok(frame) = decode(&bytes) {
                    self.asked_for(step, tab, frame);
                }
            }
            Word::Leave(tab) if self.leads => {
                for (document, of) in self.elsewhere.clone() {
                    if of == tab {
                        self.closed_elsewhere(step, tab, document);
                    }
                }
            }
            Word::Frame(_)
            | Word::Closed
            | Word::Ask(..)
            | Word::Leave(_)
            | Word::Join(_)
            | Word::Ready { .. }
            | Word::Changed(_)
            | Word::Look
            | Word::Hurry => {}
        }
    }

    /// A tab that follows sends through this one.
    fn asked_for(&mut self, step: &mut Step<'_>, tab: u64, frame: ClientFrame) {
        match &frame {
            ClientFrame::Open { document, .. } => {
                self.used_elsewhere(step, *document);
                if !self.elsewhere.contains(&(*document, tab)) {
                    self.elsewhere.push((*document, tab));
                }
            }
            ClientFrame::Close { document } => return self.closed_elsewhere(step, tab, *document),
            ClientFrame::Window { .. } | ClientFrame::Command { .. } | ClientFrame::Ephemeral(_) => {}
            // The outbox is drained and the server answered by this tab alone.
            ClientFrame::Hello { .. } | ClientFrame::Push { .. } | ClientFrame::Pong => return,
        }
        if self.online() {
            step.send(frame);
        }
    }

    /// A document is followed until no tab wants it.
    fn closed_elsewhere(&mut self, step: &mut Step<'_>, tab: u64, document: DocumentId) {
        let before = self.elsewhere.len();
        self.elsewhere.retain(|asked| *asked != (document, tab));
        if self.elsewhere.len() < before && !self.wanted_elsewhere(document) {
            let here = self.replicas.get(&document);
            if self.online() && here.is_none_or(|replica| replica.lane == Lane::Closed) {
                step.send(ClientFrame::Close { document });
            }
        }
    }

    /// Another tab leads.
    pub(super) fn begin_to_follow(&mut self) {
        self.leads = false;
    }

    /// The leader is gone, and this tab takes over with what lies on the disk: its own cursor may be ahead of rows
    /// that nobody stored, and of the outbox it may have missed a word.
    pub(super) fn take_over(&mut self, step: &mut Step<'_>, stored: Vec<(DiskKey, Vec<u8>)>) {
        self.leads = true;
        self.closed(step);
        self.cursor = None;
        for (key, bytes) in stored {
            match key {
                DiskKey::Meta => self.cursor = disk::cursor(&bytes),
                DiskKey::Outbox(_) => self.stored_elsewhere(step, key, Some(&bytes)),
                DiskKey::Copies => self.learn_copies(disk::copies(&bytes)),
                DiskKey::Users
                | DiskKey::Inboxes
                | DiskKey::Accounts
                | DiskKey::Head(_)
                | DiskKey::Thread(_)
                | DiskKey::Document(_)
                | DiskKey::Draft(_)
                | DiskKey::DiscussionDraft(_) => {}
            }
        }
        if self.cursor.is_none() {
            self.stale = self.heads.keys().copied().collect();
            self.expect_fresh_windows();
        }
        step.changed(Key::Connection);
    }

    /// Another tab wrote or deleted values.
    pub(super) fn changed_elsewhere(&mut self, step: &mut Step<'_>, found: Vec<(DiskKey, Option<Vec<u8>>)>) {
        for (key, bytes) in found {
            self.stored_elsewhere(step, key, bytes.as_deref());
        }
    }

    fn stored_elsewhere(&mut self, step: &mut Step<'_>, key: DiskKey, bytes: Option<&[u8]>) {
        match key {
            DiskKey::Outbox(id) => match bytes.map(disk::queued) {
                Some(Some(queued)) => self.queued_elsewhere(step, queued),
                // Of a version that cannot be read here; it stays where it is.
                Some(None) => {}
                None => self.done_elsewhere(step, id),
            },
            DiskKey::Draft(id) => self.drafted_elsewhere(step, id, bytes),
            DiskKey::DiscussionDraft(id) => {
                match bytes.and_then(disk::text) {
                    Some(text) => self.discussion_drafts.insert(id, text),
                    None => self.discussion_drafts.remove(&id),
                };
                step.changed(Key::DiscussionDraft(id));
            }
            DiskKey::Meta
            | DiskKey::Users
            | DiskKey::Inboxes
            | DiskKey::Accounts
            | DiskKey::Copies
            | DiskKey::Head(_)
            | DiskKey::Thread(_)
            | DiskKey::Document(_) => {}
        }
    }

    fn queued_elsewhere(&mut self, step: &mut Step<'_>, queued: Queued) {
        let id = queued.intent.id;
        let document = queued.intent.action.document();
        let known = self.outbox.iter().position(|known| known.intent.id == id);
        if let Some(index) = known {
            if self.outbox.get(index) == Some(&queued) {
                return;
            }
            let old = self.outbox.remove(index).intent.action.document();
            if let Some(old) = old.filter(|old| Some(*old) != document) {
                self.requeue(step, old);
            }
        }
        self.last_at = self.last_at.max(queued.intent.at);
        let place = (queued.intent.at, id);
        let index = self
            .outbox
            .partition_point(|other| (other.intent.at, other.intent.id) < place);
        let command = queued.intent.action.command().and_then(Command::conversation);
        self.outbox.insert(index, queued);
        step.changed(Key::Outbox);
        if let Some(id) = command {
            step.changed(Key::Busy(id));
        }
        if let Some(document) = document {
            self.requeue(step, document);
            self.show_document(step, document);
        }
    }

    /// It is acknowledged, discarded or taken back.
    fn done_elsewhere(&mut self, step: &mut Step<'_>, id: IntentId) {
        let Some(index) = self.outbox.iter().position(|queued| queued.intent.id == id) else {
            return;
        };
        let action = self.outbox.remove(index).intent.action;
        self.tried.remove(&id);
        step.changed(Key::Outbox);
        if let Some(id) = action.command().and_then(Command::conversation) {
            step.changed(Key::Busy(id));
        }
        if let Some(document) = action.document() {
            self.requeue(step, document);
            self.show_document(step, document);
        }
    }

    /// What only the leader stores: rows, which it alone hears without a gap.
    pub(super) fn leave_rows_to_the_leader(&self, step: &mut Step<'_>) {
        if !self.leads {
            let mine = |key: &DiskKey| match key {
                DiskKey::Outbox(_)
                | DiskKey::Draft(_)
                | DiskKey::DiscussionDraft(_)
                | DiskKey::Thread(_)
                | DiskKey::Document(_) => true,
                DiskKey::Meta
                | DiskKey::Users
                | DiskKey::Inboxes
                | DiskKey::Accounts
                | DiskKey::Copies
                | DiskKey::Head(_) => false,
            };
            step.effects.writes.retain(|(key, _)| mine(key));
        }
    }

    /// Does a frame go to the other tabs as it came? An acknowledgement goes with the bytes that it is about
    /// ([`super::Effects::words`]): another tab may have built others.
    pub fn passes_on(frame: &ServerFrame) -> bool {
        !matches!(frame, ServerFrame::Applied { .. })
    }

    /// Do other tabs follow the document through this one?
    pub(super) fn wanted_elsewhere(&self, document: DocumentId) -> bool {
        self.elsewhere.iter().any(|(known, _)| *known == document)
    }
}

/// Keys whose change the other tabs are told.
pub fn is_shared(key: DiskKey) -> bool {
    matches!(
        key,
        DiskKey::Outbox(_) | DiskKey::Draft(_) | DiskKey::DiscussionDraft(_)
    )
}
