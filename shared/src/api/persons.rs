//! Merged contacts: contacts that are the same person (`docs/domain.md#merged-contacts`).

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    ids::{ContactId, ConversationId},
    inbox::Channel,
};

/// `GET /api/contacts/{id}/same`: a contact, and the other contacts of the same person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub contact: SamePerson,
    pub others: Vec<SamePerson>,
}

/// A contact of a person, or a candidate for a merge: `GET /api/contacts/{id}/candidates?name=…` lists the candidates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamePerson {
    pub contact: ContactId,
    pub name: String,
    /// Channel and name of each messaging account that the contact writes to.
    pub places: Vec<(Channel, String)>,
    /// The contact's newest chat that the requesting user may read.
    pub chat: Option<ConversationId>,
    /// Whether that chat is over.
    pub ended: bool,
    pub active_at: Millis,
    /// Whether the contact is blocked: messages are dropped, except in a chat that is open.
    pub blocked: bool,
}

/// Body of `POST /api/contacts/{id}/same`: merges two contacts. The response is the [`Person`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    pub with: ContactId,
}
