//! The write gate (`docs/sync.md#the-write-gate`): checks whether a change may enter a document.
//!
//! Steps 1 and 3 to 5 are here and run on both sides. The server adds step 2 (whether the user may write the document
//! now), step 6 (a dry run) and step 7 (the transaction). The gate checks operations instead of patches, because a
//! change can carry data that no patch shows.

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

/// Maximum number of changes of one push.
pub const MAX_CHANGES: usize = 16;
/// Maximum size of a change, in bytes.
pub const MAX_CHANGE_BYTES: usize = 64 * 1024;

/// The user and device that push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Writer {
    pub user: UserId,
    pub device: DeviceId,
}

/// What is known about an actor in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownActor {
    /// The user and device that the actor is bound to; `None` for the server's own actors and the genesis.
    pub bound_to: Option<Writer>,
    /// The actor's last sequence number.
    pub seq: u64,
    /// The greatest operation number that the actor has used.
    pub max_op: u64,
}

/// The gate's lookup of actors. The document itself provides everything else.
pub trait Actors {
    fn known(&self, actor: &ActorId) -> Option<KnownActor>;
}

/// The content of an admitted push, for the transaction that stores it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admitted {
    /// Messages that a timeline push creates, in order.
    pub messages: Vec<Message>,
    /// Whether profile fields or details were written.
    pub profile: bool,
    /// Notes that were created or changed.
    pub notes: Vec<NoteId>,
}

/// A push that passed steps 1 and 3 to 5.
#[derive(Debug)]
pub struct Passed {
    pub changes: Vec<Change>,
    pub admitted: Admitted,
}

/// Checks the limits (step 1) and parses the changes.
///
/// Only uncompressed change chunks are accepted, because a compressed one can inflate a thousandfold.
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
            // Automerge's parser panics on some crafted changes; the sender gets `Malformed`.
            let change = guarded(|| parse(bytes).map_err(|error| Refusal::new(Code::Malformed, error.to_string())))?;
            header::whole(bytes, &change)?;
            Ok(change)
        })
        .collect()
}

/// Runs steps 3 to 5 on changes that `read` returned. Does not modify the document.
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
        // A change may build on earlier changes of the push.
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

/// Turns a panic over untrusted bytes into a refusal. `judge` writes nothing, so no state is left half done. Where
/// panics abort, as in the console, only the program's own bytes are checked here.
fn guarded<T>(judge: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    catch_unwind(AssertUnwindSafe(judge))
        .unwrap_or_else(|_| Err(Refusal::new(Code::Malformed, "the change cannot be read")))
}

/// Returns the greatest operation number of a change; `None` if the document does not contain the change.
fn max_op(doc: &Automerge, hash: &ChangeHash) -> Option<u64> {
    doc.get_change_meta_by_hash(hash).map(|meta| meta.max_op)
}

/// Whether a document already contains the change.
pub fn holds(doc: &Automerge, hash: &ChangeHash) -> bool {
    doc.get_change_by_hash(hash).is_some()
}

#[cfg(test)]
mod tests;
