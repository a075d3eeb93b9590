//! Automerge documents: their names, their genesis, and how to read and write them (`docs/sync.md#documents`).

pub mod contact;
pub mod draft;
pub mod epochs;
pub mod notes;
pub mod segment;
pub mod timeline;

use std::{fmt, str::FromStr};

use automerge::{
    ActorId, Author, Automerge, AutomergeError, Change, LoadOptions, ObjId, ObjType, ROOT, ReadDoc, TextEncoding,
    Value,
    transaction::{CommitOptions, Transactable, Transaction},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::ids::{ContactId, ConversationId, UserId};

/// UTF-16, like the offsets of the DOM.
pub const ENCODING: TextEncoding = TextEncoding::Utf16CodeUnit;

/// The actor of every genesis change. No other change may use it.
pub const GENESIS_ACTOR: [u8; 1] = [0];

/// The name of a document.
///
/// Text form: `timeline/<conversation>/<segment>`, `discussion/<conversation>`, `draft/<conversation>`,
/// `contact/<contact>`, `notes/<contact>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentId {
    Timeline(ConversationId, u32),
    /// The internal discussion about a chat.
    Discussion(ConversationId),
    /// The reply in progress, shared by the users who may reply.
    Draft(ConversationId),
    Contact(ContactId),
    Notes(ContactId),
}

/// The kind of a document; decides its genesis and what the gate allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    Timeline,
    Discussion,
    Draft,
    Contact,
    Notes,
}

impl DocumentId {
    /// The conversation of the document; `None` for profiles and notes, which belong to a contact.
    pub fn conversation(self) -> Option<ConversationId> {
        match self {
            Self::Timeline(id, _) | Self::Discussion(id) | Self::Draft(id) => Some(id),
            Self::Contact(_) | Self::Notes(_) => None,
        }
    }

    /// The contact of the document; `None` for documents of a conversation.
    pub fn contact(self) -> Option<ContactId> {
        match self {
            Self::Contact(id) | Self::Notes(id) => Some(id),
            Self::Timeline(..) | Self::Discussion(_) | Self::Draft(_) => None,
        }
    }

    pub fn kind(self) -> DocumentKind {
        match self {
            Self::Timeline(..) => DocumentKind::Timeline,
            Self::Discussion(_) => DocumentKind::Discussion,
            Self::Draft(_) => DocumentKind::Draft,
            Self::Contact(_) => DocumentKind::Contact,
            Self::Notes(_) => DocumentKind::Notes,
        }
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeline(conversation, segment) => write!(f, "timeline/{conversation}/{segment}"),
            Self::Discussion(conversation) => write!(f, "discussion/{conversation}"),
            Self::Draft(conversation) => write!(f, "draft/{conversation}"),
            Self::Contact(contact) => write!(f, "contact/{contact}"),
            Self::Notes(contact) => write!(f, "notes/{contact}"),
        }
    }
}

impl FromStr for DocumentId {
    type Err = crate::ids::BadId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = crate::ids::BadId;
        let mut parts = text.split('/');
        let id = match (parts.next(), parts.next(), parts.next()) {
            (Some("timeline"), Some(conversation), Some(segment)) => {
                Self::Timeline(conversation.parse()?, segment.parse().map_err(|_| bad)?)
            }
            (Some("discussion"), Some(conversation), None) => Self::Discussion(conversation.parse()?),
            (Some("draft"), Some(conversation), None) => Self::Draft(conversation.parse()?),
            (Some("contact"), Some(contact), None) => Self::Contact(contact.parse()?),
            (Some("notes"), Some(contact), None) => Self::Notes(contact.parse()?),
            _ => return Err(bad),
        };
        // Only one spelling is accepted ("01" is not a segment number).
        if parts.next().is_none() && id.to_string() == text {
            Ok(id)
        } else {
            Err(bad)
        }
    }
}

impl Serialize for DocumentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DocumentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl DocumentKind {
    /// The objects that the genesis creates at the root, in this order, as operations 1, 2, 3 …
    pub fn containers(self) -> &'static [&'static str] {
        match self {
            Self::Timeline | Self::Discussion => &["messages"],
            Self::Draft => &["text"],
            Self::Contact => &["emails", "phones", "custom"],
            Self::Notes => &["notes"],
        }
    }
}

/// Why a document could not be read or written.
#[derive(Debug)]
pub enum DocumentError {
    /// Automerge returned an error.
    Automerge(AutomergeError),
    /// A stored change is damaged.
    Damaged(String),
    /// A container or an entry is missing.
    Missing(&'static str),
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Automerge(error) => write!(f, "document: {error}"),
            Self::Damaged(why) => write!(f, "damaged change: {why}"),
            Self::Missing(what) => write!(f, "document has no {what}"),
        }
    }
}

impl std::error::Error for DocumentError {}

impl From<AutomergeError> for DocumentError {
    fn from(error: AutomergeError) -> Self {
        Self::Automerge(error)
    }
}

/// The writer of a change: an actor that is new for every tab and rebuild, and the user whose author mark the change
/// gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pen {
    /// 16 random bytes.
    pub actor: [u8; 16],
    /// The writing user; `None` for the server.
    pub user: Option<UserId>,
}

impl Pen {
    /// Returns the author mark of changes by this user.
    pub fn author(user: UserId) -> Author<'static> {
        Author::from(user.to_u128().to_be_bytes().to_vec())
    }
}

/// Creates a document with its genesis: empty containers. The bytes are always the same, so a client may begin a
/// document offline. A different genesis would lose data when documents are merged.
#[expect(
    clippy::expect_used,
    reason = "an empty document accepts any put at its root; a failure here would be a broken build"
)]
pub fn begin(kind: DocumentKind) -> Automerge {
    let mut doc = Automerge::new_with_encoding(ENCODING).with_actor(ActorId::from(&GENESIS_ACTOR[..]));
    let mut tx = doc.transaction();
    for name in kind.containers() {
        let object = match kind {
            DocumentKind::Draft => ObjType::Text,
            DocumentKind::Timeline | DocumentKind::Discussion | DocumentKind::Contact | DocumentKind::Notes => {
                ObjType::Map
            }
        };
        // An empty document accepts any put at its root; a failure here would be a broken build.
        tx.put_object(ROOT, *name, object).expect("genesis");
    }
    tx.commit_with(CommitOptions::default().with_time(0));
    doc
}

/// Returns the bytes of the genesis change of a document kind.
pub fn genesis(kind: DocumentKind) -> Vec<u8> {
    let changes = begin(kind).get_changes(&[]);
    changes
        .first()
        .map_or_else(Vec::new, |change| change.raw_bytes().to_vec())
}

/// Loads a stored document: a snapshot, or the genesis if there is none, and the changes after it.
pub fn load(kind: DocumentKind, snapshot: Option<&[u8]>, changes: &[Vec<u8>]) -> Result<Automerge, DocumentError> {
    let mut doc = match snapshot {
        Some(bytes) => Automerge::load_with_options(bytes, LoadOptions::new().text_encoding(ENCODING))?,
        None => begin(kind),
    };
    apply(&mut doc, changes)?;
    Ok(doc)
}

/// Applies changes that the gate has admitted.
pub fn apply(doc: &mut Automerge, changes: &[Vec<u8>]) -> Result<(), DocumentError> {
    let changes = changes
        .iter()
        .map(|bytes| parse(bytes))
        .collect::<Result<Vec<_>, _>>()?;
    doc.apply_changes(changes)?;
    Ok(())
}

/// Parses one change.
pub fn parse(bytes: &[u8]) -> Result<Change, DocumentError> {
    Change::try_from(bytes).map_err(|error| DocumentError::Damaged(error.to_string()))
}

/// Runs `edit` as one change by `pen`. Returns the change's raw bytes, or `None` if `edit` changed nothing.
pub fn write<T>(
    doc: &mut Automerge,
    pen: &Pen,
    edit: impl FnOnce(&mut Transaction<'_>) -> Result<T, DocumentError>,
) -> Result<Option<Vec<u8>>, DocumentError> {
    doc.set_author(pen.user.map(Pen::author));
    doc.set_actor(ActorId::from(&pen.actor[..]));
    let mut tx = doc.transaction();
    match edit(&mut tx) {
        Ok(_) => {}
        Err(error) => {
            tx.rollback();
            return Err(error);
        }
    }
    // The time is always 0: `at` in the content is the only clock, and equal edits give equal bytes.
    let (hash, _) = tx.commit_with(CommitOptions::default().with_time(0));
    let change = hash.and_then(|hash| doc.get_change_by_hash(&hash));
    Ok(change.map(|change| change.raw_bytes().to_vec()))
}

/// Returns the container `name` at the root.
pub(crate) fn container(doc: &impl ReadDoc, name: &'static str) -> Result<ObjId, DocumentError> {
    match doc.get(ROOT, name)? {
        Some((Value::Object(ObjType::Map), id)) => Ok(id),
        _ => Err(DocumentError::Missing(name)),
    }
}

/// Returns a string value of a map; `None` if it is absent or has another type.
pub(crate) fn string(doc: &impl ReadDoc, object: &ObjId, key: &str) -> Option<String> {
    let (value, _) = doc.get(object, key).ok()??;
    value.as_str().map(str::to_owned)
}

/// Returns an integer value of a map; `None` if it is absent or has another type.
pub(crate) fn integer(doc: &impl ReadDoc, object: &ObjId, key: &str) -> Option<i64> {
    let (value, _) = doc.get(object, key).ok()??;
    value.as_i64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_genesis_is_the_same_everywhere_and_for_ever() {
        let heads = |kind| {
            begin(kind)
                .get_heads()
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        // Stored documents depend on these hashes: with others, new clients could not read them.
        assert_eq!(heads(DocumentKind::Timeline), [TIMELINE]);
        assert_eq!(heads(DocumentKind::Discussion), [TIMELINE], "the same shape");
        assert_eq!(heads(DocumentKind::Draft), [DRAFT]);
        assert_eq!(heads(DocumentKind::Contact), [CONTACT]);
        assert_eq!(heads(DocumentKind::Notes), [NOTES]);
    }

    const TIMELINE: &str = "617035fbbf85cb0b78a5078d9b7d6c654fa5bb6ea0686b3ae1174d7e4fc84210";
    const DRAFT: &str = "ae2d83ba49ba3da829ff7fae54ab7e399f6a1d7a62591d4431e11a3e2f483019";
    const CONTACT: &str = "95645def1c1b644fa71e8c7462e435c4b622af6619033bb86ba4b8a133d248f3";
    const NOTES: &str = "0142a0d611a276dd695ae1e1ed5fdd4e6d1fd3a9807aa3b424c18d2c5db7c9bd";

    #[test]
    fn a_document_name_has_one_spelling() {
        let id = DocumentId::Timeline(ConversationId::from_u128(7), 3);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!("timeline/00000000000000000000000007/03".parse::<DocumentId>().is_err());
        assert!("timeline/00000000000000000000000007".parse::<DocumentId>().is_err());
        assert!("notes/00000000000000000000000007/1".parse::<DocumentId>().is_err());
    }

    #[test]
    fn an_edit_that_fails_leaves_no_trace() {
        let mut doc = begin(DocumentKind::Notes);
        let before = doc.get_heads();
        let pen = Pen {
            actor: [1; 16],
            user: Some(UserId::from_u128(1)),
        };
        let result = write(&mut doc, &pen, |tx| {
            tx.put(ROOT, "x", 1)?;
            Err::<(), _>(DocumentError::Missing("y"))
        });
        assert!(result.is_err());
        assert_eq!(doc.get_heads(), before);
    }
}
