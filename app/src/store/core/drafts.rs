//! Drafts: the text of a reply is stored on the device at once. When typing pauses, it is shared with the user's other
//! devices and with colleagues through the document `draft/{conversation}` (`docs/sync.md#documents`).

use causerie_shared::{
    Millis,
    document::{DocumentId, draft, notes::difference},
    frame::Part,
    ids::{ConversationId, IntentId},
    intent::{Action, QueueState},
};

use super::{Core, Key, Step, disk};
use crate::net::disk_key::DiskKey;

/// Typing has paused when no key was pressed for this long.
const IDLE_MS: Millis = 700;
/// A draft from before a reload is shared this much later, so that a tab that still runs shares it first.
const AFTER_BOOT_MS: Millis = 3_000;

impl Core {
    /// Sets the draft that the user types.
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

    /// Takes in a draft that was read from the disk at the start.
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

    /// Takes in a draft that another tab stored.
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

    /// Once a second, shares the drafts whose typing has paused.
    pub(super) fn tick_drafts(&mut self, step: &mut Step<'_>) {
        let resting = self.typed.iter().filter(|(_, at)| step.now - **at >= IDLE_MS);
        let resting: Vec<ConversationId> = resting.map(|(id, _)| *id).collect();
        for id in resting {
            self.share_draft(step, id);
        }
    }

    /// Writes the typed text into the document, as one change that replaces the changes not sent yet.
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

    /// Whether the user may reply to the chat, so that its draft is followed.
    pub(super) fn may_draft(&self, id: ConversationId) -> bool {
        let access = self.access.as_ref().zip(self.heads.get(&id));
        access.is_some_and(|(access, head)| access.replies(&head.state))
    }

    /// Shares the typed text before a part of the draft's document is applied, so that neither overwrites the other.
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

    /// Copies the document's text into the draft, unless the user is typing here.
    pub(super) fn show_draft(&mut self, step: &mut Step<'_>, id: ConversationId) {
        let Some(replica) = self.replicas.get(&DocumentId::Draft(id)) else {
            return;
        };
        // The document has not been loaded yet, or another tab is typing.
        if (replica.seq == 0 && replica.pending.is_empty()) || self.typed_elsewhere.contains(&id) {
            return;
        }
        let theirs = replica.shown().draft();
        let mine = self.drafts.get(&id).map(String::as_str).unwrap_or_default();
        let first = !self.known_drafts.contains(&id);
        let text = if !self.typed.contains_key(&id) {
            theirs
        } else if !first || mine.contains(&theirs) {
            // The typed text is shared when typing pauses.
            return;
        } else if theirs.contains(mine) {
            theirs
        } else {
            // The text was typed before the document was ever loaded, so both texts are kept.
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

    /// Whether the intent is a waiting draft edit. Losing one loses no work, because the text is stored separately.
    pub(super) fn is_draft(&self, intent: IntentId) -> bool {
        self.outbox.iter().any(|queued| {
            queued.intent.id == intent
                && queued.state == QueueState::Waiting
                && matches!(queued.intent.action, Action::EditDraft { .. })
        })
    }
}
