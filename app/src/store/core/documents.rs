//! The documents that are loaded and followed, and the parts that the server sends of them (`docs/sync.md#documents`).

use std::collections::HashMap;

use causerie_shared::{
    document::DocumentId,
    frame::{ClientFrame, Part},
    ids::{ConversationId, IntentId},
    intent::{Intent, QueueState},
    refusal::{Code, Refusal},
    window::Folder,
};

use super::{
    Core, Key, Step,
    replica::{Lane, Taken},
    thread::Timeline,
};
use crate::net::disk_key::DiskKey;

/// The largest number of documents kept in memory besides those in use.
const SPARE: usize = 64;
/// Number of segments of the open chat that are fetched at first, counted from the newest.
const SEGMENTS: u32 = 2;

impl Core {
    /// Makes a conversation the open one; `None` closes the open one.
    pub(super) fn show(&mut self, step: &mut Step<'_>, id: Option<ConversationId>) {
        if self.open == id {
            return;
        }
        self.tell_viewing(step, false);
        self.open = id;
        self.tell_viewing(step, true);
        if let Some(id) = id {
            step.changed(Key::Bubbles(id));
        }
    }

    /// Loads one more segment of older messages.
    pub(super) fn earlier(&mut self, step: &mut Step<'_>, id: ConversationId) {
        if self.has_earlier(id)
            && let Some(thread) = self.threads.get_mut(&id)
        {
            thread.earlier += 1;
            step.changed(Key::Bubbles(id));
        }
    }

    /// The first segment of a chat that is shown.
    pub(super) fn first_segment(&self, id: ConversationId) -> u32 {
        let newest = self.heads.get(&id).map_or(1, |head| head.segment.max(1));
        let earlier = self.threads.get(&id).map_or(0, |thread| thread.earlier);
        newest.saturating_sub(SEGMENTS - 1 + earlier).max(1)
    }

    /// The documents in use, sorted: those of the open chat, the newest segment of every chat in Mine and Engaged
    /// (which can then be read without a connection), and all documents with unsent work.
    pub(super) fn wanted(&self) -> Vec<DocumentId> {
        let mut wanted = vec![];
        for id in [Folder::Mine, Folder::Engaged]
            .into_iter()
            .flat_map(|folder| self.folder(folder))
        {
            if let Some(head) = self.heads.get(&id) {
                wanted.push(DocumentId::Timeline(id, head.segment.max(1)));
            }
        }
        if let Some(head) = self.open.and_then(|id| self.heads.get(&id)) {
            wanted
                .extend((self.first_segment(head.id)..=head.segment.max(1)).map(|n| DocumentId::Timeline(head.id, n)));
            wanted.extend([
                DocumentId::Contact(head.contact),
                DocumentId::Notes(head.contact),
                DocumentId::Discussion(head.id),
            ]);
            if self.may_draft(head.id) {
                wanted.push(DocumentId::Draft(head.id));
            }
        }
        let waiting = self.outbox.iter().filter(|queued| queued.state == QueueState::Waiting);
        wanted.extend(waiting.filter_map(|queued| queued.intent.action.document()));
        wanted.retain(|id| !self.denied.contains(id));
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    /// Loads, opens and closes documents so that exactly those in use are followed.
    pub(super) fn follow(&mut self, step: &mut Step<'_>) {
        let wanted = self.wanted();
        for id in &wanted {
            if let DocumentId::Timeline(conversation, _) = id
                && !self.threads.contains_key(conversation)
            {
                self.threads.insert(*conversation, Timeline::default());
                self.fetch(step, DiskKey::Thread(*conversation));
            }
            if !self.replicas.contains_key(id) {
                self.fetch(step, DiskKey::Document(*id));
            }
        }
        if self.online() {
            for id in &wanted {
                self.open_document(step, *id);
            }
            let elsewhere = &self.elsewhere;
            for replica in self.replicas.values_mut() {
                let used = wanted.binary_search(&replica.id).is_ok()
                    || elsewhere.iter().any(|(document, _)| *document == replica.id);
                if replica.lane != Lane::Closed && !used {
                    replica.lane = Lane::Closed;
                    step.send(ClientFrame::Close { document: replica.id });
                }
            }
        }
        if self.replicas.len() > wanted.len() + SPARE {
            self.replicas
                .retain(|id, replica| wanted.binary_search(id).is_ok() || !replica.pending.is_empty());
            let kept = &self.replicas;
            self.threads.retain(|id, _| {
                kept.keys()
                    .any(|document| matches!(document, DocumentId::Timeline(of, _) if of == id))
            });
        }
    }

    fn fetch(&mut self, step: &mut Step<'_>, key: DiskKey) {
        if self.loading.insert(key) {
            step.effects.load.push(key);
        }
    }

    /// Follows a document that is not followed yet, once it has been read from the disk.
    fn open_document(&mut self, step: &mut Step<'_>, id: DocumentId) {
        let rows_after = match id {
            DocumentId::Timeline(conversation, _) => match self.threads.get(&conversation) {
                Some(thread) if thread.loaded => thread.rows_to,
                _ => return,
            },
            DocumentId::Discussion(_) | DocumentId::Draft(_) | DocumentId::Contact(_) | DocumentId::Notes(_) => 0,
        };
        let Some(replica) = self.replicas.get_mut(&id) else {
            return;
        };
        if replica.lane == Lane::Closed {
            replica.lane = Lane::Asked;
            let have = (replica.seq > 0 && !replica.outdated).then(|| replica.cursor());
            step.send(ClientFrame::Open {
                document: id,
                have,
                rows_after,
            });
        }
    }

    /// Processes a part of a document from the server.
    pub(super) fn part(&mut self, step: &mut Step<'_>, part: Part) {
        self.before_draft_part(step, &part);
        let Some(replica) = self.replicas.get_mut(&part.document) else {
            return;
        };
        let id = part.document;
        let asked = replica.lane == Lane::Asked;
        let anew = part.epoch != replica.epoch || part.snapshot.is_some();
        match replica.take(&part) {
            Taken::Applied => {
                step.dirty(DiskKey::Document(id));
                if let (true, DocumentId::Timeline(chat, _)) = (anew, id)
                    && let Some(thread) = self.threads.get_mut(&chat)
                {
                    thread.forget(replica);
                }
                // A reply whose acknowledgement was lost comes back this way; then it is not sent again.
                if anew || !replica.pending.is_empty() {
                    self.rebuild_if_needed(step, id, anew);
                }
                self.show_document(step, id);
            }
            Taken::Known => {}
            // While an `Open` is unanswered, parts after a gap carry no new information.
            Taken::Gap if asked => {}
            Taken::Gap => {
                replica.lane = Lane::Closed;
            }
        }
    }

    /// After new confirmed changes, rebuilds pending intents if they must be rebuilt or could not be built before.
    fn rebuild_if_needed(&mut self, step: &mut Step<'_>, id: DocumentId, anew: bool) {
        let Some(replica) = self.replicas.get(&id) else { return };
        let arrived = replica.pending.iter().any(|pending| {
            self.intent(pending.intent)
                .is_some_and(|intent| replica.confirmed().holds(&intent.action))
        });
        let unbuilt = replica.pending.iter().any(|pending| pending.change.is_none());
        if anew || arrived || unbuilt || !replica.has_local() {
            self.requeue(step, id);
        }
    }

    /// Rebuilds all pending intents of a document in their order, under a fresh actor, and updates the views.
    pub(super) fn requeue(&mut self, step: &mut Step<'_>, id: DocumentId) {
        self.rebuild(step, id);
        self.show_document(step, id);
    }

    /// Rebuilds all pending intents of a document without updating the views.
    pub(super) fn rebuild(&mut self, step: &mut Step<'_>, id: DocumentId) {
        let Some(me) = self.me.as_ref().map(|me| me.id) else {
            return;
        };
        let Some(mut replica) = self.replicas.remove(&id) else {
            return;
        };
        let mut sent: HashMap<IntentId, Vec<u8>> = replica.unbuild().into_iter().collect();
        let mut done = vec![];
        let mut line = None;
        for queued in &self.outbox {
            if queued.state != QueueState::Waiting || queued.intent.action.document() != Some(id) {
                continue;
            }
            if replica.confirmed().holds(&queued.intent.action)
                || !replica.push(&queued.intent, me, &mut line, &mut || step.actor())
            {
                done.push(queued.intent.id);
                continue;
            }
            if let Some(pending) = replica.pending.last_mut() {
                pending.sent = sent.remove(&queued.intent.id);
            }
        }
        self.replicas.insert(id, replica);
        for intent in done {
            self.finish(step, intent);
        }
    }

    /// Updates the views of a document.
    pub(super) fn show_document(&mut self, step: &mut Step<'_>, id: DocumentId) {
        let mut messages = 0;
        match id {
            DocumentId::Timeline(conversation, _) => {
                if let (Some(replica), Some(thread)) = (self.replicas.get(&id), self.threads.get_mut(&conversation)) {
                    messages = thread.read(replica);
                }
                step.changed(Key::Bubbles(conversation));
            }
            DocumentId::Discussion(conversation) => step.changed(Key::Discussion(conversation)),
            DocumentId::Draft(conversation) => self.show_draft(step, conversation),
            DocumentId::Contact(contact) => step.changed(Key::Profile(contact)),
            DocumentId::Notes(contact) => step.changed(Key::Notes(contact)),
        }
        if self.replicas.get(&id).is_some_and(|replica| replica.seq > 0) {
            self.used(step, id, messages);
        }
    }

    /// Drops documents that the user may no longer read. Unsent work becomes "Not delivered" unless the server has it.
    pub(super) fn purge(&mut self, step: &mut Step<'_>, documents: &[DocumentId]) {
        for id in documents {
            self.replicas.remove(id);
            self.copies.retain(|copied| copied.document != *id);
            step.erase(DiskKey::Document(*id));
            let lost: Vec<IntentId> = self
                .outbox
                .iter()
                .filter(|queued| queued.state == QueueState::Waiting && queued.intent.action.document() == Some(*id))
                .map(|queued| queued.intent.id)
                .collect();
            for intent in lost {
                let refusal = Refusal::new(Code::Forbidden, "you may not write here any more");
                self.doubt(step, intent, *id, refusal);
            }
            self.show_document(step, *id);
        }
    }

    pub(super) fn intent(&self, id: IntentId) -> Option<&Intent> {
        self.outbox
            .iter()
            .map(|queued| &queued.intent)
            .find(|intent| intent.id == id)
    }
}
