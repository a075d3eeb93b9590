//! Rows: data that only the server writes and this device keeps a copy of.

use std::collections::HashSet;

use causerie_shared::{
    document::DocumentId,
    ids::{ContactId, ConversationId, InboxId},
    row::{ConversationRow, Gone, Row},
    user::Me,
    window::Counts,
};

use super::{Core, Key, Step, copies::chat_of, replica::Lane, stale_replies::reply_in};
use crate::{net::disk_key::DiskKey, store::view::NoticeBody};

impl Core {
    /// Applies changed and removed rows from the server.
    pub(super) fn rows(&mut self, step: &mut Step<'_>, to: i64, upserts: Vec<Row>, gone: Vec<Gone>) {
        self.say_outcomes(step, &upserts);
        for row in upserts {
            match row {
                Row::Head(head) => self.put_head(step, *head),
                Row::Message(row) => {
                    let (id, seq) = (row.conversation, row.seq);
                    self.put_in_thread(step, id, seq, |thread| thread.put_message(row));
                }
                Row::Journey(row) => {
                    let (id, seq) = (row.conversation, row.seq);
                    self.put_in_thread(step, id, seq, |thread| thread.put_journey(row));
                }
                Row::User(row) => {
                    self.users.put(row);
                    step.changed(Key::Users);
                    step.dirty(DiskKey::Users);
                }
                Row::Inbox(row) => {
                    self.inboxes.put(row);
                    self.inboxes_changed(step);
                }
                Row::Account(row) => {
                    self.accounts.put(row);
                    step.changed(Key::Accounts);
                    step.dirty(DiskKey::Accounts);
                }
            }
        }
        for row in gone {
            self.gone(step, row);
        }
        // 0 marks rows of a request, which do not move the cursor.
        self.caught_up |= to > 0 && self.online();
        if to > self.cursor.unwrap_or(0) {
            self.cursor = Some(to);
            step.dirty(DiskKey::Meta);
        }
    }

    fn inboxes_changed(&mut self, step: &mut Step<'_>) {
        self.refresh_access();
        step.changed(Key::Inboxes);
        self.wake_lists(step);
        step.dirty(DiskKey::Inboxes);
    }

    fn put_head(&mut self, step: &mut Step<'_>, mut head: ConversationRow) {
        let id = head.id;
        self.stale.remove(&id);
        // The new row may give the user access to documents that were denied.
        let contact = head.contact;
        self.denied.retain(|document| !is_of(*document, id, contact));
        // Without this, a chat would look unread again until its read receipt reaches the server.
        if self
            .seen_later
            .iter()
            .any(|(seen, position)| *seen == id && *position >= head.position)
        {
            head.unread = 0;
        }
        let old = self.heads.remove(&id);
        if let Some(old) = &old
            && old.seq > head.seq
        {
            // The row answers a request and is older than the known one.
            self.heads.insert(id, old.clone());
            return;
        }
        self.place(step, old.as_ref(), Some(&head));
        self.say_invited(step, old.as_ref(), &head);
        self.heads.insert(id, head);
        step.changed(Key::Head(id));
        step.changed(Key::Board);
        step.dirty(DiskKey::Head(id));
    }

    /// Notifies once that the user was invited to the discussion of a chat, which may be in no folder of theirs.
    fn say_invited(&mut self, step: &mut Step<'_>, old: Option<&ConversationRow>, head: &ConversationRow) {
        let me = self.me.as_ref().map(|me| me.id);
        let asks = |head: &ConversationRow| me.is_some_and(|me| head.invited.contains(&me));
        let said = self
            .notices
            .iter()
            .any(|notice| matches!(notice.body, NoticeBody::Invited { conversation, .. } if conversation == head.id));
        if asks(head) && !old.is_some_and(asks) && !said && !head.state.status().is_final() {
            let body = NoticeBody::Invited {
                conversation: head.id,
                contact_name: head.contact_name.clone(),
            };
            self.notify(step, body);
        }
    }

    fn put_in_thread(
        &mut self,
        step: &mut Step<'_>,
        id: ConversationId,
        seq: i64,
        put: impl FnOnce(&mut super::thread::Timeline),
    ) {
        let followed = self.replicas.values().any(|replica| {
            matches!(replica.id, DocumentId::Timeline(conversation, _) if conversation == id)
                && replica.lane == Lane::Live
        });
        // A chat that is not followed gets its rows when it is opened.
        let Some(thread) = self.threads.get_mut(&id) else {
            return;
        };
        put(thread);
        if followed {
            thread.came(seq);
        }
        step.changed(Key::Bubbles(id));
        step.dirty(DiskKey::Thread(id));
    }

    fn gone(&mut self, step: &mut Step<'_>, gone: Gone) {
        match gone {
            Gone::Conversation { id, taken_by } => {
                let name = self.heads.get(&id).map(|head| head.contact_name.clone());
                if let Some(body) = self.handed_over(id, taken_by) {
                    self.notify(step, body);
                } else if let (Some(contact_name), Some(user)) = (name, taken_by)
                    && self.me.as_ref().is_some_and(|me| me.id != user)
                {
                    let name = self
                        .users
                        .get(user.to_u128())
                        .map(|row| row.name.clone())
                        .unwrap_or_default();
                    self.notify(
                        step,
                        NoticeBody::Taken {
                            conversation: id,
                            contact_name,
                            user,
                            name,
                        },
                    );
                }
                self.drop_head(step, id);
            }
            Gone::User(id) => {
                self.users.remove(id.to_u128());
                step.changed(Key::Users);
                step.dirty(DiskKey::Users);
            }
            Gone::Inbox(id) => {
                self.inboxes.remove(id.to_u128());
                self.inboxes_changed(step);
            }
            Gone::Account(id) => {
                self.accounts.remove(id.to_u128());
                step.changed(Key::Accounts);
                step.dirty(DiskKey::Accounts);
            }
        }
    }

    /// Drops all conversations of these inboxes.
    pub(super) fn drop_inboxes(&mut self, step: &mut Step<'_>, inboxes: &[InboxId]) {
        let lost: Vec<_> = self
            .heads
            .values()
            .filter(|head| inboxes.contains(&head.inbox))
            .map(|head| head.id)
            .collect();
        lost.into_iter().for_each(|id| self.drop_head(step, id));
    }

    /// Drops a conversation that the user may no longer see, with all its copies.
    fn drop_head(&mut self, step: &mut Step<'_>, id: ConversationId) {
        self.stale.remove(&id);
        self.typing.remove(&id);
        self.seen_later.retain(|(seen, _)| *seen != id);
        let Some(head) = self.heads.remove(&id) else {
            // Its row was forgotten before, but copies may remain.
            let known = self.copies.iter().map(|copied| copied.document);
            let known: Vec<DocumentId> = known.filter(|document| chat_of(*document) == Some(id)).collect();
            if !known.is_empty() {
                self.purge(step, &known);
                step.erase(DiskKey::Thread(id));
            }
            return;
        };
        self.place(step, Some(&head), None);
        self.threads.remove(&id);
        let timelines: Vec<DocumentId> = (1..=head.segment.max(1))
            .map(|segment| DocumentId::Timeline(id, segment))
            .collect();
        self.purge(step, &timelines);
        self.purge(step, &[DocumentId::Discussion(id), DocumentId::Draft(id)]);
        // These replies belong to a segment that the row did not know yet.
        let unsent = self.outbox.iter().filter(|queued| reply_in(queued) == Some(id));
        let unsent: Vec<DocumentId> = unsent.filter_map(|queued| queued.intent.action.document()).collect();
        self.purge(step, &unsent);
        if !self.heads.values().any(|other| other.contact == head.contact) {
            self.purge(
                step,
                &[DocumentId::Contact(head.contact), DocumentId::Notes(head.contact)],
            );
        }
        step.changed(Key::Head(id));
        step.changed(Key::Board);
        step.changed(Key::Bubbles(id));
        step.erase(DiskKey::Head(id));
        step.erase(DiskKey::Thread(id));
    }

    pub(super) fn set_counts(&mut self, step: &mut Step<'_>, counts: Counts) {
        if self.counts == counts {
            return;
        }
        self.counts = counts;
        self.recounted(step);
        step.changed(Key::Counts);
        step.dirty(DiskKey::Meta);
    }

    pub(super) fn set_me(&mut self, step: &mut Step<'_>, me: Me) {
        if self.me.as_ref() == Some(&me) {
            return;
        }
        self.me = Some(me);
        self.refresh_access();
        step.changed(Key::Me);
        self.wake_lists(step);
    }

    fn wake_lists(&self, step: &mut Step<'_>) {
        self.lists.iter().for_each(|(list, _)| step.changed(Key::List(*list)));
    }

    /// Handles a cursor that is too old: everything is requested again, while the old rows stay visible until it
    /// arrives.
    pub(super) fn reset(&mut self, step: &mut Step<'_>) {
        self.cursor = None;
        self.stale = self.heads.keys().copied().collect();
        // New rows must win even if their feed number is lower than the old one's.
        self.heads.values_mut().for_each(|head| head.seq = 0);
        for thread in self.threads.values_mut() {
            thread.rows_to = 0;
        }
        self.expect_fresh_windows();
        self.replicas
            .values_mut()
            .for_each(|replica| replica.lane = Lane::Closed);
        self.ask_windows(step);
        step.dirty(DiskKey::Meta);
    }

    /// Drops the rows that the server did not send again after a `Reset`, once every folder has arrived.
    pub(super) fn drop_stale(&mut self, step: &mut Step<'_>) {
        let unsent: HashSet<ConversationId> = self.outbox.iter().filter_map(reply_in).collect();
        // A chat beyond the first window of its folder may still exist. If it has unsent work, the server's answer
        // about its document decides.
        let stale: Vec<_> = self
            .stale
            .drain()
            .filter(|id| self.open != Some(*id) && !unsent.contains(id))
            .collect();
        for id in stale {
            self.drop_head(step, id);
        }
    }
}

fn is_of(document: DocumentId, conversation: ConversationId, contact: ContactId) -> bool {
    match document {
        DocumentId::Timeline(id, _) | DocumentId::Discussion(id) | DocumentId::Draft(id) => id == conversation,
        DocumentId::Contact(id) | DocumentId::Notes(id) => id == contact,
    }
}
