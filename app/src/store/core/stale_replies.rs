//! Stale replies, written without a connection: they are held until the user says "send anyway", and keep their order.
//! Replies that can no longer be sent are refused (`docs/sync.md#stale-replies`).

use causerie_shared::{
    Millis,
    document::DocumentId,
    ids::{ConversationId, IntentId},
    intent::{QueueState, Queued},
    message::Author,
    refusal::{Code, Refusal},
};

use super::{Core, Key, Step};
use crate::net::disk_key::DiskKey;

/// A reply older than this is held as soon as there is any newer message.
const OLD_MS: Millis = 15 * 60_000;

impl Core {
    /// The held replies of a chat.
    pub fn held(&self, id: ConversationId) -> Vec<IntentId> {
        let replies = self.outbox.iter().filter(|queued| reply_in(queued) == Some(id));
        replies
            .filter(|queued| self.is_stale(queued, id))
            .map(|queued| queued.intent.id)
            .collect()
    }

    /// Whether a reply is stale: an agent has answered since it was written, or it is old and there is any newer
    /// message. A reply that may have reached the server is never stale, because sending it again settles it.
    fn is_stale(&self, queued: &Queued, id: ConversationId) -> bool {
        let Some((thread, me)) = self.threads.get(&id).zip(self.me.as_ref()) else {
            return false;
        };
        if queued.after == i64::MAX || self.tried.contains(&queued.intent.id) {
            return false;
        }
        let at = queued.intent.at;
        let newer = thread.newer(queued.after).filter(|(author, written)| match author {
            // The user's messages from other devices count; those that this outbox sent before do not.
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

    /// Sends a held reply although there are newer messages.
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

    /// Refuses replies to chats that have ended or belong to another agent now, unless the server already has them.
    #[expect(clippy::wildcard_enum_match_arm, reason = "one text for all other refusals")]
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
                // After a `Reset` the row may be out of date.
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
                _ => "another agent has the chat now",
            };
            self.doubt(step, intent, document, Refusal::new(code, text));
        }
    }
}

/// The chat of a waiting reply; `None` for other intents.
pub(super) fn reply_in(queued: &Queued) -> Option<ConversationId> {
    match queued.state {
        QueueState::Waiting => queued.intent.action.reply_in(),
        QueueState::Refused(_) => None,
    }
}
