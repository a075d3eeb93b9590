//! The blacklist, under `/api/blocked` (`docs/domain.md#blacklist`): people of whom nothing is taken any more, but into
//! a chat that is open.

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    ids::{ContactId, ConversationId, UserId},
    inbox::Channel,
};

/// Longest reason, characters.
pub const MAX_REASON: usize = 250;

/// One of `GET /api/blocked`, the newest first, for owners and admins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    pub contact: ContactId,
    pub channel: Channel,
    /// The contact's name when they were blocked.
    pub name: String,
    /// Their ids on the channel.
    pub ids: Vec<String>,
    /// Empty: none was given.
    pub reason: String,
    pub by: UserId,
    pub at: Millis,
    /// Messages that were dropped since.
    pub dropped: i64,
}

/// The person who blocked may take it back for this long, whatever their role: 10 s (`docs/ux.md#undo`).
pub const UNDO_MS: Millis = 10_000;

/// `GET /api/contacts/{id}/blocked`, for those who may see the contact: who blocked them; `null`: nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocking {
    pub by: UserId,
    pub at: Millis,
    /// Empty: none was given.
    pub reason: String,
}

/// `POST /api/blocked`, for those who may read the chat, answered by 204: its contact is blocked on its channel.
/// `DELETE /api/blocked/{contact}`, for owners and admins and for [`UNDO_MS`] for whoever blocked, is answered by 204.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub conversation: ConversationId,
    /// At most [`MAX_REASON`] characters; empty: none.
    #[serde(default)]
    pub reason: String,
}
