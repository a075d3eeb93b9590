//! Documents, their pushes, and their actors, which are bound to users and devices.

use automerge::ActorId;
use std::collections::HashMap;

use causerie_shared::{
    document::DocumentId,
    gate::{KnownActor, Writer},
    ids::IntentId,
};
use sqlx::{Row as _, any::AnyRow};

use super::{Db, StoreError, id, optional_id};

/// The row of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentRecord {
    pub epoch: u32,
    /// Number of the last push; 0 is the genesis.
    pub seq: i64,
    pub sealed: bool,
    pub quarantined: bool,
    pub snapshot: Option<Vec<u8>>,
    /// Number of the last push that the snapshot includes.
    pub snapshot_seq: i64,
    /// Stored bytes of the epoch's changes.
    pub bytes: i64,
    /// Stored bytes of the changes with which the epoch began.
    pub begun_bytes: i64,
}

/// Returns epoch and last sequence number of the documents in `of` that are stored.
pub async fn stand(db: &mut Db, of: &[DocumentId]) -> Result<HashMap<DocumentId, (u32, i64)>, StoreError> {
    let mut all = HashMap::new();
    for some in of.chunks(500) {
        let mut last = 0;
        let sql = format!(
            "SELECT id, epoch, seq FROM documents WHERE id IN ({})",
            super::folder_counts::marks(&mut last, some.len())
        );
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for document in some {
            query = query.bind(document.to_string());
        }
        for row in query.fetch_all(&mut *db).await? {
            let document = super::id(&row.try_get::<String, _>("id")?, "document id")?;
            all.insert(document, (row.try_get::<i64, _>("epoch")? as u32, row.try_get("seq")?));
        }
    }
    Ok(all)
}

/// A stored push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPush {
    pub seq: i64,
    pub intent: IntentId,
    /// Raw bytes of the changes, in order.
    pub changes: Vec<Vec<u8>>,
}

/// An actor of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredActor {
    pub actor: ActorId,
    pub known: KnownActor,
}

/// Returns the document's row, and creates it at the genesis if needed.
pub async fn ensure(db: &mut Db, document: DocumentId) -> Result<DocumentRecord, StoreError> {
    sqlx::query(
        "INSERT INTO documents (id, epoch, seq, sealed, quarantined, snapshot, snapshot_seq) \
         VALUES ($1, 1, 0, 0, 0, NULL, 0) ON CONFLICT DO NOTHING",
    )
    .bind(document.to_string())
    .execute(&mut *db)
    .await?;
    get(db, document).await?.ok_or(StoreError::Damaged("document"))
}

/// Returns the document's row.
pub async fn get(db: &mut Db, document: DocumentId) -> Result<Option<DocumentRecord>, StoreError> {
    let row =
        sqlx::query(
        "SELECT epoch, seq, sealed, quarantined, snapshot, snapshot_seq, bytes, begun_bytes FROM documents WHERE id = $1",
    )
            .bind(document.to_string())
            .fetch_optional(db)
            .await?;
    row.map(|row| {
        Ok(DocumentRecord {
            epoch: row.try_get::<i64, _>("epoch")? as u32,
            seq: row.try_get("seq")?,
            sealed: row.try_get::<i64, _>("sealed")? != 0,
            quarantined: row.try_get::<i64, _>("quarantined")? != 0,
            snapshot: row.try_get("snapshot")?,
            snapshot_seq: row.try_get("snapshot_seq")?,
            bytes: row.try_get("bytes")?,
            begun_bytes: row.try_get("begun_bytes")?,
        })
    })
    .transpose()
}

/// Returns epoch and last sequence number of a document, without reading its snapshot.
pub async fn place(db: &mut Db, document: DocumentId) -> Result<Option<(u32, i64)>, StoreError> {
    let row = sqlx::query("SELECT epoch, seq FROM documents WHERE id = $1")
        .bind(document.to_string())
        .fetch_optional(db)
        .await?;
    row.map(|row| Ok((row.try_get::<i64, _>("epoch")? as u32, row.try_get("seq")?)))
        .transpose()
}

/// Takes the next sequence number for `bytes` of changes. Returns `false` if the document is not at `epoch` and `seq`,
/// or is sealed or in quarantine.
pub async fn advance(db: &mut Db, document: DocumentId, epoch: u32, seq: i64, bytes: i64) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE documents SET seq = seq + 1, bytes = bytes + $4 \
         WHERE id = $1 AND epoch = $2 AND seq = $3 AND sealed = 0 AND quarantined = 0",
    )
    .bind(document.to_string())
    .bind(i64::from(epoch))
    .bind(seq)
    .bind(bytes)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Seals a segment: it accepts no further pushes.
pub async fn seal(db: &mut Db, document: DocumentId) -> Result<(), StoreError> {
    sqlx::query("UPDATE documents SET sealed = 1 WHERE id = $1")
        .bind(document.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Moves a document at `epoch` and `seq` to the next epoch, which begins with `pushes` pushes of `bytes` bytes. Deletes
/// changes, snapshot and actors of the old epoch and keeps its intents. Returns `false` if the document is not at
/// `epoch` and `seq`.
pub async fn begin_epoch(
    db: &mut Db,
    document: DocumentId,
    (epoch, seq): (u32, i64),
    pushes: i64,
    bytes: i64,
) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE documents SET epoch = epoch + 1, seq = $4, snapshot = NULL, snapshot_seq = 0, bytes = $5, \
         begun_bytes = $5 WHERE id = $1 AND epoch = $2 AND seq = $3",
    )
    .bind(document.to_string())
    .bind(i64::from(epoch))
    .bind(seq)
    .bind(pushes)
    .bind(bytes)
    .execute(&mut *db)
    .await?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    for sql in [
        "INSERT INTO settled (document_id, intent) SELECT document_id, intent FROM changes \
         WHERE document_id = $1 ON CONFLICT DO NOTHING",
        "DELETE FROM changes WHERE document_id = $1",
        "DELETE FROM actors WHERE document_id = $1",
    ] {
        sqlx::query(sql).bind(document.to_string()).execute(&mut *db).await?;
    }
    Ok(true)
}

fn pack(changes: &[Vec<u8>]) -> Vec<u8> {
    // The encoding of frames.
    causerie_shared::frame::encode(&changes)
}

fn push(row: &AnyRow) -> Result<StoredPush, StoreError> {
    let bytes: Vec<u8> = row.try_get("bytes")?;
    Ok(StoredPush {
        seq: row.try_get("seq")?,
        intent: id(&row.try_get::<String, _>("intent")?, "intent id")?,
        changes: causerie_shared::frame::decode(&bytes).map_err(|_| StoreError::Damaged("change"))?,
    })
}

/// Stores a push, which is unique by document and intent.
pub async fn insert_push(db: &mut Db, document: DocumentId, epoch: u32, push: &StoredPush) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO changes (document_id, epoch, seq, intent, bytes) VALUES ($1, $2, $3, $4, $5)")
        .bind(document.to_string())
        .bind(i64::from(epoch))
        .bind(push.seq)
        .bind(push.intent.to_string())
        .bind(pack(&push.changes))
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the pushes of an epoch after a sequence number, in order.
pub async fn pushes_after(
    db: &mut Db,
    document: DocumentId,
    epoch: u32,
    seq: i64,
) -> Result<Vec<StoredPush>, StoreError> {
    let rows = sqlx::query(
        "SELECT seq, intent, bytes FROM changes WHERE document_id = $1 AND epoch = $2 AND seq > $3 ORDER BY seq",
    )
    .bind(document.to_string())
    .bind(i64::from(epoch))
    .bind(seq)
    .fetch_all(db)
    .await?;
    rows.iter().map(push).collect()
}

/// The state of an intent that the document knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Past {
    /// The intent is a push of the current epoch.
    Stored(StoredPush),
    /// The intent was applied in an older epoch.
    Settled,
}

/// Returns the state of an intent; `None` if it is new. Runs one statement, because each push calls it.
pub async fn past_of(db: &mut Db, document: DocumentId, intent: IntentId) -> Result<Option<Past>, StoreError> {
    let row = sqlx::query(
        "SELECT seq, intent, bytes FROM changes WHERE document_id = $1 AND intent = $2 \
         UNION ALL SELECT NULL, intent, NULL FROM settled WHERE document_id = $1 AND intent = $2",
    )
    .bind(document.to_string())
    .bind(intent.to_string())
    .fetch_all(db)
    .await?
    .into_iter()
    .next();
    let Some(row) = row else { return Ok(None) };
    Ok(Some(match row.try_get::<Option<i64>, _>("seq")? {
        Some(_) => Past::Stored(push(&row)?),
        None => Past::Settled,
    }))
}

/// Returns the actors of a document's epoch.
pub async fn actors(db: &mut Db, document: DocumentId, epoch: u32) -> Result<Vec<StoredActor>, StoreError> {
    let rows =
        sqlx::query("SELECT actor, user_id, device_id, seq, max_op FROM actors WHERE document_id = $1 AND epoch = $2")
            .bind(document.to_string())
            .bind(i64::from(epoch))
            .fetch_all(db)
            .await?;
    rows.iter()
        .map(|row| {
            let user = optional_id(row.try_get("user_id")?, "user id")?;
            let device = optional_id(row.try_get("device_id")?, "device id")?;
            let actor: String = row.try_get("actor")?;
            Ok(StoredActor {
                actor: actor.parse().map_err(|_| StoreError::Damaged("actor"))?,
                known: KnownActor {
                    bound_to: user.zip(device).map(|(user, device)| Writer { user, device }),
                    seq: row.try_get::<i64, _>("seq")? as u64,
                    max_op: row.try_get::<i64, _>("max_op")? as u64,
                },
            })
        })
        .collect()
}

/// Stores an actor at its first change; later only updates its numbers.
pub async fn save_actor(db: &mut Db, document: DocumentId, epoch: u32, actor: &StoredActor) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO actors (document_id, epoch, actor, user_id, device_id, seq, max_op) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) \
         ON CONFLICT (document_id, epoch, actor) DO UPDATE SET seq = excluded.seq, max_op = excluded.max_op",
    )
    .bind(document.to_string())
    .bind(i64::from(epoch))
    .bind(actor.actor.to_hex_string())
    .bind(actor.known.bound_to.map(|writer| writer.user.to_string()))
    .bind(actor.known.bound_to.map(|writer| writer.device.to_string()))
    .bind(actor.known.seq as i64)
    .bind(actor.known.max_op as i64)
    .execute(db)
    .await?;
    Ok(())
}

/// Replaces the snapshot unless the stored one is as new. Loading reads the snapshot and the pushes after it.
pub async fn save_snapshot(
    db: &mut Db,
    document: DocumentId,
    epoch: u32,
    seq: i64,
    bytes: Vec<u8>,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE documents SET snapshot = $4, snapshot_seq = $3 WHERE id = $1 AND epoch = $2 AND snapshot_seq < $3",
    )
    .bind(document.to_string())
    .bind(i64::from(epoch))
    .bind(seq)
    .bind(bytes)
    .execute(db)
    .await?;
    Ok(())
}

/// Puts a document into quarantine, in which it is read-only.
pub async fn quarantine(db: &mut Db, document: DocumentId) -> Result<(), StoreError> {
    sqlx::query("UPDATE documents SET quarantined = 1 WHERE id = $1")
        .bind(document.to_string())
        .execute(db)
        .await?;
    Ok(())
}
