//! The actions that views call. Each call returns at once; the outbox or a command carries to the server what it needs
//! to know.

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
    /// Opens a conversation: its chat, profile and notes are fetched and kept up to date.
    pub fn open(self, id: ConversationId) {
        self.act(Act::Open(Some(id)));
    }

    /// Closes the open conversation.
    pub fn close(self) {
        self.act(Act::Open(None));
    }

    /// Records that rows `from..to` of a list are in view. Unknown rows of the range are fetched, one window at a time,
    /// and kept up to date. Call it when the list is chosen and whenever the range changes; repeated calls are cheap.
    pub fn look(self, list: List, from: u32, to: u32) {
        self.act(Act::Look(list, from, to));
    }

    /// Loads older messages of the open chat.
    pub fn earlier(self, id: ConversationId) {
        self.act(Act::Earlier(id));
    }

    /// Stores the draft of a reply.
    pub fn set_draft(self, id: ConversationId, text: String) {
        self.act(Act::SetDraft(id, text));
    }

    /// Stores the draft for the internal discussion, on this device only.
    pub fn set_discussion_draft(self, id: ConversationId, text: String) {
        self.act(Act::SetDiscussionDraft(id, text));
    }

    /// Posts a message to the internal discussion and clears the discussion's draft. The message is on screen at once;
    /// it is sent when there is a connection.
    pub fn discuss(self, id: ConversationId, text: String, files: Vec<FileBrief>) -> Result<MessageId, ReplyError> {
        self.with_core(|core, step| core.discuss(step, id, text, files))
    }

    /// Invites a colleague to the internal discussion. Needs a connection.
    pub fn invite_to(self, id: ConversationId, user: UserId) {
        self.command(Command::Invite(id, user));
    }

    /// Sends a reply and clears the draft. The reply is on screen at once; it is sent when there is a connection.
    pub fn reply(self, id: ConversationId, text: String, files: Vec<FileBrief>) -> Result<MessageId, ReplyError> {
        self.with_core(|core, step| core.reply(step, id, text, files))
    }

    /// Sends a reply as `way` says: for example a private reply to a comment, or a filled-in template.
    pub fn reply_as(
        self,
        id: ConversationId,
        text: String,
        files: Vec<FileBrief>,
        way: Way,
    ) -> Result<MessageId, ReplyError> {
        self.with_core(|core, step| core.reply_as(step, id, text, files, way))
    }

    /// Sends a failed or unconfirmed message of the user again. Needs a connection.
    pub fn resend(self, id: ConversationId, message: MessageId) {
        self.command(Command::Resend(id, message));
    }

    /// Stops asking whether an unconfirmed message was sent; it stays as it is. Needs a connection.
    pub fn give_up(self, id: ConversationId, message: MessageId) {
        self.command(Command::GiveUp(id, message));
    }

    /// Hides a comment from the public, or shows it again. Needs a connection.
    pub fn hide_comment(self, id: ConversationId, message: MessageId, hidden: bool) {
        self.command(Command::HideComment(id, message, hidden));
    }

    /// Deletes a comment on the channel. It cannot be undone. Needs a connection.
    pub fn delete_comment(self, id: ConversationId, message: MessageId) {
        self.command(Command::DeleteComment(id, message));
    }

    /// Redacts a message: removes its text and files for everybody. It cannot be undone. Needs a connection.
    pub fn redact(self, id: ConversationId, message: MessageId) {
        self.command(Command::Redact(id, message));
    }

    /// Sends an undelivered intent again.
    pub fn retry(self, intent: IntentId) {
        self.act(Act::Retry(intent));
    }

    /// Discards an undelivered intent or a held reply.
    pub fn discard(self, intent: IntentId) {
        self.act(Act::Discard(intent));
    }

    /// Sends a held reply although there are newer messages ([`super::view::Stage::Held`]).
    pub fn send_anyway(self, intent: IntentId) {
        self.act(Act::SendAnyway(intent));
    }

    /// Takes back the newest reply that was not sent yet. Returns the draft's new text, which begins with that reply.
    pub fn take_back_last(self, id: ConversationId) -> Option<String> {
        self.with_core(|core, step| core.take_back_last(step, id))
    }

    /// Takes a chat from the queue. Needs a connection; [`Store::busy`] is true until the outcome arrives.
    pub fn start_chat(self, id: ConversationId) {
        self.command(Command::Start(id));
    }

    pub fn accept(self, id: ConversationId) {
        self.command(Command::Accept(id));
    }

    pub fn decline(self, id: ConversationId) {
        self.command(Command::Decline(id));
    }

    /// Gives the chat to an agent, as an offer or a transfer request ([`Command::Assign`]). Needs a connection.
    pub fn assign(self, id: ConversationId, user: UserId) {
        self.command(Command::Assign(id, user));
    }

    /// Moves the chat to another inbox, where it waits. Needs a connection.
    pub fn move_to(self, id: ConversationId, inbox: InboxId) {
        self.command(Command::Move(id, inbox));
    }

    /// Cancels a transfer request. Needs a connection.
    pub fn cancel_transfer(self, id: ConversationId) {
        self.command(Command::CancelTransfer(id));
    }

    /// Withdraws an offer; for supervisors. Needs a connection.
    pub fn withdraw(self, id: ConversationId) {
        self.command(Command::Withdraw(id));
    }

    /// Takes a chat over from its bot. Needs a connection.
    pub fn jump_in(self, id: ConversationId) {
        self.command(Command::JumpIn(id));
    }

    /// Reopens a chat that the user has just ended ([`super::view::NoticeBody::Ended`]). Needs a connection.
    pub fn undo(self, id: ConversationId) {
        self.command(Command::Undo(id));
    }

    /// Sets a colleague's availability; for owners and admins. Needs a connection.
    pub fn set_availability_of(self, user: UserId, availability: Availability) {
        self.command(Command::SetAvailabilityOf(user, availability));
    }

    /// Ends the chat after the replies that still wait to be sent. Works without a connection.
    pub fn end(self, id: ConversationId) {
        self.command(Command::End(id));
    }

    /// Sends a read receipt: everything up to `position` has been in view for 1 s.
    pub fn seen(self, id: ConversationId, position: i64) {
        self.command(Command::Seen(id, position));
    }

    pub fn set_availability(self, availability: Availability) {
        self.command(Command::SetAvailability(availability));
    }

    /// Reports that the agent is typing (`true`) or has stopped. Calls are throttled here.
    pub fn typing_now(self, id: ConversationId, on: bool) {
        self.act(Act::Typing(id, on));
    }

    /// Sets a personal field of a contact; `None` or an empty text clears it.
    pub fn set_field(self, contact: ContactId, field: Field, value: Option<String>) -> Result<(), EditError> {
        self.with_core(|core, step| core.set_field(step, contact, field, value))
    }

    /// Adds an e-mail address or phone number, or removes it if `present` is false.
    pub fn set_detail(self, contact: ContactId, detail: Detail, value: String, present: bool) -> Result<(), EditError> {
        self.with_core(|core, step| core.set_detail(step, contact, detail, value, present))
    }

    /// Adds a note. The text may be empty and be written later.
    pub fn add_note(self, contact: ContactId, text: String) -> Result<NoteId, EditError> {
        self.with_core(|core, step| core.add_note(step, contact, text))
    }

    /// Changes a note's text to `text`. `base` is the note as it was when typing began: changes of others since then
    /// are kept. Call it after 0.7 s without a key press and when the field loses the focus (`docs/sync.md#documents`).
    pub fn edit_note(self, contact: ContactId, base: &SharedNote, text: &str) -> Result<(), EditError> {
        self.with_core(|core, step| core.edit_note(step, contact, base, text))
    }

    /// Reports the caret's position in a note, in UTF-16 units, or with `None` that it left the note. Calls are
    /// throttled here.
    pub fn caret(self, contact: ContactId, note: NoteId, at: Option<u32>) {
        self.act(Act::Caret(contact, note, at));
    }

    pub fn highlight_note(self, contact: ContactId, note: NoteId, on: bool) {
        self.act(Act::Highlight(contact, note, on));
    }

    /// Tries to connect to the server now.
    pub fn reconnect(self) {
        self.hurry();
    }

    /// Removes a notice.
    pub fn dismiss(self, notice: u64) {
        self.act(Act::Dismiss(notice));
    }

    fn command(self, command: Command) {
        self.act(Act::Command(command));
    }
}
