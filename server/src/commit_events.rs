//! The changes of one transaction, which are published after its commit.

use std::collections::{BTreeMap, BTreeSet};

use causerie_shared::{
    ids::{ConversationId, InboxId, UserId},
    inbox::{AccountRow, InboxRow},
    message::Delivery,
    row::{ConversationRow, JourneyRow},
    user::UserRow,
};

use crate::{
    state::App,
    store::{
        Db, StoreError, conversation_events, conversations,
        feed::{FeedEntry, FeedKind},
        messages::{self, MessageRecord},
        places, users,
    },
};

/// An inbox that the dispatcher has to examine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WokenInbox {
    pub inbox: InboxId,
    /// Whether an agent became eligible.
    pub freed: bool,
}

/// A user's invitation to an internal discussion, or the mention of users in one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    pub conversation: ConversationId,
    pub by: UserId,
    pub whom: Named,
}

/// The users of a [`Mention`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// A user who was invited.
    User(UserId),
    /// The users whose names follow an `@` in this text.
    InText(String),
}

/// The changes of a transaction: collected while it runs, published after its commit.
#[derive(Debug, Clone, Default)]
pub struct CommitEvents {
    pub(crate) entries: Vec<FeedEntry>,
    pub(crate) heads: BTreeMap<ConversationId, ConversationRow>,
    pub(crate) users: Vec<UserRow>,
    pub(crate) inbox_rows: Vec<InboxRow>,
    /// Inboxes that were deleted.
    pub(crate) inboxes_gone: Vec<InboxId>,
    pub(crate) accounts: Vec<AccountRow>,
    pub(crate) messages: Vec<MessageRecord>,
    pub(crate) journey: Vec<JourneyRow>,
    mentions: Vec<Mention>,
    woken: Vec<WokenInbox>,
    /// Conversations that may be in another folder without a change of their own state.
    rerouted: BTreeSet<ConversationId>,
    /// Whether the rows were read because of feed entries, which do not tell what changed in them.
    loaded: bool,
}

impl CommitEvents {
    pub fn entry(&mut self, entry: FeedEntry) {
        self.entries.push(entry);
    }

    /// Adds a conversation row as it is after the transaction.
    pub fn head(&mut self, head: ConversationRow) {
        self.heads.insert(head.id, head);
    }

    /// Records that the conversation may be in another folder, because the rules of its inbox changed.
    pub fn rerouted(&mut self, conversation: ConversationId) {
        self.rerouted.insert(conversation);
    }

    pub fn user(&mut self, user: UserRow) {
        self.users.retain(|known| known.id != user.id);
        self.users.push(user);
    }

    pub fn message(&mut self, record: MessageRecord) {
        self.messages.push(record);
    }

    /// Whether a message waits to be sent to its provider.
    pub fn sends(&self) -> bool {
        let waits = |record: &MessageRecord| record.row.delivery == Delivery::Queued;
        self.messages.iter().any(waits)
    }

    pub fn journey(&mut self, row: JourneyRow) {
        self.journey.push(row);
    }

    pub fn mention(&mut self, mention: Mention) {
        self.mentions.push(mention);
    }

    /// Returns the mentions in internal discussions.
    pub fn mentions(&self) -> &[Mention] {
        &self.mentions
    }

    /// Returns all changes of state of conversations.
    pub fn changes(&self) -> &[JourneyRow] {
        &self.journey
    }

    /// Asks the dispatcher to examine this inbox, because a member became eligible.
    pub fn freed(&mut self, inbox: InboxId) {
        self.wake(WokenInbox { inbox, freed: true });
    }

    /// Asks the dispatcher to examine this inbox.
    pub fn woken(&mut self, inbox: InboxId) {
        self.wake(WokenInbox { inbox, freed: false });
    }

    fn wake(&mut self, woken: WokenInbox) {
        match self.woken.iter_mut().find(|known| known.inbox == woken.inbox) {
            Some(known) => known.freed |= woken.freed,
            None => self.woken.push(woken),
        }
    }

    pub fn inboxes(&self) -> &[WokenInbox] {
        &self.woken
    }

    /// Returns the users whose rows changed.
    pub fn users(&self) -> &[UserRow] {
        &self.users
    }

    /// Returns the changed conversation rows as they are after the transaction.
    pub fn heads(&self) -> impl Iterator<Item = &ConversationRow> {
        self.heads.values()
    }

    /// Returns new and changed messages of a conversation.
    pub fn messages_of(&self, conversation: ConversationId) -> impl Iterator<Item = &MessageRecord> {
        self.messages
            .iter()
            .filter(move |message| message.row.conversation == conversation)
    }

    /// Returns the changes of state of a conversation.
    pub fn journey_of(&self, conversation: ConversationId) -> impl Iterator<Item = &JourneyRow> {
        self.journey.iter().filter(move |row| row.conversation == conversation)
    }

    /// Whether the conversation may be in another folder than before.
    pub fn moved(&self, conversation: ConversationId) -> bool {
        self.loaded || self.rerouted.contains(&conversation) || self.journey_of(conversation).next().is_some()
    }

    /// Returns first and last feed number.
    pub(crate) fn span(&self) -> Option<(i64, i64)> {
        Some((self.entries.first()?.seq, self.entries.last()?.seq))
    }

    /// Adds a feed entry with its row as the database has it now.
    ///
    /// The row may be newer than the entry. The scope of the current row decides who gets it, so that a user who lost
    /// access does not see later changes.
    pub async fn load(&mut self, db: &mut Db, mut entry: FeedEntry) -> Result<(), StoreError> {
        self.loaded = true;
        let damaged = |_| StoreError::Damaged("feed row");
        match entry.kind {
            FeedKind::Conversation => {
                let id = entry.row_id.parse().map_err(damaged)?;
                if let Some(head) = conversations::get(&mut *db, id).await? {
                    entry.after = crate::access::scope(&mut *db, &head).await?;
                    self.head(head);
                }
                let rows = messages::after(&mut *db, id, entry.seq - 1).await?;
                for record in rows.into_iter().filter(|record| record.row.seq == entry.seq) {
                    self.message(record);
                }
                let rows = conversation_events::after(&mut *db, id, entry.seq - 1).await?;
                self.journey.extend(rows.into_iter().filter(|row| row.seq == entry.seq));
            }
            FeedKind::User => {
                if let Some(user) = users::user(db, entry.row_id.parse().map_err(damaged)?).await? {
                    self.user(user.row());
                }
            }
            FeedKind::Inbox => {
                let id = entry.row_id.parse().map_err(damaged)?;
                match places::inbox(db, id).await? {
                    Some(inbox) => self.inbox_rows.push(inbox),
                    None => self.inboxes_gone.push(id),
                }
            }
            FeedKind::Account => {
                let account = places::account_by_id(db, entry.row_id.parse().map_err(damaged)?).await?;
                self.accounts.extend(account.map(|account| account.row));
            }
            // `grants` applies these to sockets before the entry is published.
            FeedKind::Grants | FeedKind::Session => {}
        }
        self.entries.push(entry);
        Ok(())
    }
}

/// Publishes what a transaction changed and wakes the workers. Call it after the commit.
pub fn publish(app: &App, events: CommitEvents) {
    for inbox in events.inboxes() {
        app.dispatch(inbox.inbox, inbox.freed);
    }
    // Only a change of state sets timers; a new message sets none.
    if events.heads().any(|head| events.moved(head.id)) {
        app.timers_changed.notify_one();
    }
    if events.sends() {
        app.outbox_changed.notify_one();
    }
    app.web_pushes.observe(&events);
    app.hub.announce(events, &app.visitors);
}

/// Publishes feed entries that were written outside `conversations`, with the current content of their rows.
pub async fn announce(app: &App, entries: Vec<FeedEntry>) -> Result<(), StoreError> {
    let mut db = app.store.read().await?;
    let mut all = CommitEvents::default();
    for entry in entries {
        all.load(&mut db, entry).await?;
    }
    app.hub.announce(all, &app.visitors);
    Ok(())
}
