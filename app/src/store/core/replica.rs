//! One document on this device: the confirmed changes, and on top of them the unsent ones.

use causerie_shared::{
    document::{DocumentId, Pen},
    frame::{DocumentCursor, Part},
    ids::{IntentId, UserId},
    intent::{Action, Intent},
};

use super::document::{Document, Documents, Hash, Unfit};

/// Whether and how the server sends the document on this connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// The document is not followed.
    Closed,
    /// The document is asked for; no part has arrived yet.
    Asked,
    /// Parts arrive as changes are accepted.
    Live,
}

/// An intent on this document that is not acknowledged.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) intent: IntentId,
    /// The built change; `None` while the document lacks what the intent refers to.
    pub(super) change: Option<Vec<u8>>,
    /// The bytes in flight to the server on this connection.
    pub(super) sent: Option<Vec<u8>>,
}

/// The effect of a part.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Applied,
    /// A change before the part is missing, or the part cannot be read: ask again from the current state.
    Gap,
    Known,
}

/// The effect of an acknowledgement.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Acknowledged {
    /// Whether changes of others before it are missing.
    pub(super) gap: bool,
    /// Whether the intents that still wait must be rebuilt.
    pub(super) rebuild: bool,
}

#[derive(Debug)]
pub(super) struct Replica {
    pub(super) id: DocumentId,
    pub(super) epoch: u32,
    pub(super) seq: i64,
    pub(super) lane: Lane,
    /// Whether the server said that the epoch is old: nothing is sent until a part brings the new one.
    pub(super) outdated: bool,
    /// After "too many requests": nothing is sent before this time of the device's clock.
    pub(super) held_until: Option<i64>,
    documents: Documents,
    confirmed: Box<dyn Document>,
    /// `confirmed` with all unsent changes; only present while there are any.
    local: Option<Box<dyn Document>>,
    pub(super) pending: Vec<Pending>,
    /// This tab's actor in the document.
    actor: Option<[u8; 16]>,
}

/// The first epoch of every document.
const FIRST_EPOCH: u32 = 1;

impl Replica {
    /// Creates a document without any changes.
    pub(super) fn begin(documents: Documents, id: DocumentId) -> Self {
        Self::with(documents, id, FIRST_EPOCH, 0, (documents.begin)(id.kind()))
    }

    /// Opens a document from the disk.
    pub(super) fn open(
        documents: Documents,
        id: DocumentId,
        epoch: u32,
        seq: i64,
        bytes: &[u8],
    ) -> Result<Self, Unfit> {
        let confirmed = (documents.load)(id.kind(), Some(bytes), &[])?;
        Ok(Self::with(documents, id, epoch, seq, confirmed))
    }

    fn with(documents: Documents, id: DocumentId, epoch: u32, seq: i64, confirmed: Box<dyn Document>) -> Self {
        Self {
            id,
            epoch,
            seq,
            lane: Lane::Closed,
            outdated: false,
            held_until: None,
            documents,
            confirmed,
            local: None,
            pending: vec![],
            actor: None,
        }
    }

    /// Encodes the confirmed changes for the disk; unsent intents are stored in the outbox.
    pub(super) fn save(&self) -> Vec<u8> {
        self.confirmed.save()
    }

    pub(super) fn cursor(&self) -> DocumentCursor {
        DocumentCursor {
            document: self.id,
            epoch: self.epoch,
            seq: self.seq,
        }
    }

    /// The document as the server has it.
    pub(super) fn confirmed(&self) -> &dyn Document {
        &*self.confirmed
    }

    /// The document as views show it: with the unsent changes.
    pub(super) fn shown(&self) -> &dyn Document {
        &**self.local.as_ref().unwrap_or(&self.confirmed)
    }

    /// Whether the unsent changes are built.
    pub(super) fn has_local(&self) -> bool {
        self.local.is_some()
    }

    /// The point in the history that views show.
    pub(super) fn heads(&self) -> Vec<Hash> {
        self.shown().heads()
    }

    /// Applies a part from the server. After a new epoch or snapshot the caller rebuilds the unsent changes.
    pub(super) fn take(&mut self, part: &Part) -> Taken {
        // A part of an old epoch was overtaken; applying it would bring back removed content.
        if part.epoch < self.epoch {
            return Taken::Known;
        }
        let anew = part.epoch != self.epoch || part.snapshot.is_some();
        if anew {
            let begins = part.snapshot.is_some() || part.from == 0;
            if !begins || (part.epoch == self.epoch && part.to < self.seq) {
                return if begins { Taken::Known } else { Taken::Gap };
            }
            let Ok(doc) = (self.documents.load)(self.id.kind(), part.snapshot.as_deref(), &part.changes) else {
                return Taken::Gap;
            };
            self.confirmed = doc;
            (self.epoch, self.seq, self.outdated) = (part.epoch, part.to, false);
            self.lane = Lane::Live;
            return Taken::Applied;
        }
        if part.from > self.seq {
            return Taken::Gap;
        }
        self.lane = Lane::Live;
        self.outdated = false;
        if part.to <= self.seq {
            return Taken::Known;
        }
        // Changes that the document has already change nothing.
        let new = part.changes.as_slice();
        if self.confirmed.apply(new).is_err() {
            self.lane = Lane::Closed;
            return Taken::Gap;
        }
        if let Some(local) = &mut self.local
            && local.apply(new).is_err()
        {
            // The caller rebuilds it from the confirmed document when it next handles pending intents.
            self.local = None;
        }
        self.seq = part.to;
        Taken::Applied
    }

    /// Records that the server has the intent as number `seq`. `stored` contains the intent's bytes if they differ from
    /// those just sent.
    pub(super) fn acknowledge(&mut self, intent: IntentId, seq: i64, stored: Vec<Vec<u8>>) -> Option<Acknowledged> {
        let index = self.pending.iter().position(|pending| pending.intent == intent)?;
        let pending = self.pending.remove(index);
        let built = pending.change;
        let accepted = if stored.is_empty() {
            Vec::from_iter(pending.sent.or_else(|| built.clone()))
        } else {
            stored
        };
        let same = index == 0 && built.is_some_and(|built| accepted.as_slice() == [built]);
        let failed = self.confirmed.apply(&accepted).is_err();
        let gap = failed || seq > self.seq + 1;
        if seq == self.seq + 1 && !failed {
            self.seq = seq;
        }
        let rebuild = !same && !self.pending.is_empty();
        if self.pending.is_empty() {
            self.local = None;
            if !same {
                self.actor = None;
            }
        }
        Some(Acknowledged { gap, rebuild })
    }

    /// The bytes of an intent that are in flight.
    pub(super) fn sent(&self, intent: IntentId) -> Option<Vec<u8>> {
        let pending = self.pending.iter().find(|pending| pending.intent == intent)?;
        pending.sent.clone()
    }

    /// Drops the unsent changes and their actor. Returns the bytes in flight by intent.
    pub(super) fn unbuild(&mut self) -> Vec<(IntentId, Vec<u8>)> {
        self.local = None;
        self.actor = None;
        self.pending
            .drain(..)
            .filter_map(|pending| Some((pending.intent, pending.sent?)))
            .collect()
    }

    /// Applies an intent on top of what is shown. Returns `false` if the document already has its effect, so that
    /// nothing needs to be sent.
    pub(super) fn push(
        &mut self,
        intent: &Intent,
        user: UserId,
        line: &mut Option<Box<dyn Document>>,
        actor: &mut dyn FnMut() -> [u8; 16],
    ) -> bool {
        let mine = *self.actor.get_or_insert_with(&mut *actor);
        let local = self.local.get_or_insert_with(|| self.confirmed.copy());
        let change = match build(
            &mut **local,
            intent,
            Pen {
                actor: mine,
                user: Some(user),
            },
            line,
            actor,
        ) {
            Ok(Some(change)) => Some(change),
            Ok(None) => return false,
            // The intent refers to content that has not arrived; it is built again when changes arrive.
            Err(_) => None,
        };
        self.pending.push(Pending {
            intent: intent.id,
            change,
            sent: None,
        });
        true
    }

    /// Records that the connection is gone, and with it the bytes in flight.
    pub(super) fn disconnected(&mut self) {
        self.lane = Lane::Closed;
        self.pending.iter_mut().for_each(|pending| pending.sent = None);
    }
}

/// Applies an intent to a document. `line` is the branch of the last text edit in a rebuild: an edit whose own base is
/// gone was typed on top of that branch.
fn build(
    doc: &mut dyn Document,
    intent: &Intent,
    pen: Pen,
    line: &mut Option<Box<dyn Document>>,
    actor: &mut dyn FnMut() -> [u8; 16],
) -> Result<Option<Vec<u8>>, Unfit> {
    match &intent.action {
        Action::EditDraft { base, .. } | Action::EditNote { base, .. } => typed(doc, intent, pen, base, line, actor),
        Action::Reply { .. }
        | Action::Discuss { .. }
        | Action::SetField { .. }
        | Action::SetDetail { .. }
        | Action::AddNote { .. }
        | Action::HighlightNote { .. }
        | Action::Command { .. } => doc.write(intent, &pen),
    }
}

/// Applies a text edit at the point in the history that was shown when it was typed.
fn typed(
    doc: &mut dyn Document,
    intent: &Intent,
    pen: Pen,
    base: &[Hash],
    line: &mut Option<Box<dyn Document>>,
    actor: &mut dyn FnMut() -> [u8; 16],
) -> Result<Option<Vec<u8>>, Unfit> {
    let known = doc.knows(base);
    if known && base == doc.heads() {
        *line = None;
        return doc.write(intent, &pen);
    }
    let mut branch = match (known && !base.is_empty(), line.take()) {
        (true, _) => doc.at(base)?,
        (false, Some(branch)) => branch,
        (false, None) => {
            let change = doc.write(intent, &pen)?;
            *line = Some(doc.copy());
            return Ok(change);
        }
    };
    // Use a new actor: the old one may have continued its sequence numbers outside the branch.
    let pen = Pen {
        actor: actor(),
        user: pen.user,
    };
    let change = branch.write(intent, &pen)?;
    doc.apply(&Vec::from_iter(change.clone()))?;
    *line = Some(branch);
    Ok(change)
}
