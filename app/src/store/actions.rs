//! What views may do. Each call returns at once; what needs the server travels by the outbox or as a command.

use causerie_shared::{
    contact::{Detail, Field},
    frame::Command,
    ids::{ContactId, ConversationId, InboxId, IntentId, MessageId, NoteId, UserId},
    message::FileBrief,
    user::Availability,
    window::List,
};

use super::{
    Store,
    core::Act,
    view::{EditError, ReplyError, SharedNote, Way},
};

impl Store {
    /// Shows a conversation: its chat, profile and notes are fetched and followed.
    pub fn open(self, id: ConversationId) {
        self.act(Act::Open(Some(id)));
    }

    /// Nothing is shown any more.
    pub fn close(self) {
        self.act(Act::Open(None));
    }

    /// Rows `from..to` of a list are in view: what is not known of them is fetched, one window at a time, and they
    /// are kept up to date. Call it when the list is chosen and whenever the range changes; cheap to call again.
    pub fn look(self, list: List, from: u32, to: u32) {
        self.act(Act::Look(list, from, to));
    }

    /// Asks for older messages of the open chat.
    pub fn earlier(self, id: ConversationId) {
        self.act(Act::Earlier(id));
    }

    /// Keeps what was typed.
    pub fn set_draft(self, id: ConversationId, text: String) {
        self.act(Act::SetDraft(id, text));
    }

    /// Keeps what was typed for the internal discussion; on this device only.
    pub fn set_discussion_draft(self, id: ConversationId, text: String) {
        self.act(Act::SetDiscussionDraft(id, text));
    }

    /// Writes to colleagues in the internal discussion; on screen at once, works without network, and empties the
    /// discussion's draft.
    pub fn discuss(self, id: ConversationId, text: String, files: Vec<FileBrief>) -> Result<MessageId, ReplyError> {
        self.with_core(|core, step| core.discuss(step, id, text, files))
    }

    /// Asks a colleague into the internal discussion. Needs the line.
    pub fn invite_to(self, id: ConversationId, user: UserId) {
        self.command(Command::Invite(id, user));
    }

    /// Sends a reply; it is on screen at once, works without network, and empties the draft.
    pub fn reply(self, id: ConversationId, text: String, files: Vec<FileBrief>) -> Result<MessageId, ReplyError> {
        self.with_core(|core, step| core.reply(step, id, text, files))
    }

    /// Sends a reply that only the author of a thread's first comment sees, or what a template was filled in to.
    pub fn reply_as(
        self,
        id: ConversationId,
        text: String,
        files: Vec<FileBrief>,
        way: Way,
    ) -> Result<MessageId, ReplyError> {
        self.with_core(|core, step| core.reply_as(step, id, text, files, way))
    }

    /// Sends a message of mine again that failed, or of which nobody knows whether it went. Needs the line.
    pub fn resend(self, id: ConversationId, message: MessageId) {
        self.command(Command::Resend(id, message));
    }

    /// Leaves a message as it is of which nobody knows whether it went. Needs the line.
    pub fn give_up(self, id: ConversationId, message: MessageId) {
        self.command(Command::GiveUp(id, message));
    }

    /// Hides a comment from the public, or shows it again. Needs the line.
    pub fn hide_comment(self, id: ConversationId, message: MessageId, hidden: bool) {
        self.command(Command::HideComment(id, message, hidden));
    }

    /// Removes a comment where it was written, for good. Needs the line.
    pub fn delete_comment(self, id: ConversationId, message: MessageId) {
        self.command(Command::DeleteComment(id, message));
    }

    /// Removes text and files of a message for everybody, for good. Needs the line.
    pub fn redact(self, id: ConversationId, message: MessageId) {
        self.command(Command::Redact(id, message));
    }

    /// Sends something undelivered again.
    pub fn retry(self, intent: IntentId) {
        self.act(Act::Retry(intent));
    }

    /// Forgets something undelivered, or a held reply.
    pub fn discard(self, intent: IntentId) {
        self.act(Act::Discard(intent));
    }

    /// Sends a held reply whatever came meanwhile ([`super::view::Stage::Held`]).
    pub fn send_anyway(self, intent: IntentId) {
        self.act(Act::SendAnyway(intent));
    }

    /// Takes the newest reply that was not sent yet back; returns its text, which is the draft now.
    pub fn take_back_last(self, id: ConversationId) -> Option<String> {
        self.with_core(|core, step| core.take_back_last(step, id))
    }

    /// Takes a chat from the queue. Needs the line; [`Store::busy`] until the outcome is there.
    pub fn start_chat(self, id: ConversationId) {
        self.command(Command::Start(id));
    }

    pub fn accept(self, id: ConversationId) {
        self.command(Command::Accept(id));
    }

    pub fn decline(self, id: ConversationId) {
        self.command(Command::Decline(id));
    }

    /// Gives the chat to an agent: an offer, or the request for a transfer ([`Command::Assign`]). Needs the line.
    pub fn assign(self, id: ConversationId, user: UserId) {
        self.command(Command::Assign(id, user));
    }

    /// Hands the chat to another inbox, where it waits. Needs the line.
    pub fn move_to(self, id: ConversationId, inbox: InboxId) {
        self.command(Command::Move(id, inbox));
    }

    /// Takes the request for a transfer back. Needs the line.
    pub fn cancel_transfer(self, id: ConversationId) {
        self.command(Command::CancelTransfer(id));
    }

    /// Takes an offer back; supervisors. Needs the line.
    pub fn withdraw(self, id: ConversationId) {
        self.command(Command::Withdraw(id));
    }

    /// Takes a chat over from its bot. Needs the line.
    pub fn jump_in(self, id: ConversationId) {
        self.command(Command::JumpIn(id));
    }

    /// Undoes my own end of a chat ([`super::view::NoticeBody::Ended`]). Needs the line.
    pub fn undo(self, id: ConversationId) {
        self.command(Command::Undo(id));
    }

    /// Sets a colleague's availability; owners and admins. Needs the line.
    pub fn set_availability_of(self, user: UserId, availability: Availability) {
        self.command(Command::SetAvailabilityOf(user, availability));
    }

    /// Ends the chat, after the replies that still wait to be sent. Works without network.
    pub fn end(self, id: ConversationId) {
        self.command(Command::End(id));
    }

    /// Everything up to `position` was seen for 1 s.
    pub fn seen(self, id: ConversationId, position: i64) {
        self.command(Command::Seen(id, position));
    }

    pub fn set_availability(self, availability: Availability) {
        self.command(Command::SetAvailability(availability));
    }

    /// The agent presses keys (`true`) or stopped; call it freely, it is thinned out here.
    pub fn typing_now(self, id: ConversationId, on: bool) {
        self.act(Act::Typing(id, on));
    }

    /// Writes or (with `None` or an empty text) clears a personal field.
    pub fn set_field(self, contact: ContactId, field: Field, value: Option<String>) -> Result<(), EditError> {
        self.with_core(|core, step| core.set_field(step, contact, field, value))
    }

    /// Adds or (with `present` false) removes an e-mail or phone.
    pub fn set_detail(self, contact: ContactId, detail: Detail, value: String, present: bool) -> Result<(), EditError> {
        self.with_core(|core, step| core.set_detail(step, contact, detail, value, present))
    }

    /// Adds a note; an empty one is fine, its text is typed afterwards.
    pub fn add_note(self, contact: ContactId, text: String) -> Result<NoteId, EditError> {
        self.with_core(|core, step| core.add_note(step, contact, text))
    }

    /// The note's text became `text`. `base` is the note as it was when typing began: what others wrote
    /// meanwhile stays. Call after 0.7 s without a key and on leaving the field (`docs/sync.md#documents`).
    pub fn edit_note(self, contact: ContactId, base: &SharedNote, text: &str) -> Result<(), EditError> {
        self.with_core(|core, step| core.edit_note(step, contact, base, text))
    }

    /// My caret stands in a note while I write there, in UTF-16 units, or (`None`) left it; call it freely, it is
    /// thinned out here.
    pub fn caret(self, contact: ContactId, note: NoteId, at: Option<u32>) {
        self.act(Act::Caret(contact, note, at));
    }

    pub fn highlight_note(self, contact: ContactId, note: NoteId, on: bool) {
        self.act(Act::Highlight(contact, note, on));
    }

    /// Tries the line to the server again now.
    pub fn reconnect(self) {
        self.hurry();
    }

    /// Takes a notice away.
    pub fn dismiss(self, notice: u64) {
        self.act(Act::Dismiss(notice));
    }

    fn command(self, command: Command) {
        self.act(Act::Command(command));
    }
}
