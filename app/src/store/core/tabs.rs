//! Several tabs of one user: one leads, owns the connection and sends the outbox. The others receive the same frames
//! and send their requests through the leader (`docs/sync.md#tabs`).
//!
//! An intent never travels between tabs. The tab in which it was made stores it and then announces that the outbox
//! changed; the others read it from the disk.

use causerie_shared::{
    document::DocumentId,
    frame::{ClientFrame, Command, ServerFrame, decode},
    ids::IntentId,
    intent::Queued,
};
use serde::{Deserialize, Serialize};

use super::{Core, DiskKey, Key, Step, disk, replica::Lane};

/// A message between tabs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TabMessage {
    /// A tab begins to follow: the leader stores its data and answers [`Self::Ready`].
    Join(u64),
    /// All data of the leader is on the disk; what it receives from then on follows as [`Self::Frame`]. `welcome` is
    /// the server's frame, if the connection is up.
    Ready { tab: u64, welcome: Option<Vec<u8>> },
    /// The leader received this frame from the server.
    Frame(Vec<u8>),
    /// The connection is gone.
    Closed,
    /// A follower asks the leader to send this frame.
    Ask(u64, Vec<u8>),
    /// A follower is closed.
    Leave(u64),
    /// Values of the outbox and drafts were written or deleted; each has its store and name.
    Changed(Vec<(String, String)>),
    /// An intent is sent for the first time, so it can no longer be taken back.
    Tried(IntentId),
    /// Asks the leader to check the connection's timing, because timers of a hidden page are throttled.
    Look,
    /// The user asks to connect now.
    Hurry,
}

impl Core {
    /// Processes a message from another tab. The engine handles what needs the disk or the socket.
    pub(super) fn word(&mut self, step: &mut Step<'_>, word: TabMessage) {
        match word {
            TabMessage::Frame(bytes) if !self.leads => {
                if let Ok(frame) = decode(&bytes) {
                    self.frame(step, frame);
                }
            }
            TabMessage::Closed if !self.leads => self.closed(step),
            TabMessage::Tried(intent) => {
                self.tried.insert(intent);
            }
            TabMessage::Ask(tab, bytes) if self.leads => {
                if let Ok(frame) = decode(&bytes) {
                    self.asked_for(step, tab, frame);
                }
            }
            TabMessage::Leave(tab) if self.leads => {
                for (document, of) in self.elsewhere.clone() {
                    if of == tab {
                        self.closed_elsewhere(step, tab, document);
                    }
                }
            }
            TabMessage::Frame(_)
            | TabMessage::Closed
            | TabMessage::Ask(..)
            | TabMessage::Leave(_)
            | TabMessage::Join(_)
            | TabMessage::Ready { .. }
            | TabMessage::Changed(_)
            | TabMessage::Look
            | TabMessage::Hurry => {}
        }
    }

    /// Sends a follower's frame to the server.
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
            // Only the leader drains the outbox and answers the server.
            ClientFrame::Hello { .. } | ClientFrame::Push { .. } | ClientFrame::Pong => return,
        }
        if self.online() {
            step.send(frame);
        }
    }

    /// Stops following a document if no tab wants it any more.
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

    /// Makes this tab a follower.
    pub(super) fn begin_to_follow(&mut self) {
        self.leads = false;
    }

    /// Makes this tab the leader, with the values on the disk. Its own cursor may be ahead of the stored rows, and it
    /// may have missed a change of the outbox.
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

    /// Takes in values that another tab wrote or deleted.
    pub(super) fn changed_elsewhere(&mut self, step: &mut Step<'_>, found: Vec<(DiskKey, Option<Vec<u8>>)>) {
        for (key, bytes) in found {
            self.stored_elsewhere(step, key, bytes.as_deref());
        }
    }

    fn stored_elsewhere(&mut self, step: &mut Step<'_>, key: DiskKey, bytes: Option<&[u8]>) {
        match key {
            DiskKey::Outbox(id) => match bytes.map(disk::queued) {
                Some(Some(queued)) => self.queued_elsewhere(step, queued),
                // The intent is of a version that cannot be read here; it stays on the disk.
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

    /// Removes an intent that another tab acknowledged, discarded or took back.
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

    /// Drops a follower's writes of the cursor and its rows. Only the leader receives these rows without a gap, so only
    /// it stores them.
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

    /// Whether the leader passes a frame on to the other tabs unchanged. An acknowledgement is passed on with its bytes
    /// instead ([`super::Effects::words`]), because another tab may have built different ones.
    pub fn passes_on(frame: &ServerFrame) -> bool {
        !matches!(frame, ServerFrame::Applied { .. })
    }

    /// Whether other tabs follow the document through this one.
    pub(super) fn wanted_elsewhere(&self, document: DocumentId) -> bool {
        self.elsewhere.iter().any(|(known, _)| *known == document)
    }
}

/// Whether a change of the key is announced to the other tabs.
pub fn is_shared(key: DiskKey) -> bool {
    matches!(
        key,
        DiskKey::Outbox(_) | DiskKey::Draft(_) | DiskKey::DiscussionDraft(_)
    )
}
