//! Entries of the audit log for changes of settings.

use std::fmt::Display;

use causerie_shared::{Millis, api::settings::AuditEntry, ids::IntentId};

use crate::{
    clock::random_u128,
    store::{Db, StoreError, audit, users::UserRecord},
};

/// The fields that a change affects, with their values before and after.
#[derive(Debug, Default)]
pub struct Trail {
    changes: Vec<(String, String, String)>,
}

impl Trail {
    /// Adds a field if its value changes. An empty text means no value.
    pub fn field(&mut self, name: &str, before: impl Display, after: impl Display) {
        let (before, after) = (before.to_string(), after.to_string());
        if before != after {
            self.changes.push((name.to_owned(), before, after));
        }
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Writes the entry in the transaction that makes the change.
    pub async fn write(
        self,
        db: &mut Db,
        actor: &UserRecord,
        action: &str,
        subject: &str,
        now: Millis,
    ) -> Result<(), StoreError> {
        let entry = AuditEntry {
            // Any unique ULID works; its time determines the order of the log.
            id: IntentId::new(now, random_u128()).to_string(),
            at: now,
            actor: actor.name.clone(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            changes: self.changes,
        };
        audit::insert(db, actor.id, &entry).await
    }
}
