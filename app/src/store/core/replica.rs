//! One document on this device: what the server confirmed, and on top of it what waits to be sent.

use causerie_shared::{
    document::{DocumentId, Pen},
    frame::{DocumentCursor, Part},
    ids::{IntentId, UserId},
    intent::{Action, Intent},
};

use super::document::{Document, Documents, Hash, Unfit};

/// How the server treats the document on this socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lane {
    /// Not followed.
    Closed,
    /// Asked for; no part has come yet.
    Asked,
    /// Parts come as changes are accepted.
    Live,
}

/// An intent that waits on this document.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) intent: IntentId,
    /// `None` when the document does not hold yet what the intent is about.
    pub(super) change: Option<Vec<u8>>,
    /// The bytes on their way to the server, on this socket.
    pub(super) sent: Option<Vec<u8>>,
}

/// What became of a part.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    Applied,
    /// Something before it is missing, or it cannot be read: ask again with what is held.
    Gap,
    Known,
}

/// What became of an acknowledgement.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Acknowledged {
    /// Changes of others are missing before it.
    pub(super) gap: bool,
    /// What still waits must be built anew.
    pub(super) rebuild: bool,
}

#[derive(Debug)]
pub(super) struct Replica {
    pub(super) id: DocumentId,
    pub(super) epoch: u32,
    pub(super) seq: i64,
    pub(super) lane: Lane,
    /// The server said that the epoch is old: nothing is sent until a part brings the new one.
    pub(super) outdated: bool,
    /// Too many requests: nothing is sent before this time of the device's clock.
    pub(super) held_until: Option<i64>,
    documents: Documents,
    confirmed: Box<dyn Document>,
    /// `confirmed` with all that waits; only there while something waits.
    local: Option<Box<dyn Document>>,
    pub(super) pending: Vec<Pending>,
    /// This tab's actor in this document.
    actor: Option<[u8; 16]>,
}

/// First epoch of every document.
const FIRST_EPOCH: u32 = 1;

impl Replica {
    /// A document that nobody has written to, as far as is known here.
    pub(super) fn begin(documents: Documents, id: DocumentId) -> Self {
        Self::with(documents, id, FIRST_EPOCH, 0, (documents.begin)(id.kind()))
    }

    /// From the disk.
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

    /// For the disk: confirmed changes only, what waits lies in the outbox.
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

    /// What the server has.
    pub(super) fn confirmed(&self) -> &dyn Document {
        &*self.confirmed
    }

    /// What is shown: with own unsent work.
    pub(super) fn shown(&self) -> &dyn Document {
        &**self.local.as_ref().unwrap_or(&self.confirmed)
    }

    /// Unsent work is built.
    pub(super) fn has_local(&self) -> bool {
        self.local.is_some()
    }

    /// The place in the history that is shown.
    pub(super) fn heads(&self) -> Vec<Hash> {
        self.shown().heads()
    }

    /// Takes in what the server sent. The caller rebuilds what waits when the epoch or a snapshot is new.
    pub(super) fn take(&mut self, part: &Part) -> Taken {
        // Overtaken on its way: what was removed since does not come back.
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
        // What is known of it already changes nothing.
        let new = part.changes.as_slice();
        if self.confirmed.apply(new).is_err() {
            self.lane = Lane::Closed;
            return Taken::Gap;
        }
        if let Some(local) = &mut self.local
            && local.apply(new).is_err()
        {
            // Rebuilt from the confirmed document by the caller's next look at what waits.
            self.local = None;
        }
        self.seq = part.to;
        Taken::Applied
    }

    /// The server has the intent under number `seq`; `stored` are its bytes when they are not those just sent.
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

    /// The bytes of an intent that are on their way.
    pub(super) fn sent(&self, intent: IntentId) -> Option<Vec<u8>> {
        let pending = self.pending.iter().find(|pending| pending.intent == intent)?;
        pending.sent.clone()
    }

    /// Forgets what waits and the actor that built it; the bytes on their way stay known by intent.
    pub(super) fn unbuild(&mut self) -> Vec<(IntentId, Vec<u8>)> {
        self.local = None;
        self.actor = None;
        self.pending
            .drain(..)
            .filter_map(|pending| Some((pending.intent, pending.sent?)))
            .collect()
    }

    /// Puts an intent on top of what is shown. `false` when the document already holds what it does, so
    /// that nothing needs to be sent.
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
            // It is about something that has not arrived; tried again when something does.
            Err(_) => None,
        };
        self.pending.push(Pending {
            intent: intent.id,
            change,
            sent: None,
        });
        true
    }

    /// The socket is gone, and with it everything that was on its way.
    pub(super) fn disconnected(&mut self) {
        self.lane = Lane::Closed;
        self.pending.iter_mut().for_each(|pending| pending.sent = None);
    }
}

/// Runs an intent on a document. `line` is the branch of the last edit of a text in a rebuild: an edit whose
/// own base is gone was typed on top of it.
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

/// Runs an edit of a text where it was typed: on the place in the history that was shown then.
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
    // Another actor: this one's numbers may have gone on outside the branch.
    let pen = Pen {
        actor: actor(),
        user: pen.user,
    };
    let change = branch.write(intent, &pen)?;
    doc.apply(&Vec::from_iter(change.clone()))?;
    *line = Some(branch);
    Ok(change)
}
