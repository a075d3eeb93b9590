//! Rooms: documents in memory, each behind a lock that puts its writers in line.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use automerge::{ActorId, Automerge};
use causerie_shared::{
    document::{self, DocumentError, DocumentId, Pen},
    frame::{DocumentCursor, Part},
    gate::{self, Actors, Admitted, KnownActor, Writer},
    ids::IntentId,
    refusal::{Code, Refusal},
};
use tokio::sync::OwnedMutexGuard;

use crate::{
    clock::random_bytes,
    desk::DeskError,
    store::{
        Db, Store, StoreError,
        documents::{self, StoredActor, StoredPush},
    },
};

/// A snapshot is written after this many pushes (`sync.md`).
const SNAPSHOT_EVERY: i64 = 64;
/// Documents kept in memory; the rest is loaded again when needed.
const MAX_ROOMS: usize = 1000;

/// A document in memory.
pub struct Room {
    pub id: DocumentId,
    pub epoch: u32,
    /// Number of the last push.
    pub seq: i64,
    sealed: bool,
    quarantined: bool,
    snapshot_seq: i64,
    /// What is in memory is not what is stored (somebody else has written since, or a change was tried and not
    /// stored): the next one who locks it loads it again.
    stale: bool,
    doc: Automerge,
    actors: Known,
    /// The server's own actor: new for every load.
    pen: Pen,
}

#[derive(Default, Clone)]
struct Known(HashMap<ActorId, KnownActor>);

impl Actors for Known {
    fn known(&self, actor: &ActorId) -> Option<KnownActor> {
        self.0.get(actor).copied()
    }
}

/// A change that passed the gate and was tried on the document, which is stale until the change is durable.
pub struct Prepared {
    pub changes: Vec<Vec<u8>>,
    actors: Vec<StoredActor>,
    pub admitted: Admitted,
}

impl Room {
    async fn load(store: &Store, id: DocumentId) -> Result<Self, DeskError> {
        let mut db = store.read().await?;
        let record = documents::get(&mut db, id).await?;
        let (epoch, snapshot, snapshot_seq) = record.as_ref().map_or((1, None, 0), |record| {
            (record.epoch, record.snapshot.as_deref(), record.snapshot_seq)
        });
        let pushes = documents::pushes_after(&mut db, id, epoch, snapshot_seq).await?;
        let seq = pushes.last().map_or(snapshot_seq, |push| push.seq);
        let changes: Vec<Vec<u8>> = pushes.into_iter().flat_map(|push| push.changes).collect();
        let actors = documents::actors(&mut db, id, epoch).await?;
        Ok(Self {
            id,
            epoch,
            seq,
            sealed: record.as_ref().is_some_and(|record| record.sealed),
            quarantined: record.as_ref().is_some_and(|record| record.quarantined),
            snapshot_seq,
            stale: false,
            doc: document::load(id.kind(), snapshot, &changes)?,
            actors: Known(actors.into_iter().map(|stored| (stored.actor, stored.known)).collect()),
            pen: Pen {
                actor: random_bytes(),
                user: None,
            },
        })
    }

    /// May anything be written here in this epoch?
    pub fn open_for(&self, epoch: u32) -> Result<(), Refusal> {
        if self.quarantined {
            return Err(Refusal::new(Code::Quarantined, "this document was set aside"));
        }
        if epoch != self.epoch {
            return Err(Refusal::new(Code::StaleEpoch, "the document was begun anew"));
        }
        if self.sealed {
            return Err(Refusal::new(Code::Sealed, "this segment is sealed"));
        }
        Ok(())
    }

    /// Are all these changes in the document already?
    pub fn holds(&self, changes: &[automerge::Change]) -> bool {
        changes.iter().all(|change| gate::holds(&self.doc, &change.hash()))
    }

    /// The document; with the changes that are being tried.
    pub fn doc(&self) -> &Automerge {
        &self.doc
    }

    /// Steps 3 to 6 of the gate. `Err(None)`: the document panicked and must be set aside.
    ///
    /// A copy to try the change on would cost more than all the rest of the push. So it is tried on the document
    /// itself, which is stale from then on: whatever goes wrong before [`Room::committed`] (a refusal, a panic, a
    /// transaction that fails, a task that is dropped), the next one who locks the room reads what is stored.
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
            })
        }));
        match attempt {
            Ok(Ok(prepared)) => Ok(prepared),
            Ok(Err(refusal)) => Err(Some(refusal)),
            Err(_) => Err(None),
        }
    }

    /// Prepares a change of the server's own, as [`Room::prepare`] does. `None` when it changes nothing.
    pub fn prepare_own(
        &mut self,
        edit: impl FnOnce(&mut Automerge, &Pen) -> Result<Option<Vec<u8>>, DocumentError>,
    ) -> Result<Option<Prepared>, DocumentError> {
        self.stale = true;
        let Some(bytes) = edit(&mut self.doc, &self.pen)? else {
            self.stale = false;
            return Ok(None);
        };
        let change = document::parse(&bytes)?;
        let actors = actors_of(&[change], None);
        Ok(Some(Prepared {
            changes: vec![bytes],
            actors,
            admitted: Admitted::default(),
        }))
    }

    /// Step 7: writes the push in the caller's transaction.
    ///
    /// # Errors
    /// `Conflict` when another node has written since this room was loaded; the caller locks it again.
    pub async fn write(&mut self, db: &mut Db, intent: IntentId, prepared: &Prepared) -> Result<(), DeskError> {
        if self.seq == 0 {
            documents::ensure(&mut *db, self.id).await?;
        }
        if !documents::advance(&mut *db, self.id, self.epoch, self.seq).await? {
            return Err(Refusal::new(Code::Conflict, "the document moved on").into());
        }
        let push = StoredPush {
            seq: self.seq + 1,
            intent,
            changes: prepared.changes.clone(),
        };
        documents::insert_push(&mut *db, self.id, self.epoch, &push).await?;
        for actor in &prepared.actors {
            documents::save_actor(&mut *db, self.id, self.epoch, actor).await?;
        }
        if push.seq - self.snapshot_seq >= SNAPSHOT_EVERY {
            documents::save_snapshot(db, self.id, self.epoch, push.seq, self.doc.save_nocompress()).await?;
        }
        Ok(())
    }

    /// After the commit: the document in memory is what is stored. Returns the frame for those who follow it.
    pub fn committed(&mut self, prepared: Prepared) -> Part {
        self.stale = false;
        self.seq += 1;
        if self.seq - self.snapshot_seq >= SNAPSHOT_EVERY {
            self.snapshot_seq = self.seq;
        }
        self.actors
            .0
            .extend(prepared.actors.into_iter().map(|stored| (stored.actor, stored.known)));
        Part {
            document: self.id,
            epoch: self.epoch,
            from: self.seq - 1,
            to: self.seq,
            snapshot: None,
            changes: prepared.changes,
        }
    }

    /// What a replica that stands at `have` lacks: a range read, no document is loaded for it.
    pub async fn part_since(&self, db: &mut Db, have: Option<DocumentCursor>) -> Result<Part, StoreError> {
        let held = have
            .filter(|have| have.epoch == self.epoch && (0..=self.seq).contains(&have.seq))
            .map(|have| have.seq);
        let record = match held {
            Some(_) => None,
            None => documents::get(&mut *db, self.id).await?,
        };
        let snapshot = record.and_then(|record| record.snapshot.map(|bytes| (bytes, record.snapshot_seq)));
        let after = held.or(snapshot.as_ref().map(|(_, seq)| *seq)).unwrap_or(0);
        let pushes = documents::pushes_after(db, self.id, self.epoch, after).await?;
        Ok(Part {
            document: self.id,
            epoch: self.epoch,
            from: held.unwrap_or(0),
            to: pushes.last().map_or(after, |push| push.seq),
            snapshot: snapshot.map(|(bytes, _)| bytes),
            changes: pushes.into_iter().flat_map(|push| push.changes).collect(),
        })
    }

    /// The document panicked: nobody writes it from now on.
    pub async fn quarantine(&mut self, store: &Store) -> Result<(), StoreError> {
        self.quarantined = true;
        let mut tx = store.begin().await?;
        documents::ensure(&mut tx, self.id).await?;
        documents::quarantine(&mut tx, self.id).await?;
        tx.commit().await?;
        Ok(())
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

type Slot = Arc<tokio::sync::Mutex<Option<Room>>>;

/// All rooms.
#[derive(Default)]
pub struct Rooms {
    slots: Mutex<HashMap<DocumentId, Slot>>,
}

/// A locked room.
pub struct Locked(OwnedMutexGuard<Option<Room>>);

impl std::ops::Deref for Locked {
    type Target = Room;

    fn deref(&self) -> &Room {
        // `lock` fills the slot before it hands the guard out, and nothing empties it.
        self.0.as_ref().expect("a locked room is loaded")
    }
}

impl std::ops::DerefMut for Locked {
    fn deref_mut(&mut self) -> &mut Room {
        self.0.as_mut().expect("a locked room is loaded")
    }
}

impl Rooms {
    /// Waits for the document's lock and loads it if it is not in memory.
    pub async fn lock(&self, store: &Store, id: DocumentId) -> Result<Locked, DeskError> {
        let slot = self.slot(id);
        let mut guard = slot.lock_owned().await;
        if guard.as_ref().is_none_or(|room| room.stale) {
            *guard = Some(Room::load(store, id).await?);
        }
        Ok(Locked(guard))
    }

    fn slot(&self, id: DocumentId) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MAX_ROOMS {
            // Rooms that nobody holds right now can go; the database has everything.
            let mut spare = slots.len() - MAX_ROOMS / 2;
            slots.retain(|_, slot| {
                let keep = spare == 0 || Arc::strong_count(slot) > 1;
                spare -= usize::from(!keep);
                keep
            });
        }
        Arc::clone(slots.entry(id).or_default())
    }
}
