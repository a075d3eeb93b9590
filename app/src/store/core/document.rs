//! The store's interface to documents. Its implementation is in the program part `desk`, so nothing else in the console
//! may name Automerge.

mod automerge;

use std::fmt::Debug;

use causerie_shared::{
    contact::Field,
    document::{
        DocumentKind, Pen,
        contact::{Former, Profile},
        notes::Note,
    },
    ids::MessageId,
    intent::{Action, Intent},
    message::Message,
};

pub use automerge::DOCUMENTS;

/// The error of a document that cannot be read, or not be changed as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit;

/// A document that was read, or the sign that it could not be.
pub type Loaded = Result<Box<dyn Document>, Unfit>;

/// Reads a document from a snapshot and changes.
pub type Load = fn(DocumentKind, Option<&[u8]>, &[Vec<u8>]) -> Loaded;

/// The hash of a change, which identifies a point in a document's history.
pub type Hash = [u8; 32];

/// Constructors of documents.
#[derive(Debug, Clone, Copy)]
pub struct Documents {
    /// Returns the genesis of a kind.
    pub begin: fn(DocumentKind) -> Box<dyn Document>,
    /// Loads a snapshot (`None`: the genesis) and the changes after it.
    pub load: Load,
}

/// A document of any kind. A document that cannot be read appears empty; the server sends all of it when it is opened
/// again.
pub trait Document: Debug {
    /// Returns a copy with the same history.
    fn copy(&self) -> Box<dyn Document>;

    /// Encodes the whole document for the disk.
    fn save(&self) -> Vec<u8>;

    /// The hashes of the newest changes.
    fn heads(&self) -> Vec<Hash>;

    /// Whether the document contains all these changes.
    fn knows(&self, changes: &[Hash]) -> bool;

    /// Returns the document as it was at a point in its history.
    fn at(&self, heads: &[Hash]) -> Loaded;

    /// Applies changes that the server has admitted.
    fn apply(&mut self, changes: &[Vec<u8>]) -> Result<(), Unfit>;

    /// Applies an intent on top of the newest changes and returns the change's bytes; `None` if the document has it
    /// already.
    fn write(&mut self, intent: &Intent, pen: &Pen) -> Result<Option<Vec<u8>>, Unfit>;

    /// Whether the document contains the message or note that the action creates.
    fn holds(&self, action: &Action) -> bool;

    /// The ids of all messages.
    fn message_ids(&self) -> Vec<MessageId>;

    /// The number of messages, and those for which `wanted` is true.
    fn messages(&self, wanted: &dyn Fn(MessageId) -> bool) -> (u32, Vec<Message>);

    /// The messages of a discussion with their positions; a reply comes after the message that it answers.
    fn discussion(&self) -> Vec<(i64, Message)>;

    /// The profile of a contact.
    fn profile(&self) -> Profile;

    /// The former values of a profile's field, newest first.
    fn history(&self, field: Field) -> Vec<Former>;

    /// All notes: highlighted ones first, then newest first.
    fn notes(&self) -> Vec<Note>;

    /// The text of a draft.
    fn draft(&self) -> String;
}
