//! Implements documents with Automerge.

use automerge::{Automerge, ChangeHash, ReadDoc, SaveOptions};
use causerie_shared::{
    contact::Field,
    document::{
        self, DocumentError, DocumentKind, Pen, apply,
        contact::{self, Former, Profile},
        draft,
        notes::{self, Note},
        timeline,
    },
    ids::MessageId,
    intent::{Action, Intent},
    message::Message,
};

use super::{Document, Documents, Hash, Loaded, Unfit};

/// Constructors of Automerge documents.
pub const DOCUMENTS: Documents = Documents {
    begin: |kind| Box::new(document::begin(kind)),
    load,
};

fn load(kind: DocumentKind, snapshot: Option<&[u8]>, changes: &[Vec<u8>]) -> Loaded {
    Ok(Box::new(document::load(kind, snapshot, changes)?))
}

impl From<DocumentError> for Unfit {
    fn from(_: DocumentError) -> Self {
        Self
    }
}

fn hashes(changes: &[Hash]) -> Vec<ChangeHash> {
    changes.iter().map(|hash| ChangeHash(*hash)).collect()
}

impl Document for Automerge {
    fn copy(&self) -> Box<dyn Document> {
        Box::new(self.clone())
    }

    fn save(&self) -> Vec<u8> {
        self.save_with_options(SaveOptions {
            deflate: false,
            ..SaveOptions::default()
        })
    }

    fn heads(&self) -> Vec<Hash> {
        self.get_heads().into_iter().map(|hash| hash.0).collect()
    }

    fn knows(&self, changes: &[Hash]) -> bool {
        hashes(changes)
            .iter()
            .all(|hash| self.get_change_by_hash(hash).is_some())
    }

    fn at(&self, heads: &[Hash]) -> Loaded {
        match self.fork_at(&hashes(heads)) {
            Ok(doc) => Ok(Box::new(doc)),
            Err(_) => Err(Unfit),
        }
    }

    fn apply(&mut self, changes: &[Vec<u8>]) -> Result<(), Unfit> {
        Ok(apply(self, changes)?)
    }

    fn write(&mut self, intent: &Intent, pen: &Pen) -> Result<Option<Vec<u8>>, Unfit> {
        let change = match &intent.action {
            Action::Reply { message, .. } | Action::Discuss { message, .. } => match timeline::get(self, message.id)? {
                Some(_) => None,
                None => Some(timeline::append(self, pen, message)?),
            },
            Action::EditDraft { splice, .. } => draft::edit(self, pen, splice)?,
            Action::SetField { field, value, .. } => contact::set(self, pen, *field, value.as_deref())?,
            Action::SetDetail {
                detail, value, present, ..
            } => contact::set_detail(self, pen, *detail, value, *present)?,
            Action::AddNote { note, text, .. } => match notes::length(self, *note) {
                Some(_) => None,
                None => Some(notes::add(self, pen, *note, intent.at, text)?),
            },
            Action::EditNote { note, splice, .. } => notes::edit(self, pen, *note, splice)?,
            Action::HighlightNote { note, on, .. } => notes::highlight(self, pen, *note, *on)?,
            Action::Command { .. } => None,
        };
        Ok(change)
    }

    fn holds(&self, action: &Action) -> bool {
        match action {
            Action::Reply { message, .. } | Action::Discuss { message, .. } => {
                matches!(timeline::get(self, message.id), Ok(Some(_)))
            }
            Action::AddNote { note, .. } => notes::length(self, *note).is_some(),
            Action::EditDraft { .. }
            | Action::SetField { .. }
            | Action::SetDetail { .. }
            | Action::EditNote { .. }
            | Action::HighlightNote { .. }
            | Action::Command { .. } => false,
        }
    }

    fn message_ids(&self) -> Vec<MessageId> {
        timeline::ids(self).unwrap_or_default()
    }

    fn messages(&self, wanted: &dyn Fn(MessageId) -> bool) -> (u32, Vec<Message>) {
        timeline::pick(self, wanted).unwrap_or_default()
    }

    fn discussion(&self) -> Vec<(i64, Message)> {
        let ids = timeline::ordered(self).unwrap_or_default();
        (1..)
            .zip(ids)
            .filter_map(|(at, id)| Some((at, timeline::get(self, id).ok()??)))
            .collect()
    }

    fn profile(&self) -> Profile {
        contact::read(self).unwrap_or_default()
    }

    fn history(&self, field: Field) -> Vec<Former> {
        contact::history(self, field).unwrap_or_default()
    }

    fn notes(&self) -> Vec<Note> {
        notes::read(self).unwrap_or_default()
    }

    fn draft(&self) -> String {
        draft::read(self).unwrap_or_default()
    }
}
