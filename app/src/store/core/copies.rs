//! What this device keeps a copy of, and what goes when that is too much (`docs/ux.md#storage`): least recently used
//! first, of ended chats before others; never what is open, in use, or has unsent work or a draft.

use std::collections::HashSet;

use causerie_shared::{
    Millis,
    document::DocumentId,
    frame::Command,
    ids::{ContactId, ConversationId},
};
use serde::{Deserialize, Serialize};

use super::{
    Core, DiskKey, Key, Step,
    lists::{Listed, Place, ids},
};

/// Most messages kept beside those in use.
const MAX_MESSAGES: u32 = 50_000;
/// Beyond it so many are left: not every message begins a search.
const LEFT_MESSAGES: u32 = 45_000;
/// A copy that nobody used for so long goes.
const MAX_AGE_MS: Millis = 90 * 24 * 3_600_000;
/// The copies are looked through this often.
const EVERY_MS: Millis = 60_000;
/// Most rows that are kept, and how many more come before they are looked through again: ten thousand chats are known
/// here without network (`docs/ux.md#long-lists`).
const MAX_ROWS: usize = 12_000;
const MORE_ROWS: usize = 1_000;
/// Rows at the top of a list that stay, and rows on each side of those in view.
const FIRST: usize = 500;
const NEAR: u32 = 500;
/// Copies of chats that are not over go after all others.
const LATER: Millis = 1 << 60;

/// A document on the disk.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Copied {
    pub(super) document: DocumentId,
    /// When it was shown, read or changed last.
    pub(super) used: Millis,
    pub(super) messages: u32,
}

impl Copied {
    /// A document without messages takes its room, too.
    fn weight(&self) -> u32 {
        self.messages.max(1)
    }
}

impl Listed {
    /// Leaves the first rows, and of the list in view those near what is looked at.
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
    /// A document was shown, read or changed.
    pub(super) fn used(&mut self, step: &mut Step<'_>, document: DocumentId, messages: u32) {
        let copied = Copied {
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

    /// Another tab follows it, and stores what comes.
    pub(super) fn used_elsewhere(&mut self, step: &mut Step<'_>, document: DocumentId) {
        if !self.replicas.contains_key(&document) {
            let messages = match document {
                DocumentId::Timeline(id, _) => self.heads.get(&id).map_or(0, |head| head.position as u32),
                DocumentId::Discussion(_) | DocumentId::Draft(_) | DocumentId::Contact(_) | DocumentId::Notes(_) => 0,
            };
            self.used(step, document, messages);
        }
    }

    /// What another tab knew of the copies.
    pub(super) fn learn_copies(&mut self, copies: Vec<Copied>) {
        for copied in copies {
            if !self.copies.iter().any(|known| known.document == copied.document) {
                self.copies.push(copied);
            }
        }
    }

    /// Once a minute: too many copies, and those too old.
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
        self.copies.iter().map(Copied::weight).sum()
    }

    /// Work of a person hangs on the chat, or it is in front of them.
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

    /// The chat, or one of the contact's, is not over; `live` are the contacts of such chats.
    fn is_live(&self, document: DocumentId, live: &[ContactId]) -> bool {
        match document {
            DocumentId::Timeline(id, _) | DocumentId::Discussion(id) | DocumentId::Draft(id) => {
                self.heads.get(&id).is_some_and(|head| !head.state.status().is_final())
            }
            DocumentId::Contact(contact) | DocumentId::Notes(contact) => live.contains(&contact),
        }
    }

    /// Gives up copies until `surplus` messages are gone, and all that were not used since `before`. `false` when
    /// nothing could be given up.
    fn evict(&mut self, step: &mut Step<'_>, surplus: u32, before: Millis) -> bool {
        let wanted = self.wanted();
        let live = self.heads.values().filter(|head| !head.state.status().is_final());
        let live: Vec<ContactId> = live.map(|head| head.contact).collect();
        let mut order: Vec<Place> = vec![];
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

    /// Copies go, from memory and disk; with the last segment of a chat also its rows.
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

    /// Forgets rows far from all that is listed and looked at; the server has them. `false` when there are none.
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
        // A chat to whose discussion I was asked is in no folder.
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
            // Without its row nothing would say that a chat may not be seen any more: no other copy of it stays.
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

    /// After every event: the rows of a long scroll are forgotten behind it. Not before it is known who looks: until
    /// then no row is in any list. Nor while a window is on its way: its rows come first, and are in no list yet either.
    pub(super) fn keep_few_rows(&mut self, step: &mut Step<'_>) {
        if self.access.is_some()
            && self.heads.len() > self.most_rows.max(MAX_ROWS)
            && !self.lists.iter().any(|(_, listed)| listed.asked)
        {
            self.forget_rows(step);
            self.most_rows = self.heads.len() + MORE_ROWS;
        }
    }

    /// The browser has no more room: a part of the copies goes and it is tried again; when nothing else is left, all of
    /// them, and none is made until the page is loaded anew. What a person did is written again in any case.
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
            // What the leader holds on the disk is its own to drop.
            step.effects.clear = self.leads;
            step.dirty(DiskKey::Meta);
        }
        step.effects.urgent = true;
        step.effects.writes.extend(writes);
    }
}

/// The chat whose document it is.
pub(super) fn chat_of(document: DocumentId) -> Option<ConversationId> {
    match document {
        DocumentId::Timeline(id, _) | DocumentId::Discussion(id) | DocumentId::Draft(id) => Some(id),
        DocumentId::Contact(_) | DocumentId::Notes(_) => None,
    }
}
