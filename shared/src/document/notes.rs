//! Notes about a contact, written collaboratively. Each has an author, a highlight and a shared text.

use automerge::{
    Automerge, ObjId, ObjType, ReadDoc, ScalarValue, Value,
    transaction::{Transactable, Transaction},
};
use serde::{Deserialize, Serialize};

use super::{DocumentError, Pen, container, integer, string, write};
use crate::{
    Millis,
    ids::{NoteId, UserId},
};

pub(crate) const NOTES: &str = "notes";

/// Maximum length of a note's text, in UTF-16 units.
pub const MAX_NOTE: usize = 10_000;

/// The current content of a note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    pub id: NoteId,
    pub author: UserId,
    pub at: Millis,
    pub highlighted: bool,
    pub text: String,
}

/// One replacement in a text, in UTF-16 units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Splice {
    pub at: usize,
    pub delete: usize,
    pub insert: String,
}

/// Adds a note by the pen's user; `text` may be empty.
pub fn add(doc: &mut Automerge, pen: &Pen, id: NoteId, at: Millis, text: &str) -> Result<Vec<u8>, DocumentError> {
    let author = pen.user.ok_or(DocumentError::Missing("author"))?;
    write(doc, pen, |tx| {
        let notes = container(tx, NOTES)?;
        let note = Note {
            id,
            author,
            at,
            highlighted: false,
            text: text.to_owned(),
        };
        put(tx, &notes, &note)
    })?
    .ok_or(DocumentError::Missing("change"))
}

/// Replaces a part of a note's text. Positions beyond the end are clamped to it.
pub fn edit(doc: &mut Automerge, pen: &Pen, id: NoteId, splice: &Splice) -> Result<Option<Vec<u8>>, DocumentError> {
    let (body, length) = body(doc, id)?;
    let at = splice.at.min(length);
    let delete = splice.delete.min(length - at);
    write(doc, pen, |tx| {
        tx.splice_text(&body, at, delete as isize, &splice.insert)?;
        Ok(())
    })
}

/// Turns the highlight on or off.
pub fn highlight(doc: &mut Automerge, pen: &Pen, id: NoteId, on: bool) -> Result<Option<Vec<u8>>, DocumentError> {
    let entry = entry(doc, id)?;
    write(doc, pen, |tx| {
        tx.put(&entry, "highlighted", on)?;
        Ok(())
    })
}

/// Writes all notes of `old` as one change.
pub(super) fn copy(doc: &mut Automerge, old: &Automerge, pen: &Pen) -> Result<Option<Vec<u8>>, DocumentError> {
    let all = read(old)?;
    write(doc, pen, |tx| {
        let notes = container(tx, NOTES)?;
        for note in &all {
            put(tx, &notes, note)?;
        }
        Ok(())
    })
}

fn put(tx: &mut Transaction<'_>, notes: &ObjId, note: &Note) -> Result<(), DocumentError> {
    let entry = tx.put_object(notes, note.id.to_string(), ObjType::Map)?;
    tx.put(&entry, "author", note.author.to_string())?;
    tx.put(&entry, "at", ScalarValue::Int(note.at))?;
    tx.put(&entry, "highlighted", note.highlighted)?;
    let body = tx.put_object(&entry, "text", ObjType::Text)?;
    if !note.text.is_empty() {
        tx.splice_text(&body, 0, 0, &note.text)?;
    }
    Ok(())
}

/// Returns all notes: highlighted ones first, then the newest (`docs/ux.md#notes`).
pub fn read(doc: &Automerge) -> Result<Vec<Note>, DocumentError> {
    let notes = container(doc, NOTES)?;
    let mut all: Vec<Note> = doc
        .keys(&notes)
        .filter_map(|key| {
            let id: NoteId = key.parse().ok()?;
            let (_, entry) = doc.get(&notes, key.as_str()).ok()??;
            let (_, body) = doc.get(&entry, "text").ok()??;
            Some(Note {
                id,
                author: string(doc, &entry, "author")?.parse().ok()?,
                at: integer(doc, &entry, "at")?,
                highlighted: doc.get(&entry, "highlighted").ok()??.0.as_bool()?,
                text: doc.text(&body).ok()?,
            })
        })
        .collect();
    all.sort_unstable_by_key(|note| (!note.highlighted, -note.at, note.id));
    Ok(all)
}

/// Returns the length of a note's text in UTF-16 units; `None` if the note does not exist.
pub fn length(doc: &Automerge, id: NoteId) -> Option<usize> {
    body(doc, id).ok().map(|(_, length)| length)
}

/// Returns the smallest single splice that turns `old` into `new`, in UTF-16 units; `None` if they are equal. The
/// splice never cuts a surrogate pair.
pub fn difference(old: &str, new: &str) -> Option<Splice> {
    if old == new {
        return None;
    }
    let prefix: usize = old
        .chars()
        .zip(new.chars())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.len_utf8())
        .sum();
    let (old_rest, new_rest) = (&old[prefix..], &new[prefix..]);
    let suffix: usize = old_rest
        .chars()
        .rev()
        .zip(new_rest.chars().rev())
        .take_while(|(a, b)| a == b)
        .map(|(a, _)| a.len_utf8())
        .sum();
    let units = |text: &str| text.encode_utf16().count();
    Some(Splice {
        at: units(&old[..prefix]),
        delete: units(&old_rest[..old_rest.len() - suffix]),
        insert: new_rest[..new_rest.len() - suffix].to_owned(),
    })
}

fn entry(doc: &Automerge, id: NoteId) -> Result<ObjId, DocumentError> {
    let notes = container(doc, NOTES)?;
    match doc.get(&notes, id.to_string())? {
        Some((Value::Object(ObjType::Map), entry)) => Ok(entry),
        _ => Err(DocumentError::Missing("note")),
    }
}

fn body(doc: &Automerge, id: NoteId) -> Result<(ObjId, usize), DocumentError> {
    match doc.get(entry(doc, id)?, "text")? {
        Some((Value::Object(ObjType::Text), body)) => {
            let length = doc.length(&body);
            Ok((body, length))
        }
        _ => Err(DocumentError::Missing("note text")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{DocumentKind, apply, begin};
    use proptest::prelude::*;

    fn pen(n: u8) -> Pen {
        Pen {
            actor: [n; 16],
            user: Some(UserId::from_u128(n.into())),
        }
    }

    #[test]
    fn two_people_edit_one_note_at_once_and_both_edits_stand() {
        let id = NoteId::from_u128(1);
        let mut a = begin(DocumentKind::Notes);
        let made = add(&mut a, &pen(1), id, 10, "Prefers WhatsApp 🙂.").unwrap();
        let mut b = begin(DocumentKind::Notes);
        apply(&mut b, &[made]).unwrap();
        let front = Splice {
            at: 0,
            delete: 0,
            insert: "VIP. ".into(),
        };
        let back = difference("Prefers WhatsApp 🙂.", "Prefers WhatsApp 🙂, not calls.").unwrap();
        let from_a = edit(&mut a, &pen(1), id, &front).unwrap().unwrap();
        let from_b = edit(&mut b, &pen(2), id, &back).unwrap().unwrap();
        apply(&mut a, &[from_b]).unwrap();
        apply(&mut b, &[from_a]).unwrap();
        assert_eq!(read(&a).unwrap(), read(&b).unwrap());
        assert_eq!(read(&a).unwrap()[0].text, "VIP. Prefers WhatsApp 🙂, not calls.");
    }

    proptest! {
        #[test]
        fn the_difference_turns_one_text_into_the_other(old in "[a-c🙂é ]{0,12}", new in "[a-c🙂é ]{0,12}") {
            let id = NoteId::from_u128(1);
            let mut doc = begin(DocumentKind::Notes);
            add(&mut doc, &pen(1), id, 0, &old).unwrap();
            if let Some(splice) = difference(&old, &new) {
                edit(&mut doc, &pen(1), id, &splice).unwrap();
            }
            prop_assert_eq!(&read(&doc).unwrap()[0].text, &new);
        }
    }
}
