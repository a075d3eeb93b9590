//! The store's events and actions, and the keys of what views show.

use causerie_shared::{
    frame::{Command, ServerFrame},
    ids::{ContactId, ConversationId, IntentId, NoteId},
    window::List,
};

use super::Documents;
use crate::net::{disk_key::DiskKey, tabs::TabMessage};

/// A part of the store that one signal shows.
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
    /// The draft for the internal discussion.
    DiscussionDraft(ConversationId),
    Busy(ConversationId),
    Profile(ContactId),
    Notes(ContactId),
    /// The colleagues' carets in a contact's notes.
    Carets(ContactId),
    Draft(ConversationId),
    Outbox,
    Notices,
    Storage,
}

/// An event from outside the store.
#[derive(Debug)]
pub enum Event {
    /// The local copy was read; it may be empty.
    Boot(Vec<(DiskKey, Vec<u8>)>),
    /// The socket is open; the store sends its hello.
    Opened,
    /// The socket closed or could not be opened.
    Closed,
    Frame(ServerFrame),
    /// A frame of another schema version arrived.
    OtherSchema,
    /// Another tab leads. Sent before [`Event::Boot`].
    Follow,
    /// The leader is gone and this tab leads now. Contains the values on the disk.
    Lead(Vec<(DiskKey, Vec<u8>)>),
    /// Another tab sent a message.
    Word(TabMessage),
    /// The current values of keys that another tab wrote or deleted.
    Changed(Vec<(DiskKey, Option<Vec<u8>>)>),
    /// The answer to [`super::Effects::load`], sent once documents can be constructed.
    Loaded(Documents, Vec<(DiskKey, Option<Vec<u8>>)>),
    /// A second has passed.
    Tick,
    /// The browser failed to store something.
    DiskFailed(String),
    /// The disk has no room for these writes (`true`: deletes). The store evicts copies and keeps unsent work.
    DiskFull(Vec<(DiskKey, bool)>),
}

/// A user's action that returns nothing.
#[derive(Debug)]
pub enum Act {
    Open(Option<ConversationId>),
    /// The rows of a list that are in view, from and to.
    Look(List, u32, u32),
    Earlier(ConversationId),
    SetDraft(ConversationId, String),
    SetDiscussionDraft(ConversationId, String),
    Typing(ConversationId, bool),
    /// The user's caret is at a position in a note, or with `None` has left it.
    Caret(ContactId, NoteId, Option<u32>),
    Highlight(ContactId, NoteId, bool),
    Retry(IntentId),
    Discard(IntentId),
    /// A held reply is sent although there are newer messages.
    SendAnyway(IntentId),
    Command(Command),
    Dismiss(u64),
}
