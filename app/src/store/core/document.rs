//! What the store needs of a document. What implements it lies in the part of the desk, so nothing else in the
//! console may name Automerge.

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

pub use self::automerge::DOCUMENTS;

/// A document cannot be read, or not be changed like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfit;

/// The hash of a change: a place in a document's history.
pub type Hash = [u8; 32];

/// Makes documents.
#[derive(Debug, Clone, Copy)]
pub struct Documents {
    /// The fixed beginning of a kind.
    pub begin: fn(DocumentKind) -> Box<dyn Document>,
    /// A snapshot (or the beginning when there is none) and the changes after it.
    pub load: fn(DocumentKind, Option<&[u8]>, &[Vec<u8>]) -> Result<Box<dyn Document>, Unfit>,
}

/// A document of any kind. One that cannot be read shows as an empty one; the server sends it anew on the next opening.
pub trait Document: Debug {
    /// Another one with the same history.
    fn copy(&self) -> Box<dyn Document>;

    /// All of it, for the disk.
    fn save(&self) -> Vec<u8>;

    /// The newest changes.
    fn heads(&self) -> Vec<Hash>;

    /// All these changes are in it.
    fn knows(&self, changes: &[Hash]) -> bool;

    /// As it was at a place in its history.
    fn at(&self, heads: &[Hash]) -> Result<Box<dyn Document>, Unfit>;

    /// Takes in changes that the server has admitted.
    fn apply(&mut self, changes: &[Vec<u8>]) -> Result<(), Unfit>;

    /// Does what an intent does, on top of the newest changes. Answers the bytes of the change; `None` when it holds
    /// that already.
    fn write(&mut self, intent: &Intent, pen: &Pen) -> Result<Option<Vec<u8>>, Unfit>;

    /// Holds it the message or the note that the action creates?
    fn holds(&self, action: &Action) -> bool;

    /// Ids of all messages.
    fn message_ids(&self) -> Vec<MessageId>;

    /// How many messages it has, and those that are wanted.
    fn messages(&self, wanted: &dyn Fn(MessageId) -> bool) -> (u32, Vec<Message>);

    /// The messages of a discussion with their positions, an answer after what it answers.
    fn discussion(&self) -> Vec<(i64, Message)>;

    /// A contact's profile.
    fn profile(&self) -> Profile;

    /// What a profile's field was before, newest first.
    fn history(&self, field: Field) -> Vec<Former>;

    /// All notes, highlighted first, then the newest.
    fn notes(&self) -> Vec<Note>;

    /// The text of a draft.
    fn draft(&self) -> String;
}
