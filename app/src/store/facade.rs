//! What views may read: one signal a question, always from memory (`docs/ux.md#ground-rules`).

use causerie_shared::{
    Millis,
    contact::Field,
    document::contact::{Former, Profile},
    ids::{AccountId, ContactId, ConversationId, InboxId, NoteId, UserId},
    inbox::{AccountRow, InboxRow},
    row::Head,
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

/// The console's store. `Copy`; provided as context by the root component.
#[derive(Debug, Clone, Copy)]
pub struct Store {
    pub(super) engine: StoredValue<Rc<Engine>, LocalStorage>,
}

impl Store {
    /// Starts the store: paints from the local copy first, then asks the server. Call once, in the root.
    pub fn start() -> Self {
        let engine = Engine::start();
        Self {
            engine: StoredValue::new_local(engine),
        }
    }

    /// A signal over a part of the core that is evaluated anew when `key` changes.
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

    /// Whether somebody is signed in.
    pub fn session(self) -> Signal<Session> {
        self.read(Key::Session, |core| core.session)
    }

    /// The signed-in user.
    pub fn me(self) -> Signal<Option<Me>> {
        self.read(Key::Me, |core| core.me.clone())
    }

    /// The organization's name; empty until known.
    pub fn organization(self) -> Signal<String> {
        self.read(Key::Me, |core| {
            core.me.as_ref().map(|me| me.organization.clone()).unwrap_or_default()
        })
    }

    /// The line to the server.
    pub fn online(self) -> Signal<Connection> {
        self.read(Key::Connection, Core::connection)
    }

    /// The server speaks a newer schema: everything can be read, nothing is sent until the page is loaded anew.
    pub fn read_only(self) -> Signal<bool> {
        self.read(Key::Connection, Core::read_only)
    }

    /// The browser's storage is full: only unsent work and drafts are stored, so less is here without network.
    pub fn storage_full(self) -> Signal<bool> {
        self.read(Key::Storage, |core| core.storage_full)
    }

    /// This tab leads the others: it alone plays sounds. Not a signal; ask when there is something to play.
    pub fn leads(self) -> bool {
        self.engine.get_value().with(Core::leads)
    }

    /// A newer console is ready; see [`Store::apply_update`].
    pub fn update_ready(self) -> Signal<bool> {
        let engine = self.engine.get_value();
        engine.update_ready.read_only().into()
    }

    /// The server's clock, once a second: all rings are drawn from it.
    pub fn now(self) -> Signal<Millis> {
        let engine = self.engine.get_value();
        engine.now.read_only().into()
    }

    /// How many conversations each folder holds.
    pub fn counts(self) -> Signal<Counts> {
        self.read(Key::Counts, Core::counts)
    }

    /// The conversations of a folder that are known here, in order. Fewer than [`Store::total`] until
    /// [`Store::look`] asked for the rest.
    pub fn folder(self, folder: Folder) -> Signal<Vec<ConversationId>> {
        self.read(Key::List(List::of(folder)), move |core| core.folder(folder))
    }

    /// What is known of any list around the rows in view, after [`Store::look`]. Without network: of the rows that
    /// are known here, those that pass its filter.
    pub fn list(self, list: List) -> Signal<Rows> {
        self.read(Key::List(list), move |core| core.list(&list))
    }

    /// How many conversations the folder holds on the server.
    pub fn total(self, folder: Folder) -> Signal<u32> {
        self.read(Key::Counts, move |core| core.counts().of(folder))
    }

    /// A conversation's row.
    pub fn head(self, id: ConversationId) -> Signal<Option<Head>> {
        self.read(Key::Head(id), move |core| core.head(id).cloned())
    }

    /// A colleague, or me.
    pub fn user(self, id: UserId) -> Signal<Option<UserRow>> {
        self.read(Key::Users, move |core| core.users.get(id.to_u128()).cloned())
    }

    /// All colleagues, by name.
    pub fn users(self) -> Signal<Vec<UserRow>> {
        self.read(Key::Users, Core::users_by_name)
    }

    /// An inbox.
    pub fn inbox(self, id: InboxId) -> Signal<Option<InboxRow>> {
        self.read(Key::Inboxes, move |core| core.inboxes.get(id.to_u128()).cloned())
    }

    /// All inboxes that I see, by name.
    pub fn inboxes(self) -> Signal<Vec<InboxRow>> {
        self.read(Key::Inboxes, Core::inboxes_by_name)
    }

    /// A messaging account.
    pub fn account(self, id: AccountId) -> Signal<Option<AccountRow>> {
        self.read(Key::Accounts, move |core| core.accounts.get(id.to_u128()).cloned())
    }

    /// All messaging accounts that I see.
    pub fn accounts(self) -> Signal<Vec<AccountRow>> {
        self.read(Key::Accounts, |core| core.accounts.all().to_vec())
    }

    /// The chat: messages in the server's order, system lines where they happened, own unsent replies last.
    pub fn bubbles(self, id: ConversationId) -> Signal<Vec<Bubble>> {
        self.read(Key::Bubbles(id), move |core| core.bubbles(id))
    }

    /// The open chats of the inboxes that I supervise, longest waiting first, as far as [`Store::look`] asked for them.
    pub fn board(self) -> Signal<Vec<Head>> {
        self.read(Key::Board, Core::board)
    }

    /// Nothing of the chat is here yet and it is being fetched: draw a skeleton (after 150 ms).
    pub fn loading(self, id: ConversationId) -> Signal<bool> {
        self.read(Key::Bubbles(id), move |core| core.loading(id))
    }

    /// Older messages exist that are not shown; see [`Store::earlier`].
    pub fn has_earlier(self, id: ConversationId) -> Signal<bool> {
        self.read(Key::Bubbles(id), move |core| core.has_earlier(id))
    }

    /// The visitor is typing.
    pub fn typing(self, id: ConversationId) -> Signal<bool> {
        self.read(Key::Typing(id), move |core| core.typing.contains_key(&id))
    }

    /// Colleagues who have the chat open or type in it.
    pub fn viewers(self, id: ConversationId) -> Signal<Vec<Colleague>> {
        self.read(Key::Viewers(id), move |core| core.viewers(id))
    }

    /// The internal discussion, own unsent messages last.
    pub fn discussion(self, id: ConversationId) -> Signal<Vec<Bubble>> {
        self.read(Key::Discussion(id), move |core| core.discussion(id))
    }

    /// What was typed for the internal discussion and not sent.
    pub fn discussion_draft(self, id: ConversationId) -> Signal<String> {
        self.read(Key::DiscussionDraft(id), move |core| {
            core.discussion_drafts.get(&id).cloned().unwrap_or_default()
        })
    }

    /// A colleague answered the customer since the present draft was begun; said before it is sent.
    pub fn answered_meanwhile(self, id: ConversationId) -> Signal<Option<UserId>> {
        self.read(Key::Bubbles(id), move |core| core.answered_meanwhile(id))
    }

    /// A command on this conversation (Start, Accept, Decline, End) waits for its outcome.
    pub fn busy(self, id: ConversationId) -> Signal<bool> {
        self.read(Key::Busy(id), move |core| core.busy(id))
    }

    /// The contact's profile, own unsent edits included.
    pub fn profile(self, contact: ContactId) -> Signal<Profile> {
        self.read(Key::Profile(contact), move |core| core.profile(contact))
    }

    /// What a profile field was before, newest first, values that lost against concurrent ones included. To be
    /// called where signals are followed: it wakes with [`Store::profile`].
    pub fn history_of(self, contact: ContactId, field: Field) -> Vec<Former> {
        let engine = self.engine.get_value();
        engine.track(Key::Profile(contact));
        engine.with(|core| core.history_of(contact, field))
    }

    /// The contact's notes, highlighted first, then the newest.
    pub fn notes(self, contact: ContactId) -> Signal<Vec<SharedNote>> {
        self.read(Key::Notes(contact), move |core| core.notes(contact))
    }

    /// Colleagues who write in the contact's notes, and where: UTF-16 units.
    pub fn carets(self, contact: ContactId) -> Signal<Vec<(NoteId, Colleague, u32)>> {
        self.read(Key::Carets(contact), move |core| core.carets(contact))
    }

    /// What was typed and not sent.
    pub fn draft(self, id: ConversationId) -> Signal<String> {
        self.read(Key::Draft(id), move |core| core.draft(id))
    }

    /// Offers to me, soonest due first.
    pub fn offers(self) -> Signal<Vec<ConversationId>> {
        self.folder(Folder::Engaged)
    }

    /// What was refused for good, oldest first.
    pub fn undelivered(self) -> Signal<Vec<Undelivered>> {
        self.read(Key::Outbox, Core::undelivered)
    }

    /// How many things wait to be sent; shown before a sign-out.
    pub fn unsent(self) -> Signal<usize> {
        self.read(Key::Outbox, Core::unsent)
    }

    /// Toasts, oldest first, until dismissed.
    pub fn notices(self) -> Signal<Vec<Notice>> {
        self.read(Key::Notices, |core| core.notices.clone())
    }
}
