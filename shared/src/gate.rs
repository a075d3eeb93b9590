//! The write gate (`docs/sync.md#the-write-gate`): may this change enter this document?
//!
//! Steps 1 and 3 to 5 live here and run on both sides; the server adds who may write the document now
//! (step 2), a dry run (6) and the transaction (7). Operations are judged, not patches, because a change
//! can carry data that no patch shows.

mod content;
mod header;
mod operations;

use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::{ActorId, Automerge, Change, ChangeHash, ReadDoc};

use crate::{
    document::{DocumentKind, parse},
    ids::{DeviceId, NoteId, UserId},
    message::Message,
    refusal::{Code, Refusal},
};

/// Most changes of one push.
pub const MAX_CHANGES: usize = 16;
/// Largest change in bytes.
pub const MAX_CHANGE_BYTES: usize = 64 * 1024;

/// Who pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Writer {
    pub user: UserId,
    pub device: DeviceId,
}

/// What is known of an actor in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownActor {
    /// The user and device it is bound to; `None` for the server's own actors and the genesis.
    pub bound_to: Option<Writer>,
    /// Its last sequence number.
    pub seq: u64,
    /// The greatest operation number it has used.
    pub max_op: u64,
}

/// What the gate looks up about actors; the document itself answers the rest.
pub trait Actors {
    fn known(&self, actor: &ActorId) -> Option<KnownActor>;
}

/// The content of an admitted push, for the transaction that stores it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admitted {
    /// Messages that a timeline push creates, in order.
    pub messages: Vec<Message>,
    /// Profile fields or details were written.
    pub profile: bool,
    /// Notes that were created or touched.
    pub notes: Vec<NoteId>,
}

/// A push that passed steps 1 and 3 to 5.
#[derive(Debug)]
pub struct Passed {
    pub changes: Vec<Change>,
    pub admitted: Admitted,
}

/// Checks the caps (step 1) and reads the changes.
///
/// Only plain change chunks are read: a compressed one can inflate a thousandfold.
pub fn read(changes: &[Vec<u8>]) -> Result<Vec<Change>, Refusal> {
    if changes.is_empty() || changes.len() > MAX_CHANGES {
        return Err(Refusal::new(
            Code::TooLarge,
            format!("a push holds 1 to {MAX_CHANGES} changes"),
        ));
    }
    changes
        .iter()
        .map(|bytes| {
            if bytes.len() > MAX_CHANGE_BYTES {
                return Err(Refusal::new(
                    Code::TooLarge,
                    format!("a change has at most {MAX_CHANGE_BYTES} bytes"),
                ));
            }
            header::plain_chunk(bytes)?;
            // Automerge's parser panics on some crafted changes; to the one who sent it that is malformed.
            let change = guarded(|| parse(bytes).map_err(|error| Refusal::new(Code::Malformed, error.to_string())))?;
            header::whole(bytes, &change)?;
            Ok(change)
        })
        .collect()
}

/// Steps 3 to 5 for changes that `read` returned. The document is not changed.
pub fn check(
    kind: DocumentKind,
    doc: &Automerge,
    actors: &impl Actors,
    writer: Writer,
    changes: Vec<Change>,
) -> Result<Passed, Refusal> {
    let mut admitted = Admitted::default();
    let original = doc;
    let mut line = header::ActorHistory::new(original, actors, writer);
    guarded(|| {
        // Each change may build on those before it in the push.
        let mut grown: Option<Automerge> = None;
        for (index, change) in changes.iter().enumerate() {
            let doc = grown.as_ref().unwrap_or(original);
            line.admit(change)?;
            let expanded = change.decode();
            let facts = operations::check(kind, doc, &expanded)?;
            content::check(doc, writer, facts, &mut admitted)?;
            if index + 1 < changes.len() {
                grown
                    .get_or_insert_with(|| original.clone())
                    .apply_changes([change.clone()])
                    .map_err(|error| Refusal::new(Code::BadOperation, format!("the change does not apply: {error}")))?;
            }
        }
        Ok(())
    })?;
    Ok(Passed { changes, admitted })
}

/// Turns a panic over foreign bytes into a refusal; nothing is written inside, so nothing is left half done.
/// (Where panics abort, as in the console, only bytes of its own pass here.)
fn guarded<T>(judge: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(judge))
        .unwrap_or_else(|_| Err(Refusal::new(Code::Malformed, "the change cannot be read")))
}

/// The greatest operation of a change that the document holds.
fn max_op(doc: &Automerge, hash: &ChangeHash) -> Option<u64> {
    doc.get_change_meta_by_hash(hash).map(|meta| meta.max_op)
}

/// Does a document hold the change already?
pub fn holds(doc: &Automerge, hash: &ChangeHash) -> bool {
    doc.get_change_by_hash(hash).is_some()
}

#[cfg(test)]
mod tests;
