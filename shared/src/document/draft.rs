//! The shared reply draft, one text: `draft/{conversation}` (`docs/sync.md#documents`).

use automerge::{Automerge, ObjId, ObjType, ROOT, ReadDoc, Value, transaction::Transactable};

use super::{DocumentError, Pen, notes::Splice, write};

/// Maximum length of a draft in UTF-16 units, the unit of the browser. Equal to the maximum of a message.
pub const MAX_DRAFT: usize = crate::message::MAX_TEXT;

fn text(doc: &impl ReadDoc) -> Result<ObjId, DocumentError> {
    match doc.get(ROOT, "text")? {
        Some((Value::Object(ObjType::Text), id)) => Ok(id),
        _ => Err(DocumentError::Missing("text")),
    }
}

/// Returns the text of the draft.
pub fn read(doc: &Automerge) -> Result<String, DocumentError> {
    Ok(doc.text(text(doc)?)?)
}

/// Returns the length in UTF-16 units; 0 if the draft cannot be read.
pub fn length(doc: &Automerge) -> usize {
    text(doc).map_or(0, |id| doc.length(id))
}

/// Inserts and deletes text. Positions beyond the end are clamped to it. Returns the change's bytes, or `None` if
/// nothing changes.
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
