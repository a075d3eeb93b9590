//! Contacts that are one person (`docs/domain.md#merged-contacts`).

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    ids::{ContactId, ConversationId},
    inbox::Channel,
};

/// `GET /api/contacts/{id}/same`: a contact, and the others that are the same person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub contact: SamePerson,
    pub others: Vec<SamePerson>,
}

/// A contact of a person, or one that could be: `GET /api/contacts/{id}/candidates?name=…` lists who could be merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamePerson {
    pub contact: ContactId,
    pub name: String,
    /// Where they write: channel and the name of the messaging account.
    pub places: Vec<(Channel, String)>,
    /// Their newest chat that the user who asks may read.
    pub chat: Option<ConversationId>,
    /// That chat is over.
    pub ended: bool,
    pub active_at: Millis,
    /// Nothing of theirs is taken any more, but into a chat that is open.
    pub blocked: bool,
}

/// Body of `POST /api/contacts/{id}/same`: both are the same person from now on. The answer is the [`Person`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    pub with: ContactId,
}
