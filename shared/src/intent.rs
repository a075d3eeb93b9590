//! Intents: what a person did, typed, and kept on the device until the server has it (`docs/sync.md#outbox`).

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

/// One thing that a person did. The bytes of its change are only a cache: after a refusal or a reload, the change is
/// rebuilt from the intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    pub id: IntentId,
    /// The device's clock, corrected by the server's.
    pub at: Millis,
    pub action: Action,
}

/// The action of an intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// A reply to the customer, in the newest segment that the client knows.
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
    /// An edit of the shared reply draft; `base` as in `EditNote`.
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
    /// An edit of a note; `base` are the heads (32 bytes each) of the document that the author edited.
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
    /// The document that the action writes; `None` for commands.
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

    /// The chat that receives the reply; `None` for any other action.
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

    /// The command, if the action is one.
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

    /// The text that its author would not want to lose, if there is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Reply { message, .. } | Self::Discuss { message, .. } => Some(&message.body),
            Self::AddNote { text, .. } => Some(text),
            Self::EditNote { splice, .. } => Some(&splice.insert),
            Self::SetField { value, .. } => value.as_deref(),
            Self::SetDetail { value, .. } => Some(value),
            // The device keeps its own copy of a draft.
            Self::EditDraft { .. } | Self::HighlightNote { .. } | Self::Command { .. } => None,
        }
    }
}

/// An intent with its state in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    pub intent: Intent,
    pub state: QueueState,
    /// For a reply, the position of the newest message of the chat that its author could have read; messages above it
    /// arrived later. [`i64::MAX`] means that the reply is sent regardless of newer messages.
    pub after: i64,
}

/// The state of an intent in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum QueueState {
    /// Not acknowledged yet. The intent is sent again after every reconnect until it is.
    Waiting,
    /// Refused: shown as "Not delivered" with its text until the person copies or discards it.
    Refused(Refusal),
}
