//! Storage of prepared changes, and the update of the document in memory after the commit.

use std::collections::HashMap;

use causerie_shared::{
    frame::Part,
    ids::IntentId,
    refusal::{Code, Refusal},
};

use super::{OpenDocument, Prepared, SNAPSHOT_EVERY};
use crate::{
    clock::random_bytes,
    error::ServiceError,
    store::{
        Db,
        documents::{self, StoredPush},
    },
};

impl OpenDocument {
    /// Writes the push in the caller's transaction (step 7).
    ///
    /// # Errors
    /// `Conflict` if another node has written since this document was loaded; the caller must lock it again.
    pub async fn write(&mut self, db: &mut Db, intent: IntentId, prepared: &Prepared) -> Result<(), ServiceError> {
        if self.seq == 0 {
            documents::ensure(&mut *db, self.id).await?;
        }
        if !documents::advance(&mut *db, self.id, self.epoch, self.seq, prepared.bytes()).await? {
            return Err(self.moved());
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
            let bytes = self.doc.save_nocompress();
            documents::save_snapshot(&mut *db, self.id, self.epoch, push.seq, bytes).await?;
        }
        if prepared.seals {
            documents::seal(db, self.id).await?;
        }
        Ok(())
    }

    fn moved(&mut self) -> ServiceError {
        self.stale = true;
        Refusal::new(Code::Conflict, "the document moved on").into()
    }

    /// Writes the next epoch in the caller's transaction.
    ///
    /// # Errors
    /// `Conflict` as in [`Self::write`].
    pub async fn write_anew(&mut self, db: &mut Db, intent: IntentId, prepared: &Prepared) -> Result<(), ServiceError> {
        if self.seq == 0 {
            documents::ensure(&mut *db, self.id).await?;
        }
        let (stands, pushes) = ((self.epoch, self.seq), pushes_of(prepared));
        if !documents::begin_epoch(&mut *db, self.id, stands, pushes, prepared.bytes()).await? {
            return Err(self.moved());
        }
        let epoch = self.epoch + 1;
        if pushes > 0 {
            let push = StoredPush {
                seq: pushes,
                intent,
                changes: prepared.changes.clone(),
            };
            documents::insert_push(&mut *db, self.id, epoch, &push).await?;
        }
        for actor in &prepared.actors {
            documents::save_actor(&mut *db, self.id, epoch, actor).await?;
        }
        Ok(())
    }

    /// Replaces the document in memory by that of the next epoch, and returns the part for its followers. Call it after
    /// the commit of [`Self::write_anew`].
    pub fn committed_anew(&mut self, prepared: Prepared) -> Part {
        self.epoch += 1;
        self.seq = pushes_of(&prepared);
        self.snapshot_seq = 0;
        self.bytes = prepared.bytes();
        self.begun_bytes = self.bytes;
        // Only `prepare_epoch` sets it; without it the next lock loads the stored document.
        match prepared.anew {
            Some(doc) => self.doc = doc,
            None => self.stale = true,
        }
        self.actors = prepared
            .actors
            .into_iter()
            .map(|stored| (stored.actor, stored.known))
            .collect::<HashMap<_, _>>()
            .into();
        self.pen.actor = random_bytes();
        Part {
            document: self.id,
            epoch: self.epoch,
            from: 0,
            to: self.seq,
            snapshot: None,
            changes: prepared.changes,
        }
    }

    /// Marks the document in memory as equal to the stored one, and returns the part for its followers. Call it after
    /// the commit of [`Self::write`].
    pub fn committed(&mut self, prepared: Prepared) -> Part {
        self.stale = false;
        self.bytes += prepared.bytes();
        self.sealed |= prepared.seals;
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
}

/// Returns the number of pushes with which the epoch begins: none for an empty document, otherwise one.
fn pushes_of(prepared: &Prepared) -> i64 {
    i64::from(!prepared.changes.is_empty())
}
