//! Copies a document's content with minimal history, to begin another epoch (`docs/sync.md#segments-and-epochs`).

use automerge::Automerge;

use super::{DocumentError, DocumentKind, Pen, begin, contact, draft, notes, timeline};
use crate::ids::MessageId;

/// What the new document leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forget {
    /// Only the history.
    History,
    /// The text and files of one message, which stays as a placeholder.
    Message(MessageId),
    /// Everything that people wrote. Messages stay as placeholders; all else is empty.
    Everything,
}

impl Forget {
    /// Whether this message loses its text and files.
    pub(super) fn blanks(self, id: MessageId) -> bool {
        match self {
            Self::History => false,
            Self::Message(message) => message == id,
            Self::Everything => true,
        }
    }
}

/// Writes what remains of `old` onto the genesis. Returns the document and its changes after the genesis: none for an
/// empty document, and more than one only to keep several values of a field.
pub fn begin_epoch(
    kind: DocumentKind,
    old: &Automerge,
    pen: &Pen,
    forget: Forget,
) -> Result<(Automerge, Vec<Vec<u8>>), DocumentError> {
    let mut doc = begin(kind);
    let changes = match (kind, forget) {
        (DocumentKind::Timeline | DocumentKind::Discussion, _) => {
            timeline::copy(&mut doc, old, pen, forget)?.into_iter().collect()
        }
        (DocumentKind::Draft | DocumentKind::Contact | DocumentKind::Notes, Forget::Everything) => vec![],
        (DocumentKind::Draft, Forget::History | Forget::Message(_)) => {
            let text = notes::Splice {
                at: 0,
                delete: 0,
                insert: draft::read(old)?,
            };
            draft::edit(&mut doc, pen, &text)?.into_iter().collect()
        }
        (DocumentKind::Notes, Forget::History | Forget::Message(_)) => {
            notes::copy(&mut doc, old, pen)?.into_iter().collect()
        }
        (DocumentKind::Contact, Forget::History | Forget::Message(_)) => contact::copy(&mut doc, old, pen)?,
    };
    Ok((doc, changes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        contact::{Detail, Field},
        document::{apply, load},
        ids::{FileId, NoteId, UserId},
        message::{Author, Kind, Message},
    };

    fn pen(n: u8) -> Pen {
        Pen {
            actor: [n; 16],
            user: Some(UserId::from_u128(n.into())),
        }
    }

    const SERVER: Pen = Pen {
        actor: [99; 16],
        user: None,
    };

    fn message(id: u128, body: &str) -> Message {
        Message {
            id: MessageId::from_u128(id),
            author: Author::Agent(UserId::from_u128(1)),
            kind: Kind::File,
            body: body.into(),
            at: 7,
            reply_to: None,
            private: false,
            template: None,
            attachments: vec![FileId::from_u128(id)],
        }
    }

    /// Returns the new document as a replica that received only the changes.
    fn received(kind: DocumentKind, old: &Automerge, forget: Forget) -> (Automerge, Vec<Vec<u8>>) {
        let (doc, changes) = begin_epoch(kind, old, &SERVER, forget).unwrap();
        let replica = load(kind, None, &changes).unwrap();
        assert_eq!(replica.get_heads(), doc.get_heads());
        (replica, changes)
    }

    fn holds(bytes: &[Vec<u8>], word: &str) -> bool {
        bytes
            .iter()
            .any(|bytes| bytes.windows(word.len()).any(|window| window == word.as_bytes()))
    }

    #[test]
    fn a_forgotten_message_leaves_a_mark_and_not_one_byte_of_its_text() {
        for kind in [DocumentKind::Timeline, DocumentKind::Discussion] {
            let mut old = begin(kind);
            for (id, body) in [(1, "my card is 4111"), (2, "thanks")] {
                timeline::append(&mut old, &pen(1), &message(id, body)).unwrap();
            }
            let (new, changes) = received(kind, &old, Forget::Message(MessageId::from_u128(1)));
            let mark = timeline::get(&new, MessageId::from_u128(1)).unwrap().unwrap();
            assert_eq!((mark.body.as_str(), mark.attachments.len()), ("", 0));
            assert_eq!(mark.author, message(1, "").author);
            let kept = timeline::get(&new, MessageId::from_u128(2)).unwrap();
            assert_eq!(kept, Some(message(2, "thanks")));
            assert!(!holds(&changes, "4111") && holds(&changes, "thanks"));
            let (_, changes) = received(kind, &old, Forget::Everything);
            assert!(!holds(&changes, "thanks"));
        }
    }

    #[test]
    fn messages_keep_the_order_in_which_they_were_written() {
        let mut old = begin(DocumentKind::Discussion);
        for id in [9, 2, 5] {
            timeline::append(&mut old, &pen(1), &message(id, "x")).unwrap();
        }
        let (new, _) = received(DocumentKind::Discussion, &old, Forget::History);
        assert_eq!(timeline::ordered(&new).unwrap(), [9, 2, 5].map(MessageId::from_u128));
    }

    #[test]
    fn both_values_of_a_field_survive_in_their_order() {
        let kind = DocumentKind::Contact;
        let mut old = begin(kind);
        let fields = [Field::City, Field::Name, Field::Company];
        let mut others = vec![];
        for n in 1..4u8 {
            let mut other = begin(kind);
            for field in &fields[..n as usize] {
                let value = format!("{}-{n}", field.as_str());
                others.extend(contact::set(&mut other, &pen(n), *field, Some(&value)).unwrap());
            }
        }
        apply(&mut old, &others).unwrap();
        contact::set_detail(&mut old, &pen(1), Detail::Email, "a@b.es", true).unwrap();
        let (new, changes) = received(kind, &old, Forget::History);
        assert_eq!(contact::read(&new).unwrap(), contact::read(&old).unwrap());
        assert_eq!(changes.len(), 3, "as many as the most values of a field");
        let (gone, changes) = received(kind, &old, Forget::Everything);
        assert_eq!(contact::read(&gone).unwrap(), contact::Profile::default());
        assert!(changes.is_empty());
    }

    proptest! {
        #[test]
        fn notes_and_drafts_read_the_same_with_less_history(texts in prop::collection::vec("[a-c🙂é]{0,9}", 1..12)) {
            let id = NoteId::from_u128(1);
            let mut notes_doc = begin(DocumentKind::Notes);
            notes::add(&mut notes_doc, &pen(1), id, 5, "begun").unwrap();
            notes::highlight(&mut notes_doc, &pen(2), id, true).unwrap();
            let mut draft_doc = begin(DocumentKind::Draft);
            let (mut note, mut draft_text) = ("begun".to_owned(), String::new());
            for text in &texts {
                if let Some(splice) = notes::difference(&note, text) {
                    notes::edit(&mut notes_doc, &pen(2), id, &splice).unwrap();
                }
                if let Some(splice) = notes::difference(&draft_text, text) {
                    draft::edit(&mut draft_doc, &pen(2), &splice).unwrap();
                }
                (note, draft_text) = (text.clone(), text.clone());
            }
            let (new, changes) = received(DocumentKind::Notes, &notes_doc, Forget::History);
            prop_assert_eq!(notes::read(&new).unwrap(), notes::read(&notes_doc).unwrap());
            prop_assert_eq!(changes.len(), 1);
            let (new, _) = received(DocumentKind::Draft, &draft_doc, Forget::History);
            prop_assert_eq!(draft::read(&new).unwrap(), draft_text);
        }
    }
}
