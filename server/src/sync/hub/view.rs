//! What one console is told of what a transaction changed.

use std::{collections::HashMap, sync::Arc};

use causerie_shared::{
    document::DocumentId,
    frame::ServerFrame,
    ids::ConversationId,
    row::{Gone, Head, Row},
};

use super::Console;
use crate::{store::feed::FeedKind, sync::News};

/// What one console is told of the news. Equal masks mean equal frames.
pub(super) struct View {
    pub(super) mask: Vec<u8>,
    pub(super) upserts: Vec<Row>,
    pub(super) gone: Vec<Gone>,
    pub(super) revoked: Vec<ServerFrame>,
}

impl View {
    pub(super) fn of(console: &mut Console, news: &News) -> Self {
        let access = Arc::clone(&console.access);
        let mut view = Self {
            mask: vec![],
            upserts: vec![],
            gone: vec![],
            revoked: vec![],
        };
        let mut visible: HashMap<ConversationId, bool> = HashMap::new();
        for (id, head) in &news.heads {
            let mut scopes = news
                .entries
                .iter()
                .filter(|entry| entry.kind == FeedKind::Conversation && entry.row_id == id.to_string());
            let before = scopes.clone().next().and_then(|entry| entry.before.as_ref());
            let after = scopes.next_back().and_then(|entry| entry.after.as_ref());
            let sees = after.is_some_and(|scope| access.reads(scope));
            visible.insert(*id, sees);
            let concerns = sees || before.is_some_and(|scope| access.reads(scope));
            console.recount |= concerns && news.moved(*id);
            if sees {
                view.mask.push(1);
                view.upserts.push(Row::Head(Box::new(head.clone())));
            } else if concerns {
                // Members of the inbox may know who took a chat from their queue.
                let taken_by = head.state.agent().filter(|_| access.is_member(head.inbox));
                view.mask.push(2 + u8::from(taken_by.is_some()));
                view.gone.push(Gone::Conversation { id: *id, taken_by });
                view.revoke(console, head);
            } else {
                view.mask.push(0);
            }
        }
        for message in &news.messages {
            let conversation = message.row.conversation;
            let wanted = visible.get(&conversation) == Some(&true) && console.follows(conversation);
            view.row(wanted, || Row::Message(message.row.clone()));
        }
        for row in &news.journey {
            let wanted = visible.get(&row.conversation) == Some(&true) && console.follows(row.conversation);
            view.row(wanted, || Row::Journey(row.clone()));
        }
        for user in &news.users {
            view.row(true, || Row::User(user.clone()));
        }
        for inbox in &news.inbox_rows {
            view.row(access.sees_inbox(inbox.id), || Row::Inbox(inbox.clone()));
        }
        for account in &news.accounts {
            view.row(access.sees_inbox(account.inbox), || Row::Account(account.clone()));
        }
        view
    }

    fn row(&mut self, wanted: bool, row: impl FnOnce() -> Row) {
        self.mask.push(u8::from(wanted));
        if wanted {
            self.upserts.push(row());
        }
    }

    /// The chat's documents go with it, in the same breath. Profile and notes of its contact may be seen through
    /// another chat, which the database knows: until it was asked, nothing of them is sent.
    fn revoke(&mut self, console: &mut Console, head: &Head) {
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
