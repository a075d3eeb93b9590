//! Sending of the outbox, and the effect of the server's answers (`docs/sync.md#outbox`).

use std::collections::HashMap;

use causerie_shared::{
    document::DocumentId,
    frame::{ClientFrame, Part, ServerFrame, encode},
    ids::{ConversationId, IntentId},
    intent::{Action, QueueState},
    refusal::{Code, Refusal},
};

use super::{
    Core, Key, Step,
    replica::{Lane, Taken},
    stale_replies::reply_in,
};
use crate::net::{disk_key::DiskKey, tabs::TabMessage};

/// How long to wait after the server refused with "too many requests", in milliseconds.
const HOLD_MS: i64 = 3_000;

impl Core {
    /// Sends what can be sent: one change per document at a time, in the order of the actions.
    pub(super) fn drain(&mut self, step: &mut Step<'_>) {
        if !self.online() || !self.leads || self.read_only() {
            return;
        }
        self.refuse_lost(step);
        // Of each chat the oldest reply goes first, whatever its segment; no reply overtakes a held one.
        let mut firsts: HashMap<ConversationId, Option<IntentId>> = HashMap::new();
        for (id, intent) in self
            .outbox
            .iter()
            .filter_map(|queued| Some((reply_in(queued)?, queued.intent.id)))
        {
            firsts
                .entry(id)
                .or_insert_with(|| Some(intent).filter(|intent| !self.held(id).contains(intent)));
        }
        let mut missing = vec![];
        let mut tried = vec![];
        for replica in self.replicas.values_mut() {
            let Some(next) = replica.pending.first_mut() else {
                continue;
            };
            let held = replica.held_until.is_some_and(|until| until > step.now);
            // New messages decide whether a reply is held, so the document must be up to date first.
            let waits = replica.lane != Lane::Live && next.change.is_some() && !self.tried.contains(&next.intent);
            let doubted = self.doubted.contains_key(&next.intent);
            if doubted || next.sent.is_some() || replica.outdated || held || waits || replica.lane == Lane::Closed {
                continue;
            }
            if let DocumentId::Timeline(id, _) = replica.id
                && firsts.get(&id).copied().flatten() != Some(next.intent)
            {
                continue;
            }
            match &next.change {
                Some(change) => {
                    next.sent = Some(change.clone());
                    tried.push(next.intent);
                    step.send(ClientFrame::Push {
                        document: replica.id,
                        epoch: replica.epoch,
                        intent: next.intent,
                        changes: vec![change.clone()],
                    });
                }
                None if replica.lane == Lane::Live => missing.push(next.intent),
                None => {}
            }
        }
        step.effects.words.extend(tried.iter().copied().map(TabMessage::Tried));
        self.tried.extend(tried);
        for intent in missing {
            self.mark_refused(
                step,
                intent,
                Refusal::new(Code::NotFound, "what it was about is not there any more"),
            );
        }
        self.send_commands(step);
    }

    /// Processes the acknowledgement of an intent, which the server has stored durably.
    pub(super) fn applied(
        &mut self,
        step: &mut Step<'_>,
        intent: IntentId,
        document: DocumentId,
        epoch: u32,
        seq: i64,
        changes: Vec<Vec<u8>>,
    ) {
        if let (
            Some(Action::Reply {
                conversation, files, ..
            }),
            false,
        ) = (self.intent(intent).map(|intent| intent.action.clone()), seq == 0)
            && let Some(thread) = self.threads.get_mut(&conversation)
        {
            thread.remember_files(&files);
        }
        let mut rebuild = false;
        let mut changes = changes;
        if let Some(replica) = self.replicas.get_mut(&document) {
            if self.leads {
                // Other tabs may have built different bytes for the intent, or none.
                let sent = replica.sent(intent).filter(|_| changes.is_empty());
                let changes = sent.map_or_else(|| changes.clone(), |sent| vec![sent]);
                let applied = ServerFrame::Applied {
                    intent,
                    document,
                    epoch,
                    seq,
                    changes,
                };
                step.effects.words.push(TabMessage::Frame(encode(&applied)));
            }
            if replica.epoch != epoch {
                // A new epoch has begun since; the part that opening the document brings contains the intent.
                replica.lane = Lane::Closed;
                rebuild = true;
            } else if let Some(done) = replica.acknowledge(intent, seq, std::mem::take(&mut changes)) {
                rebuild = done.rebuild;
                if done.gap {
                    replica.lane = Lane::Closed;
                }
                // The document and the end of the intent are written in one transaction, so that no reload sends the
                // intent again.
                step.keep(DiskKey::Document(document));
            } else if !changes.is_empty() {
                // The intent was made in another tab, and this tab did not know it.
                let part = Part {
                    document,
                    epoch,
                    from: seq - 1,
                    to: seq,
                    snapshot: None,
                    changes,
                };
                if replica.take(&part) == Taken::Gap {
                    replica.lane = Lane::Closed;
                }
                step.dirty(DiskKey::Document(document));
                rebuild = !replica.pending.is_empty();
            }
        }
        self.finish(step, intent);
        if rebuild {
            self.requeue(step, document);
        }
        self.show_document(step, document);
    }

    /// Handles an intent that is no longer allowed. Its acknowledgement may have been lost, so the server is asked
    /// whether it has the intent; if not, the refusal is shown.
    pub(super) fn doubt(&mut self, step: &mut Step<'_>, intent: IntentId, document: DocumentId, refusal: Refusal) {
        if self.is_draft(intent) {
            return self.mark_refused(step, intent, refusal);
        }
        // Without a connection the question is asked after the next connect; followers learn the answer from the
        // leader.
        if !self.online() || !self.leads || self.doubted.contains_key(&intent) {
            return;
        }
        self.doubted.insert(intent, refusal);
        step.send(ClientFrame::Push {
            document,
            epoch: 0,
            intent,
            changes: vec![],
        });
    }

    /// Processes a refusal from the server.
    pub(super) fn refused(&mut self, step: &mut Step<'_>, intent: IntentId, document: DocumentId, refusal: Refusal) {
        match self.doubted.remove(&intent) {
            Some(_) if refusal.code == Code::RateLimited => return,
            Some(lost) => return self.mark_refused(step, intent, lost),
            None => {}
        }
        let Some(replica) = self.replicas.get_mut(&document) else {
            return self.mark_refused(step, intent, refusal);
        };
        if let Some(pending) = replica.pending.iter_mut().find(|pending| pending.intent == intent) {
            pending.sent = None;
        }
        match (refusal.code, document) {
            (Code::Sealed, DocumentId::Timeline(conversation, segment)) => {
                self.next_segment(step, conversation, segment);
            }
            (Code::StaleEpoch, _) => {
                replica.outdated = true;
                replica.lane = Lane::Closed;
            }
            (Code::RateLimited, _) => replica.held_until = Some(step.now + HOLD_MS),
            _ => self.mark_refused(step, intent, refusal),
        }
    }

    /// Moves replies that wait on a sealed segment to the next one, under the same ids.
    fn next_segment(&mut self, step: &mut Step<'_>, id: ConversationId, sealed: u32) {
        let next = self.heads.get(&id).map_or(0, |head| head.segment).max(sealed + 1);
        for queued in &mut self.outbox {
            if let Action::Reply {
                conversation, segment, ..
            } = &mut queued.intent.action
                && *conversation == id
                && *segment <= sealed
                && queued.state == QueueState::Waiting
            {
                *segment = next;
                self.tried.remove(&queued.intent.id);
                step.keep(DiskKey::Outbox(queued.intent.id));
            }
        }
        self.requeue(step, DocumentId::Timeline(id, sealed));
        self.requeue(step, DocumentId::Timeline(id, next));
    }

    /// Marks an intent as refused, so that the user sees it with its text. A draft edit is dropped instead.
    pub(super) fn mark_refused(&mut self, step: &mut Step<'_>, intent: IntentId, refusal: Refusal) {
        let draft = self.is_draft(intent);
        let Some(queued) = self.outbox.iter_mut().find(|queued| queued.intent.id == intent) else {
            return;
        };
        if draft {
            let document = queued.intent.action.document();
            self.finish(step, intent);
            return document.map_or((), |document| self.rebuild(step, document));
        }
        queued.state = QueueState::Refused(refusal);
        let document = queued.intent.action.document();
        self.restated(step, intent, document);
    }

    /// Sends an undelivered intent again; a reply goes to the newest segment.
    pub(super) fn retry(&mut self, step: &mut Step<'_>, intent: IntentId) {
        let Some(queued) = self.outbox.iter_mut().find(|queued| queued.intent.id == intent) else {
            return;
        };
        queued.state = QueueState::Waiting;
        // The user has decided, so the reply is not held again.
        queued.after = i64::MAX;
        if let Action::Reply {
            conversation, segment, ..
        } = &mut queued.intent.action
        {
            *segment = (*segment).max(self.heads.get(conversation).map_or(1, |head| head.segment));
        }
        let document = queued.intent.action.document();
        self.restated(step, intent, document);
    }

    /// After a change of an intent's state: stores the intent and rebuilds its document.
    fn restated(&mut self, step: &mut Step<'_>, intent: IntentId, document: Option<DocumentId>) {
        step.keep(DiskKey::Outbox(intent));
        step.changed(Key::Outbox);
        if let Some(document) = document {
            self.requeue(step, document);
            self.show_document(step, document);
        }
    }

    /// Discards an undelivered intent or a held reply.
    pub(super) fn discard(&mut self, step: &mut Step<'_>, intent: IntentId) {
        let Some(queued) = self.outbox.iter().find(|queued| queued.intent.id == intent) else {
            return;
        };
        let held = reply_in(queued).is_some_and(|id| self.held(id).contains(&intent));
        if held || matches!(queued.state, QueueState::Refused(_)) {
            let document = queued.intent.action.document();
            self.finish(step, intent);
            if let (true, Some(document)) = (held, document) {
                self.requeue(step, document);
            }
        }
    }

    /// Removes an intent from the outbox.
    pub(super) fn finish(&mut self, step: &mut Step<'_>, intent: IntentId) {
        let before = self.outbox.len();
        self.outbox.retain(|queued| queued.intent.id != intent);
        self.tried.remove(&intent);
        self.doubted.remove(&intent);
        if self.outbox.len() < before {
            step.keep(DiskKey::Outbox(intent));
            step.changed(Key::Outbox);
        }
    }
}
