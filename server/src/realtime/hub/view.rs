//! The part of a transaction's changes that one console gets.

use std::sync::Arc;

use causerie_shared::{
    access::Scope,
    document::DocumentId,
    frame::ServerFrame,
    row::{ConversationRow, Gone, Row},
};

use super::console::Console;
use crate::{commit_events::CommitEvents, store::feed::FeedKind};

/// A changed conversation with its scopes before and after the transaction.
pub(crate) struct Changed<'a> {
    head: &'a ConversationRow,
    before: Option<&'a Scope>,
    after: Option<&'a Scope>,
    moved: bool,
}

impl<'a> Changed<'a> {
    pub(crate) fn of(events: &'a CommitEvents) -> Vec<Self> {
        let changed = events.heads.iter().map(|(id, head)| {
            let name = id.to_string();
            let mut entries = events
                .entries
                .iter()
                .filter(|entry| entry.kind == FeedKind::Conversation && entry.row_id == name);
            let first = entries.next();
            let last = entries.next_back().or(first);
            Self {
                head,
                before: first.and_then(|entry| entry.before.as_ref()),
                after: last.and_then(|entry| entry.after.as_ref()),
                moved: events.moved(*id),
            }
        });
        changed.collect()
    }
}

/// The values of a mask: what a console gets of a row. `HIDDEN` is nothing.
pub(crate) const HIDDEN: u8 = 0;
const SEEN: u8 = 1;
/// The console could see the chat and cannot any more.
const GONE: u8 = 2;
/// As [`GONE`], and the console may know who took the chat.
const TAKEN: u8 = 3;

/// The part of the commit events that one console gets. The mask has one byte per row of them, in the order of
/// [`rows`]; equal masks give equal frames.
pub(crate) struct View {
    pub(crate) mask: Vec<u8>,
    pub(crate) revoked: Vec<ServerFrame>,
    /// Whether the frame is deferred, because it has only list rows that keep their folder, such as for a new preview.
    pub(crate) late: bool,
}

/// Returns the rows that a mask shows.
pub(crate) fn rows(events: &CommitEvents, changed: &[Changed<'_>], mask: &[u8]) -> (Vec<Row>, Vec<Gone>) {
    let (mut upserts, mut gone) = (vec![], vec![]);
    for (changed, seen) in changed.iter().zip(mask) {
        let taken_by = (*seen == TAKEN).then(|| changed.head.state.agent()).flatten();
        match *seen {
            HIDDEN => {}
            SEEN => upserts.push(Row::Head(Box::new(changed.head.clone()))),
            _ => gone.push(Gone::Conversation {
                id: changed.head.id,
                taken_by,
            }),
        }
    }
    let messages = events.messages.iter().map(|message| Row::Message(message.row.clone()));
    let journey = events.journey.iter().map(|row| Row::Journey(row.clone()));
    let users = events.users.iter().map(|user| Row::User(user.clone()));
    let inboxes = events.inbox_rows.iter().map(|inbox| Row::Inbox(inbox.clone()));
    let accounts = events.accounts.iter().map(|account| Row::Account(account.clone()));
    let others = messages.chain(journey).chain(users).chain(inboxes).chain(accounts);
    let mut seen = mask.iter().skip(changed.len()).map(|seen| *seen == SEEN);
    upserts.extend(others.zip(&mut seen).filter_map(|(row, seen)| seen.then_some(row)));
    let inboxes = events.inboxes_gone.iter().zip(seen);
    gone.extend(inboxes.filter_map(|(inbox, seen)| seen.then_some(Gone::Inbox(*inbox))));
    (upserts, gone)
}

impl View {
    pub(crate) fn of(console: &mut Console, events: &CommitEvents, changed: &[Changed<'_>]) -> Self {
        let access = Arc::clone(&console.access);
        let mut view = Self {
            mask: vec![],
            revoked: vec![],
            late: true,
        };
        for Changed {
            head,
            before,
            after,
            moved,
        } in changed
        {
            let sees = after.is_some_and(|scope| access.reads(scope));
            let concerns = sees || before.is_some_and(|scope| access.reads(scope));
            console.recount |= concerns && *moved;
            view.late &= !(concerns && *moved);
            if sees {
                view.mask.push(SEEN);
            } else if concerns {
                // Members of the inbox may know who took a chat from their queue.
                let taken = head.state.agent().is_some() && access.is_member(head.inbox);
                view.mask.push(if taken { TAKEN } else { GONE });
                view.late = false;
                view.revoke(console, head);
            } else {
                view.mask.push(HIDDEN);
            }
        }
        let heads = view.mask.clone();
        let follows = |conversation| {
            let seen = changed
                .iter()
                .zip(&heads)
                .any(|(c, seen)| c.head.id == conversation && *seen == SEEN);
            seen && console.follows(conversation)
        };
        let messages = events.messages.iter().map(|message| follows(message.row.conversation));
        let journey = events.journey.iter().map(|row| follows(row.conversation));
        let users = events.users.iter().map(|_| true);
        let inboxes = events.inbox_rows.iter().map(|inbox| access.sees_inbox(inbox.id));
        let accounts = events.accounts.iter().map(|account| access.sees_inbox(account.inbox));
        let gone = events.inboxes_gone.iter().map(|inbox| access.sees_inbox(*inbox));
        let others = messages
            .chain(journey)
            .chain(users)
            .chain(inboxes)
            .chain(accounts)
            .chain(gone);
        view.mask.extend(others.map(u8::from));
        view.late &= view.mask.iter().skip(heads.len()).all(|seen| *seen == HIDDEN);
        view
    }

    /// Revokes the chat's documents together with its row. The user may still read profile and notes of the contact
    /// because of another chat, which takes a look at the database; until that recheck nothing of them is sent.
    fn revoke(&mut self, console: &mut Console, head: &ConversationRow) {
        let belongs = |document: &DocumentId| match document {
            DocumentId::Timeline(id, _) | DocumentId::Discussion(id) | DocumentId::Draft(id) => *id == head.id,
            DocumentId::Contact(_) | DocumentId::Notes(_) => false,
        };
        let contacts = |document: &DocumentId| match document {
            DocumentId::Contact(contact) | DocumentId::Notes(contact) => *contact == head.contact,
            DocumentId::Timeline(..) | DocumentId::Discussion(_) | DocumentId::Draft(_) => false,
        };
        let doubtful: Vec<DocumentId> = console.documents.extract_if(contacts).collect();
        console.doubtful.extend(doubtful);
        let documents: Vec<DocumentId> = console.documents.extract_if(belongs).collect();
        if !documents.is_empty() {
            self.revoked.push(ServerFrame::Revoked {
                documents,
                inboxes: vec![],
            });
        }
    }
}
