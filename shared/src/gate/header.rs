//! Step 3: actor, sequence, dependencies and operation numbers.

use std::collections::HashMap;

use automerge::{ActorId, Automerge, Change, ChangeHash};

use super::{Actors, KnownActor, Writer, max_op};
use crate::{
    document::{GENESIS_ACTOR, Pen},
    refusal::{Code, Refusal},
};

/// The magic number at the start of every Automerge chunk.
const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// Chunk type of a plain change, after the magic number and a 4-byte checksum.
const PLAIN_CHANGE: u8 = 1;

/// Refuses everything but a single uncompressed change chunk, before anything is inflated.
pub(super) fn plain_chunk(bytes: &[u8]) -> Result<(), Refusal> {
    if bytes.len() < 9 || bytes[..4] != MAGIC {
        return Err(Refusal::new(Code::Malformed, "not a change"));
    }
    if bytes[8] != PLAIN_CHANGE {
        return Err(Refusal::new(Code::Malformed, "only plain changes are accepted"));
    }
    Ok(())
}

/// Checks the checksum and that no bytes are left over; parsing a change checks neither.
pub(super) fn whole(bytes: &[u8], change: &Change) -> Result<(), Refusal> {
    if bytes[4..8] != change.hash().0[..4] || change.raw_bytes() != bytes {
        return Err(Refusal::new(Code::Malformed, "the change is damaged"));
    }
    Ok(())
}

fn bad(text: &str) -> Refusal {
    Refusal::new(Code::BadHeader, text)
}

/// Checks the changes of a push in order; each change sees those before it.
pub(super) struct ActorHistory<'a, A> {
    doc: &'a Automerge,
    actors: &'a A,
    writer: Writer,
    pushed: HashMap<ChangeHash, u64>,
    moved: HashMap<ActorId, KnownActor>,
}

impl<'a, A: Actors> ActorHistory<'a, A> {
    pub(super) fn new(doc: &'a Automerge, actors: &'a A, writer: Writer) -> Self {
        Self {
            doc,
            actors,
            writer,
            pushed: HashMap::new(),
            moved: HashMap::new(),
        }
    }

    pub(super) fn admit(&mut self, change: &Change) -> Result<(), Refusal> {
        let actor = change.actor_id();
        if actor.to_bytes() == GENESIS_ACTOR {
            return Err(bad("the genesis cannot be written"));
        }
        let known = self.moved.get(actor).copied().or_else(|| self.actors.known(actor));
        let (seq, last_op) = match known {
            Some(known) if known.bound_to != Some(self.writer) => {
                return Err(bad("the actor belongs to another user"));
            }
            Some(known) => (known.seq, known.max_op),
            None => (0, 0),
        };
        if change.seq() != seq + 1 {
            return Err(bad("the sequence number is not the actor's next"));
        }
        self.author(change)?;
        let start = change.start_op().get();
        // Every change follows the genesis; a change without dependencies would begin a second document.
        if change.deps().is_empty() {
            return Err(bad("the change does not follow the genesis"));
        }
        let mut top = 0;
        for dependency in change.deps() {
            let op = match self.pushed.get(dependency) {
                Some(op) => *op,
                None => max_op(self.doc, dependency).ok_or_else(|| bad("a dependency is not known"))?,
            };
            top = top.max(op);
        }
        // An inflated number would win every conflict for ever, or leave no room for the next change.
        if start != top + 1 {
            return Err(bad("the first operation does not follow its dependencies"));
        }
        // Without this check, a change that omits its own predecessor would reuse operation numbers.
        if start <= last_op {
            return Err(bad("the operation numbers were used before"));
        }
        if change.is_empty() {
            return Err(bad("an empty change"));
        }
        self.pushed.insert(change.hash(), change.max_op());
        let moved = KnownActor {
            bound_to: Some(self.writer),
            seq: change.seq(),
            max_op: change.max_op(),
        };
        self.moved.insert(actor.clone(), moved);
        Ok(())
    }

    /// Checks that the author mark is the user's and that the change carries no extra data. Automerge stores the mark
    /// on an actor's first change only; later changes have the same author because the actor is bound.
    fn author(&self, change: &Change) -> Result<(), Refusal> {
        let mine = Pen::author(self.writer.user);
        let mark = match change.author() {
            // The mark consists of a type byte, a length byte and the author.
            Some(author) if author == mine => 2 + mine.as_bytes().len(),
            Some(_) => return Err(bad("the author is another user")),
            None if change.seq() > 1 => 0,
            None => return Err(bad("the author is missing")),
        };
        if change.extra_bytes().len() != mark || change.message().is_some() || change.timestamp() != 0 {
            return Err(bad("a change carries nothing but its operations and author"));
        }
        Ok(())
    }
}
