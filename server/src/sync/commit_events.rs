//! What one transaction changed, for those who may know.

use std::collections::{BTreeMap, BTreeSet};

use causerie_shared::{
    ids::{ConversationId, InboxId, UserId},
    inbox::{AccountRow, InboxRow},
    message::Delivery,
    row::{ConversationRow, JourneyRow},
    user::UserRow,
};

use crate::store::{
    Db, StoreError, conversation_events, conversations,
    feed::{FeedEntry, FeedKind},
    messages::{self, MessageRecord},
    places, users,
};

/// An inbox at which the dispatcher should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WokenInbox {
    pub inbox: InboxId,
    /// Somebody became eligible.
    pub freed: bool,
}

/// Somebody was asked into a discussion, or named in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    pub conversation: ConversationId,
    pub by: UserId,
    pub whom: Named,
}

/// Who is meant by a [`Mention`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// Asked in.
    User(UserId),
    /// Those whose names stand behind an `@` in this text.
    InText(String),
}

/// Collected while a transaction runs, announced after its commit.
#[derive(Debug, Clone, Default)]
pub struct CommitEvents {
    pub(super) entries: Vec<FeedEntry>,
    pub(super) heads: BTreeMap<ConversationId, ConversationRow>,
    pub(super) users: Vec<UserRow>,
    pub(super) inbox_rows: Vec<InboxRow>,
    /// Inboxes that were deleted.
    pub(super) inboxes_gone: Vec<InboxId>,
    pub(super) accounts: Vec<AccountRow>,
    pub(super) messages: Vec<MessageRecord>,
    pub(super) journey: Vec<JourneyRow>,
    mentions: Vec<Mention>,
    woken: Vec<WokenInbox>,
    /// Conversations that lie in another folder without a change of their own.
    rerouted: BTreeSet<ConversationId>,
    /// Read from the feed, which does not say what changed.
    loaded: bool,
}

impl CommitEvents {
    pub fn entry(&mut self, entry: FeedEntry) {
        self.entries.push(entry);
    }

    /// The head as it is after the transaction.
    pub fn head(&mut self, head: ConversationRow) {
        self.heads.insert(head.id, head);
    }

    /// The conversation may lie in another folder now, for its inbox works in another way.
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

    /// Some message waits for its channel's provider.
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

    /// Who was named in discussions.
    pub fn mentions(&self) -> &[Mention] {
        &self.mentions
    }

    /// All changes of state.
    pub fn changes(&self) -> &[JourneyRow] {
        &self.journey
    }

    /// Somebody of this inbox has document again or became reachable.
    pub fn freed(&mut self, inbox: InboxId) {
        self.wake(WokenInbox { inbox, freed: true });
    }

    /// Something happened in this inbox that the dispatcher should look at.
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

    /// Users whose rows changed.
    pub fn users(&self) -> &[UserRow] {
        &self.users
    }

    /// Heads as they are after the transaction.
    pub fn heads(&self) -> impl Iterator<Item = &ConversationRow> {
        self.heads.values()
    }

    /// Messages of a conversation that are new or changed.
    pub fn messages_of(&self, conversation: ConversationId) -> impl Iterator<Item = &MessageRecord> {
        self.messages
            .iter()
            .filter(move |message| message.row.conversation == conversation)
    }

    /// Changes of state of a conversation.
    pub fn journey_of(&self, conversation: ConversationId) -> impl Iterator<Item = &JourneyRow> {
        self.journey.iter().filter(move |row| row.conversation == conversation)
    }

    /// May the conversation lie in another folder now?
    pub fn moved(&self, conversation: ConversationId) -> bool {
        self.loaded || self.rerouted.contains(&conversation) || self.journey_of(conversation).next().is_some()
    }

    /// First and last feed number.
    pub(super) fn span(&self) -> Option<(i64, i64)> {
        Some((self.entries.first()?.seq, self.entries.last()?.seq))
    }

    /// Adds an entry of the feed with its row as the database holds it now.
    ///
    /// The row may be newer than the entry. Who is told is decided by the row as it is, so that nobody sees
    /// in it what came after they lost it.
    pub async fn load(&mut self, db: &mut Db, mut entry: FeedEntry) -> Result<(), StoreError> {
        self.loaded = true;
        let damaged = |_| StoreError::Damaged("feed row");
        match entry.kind {
            FeedKind::Conversation => {
                let id = entry.row_id.parse().map_err(damaged)?;
                if let Some(head) = conversations::get(&mut *db, id).await? {
                    entry.after = super::access::scope(&mut *db, &head).await?;
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
            // Sockets were told what they lost before the entry is announced (`grants`).
            FeedKind::Grants | FeedKind::Session => {}
        }
        self.entries.push(entry);
        Ok(())
    }
}
