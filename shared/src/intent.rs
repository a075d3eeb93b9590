//! What a person did, typed and durable on the device until the server has it (`docs/sync.md#outbox`).

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    contact::{Detail, Field},
    document::{DocumentId, notes::Splice},
    frame::Command,
    ids::{ContactId, ConversationId, IntentId, NoteId},
    message::{FileBrief, Message},
    refusal::Refusal,
};

/// One thing a person did. Change bytes are only a cache of it: after a refusal or a reload the change
/// is built anew from this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    pub id: IntentId,
    /// Device clock, corrected by the server's.
    pub at: Millis,
    pub action: Action,
}

/// The action of an intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// A reply to the customer, into the newest segment that the client knows.
    Reply {
        conversation: ConversationId,
        segment: u32,
        message: Box<Message>,
        files: Vec<FileBrief>,
    },
    /// A message in the internal discussion.
    Discuss {
        conversation: ConversationId,
        message: Box<Message>,
        files: Vec<FileBrief>,
    },
    /// Typing in the shared draft of a reply; `base` as in `EditNote`.
    EditDraft {
        conversation: ConversationId,
        splice: Splice,
        base: Vec<[u8; 32]>,
    },
    SetField {
        contact: ContactId,
        field: Field,
        value: Option<String>,
    },
    SetDetail {
        contact: ContactId,
        detail: Detail,
        value: String,
        present: bool,
    },
    AddNote {
        contact: ContactId,
        note: NoteId,
        text: String,
    },
    /// Typing in a note; `base` are the heads (32 bytes each) of the document in which it was typed.
    EditNote {
        contact: ContactId,
        note: NoteId,
        splice: Splice,
        base: Vec<[u8; 32]>,
    },
    HighlightNote {
        contact: ContactId,
        note: NoteId,
        on: bool,
    },
    Command {
        expect_version: Option<i64>,
        body: Command,
    },
}

impl Action {
    /// The document that the action writes; commands write none.
    pub fn document(&self) -> Option<DocumentId> {
        match self {
            Self::Reply {
                conversation, segment, ..
            } => Some(DocumentId::Timeline(*conversation, *segment)),
            Self::Discuss { conversation, .. } => Some(DocumentId::Discussion(*conversation)),
            Self::EditDraft { conversation, .. } => Some(DocumentId::Draft(*conversation)),
            Self::SetField { contact, .. } | Self::SetDetail { contact, .. } => Some(DocumentId::Contact(*contact)),
            Self::AddNote { contact, .. } | Self::EditNote { contact, .. } | Self::HighlightNote { contact, .. } => {
                Some(DocumentId::Notes(*contact))
            }
            Self::Command { .. } => None,
        }
    }

    /// The chat that a reply to the customer goes to; `None` for everything else.
    pub fn reply_in(&self) -> Option<ConversationId> {
        match self {
            Self::Reply { conversation, .. } => Some(*conversation),
            Self::Discuss { .. }
            | Self::EditDraft { .. }
            | Self::SetField { .. }
            | Self::SetDetail { .. }
            | Self::AddNote { .. }
            | Self::EditNote { .. }
            | Self::HighlightNote { .. }
            | Self::Command { .. } => None,
        }
    }

    /// The command, if it is one.
    pub fn command(&self) -> Option<Command> {
        match self {
            Self::Command { body, .. } => Some(*body),
            Self::Reply { .. }
            | Self::Discuss { .. }
            | Self::EditDraft { .. }
            | Self::SetField { .. }
            | Self::SetDetail { .. }
            | Self::AddNote { .. }
            | Self::EditNote { .. }
            | Self::HighlightNote { .. } => None,
        }
    }

    /// The text a person would not want to lose, if there is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Reply { message, .. } | Self::Discuss { message, .. } => Some(&message.body),
            Self::AddNote { text, .. } => Some(text),
            Self::EditNote { splice, .. } => Some(&splice.insert),
            Self::SetField { value, .. } => value.as_deref(),
            Self::SetDetail { value, .. } => Some(value),
            // What is drafted is kept as a draft on the device itself.
            Self::EditDraft { .. } | Self::HighlightNote { .. } | Self::Command { .. } => None,
        }
    }
}

/// An intent in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    pub intent: Intent,
    pub state: QueueState,
    /// Of a reply: position of the newest message of the chat that its author could have read; what stands above
    /// it came meanwhile. [`i64::MAX`]: it is to be sent whatever came.
    pub after: i64,
}

/// Where an intent stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum QueueState {
    /// Not acknowledged yet; sent again after every reconnect until it is.
    Waiting,
    /// Refused: shown as "Not delivered" with its text until the person copies or discards it.
    Refused(Refusal),
}
