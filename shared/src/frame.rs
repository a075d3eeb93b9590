//! Frames of the console's socket (`docs/sync.md#frames`): one version byte, then postcard.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    Millis, SCHEMA,
    document::DocumentId,
    ids::{ContactId, ConversationId, DeviceId, InboxId, IntentId, MessageId, NoteId, UserId},
    refusal::Refusal,
    row::{Gone, Row},
    user::{Availability, Me},
    window::{Counts, List},
};

/// Largest frame that a client may send, in bytes.
pub const MAX_CLIENT_FRAME: usize = 2 * 1024 * 1024;

/// How far a replica of a document has progressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentCursor {
    pub document: DocumentId,
    pub epoch: u32,
    /// The last sequence number that the replica contains; 0 is the genesis.
    pub seq: i64,
}

/// A person's request to change a row. It has an outcome and is never merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Takes a chat from a broadcast queue.
    Start(ConversationId),
    Accept(ConversationId),
    Decline(ConversationId),
    End(ConversationId),
    /// Gives the chat to an agent. The chat's agent thereby requests a transfer; a supervisor offers a waiting chat,
    /// moves an offer or requests the transfer of an assigned chat. A supervisor who names themself takes a waiting
    /// chat at once.
    Assign(ConversationId, UserId),
    /// Moves the chat to another inbox: it leaves at once and waits there.
    Move(ConversationId, InboxId),
    /// Cancels a transfer request.
    CancelTransfer(ConversationId),
    /// Withdraws an offer; supervisors only.
    Withdraw(ConversationId),
    /// Takes a chat over from its bot.
    JumpIn(ConversationId),
    /// Reopens a chat that the user ended, within [`UNDO_MS`](crate::conversation::UNDO_MS).
    Undo(ConversationId),
    /// Marks everything up to this position as seen.
    Seen(ConversationId, i64),
    SetAvailability(Availability),
    /// Sets a colleague's availability; owners and admins only.
    SetAvailabilityOf(UserId, Availability),
    /// Invites a colleague of the inbox to the internal discussion; from then on the colleague may read the chat.
    Invite(ConversationId, UserId),
    /// Removes the text and files of a message for everybody; supervisors, and the agent for their own messages.
    Redact(ConversationId, MessageId),
    /// Sends a failed or unconfirmed message again; the chat's agent only. Parts that the provider has are not sent
    /// twice.
    Resend(ConversationId, MessageId),
    /// Gives up on an unconfirmed message and leaves it as it is; the chat's agent only.
    GiveUp(ConversationId, MessageId),
    /// Hides a comment from the public, or shows it again; any member of the inbox, even if another agent has the
    /// thread.
    HideComment(ConversationId, MessageId, bool),
    /// Removes a comment at the provider; any member of the inbox, even if another agent has the thread.
    DeleteComment(ConversationId, MessageId),
}

impl Command {
    /// The conversation that the command concerns.
    pub fn conversation(self) -> Option<ConversationId> {
        match self {
            Self::Start(id)
            | Self::Accept(id)
            | Self::Decline(id)
            | Self::End(id)
            | Self::Assign(id, _)
            | Self::Move(id, _)
            | Self::CancelTransfer(id)
            | Self::Withdraw(id)
            | Self::JumpIn(id)
            | Self::Undo(id)
            | Self::Seen(id, _)
            | Self::Invite(id, _)
            | Self::Redact(id, _)
            | Self::Resend(id, _)
            | Self::GiveUp(id, _)
            | Self::HideComment(id, ..)
            | Self::DeleteComment(id, _) => Some(id),
            Self::SetAvailability(_) | Self::SetAvailabilityOf(..) => None,
        }
    }
}

/// Ephemera: worthless a minute later and never stored. The server stamps the sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ephemeral {
    /// A colleague, or the customer, is typing to the other side.
    Typing { conversation: ConversationId, on: bool },
    /// A colleague has the chat open.
    Viewing { conversation: ConversationId, on: bool },
    /// The position of a colleague's caret in a note, in UTF-16 units; `None` when the colleague left the note.
    Caret {
        contact: ContactId,
        note: NoteId,
        at: Option<u32>,
    },
}

/// Console → server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientFrame {
    /// The first frame. `documents` are the documents to resume; `cursor` is the last feed number that the client
    /// knows.
    Hello {
        schema: u16,
        device: DeviceId,
        cursor: Option<i64>,
        /// The [`Access::fingerprint`](crate::access::Access::fingerprint) under which the local copy was made. The
        /// server answers a different one with `Reset`.
        grants: u64,
        documents: Vec<DocumentCursor>,
    },
    /// Requests rows `from..to` of a list, in the server's order.
    Window {
        list: List,
        from: u32,
        to: u32,
    },
    /// Follows a document. `have` is what the client holds. For a timeline, the server sends the message and event rows
    /// above the feed number `rows_after`.
    Open {
        document: DocumentId,
        have: Option<DocumentCursor>,
        rows_after: i64,
    },
    Close {
        document: DocumentId,
    },
    /// Sends an intent as changes of a document. Without changes it asks, for any epoch, whether the intent was
    /// applied; its author gets an answer even after losing access to the document.
    Push {
        document: DocumentId,
        epoch: u32,
        intent: IntentId,
        changes: Vec<Vec<u8>>,
    },
    Command {
        intent: IntentId,
        expect_version: Option<i64>,
        body: Command,
    },
    Ephemeral(Ephemeral),
    Pong,
}

/// A snapshot, changes, or both, that advance a replica of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub document: DocumentId,
    pub epoch: u32,
    /// The last sequence number before this part. Without a snapshot, the replica must be at this number.
    pub from: i64,
    pub to: i64,
    pub snapshot: Option<Vec<u8>>,
    /// Raw change bytes, `from + 1 ..= to` (after the snapshot's own sequence number, if there is one).
    pub changes: Vec<Vec<u8>>,
}

/// Server → console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServerFrame {
    Welcome {
        now: Millis,
        cursor: i64,
        /// Fingerprint of what the user may see now; the client sends it in the next `Hello`.
        grants: u64,
        me: Box<Me>,
    },
    /// Changed rows. `to` is the client's new cursor; 0 means that the client requested the rows and its cursor stays.
    Rows {
        to: i64,
        upserts: Vec<Row>,
        gone: Vec<Gone>,
    },
    /// The order of a window. The rows of the window precede it in a `Rows` frame.
    Window {
        list: List,
        from: u32,
        total: u32,
        order: Vec<ConversationId>,
    },
    Counts(Counts),
    Part(Part),
    /// The intent is stored. `changes` is filled if the server stored different bytes for the intent earlier.
    Applied {
        intent: IntentId,
        document: DocumentId,
        epoch: u32,
        seq: i64,
        changes: Vec<Vec<u8>>,
    },
    Refused {
        intent: IntentId,
        document: DocumentId,
        refusal: Refusal,
    },
    /// The result of a command.
    Outcome {
        intent: IntentId,
        result: Result<(), Refusal>,
    },
    /// The client may no longer see this data and must drop it.
    Revoked {
        documents: Vec<DocumentId>,
        /// Inboxes of which the client must keep nothing.
        inboxes: Vec<InboxId>,
    },
    /// The cursor is too old: the client drops all rows and requests them again. Cheap and invisible to the user.
    Reset,
    /// The server stamps `from`; `None` is the visitor.
    Ephemeral {
        from: Option<UserId>,
        body: Ephemeral,
    },
    Ping {
        now: Millis,
    },
    /// The session is over; the socket closes after this frame.
    Bye(Refusal),
    /// A frame was malformed or requested something impossible. Nothing has changed and the connection stays open. A
    /// frame with an intent is answered by `Refused` or `Outcome` instead.
    Error(Refusal),
}

/// The error for bytes that are not a frame of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// Empty or damaged.
    Malformed,
    /// The frame has a different schema version, given here.
    Schema(u16),
}

impl std::fmt::Display for FrameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed => f.write_str("malformed frame"),
            Self::Schema(version) => write!(f, "frame of schema {version}, this side speaks {SCHEMA}"),
        }
    }
}

impl std::error::Error for FrameError {}

/// Encodes a frame: the schema version as one byte, then postcard.
pub fn encode<T: Serialize>(frame: &T) -> Vec<u8> {
    // Serialising plain data into memory cannot fail, because the buffer grows as needed.
    postcard::to_extend(frame, vec![SCHEMA as u8]).unwrap_or_default()
}

/// Decodes a frame. Trailing bytes make it malformed.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FrameError> {
    let (version, body) = bytes.split_first().ok_or(FrameError::Malformed)?;
    if u16::from(*version) != SCHEMA {
        return Err(FrameError::Schema((*version).into()));
    }
    match postcard::take_from_bytes(body) {
        Ok((frame, [])) => Ok(frame),
        Ok(_) | Err(_) => Err(FrameError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_frame_survives_the_wire_and_says_which_version_it_is() {
        let frame = ClientFrame::Push {
            document: DocumentId::Timeline(ConversationId::from_u128(3), 1),
            epoch: 1,
            intent: IntentId::from_u128(9),
            changes: vec![vec![1, 2, 3]],
        };
        let mut bytes = encode(&frame);
        assert_eq!(decode::<ClientFrame>(&bytes), Ok(frame));
        bytes.push(0);
        assert_eq!(decode::<ClientFrame>(&bytes), Err(FrameError::Malformed));
        bytes[0] = 9;
        assert_eq!(decode::<ClientFrame>(&bytes), Err(FrameError::Schema(9)));
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut framed = vec![SCHEMA as u8];
            framed.extend(&bytes);
            // A frame that decodes must encode to bytes that decode to the same frame.
            if let Ok(frame) = decode::<ClientFrame>(&framed) {
                prop_assert_eq!(decode::<ClientFrame>(&encode(&frame)), Ok(frame));
            }
            prop_assert!(decode::<ServerFrame>(&[]).is_err());
        }
    }
}
