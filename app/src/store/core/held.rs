//! Replies that were written without network and are perhaps not what one would write now: held until the person
//! says "send anyway", in order; and those that can no longer go out at all (`docs/sync.md#stale-replies`).

use causerie_shared::{
    Millis,
    document::DocumentId,
    ids::{ConversationId, IntentId},
    intent::{QueueState, Queued},
    message::Author,
    refusal::{Code, Refusal},
};

use super::{Core, DiskKey, Key, Step};

/// A reply older than this is asked about as soon as anything newer is there.
const OLD_MS: Millis = 15 * 60_000;

impl Core {
    /// Replies of a chat that are held.
    pub fn held(&self, id: ConversationId) -> Vec<IntentId> {
        let replies = self.outbox.iter().filter(|queued| reply_in(queued) == Some(id));
        replies
            .filter(|queued| self.is_stale(queued, id))
            .map(|queued| queued.intent.id)
            .collect()
    }

    /// The customer was answered since the reply was written; or it is old, and anything newer is there. What may
    /// have reached the server already is settled by sending it again.
    fn is_stale(&self, queued: &Queued, id: ConversationId) -> bool {
        let Some((thread, me)) = self.threads.get(&id).zip(self.me.as_ref()) else {
            return false;
        };
        if queued.after == i64::MAX || self.tried.contains(&queued.intent.id) {
            return false;
        }
        let at = queued.intent.at;
        let newer = thread.newer(queued.after).filter(|(author, written)| match author {
            // My own words from elsewhere count, those that this outbox sent before do not.
            Author::Agent(user) => *user != me.id || *written > at,
            Author::Contact => true,
            Author::Bot | Author::System | Author::Elsewhere => false,
        });
        let (mut anything, mut answered) = (false, false);
        for (author, _) in newer {
            anything = true;
            answered |= author.user().is_some();
        }
        answered || (anything && self.clock - at > OLD_MS)
    }

    /// Sends a held reply whatever came meanwhile.
    pub(super) fn send_anyway(&mut self, step: &mut Step<'_>, intent: IntentId) {
        let Some(queued) = self.outbox.iter_mut().find(|queued| queued.intent.id == intent) else {
            return;
        };
        queued.after = i64::MAX;
        let id = reply_in(queued);
        step.keep(DiskKey::Outbox(intent));
        step.changed(Key::Outbox);
        if let Some(id) = id {
            step.changed(Key::Bubbles(id));
        }
    }

    /// Replies to chats that ended or went to somebody else meanwhile are not delivered, and said so as soon as the
    /// server knows nothing of them.
    pub(super) fn refuse_lost(&mut self, step: &mut Step<'_>) {
        let Some(access) = self.access.as_ref().filter(|_| self.caught_up) else {
            return;
        };
        let lost: Vec<(IntentId, DocumentId, Code)> = self
            .outbox
            .iter()
            .filter_map(|queued| {
                let head = self.heads.get(&reply_in(queued)?)?;
                let mine = access.replies(&head.state) || self.tried.contains(&queued.intent.id);
                // After a `Reset` the row may be an old one.
                if mine || self.stale.contains(&head.id) {
                    return None;
                }
                let over = head.state.status().is_final();
                let code = if over { Code::Closed } else { Code::Forbidden };
                Some((queued.intent.id, queued.intent.action.document()?, code))
            })
            .collect();
        for (intent, document, code) in lost {
            let text = match code {
                Code::Closed => "the chat has ended",
                _ => "the chat is somebody else's now",
            };
            self.doubt(step, intent, document, Refusal::new(code, text));
        }
    }
}

/// The chat that a waiting reply goes to.
pub(super) fn reply_in(queued: &Queued) -> Option<ConversationId> {
    match queued.state {
        QueueState::Waiting => queued.intent.action.reply_in(),
        QueueState::Refused(_) => None,
    }
}
