//! What a change of settings leaves in the audit log.

use std::fmt::Display;

use causerie_shared::{Millis, api::settings::AuditEntry, ids::IntentId};

use crate::{
    clock::random_u128,
    store::{Db, StoreError, audit, users::UserRecord},
};

/// The fields that a change touches, with their values before and after.
#[derive(Debug, Default)]
pub struct Trail {
    changes: Vec<(String, String, String)>,
}

impl Trail {
    /// Notes a field, if its value changes; an empty text is no value.
    pub fn field(&mut self, name: &str, before: impl Display, after: impl Display) {
        let (before, after) = (before.to_string(), after.to_string());
        if before != after {
            self.changes.push((name.to_owned(), before, after));
        }
    }

    /// Nothing changes.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Writes the entry, in the transaction that makes the change.
    pub async fn write(
        self,
        db: &mut Db,
        actor: &UserRecord,
        action: &str,
        subject: &str,
        now: Millis,
    ) -> Result<(), StoreError> {
        let entry = AuditEntry {
            // Any ULID will do; its time makes the order of the log.
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
