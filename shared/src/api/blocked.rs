//! The blacklist, under `/api/blocked` (`docs/domain.md#blacklist`): contacts whose messages are dropped, except in a
//! chat that is open.

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    ids::{ContactId, ConversationId, UserId},
    inbox::Channel,
};

/// Maximum length of a reason, in characters.
pub const MAX_REASON: usize = 250;

/// One row of `GET /api/blocked`, newest first; owners and admins only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    pub contact: ContactId,
    pub channel: Channel,
    /// The contact's name when they were blocked.
    pub name: String,
    /// The contact's ids on the channel.
    pub ids: Vec<String>,
    /// Empty if no reason was given.
    pub reason: String,
    pub by: UserId,
    pub at: Millis,
    /// Number of messages dropped since then.
    pub dropped: i64,
}

/// How long the user who blocked a contact may undo it, whatever their role: 10 s (`docs/ux.md#undo`).
pub const UNDO_MS: Millis = 10_000;

/// `GET /api/contacts/{id}/blocked`: who blocked the contact, or `null`. For users who may see the contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocking {
    pub by: UserId,
    pub at: Millis,
    /// Empty if no reason was given.
    pub reason: String,
}

/// `POST /api/blocked`: blocks the contact of a chat on the chat's channel; for users who may read the chat; answered
/// by 204. `DELETE /api/blocked/{contact}`, also answered by 204, is for owners and admins, and within [`UNDO_MS`] for
/// the user who blocked the contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub conversation: ConversationId,
    /// At most [`MAX_REASON`] characters; may be empty.
    #[serde(default)]
    pub reason: String,
}
