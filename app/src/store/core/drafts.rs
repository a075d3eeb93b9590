//! Drafts: what is typed for the customer is kept on the device at once, and shared with my other devices and
//! colleagues through the document `draft/{conversation}` when the typing rests (`docs/sync.md#documents`).

use causerie_shared::{
    Millis,
    document::{DocumentId, draft, notes::difference},
    frame::Part,
    ids::{ConversationId, IntentId},
    intent::{Action, QueueState},
};

use super::{Core, DiskKey, Key, Step, disk};

/// Typing rests when no key came for this long.
const IDLE_MS: Millis = 700;
/// What was typed before a reload is shared this much later: a tab that still lives shares it first.
const AFTER_BOOT_MS: Millis = 3_000;

impl Core {
    /// A person typed.
    pub(super) fn set_draft(&mut self, step: &mut Step<'_>, id: ConversationId, text: String) {
        let known = self.drafts.get(&id).map(String::as_str).unwrap_or_default();
        if known == text {
            return;
        }
        self.typed.insert(id, step.now);
        self.typed_elsewhere.remove(&id);
        self.put_draft(step, id, text);
        step.keep(DiskKey::Draft(id));
    }

    fn put_draft(&mut self, step: &mut Step<'_>, id: ConversationId, text: String) {
        if text.is_empty() {
            self.drafts.remove(&id);
            self.began.remove(&id);
            step.changed(Key::Bubbles(id));
        } else {
            let newest = self.newest(id);
            self.began.entry(id).or_insert(newest);
            self.drafts.insert(id, text);
        }
        step.changed(Key::Draft(id));
    }

    /// What lay on the disk at the start.
    pub(super) fn boot_draft(&mut self, step: &Step<'_>, id: ConversationId, bytes: &[u8]) {
        let Some((text, shared)) = disk::draft(bytes) else {
            return;
        };
        self.drafts.insert(id, text);
        if !shared && self.leads {
            self.typed.insert(id, step.now + AFTER_BOOT_MS);
        } else if !shared {
            self.typed_elsewhere.insert(id);
        }
    }

    /// Another tab typed, or followed the document.
    pub(super) fn drafted_elsewhere(&mut self, step: &mut Step<'_>, id: ConversationId, bytes: Option<&[u8]>) {
        if self.typed.contains_key(&id) {
            return;
        }
        let (text, shared) = bytes.and_then(disk::draft).unwrap_or((String::new(), true));
        if shared {
            self.typed_elsewhere.remove(&id);
        } else {
            self.typed_elsewhere.insert(id);
        }
        self.put_draft(step, id, text);
    }

    /// Once a second: drafts whose typing rests are shared.
    pub(super) fn tick_drafts(&mut self, step: &mut Step<'_>) {
        let resting = self.typed.iter().filter(|(_, at)| step.now - **at >= IDLE_MS);
        let resting: Vec<ConversationId> = resting.map(|(id, _)| *id).collect();
        for id in resting {
            self.share_draft(step, id);
        }
    }

    /// Brings what was typed into the document, as one change since the last that is on its way.
    pub(super) fn share_draft(&mut self, step: &mut Step<'_>, id: ConversationId) {
        let document = DocumentId::Draft(id);
        if !self.typed.contains_key(&id) || !self.replicas.contains_key(&document) {
            return;
        }
        let text = self.drafts.get(&id).cloned().unwrap_or_default();
        if !self.may_draft(id) || text.encode_utf16().count() > draft::MAX_DRAFT {
            return;
        }
        self.typed.remove(&id);
        step.keep(DiskKey::Draft(id));
        let unsent = self.outbox.iter().filter(|queued| {
            queued.intent.action.document() == Some(document) && !self.tried.contains(&queued.intent.id)
        });
        let unsent: Vec<IntentId> = unsent.map(|queued| queued.intent.id).collect();
        for intent in &unsent {
            self.finish(step, *intent);
        }
        if !unsent.is_empty() {
            self.rebuild(step, document);
        }
        let Some(replica) = self.replicas.get(&document) else {
            return;
        };
        let known = replica.shown().draft();
        if let Some(splice) = difference(&known, &text) {
            let base = replica.heads();
            self.edit(step, |_| Action::EditDraft {
                conversation: id,
                splice,
                base,
            });
        }
    }

    /// The draft of a chat that I may reply to is followed.
    pub(super) fn may_draft(&self, id: ConversationId) -> bool {
        let access = self.access.as_ref().zip(self.heads.get(&id));
        access.is_some_and(|(access, head)| access.replies(&head.state))
    }

    /// A part of a draft comes: what was typed since goes in first, so that neither overwrites the other.
    pub(super) fn before_draft_part(&mut self, step: &mut Step<'_>, part: &Part) {
        if let DocumentId::Draft(id) = part.document
            && self
                .replicas
                .get(&part.document)
                .is_some_and(|replica| replica.seq > 0 || !replica.pending.is_empty())
        {
            self.share_draft(step, id);
        }
    }

    /// The document changed: the box shows it, unless something is being typed here.
    pub(super) fn show_draft(&mut self, step: &mut Step<'_>, id: ConversationId) {
        let Some(replica) = self.replicas.get(&DocumentId::Draft(id)) else {
            return;
        };
        // Nothing is known of it yet.
        if (replica.seq == 0 && replica.pending.is_empty()) || self.typed_elsewhere.contains(&id) {
            return;
        }
        let theirs = replica.shown().draft();
        let mine = self.drafts.get(&id).map(String::as_str).unwrap_or_default();
        let first = !self.known_drafts.contains(&id);
        let text = if !self.typed.contains_key(&id) {
            theirs
        } else if !first || mine.contains(&theirs) {
            // It goes in when the typing rests.
            return;
        } else if theirs.contains(mine) {
            theirs
        } else {
            // Typed here before the document was ever seen: both stay.
            format!("{theirs}\n{mine}")
        };
        self.known_drafts.insert(id);
        if text != mine {
            self.put_draft(step, id, text);
            if self.leads {
                step.keep(DiskKey::Draft(id));
            }
        }
    }

    /// Drafts in the outbox are no work that anybody would miss: the text is kept beside it.
    pub(super) fn is_draft(&self, intent: IntentId) -> bool {
        self.outbox.iter().any(|queued| {
            queued.intent.id == intent
                && queued.state == QueueState::Waiting
                && matches!(queued.intent.action, Action::EditDraft { .. })
        })
    }
}
