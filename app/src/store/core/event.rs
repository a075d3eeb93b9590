//! What happens to the store, what a person does, and what is shown of it.

use causerie_shared::{
    frame::{Command, ServerFrame},
    ids::{ContactId, ConversationId, IntentId, NoteId},
    window::List,
};

use super::{DiskKey, Documents, Word};

/// The part of the store that a signal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    Session,
    Me,
    Connection,
    Counts,
    List(List),
    Head(ConversationId),
    /// Any row of the supervisors' folder.
    Board,
    Users,
    Inboxes,
    Accounts,
    Bubbles(ConversationId),
    Typing(ConversationId),
    Viewers(ConversationId),
    Discussion(ConversationId),
    /// What was typed for the internal discussion.
    DiscussionDraft(ConversationId),
    Busy(ConversationId),
    Profile(ContactId),
    Notes(ContactId),
    /// Who writes in which note.
    Carets(ContactId),
    Draft(ConversationId),
    Outbox,
    Notices,
    Storage,
}

/// What happens to the store from outside.
#[derive(Debug)]
pub enum Event {
    /// The local copy was read, or there is none.
    Boot(Vec<(DiskKey, Vec<u8>)>),
    /// The socket is open: say hello.
    Opened,
    /// The socket closed, or could not be opened.
    Closed,
    Frame(ServerFrame),
    /// A frame of another schema version came.
    OtherSchema,
    /// Another tab leads; before [`Event::Boot`].
    Follow,
    /// The leader is gone and this tab leads now; with what lies on the disk.
    Lead(Vec<(DiskKey, Vec<u8>)>),
    /// Another tab said something.
    Word(Word),
    /// What lies on the disk now of values that another tab wrote or deleted.
    Changed(Vec<(DiskKey, Option<Vec<u8>>)>),
    /// Answer to [`super::Effects::load`], once documents can be made.
    Loaded(Documents, Vec<(DiskKey, Option<Vec<u8>>)>),
    /// Once a second.
    Tick,
    /// The browser refused to store something.
    DiskFailed(String),
    /// There is no room for these writes (`true` deletes): copies are given up, unsent work is kept.
    DiskFull(Vec<(DiskKey, bool)>),
}

/// What a person does that has no answer of its own.
#[derive(Debug)]
pub enum Act {
    Open(Option<ConversationId>),
    /// Rows of a list are in view, from and to.
    Look(List, u32, u32),
    Earlier(ConversationId),
    SetDraft(ConversationId, String),
    SetDiscussionDraft(ConversationId, String),
    Typing(ConversationId, bool),
    /// My caret stands in a note, or (`None`) left it.
    Caret(ContactId, NoteId, Option<u32>),
    Highlight(ContactId, NoteId, bool),
    Retry(IntentId),
    Discard(IntentId),
    /// A held reply goes out whatever came meanwhile.
    SendAnyway(IntentId),
    Command(Command),
    Dismiss(u64),
}
