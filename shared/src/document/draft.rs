//! The shared reply draft: `draft/{conversation}` (`docs/sync.md#documents`), one text.

use automerge::{Automerge, ObjId, ObjType, ROOT, ReadDoc, Value, transaction::Transactable};

use super::{DocumentError, Pen, notes::Splice, write};

/// Longest draft in UTF-16 units, as the browser counts: as much as a message can be.
pub const MAX_DRAFT: usize = crate::message::MAX_TEXT;

fn text(doc: &impl ReadDoc) -> Result<ObjId, DocumentError> {
    match doc.get(ROOT, "text")? {
        Some((Value::Object(ObjType::Text), id)) => Ok(id),
        _ => Err(DocumentError::Missing("text")),
    }
}

/// What is written so far.
pub fn read(doc: &Automerge) -> Result<String, DocumentError> {
    Ok(doc.text(text(doc)?)?)
}

/// Length in UTF-16 units; 0 when it cannot be read.
pub fn length(doc: &Automerge) -> usize {
    text(doc).map_or(0, |id| doc.length(id))
}

/// Types or deletes; positions beyond the end are clamped to it. Returns the change's bytes; `None` when it changes nothing.
pub fn edit(doc: &mut Automerge, pen: &Pen, splice: &Splice) -> Result<Option<Vec<u8>>, DocumentError> {
    let id = text(doc)?;
    let length = doc.length(&id);
    let at = splice.at.min(length);
    let delete = splice.delete.min(length - at);
    write(doc, pen, |tx| {
        tx.splice_text(&id, at, delete as isize, &splice.insert)?;
        Ok(())
    })
}
