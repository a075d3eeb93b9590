//! What views read: one signal per value, always from memory (`docs/ux.md#ground-rules`).

use causerie_shared::{
    Millis,
    contact::Field,
    document::contact::{Former, Profile},
    ids::{AccountId, ContactId, ConversationId, InboxId, NoteId, UserId},
    inbox::{AccountRow, InboxRow},
    row::ConversationRow,
    user::{Me, UserRow},
    window::{Counts, Folder, List},
};
use leptos::prelude::*;

use super::{
    core::{Core, Key},
    engine::Engine,
    view::{Bubble, Colleague, Connection, Notice, Rows, Session, SharedNote, Undelivered},
};
use std::rc::Rc;

/// The console's store. `Copy`; the root component provides it as context.
#[derive(Debug, Clone, Copy)]
pub struct Store {
    pub(super) engine: StoredValue<Rc<Engine>, LocalStorage>,
}

impl Store {
    /// Starts the store: it renders the local copy first and then asks the server. Call it once, in the root.
    pub fn start() -> Self {
        let engine = Engine::start();
        Self {
            engine: StoredValue::new_local(engine),
        }
    }

    /// A signal of a value of the core that is recomputed when `key` changes.
    fn read<T>(self, key: Key, select: impl Fn(&Core) -> T + Send + Sync + 'static) -> Signal<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        Memo::new(move |_| {
            let engine = self.engine.get_value();
            engine.track(key);
            engine.with(|core| select(core))
        })
        .into()
    }

    /// Whether a user is signed in.
    pub fn session(self) -> Signal<Session> {
        self.read(Key::Session, |core| core.session)
    }

    /// The signed-in user.
    pub fn me(self) -> Signal<Option<Me>> {
        self.read(Key::Me, |core| core.me.clone())
    }

    /// The organization's name; empty until it is known.
    pub fn organization(self) -> Signal<String> {
        self.read(Key::Me, |core| {
            core.me.as_ref().map(|me| me.organization.clone()).unwrap_or_default()
        })
    }

    /// The state of the connection to the server.
    pub fn online(self) -> Signal<Connection> {
        self.read(Key::Connection, Core::connection)
    }

    /// Whether the server has another schema version: everything can be read, and nothing is sent until the page is
    /// loaded again.
    pub fn read_only(self) -> Signal<bool> {
        self.read(Key::Connection, Core::read_only)
    }

    /// Whether the browser's storage is full: only unsent work and drafts are certain to be stored, so less is
    /// available without a connection.
    pub fn storage_full(self) -> Signal<bool> {
        self.read(Key::Storage, |core| core.storage_full)
    }

    /// Whether this tab leads; only the leader plays sounds. Not a signal: call it when there is something to play.
    pub fn leads(self) -> bool {
        self.engine.get_value().with(Core::leads)
    }

    /// Whether a newer console is ready; see [`Store::apply_update`].
    pub fn update_ready(self) -> Signal<bool> {
        let engine = self.engine.get_value();
        engine.update_ready.read_only().into()
    }

    /// The server's clock, updated once a second; all countdowns use it.
    pub fn now(self) -> Signal<Millis> {
        let engine = self.engine.get_value();
        engine.now.read_only().into()
    }

    /// The folder counters.
    pub fn counts(self) -> Signal<Counts> {
        self.read(Key::Counts, Core::counts)
    }

    /// The conversations of a folder that are known here, in order. There are fewer than [`Store::total`] until
    /// [`Store::look`] has requested the rest.
    pub fn folder(self, folder: Folder) -> Signal<Vec<ConversationId>> {
        self.read(Key::List(List::of(folder)), move |core| core.folder(folder))
    }

    /// The known rows of a list around the view, after [`Store::look`]. Without a connection these are the rows known
    /// here that pass the list's filter.
    pub fn list(self, list: List) -> Signal<Rows> {
        self.read(Key::List(list), move |core| core.list(&list))
    }

    /// The number of conversations of a folder on the server.
    pub fn total(self, folder: Folder) -> Signal<u32> {
        self.read(Key::Counts, move |core| core.counts().of(folder))
    }

    /// A conversation's row.
    pub fn head(self, id: ConversationId) -> Signal<Option<ConversationRow>> {
        self.read(Key::Head(id), move |core| core.head(id).cloned())
    }

    /// A user's row: a colleague or the signed-in user.
    pub fn user(self, id: UserId) -> Signal<Option<UserRow>> {
        self.read(Key::Users, move |core| core.users.get(id.to_u128()).cloned())
    }

    /// All users, by name.
    pub fn users(self) -> Signal<Vec<UserRow>> {
        self.read(Key::Users, Core::users_by_name)
    }

    /// An inbox.
    pub fn inbox(self, id: InboxId) -> Signal<Option<InboxRow>> {
        self.read(Key::Inboxes, move |core| core.inboxes.get(id.to_u128()).cloned())
    }

    /// All inboxes that the user sees, by name.
    pub fn inboxes(self) -> Signal<Vec<InboxRow>> {
        self.read(Key::Inboxes, Core::inboxes_by_name)
    }

    /// A messaging account.
    pub fn account(self, id: AccountId) -> Signal<Option<AccountRow>> {
        self.read(Key::Accounts, move |core| core.accounts.get(id.to_u128()).cloned())
    }

    /// All messaging accounts that the user sees.
    pub fn accounts(self) -> Signal<Vec<AccountRow>> {
        self.read(Key::Accounts, |core| core.accounts.all().to_vec())
    }

    /// The chat: messages in the server's order, system lines where they happened, unsent replies last.
    pub fn bubbles(self, id: ConversationId) -> Signal<Vec<Bubble>> {
        self.read(Key::Bubbles(id), move |core| core.bubbles(id))
    }

    /// The open chats of the inboxes that the user supervises, longest waiting first, as far as [`Store::look`] has
    /// requested them.
    pub fn board(self) -> Signal<Vec<ConversationRow>> {
        self.read(Key::Board, Core::board)
    }

    /// Whether the chat is empty because it is still being loaded; show a skeleton (after 150 ms).
    pub fn loading(self, id: ConversationId) -> Signal<bool> {
        self.read(Key::Bubbles(id), move |core| core.loading(id))
    }

    /// Whether there are older messages that are not shown; see [`Store::earlier`].
    pub fn has_earlier(self, id: ConversationId) -> Signal<bool> {
        self.read(Key::Bubbles(id), move |core| core.has_earlier(id))
    }

    /// Whether the contact is typing.
    pub fn typing(self, id: ConversationId) -> Signal<bool> {
        self.read(Key::Typing(id), move |core| core.typing.contains_key(&id))
    }

    /// Colleagues who have the chat open or type in it.
    pub fn viewers(self, id: ConversationId) -> Signal<Vec<Colleague>> {
        self.read(Key::Viewers(id), move |core| core.viewers(id))
    }

    /// The internal discussion; unsent messages are last.
    pub fn discussion(self, id: ConversationId) -> Signal<Vec<Bubble>> {
        self.read(Key::Discussion(id), move |core| core.discussion(id))
    }

    /// The draft for the internal discussion.
    pub fn discussion_draft(self, id: ConversationId) -> Signal<String> {
        self.read(Key::DiscussionDraft(id), move |core| {
            core.discussion_drafts.get(&id).cloned().unwrap_or_default()
        })
    }

    /// The colleague who has answered the contact since the current draft was begun; the composer warns before it
    /// sends.
    pub fn answered_meanwhile(self, id: ConversationId) -> Signal<Option<UserId>> {
        self.read(Key::Bubbles(id), move |core| core.answered_meanwhile(id))
    }

    /// Whether a command on this conversation, other than a read receipt, waits for its outcome.
    pub fn busy(self, id: ConversationId) -> Signal<bool> {
        self.read(Key::Busy(id), move |core| core.busy(id))
    }

    /// The contact's profile, including unsent edits.
    pub fn profile(self, contact: ContactId) -> Signal<Profile> {
        self.read(Key::Profile(contact), move |core| core.profile(contact))
    }

    /// The former values of a profile field, newest first, including those that lost against concurrent ones. Call it
    /// in a reactive context: it is tracked together with [`Store::profile`].
    pub fn history_of(self, contact: ContactId, field: Field) -> Vec<Former> {
        let engine = self.engine.get_value();
        engine.track(Key::Profile(contact));
        engine.with(|core| core.history_of(contact, field))
    }

    /// The contact's notes: highlighted ones first, then newest first.
    pub fn notes(self, contact: ContactId) -> Signal<Vec<SharedNote>> {
        self.read(Key::Notes(contact), move |core| core.notes(contact))
    }

    /// The colleagues who write in the contact's notes, with their carets in UTF-16 units.
    pub fn carets(self, contact: ContactId) -> Signal<Vec<(NoteId, Colleague, u32)>> {
        self.read(Key::Carets(contact), move |core| core.carets(contact))
    }

    /// The draft of a reply.
    pub fn draft(self, id: ConversationId) -> Signal<String> {
        self.read(Key::Draft(id), move |core| core.draft(id))
    }

    /// The offers to the user, the earliest deadline first.
    pub fn offers(self) -> Signal<Vec<ConversationId>> {
        self.folder(Folder::Engaged)
    }

    /// The refused intents, oldest first.
    pub fn undelivered(self) -> Signal<Vec<Undelivered>> {
        self.read(Key::Outbox, Core::undelivered)
    }

    /// The number of intents that wait to be sent or were refused; shown before a sign-out.
    pub fn unsent(self) -> Signal<usize> {
        self.read(Key::Outbox, Core::unsent)
    }

    /// The notices (toasts), oldest first, until they are dismissed.
    pub fn notices(self) -> Signal<Vec<Notice>> {
        self.read(Key::Notices, |core| core.notices.clone())
    }
}
