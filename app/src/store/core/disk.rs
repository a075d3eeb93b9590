//! The keys and formats of values on the disk, and how the store reads them back.

use causerie_shared::{
    Millis, SCHEMA,
    frame::{decode, encode},
    ids::{DeviceId, IntentId},
    intent::Queued,
    message::MessageRow,
    row::{ConversationRow, JourneyRow},
    window::Counts,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Core, Documents, Key, Replica, Step};
use crate::net::disk_key::{CACHES, DiskKey};
use crate::store::view::NoticeBody;

/// What to write for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    Put(Vec<u8>),
    Delete,
    /// Leaves the stored value as it is, because the store does not know the current one.
    Skip,
}

#[derive(Serialize, Deserialize)]
struct Meta {
    schema: u16,
    device: DeviceId,
    cursor: Option<i64>,
    grants: u64,
    /// The server's clock minus this device's, so that actions before the next hello get the right time.
    offset: Millis,
    as_of: Option<Millis>,
    counts: Counts,
}

#[derive(Serialize, Deserialize)]
struct StoredThread {
    rows_to: i64,
    rows: Vec<MessageRow>,
    journey: Vec<JourneyRow>,
}

#[derive(Serialize, Deserialize)]
struct StoredDocument {
    epoch: u32,
    seq: i64,
    bytes: Vec<u8>,
}

fn put<T: Serialize>(value: &T) -> Stored {
    match postcard::to_allocvec(value) {
        Ok(bytes) => Stored::Put(bytes),
        // Encoding plain data does not fail; if it ever does, the stored value stays.
        Err(_) => Stored::Skip,
    }
}

fn get<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    postcard::from_bytes(bytes).ok()
}

/// Decodes the cursor of a stored copy.
pub(super) fn cursor(meta: &[u8]) -> Option<i64> {
    get::<Meta>(meta)
        .filter(|meta| meta.schema == SCHEMA)
        .and_then(|meta| meta.cursor)
}

/// Decodes the records of copies.
pub(super) fn copies(bytes: &[u8]) -> Vec<super::CachedDocument> {
    get(bytes).unwrap_or_default()
}

/// Decodes a stored text.
pub(super) fn text(bytes: &[u8]) -> Option<String> {
    get(bytes)
}

/// Decodes a draft and whether its document has all of its text. Schema 1 stored only the text.
pub(super) fn draft(bytes: &[u8]) -> Option<(String, bool)> {
    let (text, rest) = postcard::take_from_bytes(bytes).ok()?;
    Some((text, rest.first() == Some(&1)))
}

/// Decodes an intent of the outbox, written by this schema version or the previous one.
pub(super) fn queued(bytes: &[u8]) -> Option<Queued> {
    match bytes.first() {
        Some(1) => first_schema(bytes),
        Some(_) => decode(bytes).ok(),
        None => None,
    }
}

/// Decodes an intent of schema 1, which stored no version. The id is the first field, and its first byte is 1 from 2004
/// to 2039.
fn first_schema(bytes: &[u8]) -> Option<Queued> {
    let (_, rest) = postcard::take_from_bytes::<(IntentId, Millis)>(bytes).ok()?;
    let mut bytes = bytes.to_vec();
    let action = bytes.len().checked_sub(rest.len())?;
    // `Discuss` and `EditDraft` were inserted after `Reply`.
    if let Some(action) = bytes.get_mut(action).filter(|action| **action > 0) {
        *action += 2;
    }
    // `Queued::after` is unknown, so every message counts as newer.
    bytes.push(0);
    get(&bytes)
}

impl Core {
    /// The value to store for a key.
    pub fn stored(&self, key: DiskKey) -> Stored {
        let missing = |value: Option<Stored>| value.unwrap_or(Stored::Delete);
        if self.no_copies && CACHES.contains(&key.store()) {
            return Stored::Skip;
        }
        match key {
            DiskKey::Meta => match self.device {
                Some(device) => put(&Meta {
                    schema: SCHEMA,
                    device,
                    // Without stored rows the server has to send all of them again.
                    cursor: self.cursor.filter(|_| !self.no_copies),
                    grants: self.grants,
                    offset: self.offset,
                    as_of: self.as_of,
                    counts: self.counts,
                }),
                None => Stored::Skip,
            },
            DiskKey::Users => put(&self.users.all()),
            DiskKey::Inboxes => put(&self.inboxes.all()),
            DiskKey::Accounts => put(&self.accounts.all()),
            DiskKey::Copies => put(&self.copies),
            DiskKey::Head(id) => missing(self.heads.get(&id).map(put)),
            DiskKey::Thread(id) => match self.threads.get(&id) {
                Some(thread) if thread.loaded => put(&StoredThread {
                    rows_to: thread.rows_to,
                    rows: thread.rows.values().cloned().collect(),
                    journey: thread.journey.all().to_vec(),
                }),
                Some(_) | None => Stored::Skip,
            },
            DiskKey::Document(id) => match self.replicas.get(&id) {
                Some(replica) => put(&StoredDocument {
                    epoch: replica.epoch,
                    seq: replica.seq,
                    bytes: replica.save(),
                }),
                None => Stored::Skip,
            },
            DiskKey::Outbox(id) => {
                let queued = self.outbox.iter().find(|queued| queued.intent.id == id);
                missing(queued.map(|queued| Stored::Put(encode(queued))))
            }
            DiskKey::Draft(id) => {
                let shared = !self.typed.contains_key(&id);
                missing(self.drafts.get(&id).map(|text| put(&(text, shared))))
            }
            DiskKey::DiscussionDraft(id) => missing(self.discussion_drafts.get(&id).map(put)),
        }
    }

    /// Fills the store from the disk. Damaged values are skipped, because the server has them.
    pub(super) fn boot(&mut self, step: &mut Step<'_>, stored: Vec<(DiskKey, Vec<u8>)>) {
        let meta = stored.iter().find(|(key, _)| *key == DiskKey::Meta);
        let meta = meta.map(|(_, bytes)| bytes.as_slice());
        let schema = meta.and_then(|bytes| postcard::take_from_bytes::<(u16, DeviceId)>(bytes).ok());
        if let Some(((_, device), _)) = schema {
            self.device = Some(device);
        }
        let readable = schema.is_none_or(|((schema, _), _)| schema == SCHEMA);
        if let Some(meta) = meta.filter(|_| readable).and_then(get::<Meta>) {
            self.cursor = meta.cursor;
            self.grants = meta.grants;
            self.offset = meta.offset;
            self.as_of = meta.as_of;
            self.counts = meta.counts;
        }
        if !readable && self.leads {
            // Copies of another version are fetched again; the user's own work is kept.
            step.effects.clear = true;
            step.dirty(DiskKey::Meta);
        }
        for (key, bytes) in stored {
            match key {
                DiskKey::Meta => {}
                DiskKey::Users | DiskKey::Inboxes | DiskKey::Accounts | DiskKey::Copies | DiskKey::Head(_)
                    if !readable => {}
                DiskKey::Users => {
                    let rows: Vec<causerie_shared::user::UserRow> = get(&bytes).unwrap_or_default();
                    rows.into_iter().for_each(|row| self.users.put(row));
                }
                DiskKey::Inboxes => {
                    let rows: Vec<causerie_shared::inbox::InboxRow> = get(&bytes).unwrap_or_default();
                    rows.into_iter().for_each(|row| self.inboxes.put(row));
                }
                DiskKey::Accounts => {
                    let rows: Vec<causerie_shared::inbox::AccountRow> = get(&bytes).unwrap_or_default();
                    rows.into_iter().for_each(|row| self.accounts.put(row));
                }
                DiskKey::Copies => self.learn_copies(copies(&bytes)),
                DiskKey::Head(id) => {
                    if let Some(head) = get::<ConversationRow>(&bytes)
                        && self.heads.get(&id).is_none_or(|known| known.seq <= head.seq)
                    {
                        self.heads.insert(id, head);
                    }
                }
                DiskKey::Outbox(_) => match queued(&bytes) {
                    Some(queued) if self.intent(queued.intent.id).is_some() => {}
                    Some(queued) => self.outbox.push(queued),
                    None => self.unreadable += 1,
                },
                DiskKey::Draft(id) => self.boot_draft(step, id, &bytes),
                DiskKey::DiscussionDraft(id) => {
                    if let Some(text) = get(&bytes) {
                        self.discussion_drafts.insert(id, text);
                    }
                }
                DiskKey::Thread(_) | DiskKey::Document(_) => {}
            }
        }
        if self.unreadable > 0 {
            let text = format!("{} unsent, of another version of this console; kept", self.unreadable);
            self.notify(step, NoticeBody::Storage { text });
        }
        if self.device.is_none() {
            // A cursor without its device would skip rows that this copy never had.
            self.cursor = None;
            self.device = Some(DeviceId::new(step.now, step.random()));
            step.dirty(DiskKey::Meta);
        }
        self.outbox
            .sort_unstable_by_key(|queued| (queued.intent.at, queued.intent.id));
        self.last_at = self.outbox.last().map_or(0, |queued| queued.intent.at);
        for id in self.drafts.keys() {
            let position = self.heads.get(id).map_or(0, |head| head.position);
            self.began.insert(*id, position);
        }
        self.booted = true;
        self.refresh_access();
        step.effects.all_changed = true;
    }

    /// Processes the documents and threads that were read from the disk.
    pub(super) fn loaded(&mut self, step: &mut Step<'_>, documents: Documents, found: Vec<(DiskKey, Option<Vec<u8>>)>) {
        for (key, bytes) in found {
            self.loading.remove(&key);
            match key {
                DiskKey::Thread(id) => {
                    let stored = bytes.and_then(|bytes| get::<StoredThread>(&bytes));
                    let thread = self.threads.entry(id).or_default();
                    if let Some(stored) = stored {
                        thread.fill(stored.rows_to, stored.rows, stored.journey);
                    }
                    thread.loaded = true;
                    step.changed(Key::Bubbles(id));
                }
                DiskKey::Document(id) => {
                    let stored = bytes.and_then(|bytes| get::<StoredDocument>(&bytes));
                    let replica = stored
                        .and_then(|stored| Replica::open(documents, id, stored.epoch, stored.seq, &stored.bytes).ok())
                        .unwrap_or_else(|| Replica::begin(documents, id));
                    self.replicas.insert(id, replica);
                    self.requeue(step, id);
                    self.show_document(step, id);
                }
                DiskKey::Meta
                | DiskKey::Users
                | DiskKey::Inboxes
                | DiskKey::Accounts
                | DiskKey::Copies
                | DiskKey::Head(_)
                | DiskKey::Outbox(_)
                | DiskKey::Draft(_)
                | DiskKey::DiscussionDraft(_) => {}
            }
        }
    }
}
