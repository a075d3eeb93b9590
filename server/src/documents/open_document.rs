//! Open documents: documents in memory, each with a lock for its writers.

mod write;

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::{
    clock::random_bytes,
    error::ServiceError,
    store::{
        Db, Store, StoreError,
        documents::{self, StoredActor},
    },
};
use automerge::{ActorId, Automerge};
use causerie_shared::{
    document::{
        self, DocumentError, DocumentId, Pen,
        epochs::{Forget, begin_epoch},
        segment::is_outgrown,
    },
    frame::{DocumentCursor, Part},
    gate::{self, Actors, Admitted, KnownActor, Writer},
    ids::UserId,
    refusal::{Code, Refusal},
};

/// Number of pushes between two snapshots (`docs/sync.md#segments-and-epochs`).
const SNAPSHOT_EVERY: i64 = 64;
/// Estimated memory of a document beside its changes, bytes.
const OVERHEAD: usize = 4096;

/// An open document: a document in memory, behind its lock.
pub struct OpenDocument {
    pub id: DocumentId,
    pub epoch: u32,
    /// Number of the last push.
    pub seq: i64,
    sealed: bool,
    quarantined: bool,
    /// The stored document cannot be read, or the document panicked. The next lock puts it into quarantine.
    damaged: bool,
    snapshot_seq: i64,
    /// Stored bytes of this epoch's changes; `begun_bytes` are those with which the epoch began.
    bytes: i64,
    begun_bytes: i64,
    /// The document in memory differs from the stored one, because another node has written or a change was applied but
    /// not stored. The next lock loads it again.
    stale: bool,
    doc: Automerge,
    actors: KnownActors,
    /// The server's own actor, new for each load.
    pen: Pen,
}

#[derive(Default, Clone)]
struct KnownActors(HashMap<ActorId, KnownActor>);

impl From<HashMap<ActorId, KnownActor>> for KnownActors {
    fn from(actors: HashMap<ActorId, KnownActor>) -> Self {
        Self(actors)
    }
}

impl Actors for KnownActors {
    fn known(&self, actor: &ActorId) -> Option<KnownActor> {
        self.0.get(actor).copied()
    }
}

/// Changes that passed the gate and were applied in memory. The document is stale until they are durable.
pub struct Prepared {
    pub changes: Vec<Vec<u8>>,
    actors: Vec<StoredActor>,
    pub admitted: Admitted,
    /// The document of the next epoch, if this begins one.
    anew: Option<Automerge>,
    /// Whether the push fills the segment, which is then sealed.
    pub seals: bool,
}

impl Prepared {
    fn bytes(&self) -> i64 {
        self.changes.iter().map(|change| change.len() as i64).sum()
    }
}

impl OpenDocument {
    pub(crate) async fn load(store: &Store, id: DocumentId) -> Result<Self, ServiceError> {
        let mut db = store.read().await?;
        let record = documents::get(&mut db, id).await?;
        let (epoch, snapshot, snapshot_seq) = record.as_ref().map_or((1, None, 0), |record| {
            (record.epoch, record.snapshot.as_deref(), record.snapshot_seq)
        });
        let (pushes, readable) = match documents::pushes_after(&mut db, id, epoch, snapshot_seq).await {
            Err(StoreError::Damaged(_)) => (vec![], false),
            pushes => (pushes?, true),
        };
        let stands = record.as_ref().filter(|_| !readable).map(|record| record.seq);
        let seq = stands.unwrap_or_else(|| pushes.last().map_or(snapshot_seq, |push| push.seq));
        let changes: Vec<Vec<u8>> = pushes.into_iter().flat_map(|push| push.changes).collect();
        let actors = documents::actors(&mut db, id, epoch).await?;
        let doc = read(id, snapshot, &changes).filter(|_| readable);
        Ok(Self {
            id,
            epoch,
            seq,
            sealed: record.as_ref().is_some_and(|record| record.sealed),
            quarantined: record.as_ref().is_some_and(|record| record.quarantined),
            snapshot_seq,
            bytes: record.as_ref().map_or(0, |record| record.bytes),
            begun_bytes: record.as_ref().map_or(0, |record| record.begun_bytes),
            stale: false,
            damaged: doc.is_none(),
            doc: doc.unwrap_or_else(|| document::begin(id.kind())),
            actors: KnownActors(actors.into_iter().map(|stored| (stored.actor, stored.known)).collect()),
            pen: Pen {
                actor: random_bytes(),
                user: None,
            },
        })
    }

    /// Whether the document cannot be used and is not in quarantine yet.
    pub fn must_be_quarantined(&self) -> bool {
        self.damaged && !self.quarantined
    }

    /// Returns an error if the document is in quarantine or cannot be read.
    pub fn usable(&self) -> Result<(), Refusal> {
        if self.quarantined || self.damaged {
            return Err(Refusal::new(Code::Quarantined, "this document was set aside"));
        }
        Ok(())
    }

    /// Returns an error if the document accepts no push in this epoch.
    pub fn open_for(&self, epoch: u32) -> Result<(), Refusal> {
        self.usable()?;
        if epoch != self.epoch {
            return Err(Refusal::new(Code::StaleEpoch, "the document was begun anew"));
        }
        if self.sealed {
            return Err(Refusal::new(Code::Sealed, "this segment is sealed"));
        }
        Ok(())
    }

    /// Whether the document already has all these changes.
    pub fn holds(&self, changes: &[automerge::Change]) -> bool {
        changes.iter().all(|change| gate::holds(&self.doc, &change.hash()))
    }

    /// Whether the user wrote all these changes, which must be of this epoch.
    pub fn wrote(&self, user: UserId, changes: &[Vec<u8>]) -> bool {
        changes.iter().all(|bytes| {
            document::parse(bytes).is_ok_and(|change| {
                let writer = self.actors.known(change.actor_id()).and_then(|actor| actor.bound_to);
                writer.is_some_and(|writer| writer.user == user)
            })
        })
    }

    /// Returns the document, including prepared changes that are not stored yet.
    pub fn doc(&self) -> &Automerge {
        &self.doc
    }

    /// Runs steps 3 to 6 of the gate. `Err(None)` means that the document panicked and must be put into quarantine.
    ///
    /// Copying the document would cost more than the rest of the push, so the changes are applied to the document
    /// itself, which is stale from then on. If anything fails before [`Self::committed`] (a refusal, a panic, a failed
    /// transaction, a cancelled task), the next lock loads the stored document.
    pub fn prepare(&mut self, writer: Writer, changes: Vec<automerge::Change>) -> Result<Prepared, Option<Refusal>> {
        let attempt = catch_unwind(AssertUnwindSafe(|| {
            let passed = gate::check(self.id.kind(), &self.doc, &self.actors, writer, changes)?;
            let bytes: Vec<Vec<u8>> = passed
                .changes
                .iter()
                .map(|change| change.raw_bytes().to_vec())
                .collect();
            let actors = actors_of(&passed.changes, Some(writer));
            self.stale = true;
            self.doc
                .apply_changes(passed.changes)
                .map_err(|error| Refusal::new(Code::BadOperation, format!("the change does not apply: {error}")))?;
            Ok(Prepared {
                changes: bytes,
                actors,
                admitted: passed.admitted,
                anew: None,
                seals: false,
            })
        }));
        match attempt {
            Ok(Ok(prepared)) => Ok(prepared),
            Ok(Err(refusal)) => Err(Some(refusal)),
            Err(_) => Err(None),
        }
    }

    /// Prepares a change of the server, as [`Self::prepare`] does for a user; `None` if `edit` changes nothing. If the
    /// document panics, [`Self::must_be_quarantined`] returns `true` afterwards.
    pub fn prepare_own(
        &mut self,
        edit: impl FnOnce(&mut Automerge, &Pen) -> Result<Option<Vec<u8>>, DocumentError>,
    ) -> Result<Option<Prepared>, DocumentError> {
        self.stale = true;
        let edited = catch_unwind(AssertUnwindSafe(|| edit(&mut self.doc, &self.pen)));
        let Ok(edited) = edited else {
            self.damaged = true;
            return Err(DocumentError::Damaged("the document panicked".to_owned()));
        };
        let Some(bytes) = edited? else {
            self.stale = false;
            return Ok(None);
        };
        let change = document::parse(&bytes)?;
        let actors = actors_of(&[change], None);
        Ok(Some(Prepared {
            changes: vec![bytes],
            actors,
            admitted: Admitted::default(),
            anew: None,
            seals: false,
        }))
    }

    /// Prepares the next epoch of the document.
    pub fn prepare_epoch(&self, forget: Forget) -> Result<Prepared, DocumentError> {
        let pen = Pen {
            actor: random_bytes(),
            user: None,
        };
        let (doc, changes) = begin_epoch(self.id.kind(), &self.doc, &pen, forget)?;
        let parsed = changes
            .iter()
            .map(|bytes| document::parse(bytes))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Prepared {
            anew: Some(doc),
            actors: actors_of(&parsed, None),
            changes,
            admitted: Admitted::default(),
            seals: false,
        })
    }

    /// Returns the stored bytes of the epoch, including this push.
    pub fn bytes_with(&self, prepared: &Prepared) -> i64 {
        self.bytes + prepared.bytes()
    }

    /// Whether the history is so long that the next epoch should begin.
    pub fn is_outgrown(&self) -> bool {
        is_outgrown(self.id.kind(), self.bytes, self.begun_bytes)
    }

    /// Whether no push was stored in this epoch.
    pub fn is_empty(&self) -> bool {
        self.seq == 0
    }

    /// Whether the document must be loaded again.
    pub(crate) fn is_stale(&self) -> bool {
        self.stale
    }

    /// Returns the estimated memory of the document, bytes.
    pub(crate) fn weight(&self) -> usize {
        OVERHEAD + self.bytes as usize
    }

    /// Returns the changes that a replica at `have` lacks. Reads a range of pushes and does not load the document.
    ///
    /// The part of a document that cannot be read is empty, so that the replica keeps its content.
    pub async fn part_since(&self, db: &mut Db, have: Option<DocumentCursor>) -> Result<Part, StoreError> {
        if self.damaged {
            let held = have.map_or(0, |have| have.seq);
            return Ok(Part {
                document: self.id,
                epoch: have.map_or(self.epoch, |have| have.epoch),
                from: held,
                to: held,
                snapshot: None,
                changes: vec![],
            });
        }
        // The database is newer than memory if another node has written or begun an epoch.
        let (epoch, seq) = documents::place(&mut *db, self.id).await?.unwrap_or((self.epoch, 0));
        let held = have
            .filter(|have| have.epoch == epoch && (0..=seq).contains(&have.seq))
            .map(|have| have.seq);
        let record = match held {
            Some(_) => None,
            None => documents::get(&mut *db, self.id).await?,
        };
        let snapshot = record.and_then(|record| record.snapshot.map(|bytes| (bytes, record.snapshot_seq)));
        let after = held.or(snapshot.as_ref().map(|(_, seq)| *seq)).unwrap_or(0);
        let pushes = documents::pushes_after(db, self.id, epoch, after).await?;
        Ok(Part {
            document: self.id,
            epoch,
            from: held.unwrap_or(0),
            to: pushes.last().map_or(after, |push| push.seq),
            snapshot: snapshot.map(|(bytes, _)| bytes),
            changes: pushes.into_iter().flat_map(|push| push.changes).collect(),
        })
    }

    /// Puts the document into quarantine, in memory and in the caller's transaction.
    pub async fn quarantine(&mut self, db: &mut Db) -> Result<(), StoreError> {
        self.quarantined = true;
        documents::ensure(&mut *db, self.id).await?;
        documents::quarantine(db, self.id).await
    }
}

/// Loads the document; `None` if the stored bytes are invalid or make Automerge panic.
fn read(id: DocumentId, snapshot: Option<&[u8]>, changes: &[Vec<u8>]) -> Option<Automerge> {
    let loaded = catch_unwind(AssertUnwindSafe(|| document::load(id.kind(), snapshot, changes)));
    match loaded {
        Ok(Ok(doc)) => Some(doc),
        Ok(Err(error)) => {
            tracing::error!(document = %id, %error, "a document cannot be read");
            None
        }
        Err(_) => {
            tracing::error!(document = %id, "a document panicked when it was read");
            None
        }
    }
}

fn actors_of(changes: &[automerge::Change], bound_to: Option<Writer>) -> Vec<StoredActor> {
    let mut last: HashMap<ActorId, KnownActor> = HashMap::new();
    for change in changes {
        let known = KnownActor {
            bound_to,
            seq: change.seq(),
            max_op: change.max_op(),
        };
        last.insert(change.actor_id().clone(), known);
    }
    last.into_iter()
        .map(|(actor, known)| StoredActor { actor, known })
        .collect()
}
