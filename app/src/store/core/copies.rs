//! The copies on this device, and their eviction when there are too many (`docs/ux.md#storage`): least recently used
//! first, ended chats before others. Copies that are open, in use, or have unsent work or a draft are never evicted.

use std::collections::HashSet;

use causerie_shared::{
    Millis,
    document::DocumentId,
    frame::Command,
    ids::{ContactId, ConversationId},
};
use serde::{Deserialize, Serialize};

use super::{
    Core, Key, Step,
    lists::{SortKey, WindowState, ids},
};
use crate::net::disk_key::DiskKey;

/// The number of messages in copies from which some are evicted.
const MAX_MESSAGES: u32 = 50_000;
/// The number of messages that an eviction leaves, so that not every new message starts another one.
const LEFT_MESSAGES: u32 = 45_000;
/// Copies unused for longer than this are evicted.
const MAX_AGE_MS: Millis = 90 * 24 * 3_600_000;
/// Interval between two checks of the copies.
const EVERY_MS: Millis = 60_000;
/// The largest number of rows that are kept, and how many more may arrive before the next check. Ten thousand chats are
/// available without a connection (`docs/ux.md#long-lists`).
const MAX_ROWS: usize = 12_000;
const MORE_ROWS: usize = 1_000;
/// Number of rows kept at the top of a list, and on each side of the rows in view.
const FIRST: usize = 500;
const NEAR: u32 = 500;
/// Added to the time of use of copies of open chats, so that they are evicted last.
const LATER: Millis = 1 << 60;

/// The record of a document on the disk.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct CachedDocument {
    pub(super) document: DocumentId,
    /// When the document was last shown, read or changed.
    pub(super) used: Millis,
    pub(super) messages: u32,
}

impl CachedDocument {
    /// The number of messages; a document without messages counts as one, because it takes space, too.
    fn weight(&self) -> u32 {
        self.messages.max(1)
    }
}

impl WindowState {
    /// Cuts a list to its first rows and, if it is in view, the rows near the visible range.
    fn cut(&mut self, in_view: bool) {
        let (from, to) = (self.looked.0.saturating_sub(NEAR), self.looked.1 + NEAR);
        if self.listed as usize > FIRST {
            let near = from.max(FIRST as u32)..to.min(self.listed);
            if let Some(rows) = self.places.get(near.start as usize..near.end as usize) {
                let rows = rows.iter().map(|(_, id)| ConversationId::from_u128(*id));
                self.far.splice(0..0, near.zip(rows));
            }
            if self.edge.is_none() {
                self.total = self.listed;
            }
            self.edge = self.places.get(FIRST - 1).copied();
            self.listed = FIRST as u32;
        }
        self.far.retain(|(at, _)| in_view && (from..to).contains(at));
    }
}

impl Core {
    /// Records that a document was shown, read or changed.
    pub(super) fn used(&mut self, step: &mut Step<'_>, document: DocumentId, messages: u32) {
        let copied = CachedDocument {
            document,
            used: self.clock,
            messages,
        };
        match self.copies.iter_mut().find(|known| known.document == document) {
            Some(known) => {
                *known = copied;
                self.copies_moved = true;
            }
            None => {
                self.copies.push(copied);
                step.dirty(DiskKey::Copies);
            }
        }
    }

    /// Records that another tab follows a document and stores its changes.
    pub(super) fn used_elsewhere(&mut self, step: &mut Step<'_>, document: DocumentId) {
        if !self.replicas.contains_key(&document) {
            let messages = match document {
                DocumentId::Timeline(id, _) => self.heads.get(&id).map_or(0, |head| head.position as u32),
                DocumentId::Discussion(_) | DocumentId::Draft(_) | DocumentId::Contact(_) | DocumentId::Notes(_) => 0,
            };
            self.used(step, document, messages);
        }
    }

    /// Adds records of copies that are not known here yet.
    pub(super) fn learn_copies(&mut self, copies: Vec<CachedDocument>) {
        for copied in copies {
            if !self.copies.iter().any(|known| known.document == copied.document) {
                self.copies.push(copied);
            }
        }
    }

    /// Once a minute, evicts copies that are too many or too old.
    pub(super) fn tick_copies(&mut self, step: &mut Step<'_>) {
        if !self.leads || !self.booted || self.clock - self.copies_looked < EVERY_MS {
            return;
        }
        self.copies_looked = self.clock;
        let messages = self.messages();
        let surplus = if messages > MAX_MESSAGES {
            messages - LEFT_MESSAGES
        } else {
            0
        };
        let before = self.clock - MAX_AGE_MS;
        if surplus > 0 || self.copies.iter().any(|copied| copied.used < before) {
            self.evict(step, surplus, before);
        }
        if std::mem::take(&mut self.copies_moved) {
            step.dirty(DiskKey::Copies);
        }
    }

    fn messages(&self) -> u32 {
        self.copies.iter().map(CachedDocument::weight).sum()
    }

    /// Whether the chat is open or has unsent work, so that its copies must stay.
    fn is_needed(&self, id: ConversationId) -> bool {
        self.open == Some(id)
            || self.drafts.contains_key(&id)
            || self.discussion_drafts.contains_key(&id)
            || self.typed.contains_key(&id)
            || self.typed_elsewhere.contains(&id)
            || self.seen_later.iter().any(|(seen, _)| *seen == id)
            || self.asked.values().any(|command| command.conversation() == Some(id))
            || self
                .elsewhere
                .iter()
                .any(|(document, _)| chat_of(*document) == Some(id))
            || self.outbox.iter().any(|queued| {
                let action = &queued.intent.action;
                action.document().and_then(chat_of) == Some(id)
                    || action.command().and_then(Command::conversation) == Some(id)
            })
    }

    /// Whether the document's chat, or a chat of the document's contact, is open. `live` are the contacts of open
    /// chats.
    fn is_live(&self, document: DocumentId, live: &[ContactId]) -> bool {
        match document {
            DocumentId::Timeline(id, _) | DocumentId::Discussion(id) | DocumentId::Draft(id) => {
                self.heads.get(&id).is_some_and(|head| !head.state.status().is_final())
            }
            DocumentId::Contact(contact) | DocumentId::Notes(contact) => live.contains(&contact),
        }
    }

    /// Evicts copies until `surplus` messages are gone, and all copies not used since `before`. Returns `false` if
    /// nothing could be evicted.
    fn evict(&mut self, step: &mut Step<'_>, surplus: u32, before: Millis) -> bool {
        let wanted = self.wanted();
        let live = self.heads.values().filter(|head| !head.state.status().is_final());
        let live: Vec<ContactId> = live.map(|head| head.contact).collect();
        let mut order: Vec<SortKey> = vec![];
        for (at, copied) in self.copies.iter().enumerate() {
            let id = copied.document;
            let used = wanted.binary_search(&id).is_ok()
                || self.wanted_elsewhere(id)
                || chat_of(id).is_some_and(|chat| self.is_needed(chat))
                || self
                    .replicas
                    .get(&id)
                    .is_some_and(|replica| !replica.pending.is_empty())
                || self
                    .outbox
                    .iter()
                    .any(|queued| queued.intent.action.document() == Some(id));
            if !used {
                let later = if self.is_live(id, &live) { LATER } else { 0 };
                order.push((copied.used + later, at as u128));
            }
        }
        order.sort_unstable();
        let mut left = surplus;
        let mut gone = vec![];
        for (_, at) in order {
            if let Some(copied) = self.copies.get(at as usize)
                && (left > 0 || copied.used < before)
            {
                left = left.saturating_sub(copied.weight());
                gone.push(copied.document);
            }
        }
        self.give_up(step, &gone);
        !gone.is_empty()
    }

    /// Drops copies from memory and disk. With the last segment of a chat its rows are dropped, too.
    fn give_up(&mut self, step: &mut Step<'_>, documents: &[DocumentId]) {
        let gone: HashSet<DocumentId> = documents.iter().copied().collect();
        self.copies.retain(|copied| !gone.contains(&copied.document));
        for id in documents {
            self.replicas.remove(id);
            step.effects.evict.push(DiskKey::Document(*id));
            let DocumentId::Timeline(chat, _) = id else { continue };
            let of = |other: DocumentId| matches!(other, DocumentId::Timeline(id, _) if id == *chat);
            if !self.copies.iter().any(|copied| of(copied.document)) && !self.replicas.keys().any(|id| of(*id)) {
                self.threads.remove(chat);
                step.effects.evict.push(DiskKey::Thread(*chat));
            }
        }
        if !documents.is_empty() {
            step.dirty(DiskKey::Copies);
        }
    }

    /// Forgets rows that are far from everything listed and in view; the server has them. Returns `false` if there are
    /// none.
    fn forget_rows(&mut self, step: &mut Step<'_>) -> bool {
        if !self.stale.is_empty() {
            return false;
        }
        let in_view = self.in_view;
        let mut kept: HashSet<ConversationId> = HashSet::new();
        for (list, listed) in &mut self.lists {
            listed.cut(*list == in_view);
            kept.extend(ids(listed));
            kept.extend(listed.far.iter().map(|(_, id)| *id));
        }
        let me = self.me.as_ref().map(|me| me.id);
        // A chat to whose discussion the user is invited may be in no folder.
        let asked = |id: &ConversationId| {
            let head = self.heads.get(id);
            me.zip(head)
                .is_some_and(|(me, head)| head.invited.contains(&me) && !head.state.status().is_final())
        };
        let gone = self.heads.keys().filter(|id| !kept.contains(id));
        let gone: Vec<ConversationId> = gone.copied().filter(|id| !asked(id) && !self.is_needed(*id)).collect();
        let mut contacts: Vec<ContactId> = vec![];
        for id in &gone {
            if let Some(head) = self.heads.remove(id) {
                contacts.push(head.contact);
            }
            step.erase(DiskKey::Head(*id));
            step.changed(Key::Head(*id));
        }
        for list in self.known_lists() {
            self.sort(&list);
            step.changed(Key::List(list));
        }
        if self.leads && !gone.is_empty() {
            // Without the row nothing would tell this device that access to the chat was revoked, so all copies of it
            // go.
            let gone: HashSet<ConversationId> = gone.iter().copied().collect();
            let lost = |document: DocumentId| match document {
                DocumentId::Timeline(id, _) | DocumentId::Discussion(id) | DocumentId::Draft(id) => gone.contains(&id),
                DocumentId::Contact(id) | DocumentId::Notes(id) => {
                    contacts.contains(&id) && !self.heads.values().any(|head| head.contact == id)
                }
            };
            let lost: Vec<DocumentId> = self
                .copies
                .iter()
                .map(|copied| copied.document)
                .filter(|id| {
                    lost(*id)
                        && !self.wanted_elsewhere(*id)
                        && !self
                            .outbox
                            .iter()
                            .any(|queued| queued.intent.action.document() == Some(*id))
                })
                .collect();
            self.give_up(step, &lost);
        }
        !gone.is_empty()
    }

    /// Runs after every event: forgets rows behind a long scroll. It does nothing before the user's access is known,
    /// because until then no list has rows, and while a window is in flight, because its rows arrive before the window
    /// lists them.
    pub(super) fn keep_few_rows(&mut self, step: &mut Step<'_>) {
        if self.access.is_some()
            && self.heads.len() > self.most_rows.max(MAX_ROWS)
            && !self.lists.iter().any(|(_, listed)| listed.asked)
        {
            self.forget_rows(step);
            self.most_rows = self.heads.len() + MORE_ROWS;
        }
    }

    /// Handles a full disk: some copies are evicted and the writes are tried again. If nothing can be evicted, all
    /// copies are dropped and none are made until the page is loaded again. The user's own work is written in any case.
    pub(super) fn disk_full(&mut self, step: &mut Step<'_>, writes: Vec<(DiskKey, bool)>) {
        if self.no_copies {
            let text = "the storage of this browser is full".into();
            return self.notify(step, super::NoticeBody::Storage { text });
        }
        self.storage_full = true;
        step.changed(Key::Storage);
        let half = self.messages() / 2 + 1;
        if !self.evict(step, half, Millis::MIN) && !self.forget_rows(step) {
            self.no_copies = true;
            self.copies.clear();
            // Followers share the disk with the leader, so only the leader clears it.
            step.effects.clear = self.leads;
            step.dirty(DiskKey::Meta);
        }
        step.effects.urgent = true;
        step.effects.writes.extend(writes);
    }
}

/// The conversation of a document; `None` for a contact's documents.
pub(super) fn chat_of(document: DocumentId) -> Option<ConversationId> {
    match document {
        DocumentId::Timeline(id, _) | DocumentId::Discussion(id) | DocumentId::Draft(id) => Some(id),
        DocumentId::Contact(_) | DocumentId::Notes(_) => None,
    }
}
