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

/// Largest frame that a client may send, bytes.
pub const MAX_CLIENT_FRAME: usize = 2 * 1024 * 1024;

/// How far a replica of a document has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentCursor {
    pub document: DocumentId,
    pub epoch: u32,
    /// Last sequence number that the replica holds; 0 is the genesis.
    pub seq: i64,
}

/// What a person asks the server to do with a row; it has an outcome and is never merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Take a chat from a broadcast queue.
    Start(ConversationId),
    Accept(ConversationId),
    Decline(ConversationId),
    End(ConversationId),
    /// Give the chat to an agent: its agent asks for a transfer; a supervisor offers a waiting one, moves an offer or
    /// asks for the transfer of an assigned one. A supervisor who names themself takes a waiting chat at once.
    Assign(ConversationId, UserId),
    /// Hand the chat to another inbox: it leaves at once and waits there.
    Move(ConversationId, InboxId),
    /// Take a request for a transfer back.
    CancelTransfer(ConversationId),
    /// Take an offer back; supervisors.
    Withdraw(ConversationId),
    /// Take a chat over from its bot.
    JumpIn(ConversationId),
    /// Undo one's own end of a chat, within [`UNDO_MS`](crate::conversation::UNDO_MS).
    Undo(ConversationId),
    /// Everything up to this position was seen.
    Seen(ConversationId, i64),
    SetAvailability(Availability),
    /// Set a colleague's availability; owners and admins.
    SetAvailabilityOf(UserId, Availability),
    /// Ask a colleague of the inbox into the internal discussion: they may read the chat from then on.
    Invite(ConversationId, UserId),
    /// Make everybody forget the text and files of a message; supervisors, and the agent for their own.
    Redact(ConversationId, MessageId),
    /// Send a message again that failed or of which nobody knows whether it went: the agent of the chat. A part that
    /// the provider has is not sent twice.
    Resend(ConversationId, MessageId),
    /// Stop asking whether an unconfirmed message went: it is left as it is; the agent of the chat.
    GiveUp(ConversationId, MessageId),
    /// Hide a comment from the public, or show it again: members of the inbox, whoever has the thread.
    HideComment(ConversationId, MessageId, bool),
    /// Remove a comment at the provider: members of the inbox, whoever has the thread.
    DeleteComment(ConversationId, MessageId),
}

impl Command {
    /// The conversation it is about.
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

/// Things that are worth nothing a minute later; never stored, the sender stamped by the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ephemeral {
    /// Somebody is typing to the customer (or the customer is).
    Typing { conversation: ConversationId, on: bool },
    /// A colleague has the chat open in front of them.
    Viewing { conversation: ConversationId, on: bool },
    /// Where a colleague's caret stands in a note, in UTF-16 units; `None` when they left it.
    Caret {
        contact: ContactId,
        note: NoteId,
        at: Option<u32>,
    },
}

/// Console → server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClientFrame {
    /// First frame. Documents are those to go on with; `cursor` is the last feed number seen.
    Hello {
        schema: u16,
        device: DeviceId,
        cursor: Option<i64>,
        /// [`Access::fingerprint`](crate::access::Access::fingerprint) that the local copy was made under;
        /// another one than the present is answered by `Reset`.
        grants: u64,
        documents: Vec<DocumentCursor>,
    },
    /// Asks for rows `from..to` of a list in the server's order.
    Window {
        list: List,
        from: u32,
        to: u32,
    },
    /// Follow a document. `have` says what the client holds; `rows_after` is the feed number above
    /// which message and journey rows of a timeline are wanted.
    Open {
        document: DocumentId,
        have: Option<DocumentCursor>,
        rows_after: i64,
    },
    Close {
        document: DocumentId,
    },
    /// An intent as changes of a document. Without changes it asks, in whichever epoch, whether the intent was
    /// applied: its author gets an answer also when they may not see the document any more.
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

/// What a snapshot and changes bring a replica to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub document: DocumentId,
    pub epoch: u32,
    /// Last sequence number before this part: the replica must stand there, unless there is a snapshot.
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
        /// Fingerprint of what the user may see now; goes into the next `Hello`.
        grants: u64,
        me: Box<Me>,
    },
    /// Rows changed. `to` is the client's new cursor; 0: these rows were asked for and do not move it.
    Rows {
        to: i64,
        upserts: Vec<Row>,
        gone: Vec<Gone>,
    },
    /// The order of a window; its rows came in a `Rows` frame before it.
    Window {
        list: List,
        from: u32,
        total: u32,
        order: Vec<ConversationId>,
    },
    Counts(Counts),
    Part(Part),
    /// The intent is durable. `changes` is filled when the server stored other bytes for it earlier.
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
    /// Result of a command.
    Outcome {
        intent: IntentId,
        result: Result<(), Refusal>,
    },
    /// The client may no longer see these: drop them.
    Revoked {
        documents: Vec<DocumentId>,
        /// Inboxes of which nothing may be kept.
        inboxes: Vec<InboxId>,
    },
    /// The cursor is too old: drop all rows and ask anew. Cheap and invisible.
    Reset,
    /// `from` is stamped by the server; `None` is the visitor.
    Ephemeral {
        from: Option<UserId>,
        body: Ephemeral,
    },
    Ping {
        now: Millis,
    },
    /// The session is over; the socket closes after it.
    Bye(Refusal),
    /// A frame was not understood or asked for something that is not possible; nothing was changed and the
    /// connection goes on. What has an intent is answered by `Refused` or `Outcome` instead.
    Error(Refusal),
}

/// The bytes are not a frame of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// Empty or damaged.
    Malformed,
    /// Another schema version; it is named.
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
    // Serialising plain data into memory cannot fail; the buffer grows as needed.
    postcard::to_extend(frame, vec![SCHEMA as u8]).unwrap_or_default()
}

/// Decodes a frame; trailing bytes are malformed.
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
            // Whatever it decodes to must encode to something that decodes to the same.
            if let Ok(frame) = decode::<ClientFrame>(&framed) {
                prop_assert_eq!(decode::<ClientFrame>(&encode(&frame)), Ok(frame));
            }
            prop_assert!(decode::<ServerFrame>(&[]).is_err());
        }
    }
}
