//! What the signals show, computed from the core's data.

use causerie_shared::{
    contact::Field,
    document::{
        DocumentId,
        contact::{Former, Profile},
    },
    frame::Command,
    ids::{ContactId, ConversationId, UserId},
    inbox::InboxRow,
    intent::{Action, QueueState},
    message::Delivery,
    row::ConversationRow,
    user::UserRow,
    window::Counts,
};

use super::{Core, replica::Lane, thread};
use crate::{
    net::disk_key::DiskKey,
    store::view::{Bubble, SharedNote, Stage, Undelivered},
};

impl Core {
    pub fn head(&self, id: ConversationId) -> Option<&ConversationRow> {
        self.heads.get(&id)
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    pub fn users_by_name(&self) -> Vec<UserRow> {
        let mut users: Vec<_> = self.users.all().to_vec();
        users.sort_unstable_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        users
    }

    pub fn inboxes_by_name(&self) -> Vec<InboxRow> {
        let mut inboxes: Vec<_> = self.inboxes.all().to_vec();
        inboxes.sort_unstable_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        inboxes
    }

    /// The messages and system lines of a chat; unsent replies are last.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only these actions draw a bubble")]
    pub fn bubbles(&self, id: ConversationId) -> Vec<Bubble> {
        let mut bubbles = self.threads.get(&id).map(thread::Timeline::bubbles).unwrap_or_default();
        let held = self.held(id);
        let replies = self.outbox.iter().filter(|queued| queued.state == QueueState::Waiting);
        bubbles.extend(replies.filter_map(|queued| match &queued.intent.action {
            Action::Reply {
                conversation,
                message,
                files,
                ..
            } if *conversation == id => {
                let stage = if held.contains(&queued.intent.id) {
                    Stage::Held
                } else {
                    Stage::Unsent
                };
                Some(thread::unsent(message, files, stage))
            }
            _ => None,
        }));
        bubbles
    }

    /// The messages of the internal discussion: a reply comes after the message that it answers, unsent ones are last.
    #[expect(clippy::wildcard_enum_match_arm, reason = "only these actions draw a bubble")]
    pub fn discussion(&self, id: ConversationId) -> Vec<Bubble> {
        let rows = self.threads.get(&id).map(|thread| &thread.rows);
        let mut bubbles = vec![];
        if let Some(replica) = self.replicas.get(&DocumentId::Discussion(id)) {
            for (position, message) in replica.confirmed().discussion() {
                let files = rows.and_then(|rows| rows.get(&message.id)).map(|row| row.files.clone());
                let mut bubble = thread::bubble(&message, files.unwrap_or_default(), Stage::Sent(Delivery::Sent));
                bubble.position = Some(position);
                bubbles.push(Bubble::Message(bubble));
            }
        }
        let waiting = self.outbox.iter().filter(|queued| queued.state == QueueState::Waiting);
        bubbles.extend(waiting.filter_map(|queued| match &queued.intent.action {
            Action::Discuss {
                conversation,
                message,
                files,
            } if *conversation == id => Some(thread::unsent(message, files, Stage::Unsent)),
            _ => None,
        }));
        bubbles
    }

    /// The colleague who has answered the contact since the current draft was begun.
    pub fn answered_meanwhile(&self, id: ConversationId) -> Option<UserId> {
        let began = *self.began.get(&id)?;
        let me = self.me.as_ref()?.id;
        let later = self.threads.get(&id)?.rows.values().filter(|row| row.position > began);
        let colleagues = later.filter_map(|row| Some((row.position, row.author.user().filter(|user| *user != me)?)));
        colleagues.max().map(|(_, user)| user)
    }

    /// The former values of a field, newest first.
    pub fn history_of(&self, id: ContactId, field: Field) -> Vec<Former> {
        let replica = self.replicas.get(&DocumentId::Contact(id));
        replica.map_or_else(Vec::new, |replica| replica.shown().history(field))
    }

    /// Whether the chat is empty because it is still being loaded.
    pub fn loading(&self, id: ConversationId) -> bool {
        let Some(head) = self.heads.get(&id) else { return false };
        if self.threads.get(&id).is_some_and(|thread| !thread.is_empty()) {
            return false;
        }
        (self.first_segment(id)..=head.segment.max(1)).any(|segment| {
            let document = DocumentId::Timeline(id, segment);
            match self.replicas.get(&document) {
                Some(replica) => replica.lane == Lane::Asked,
                None => self.loading.contains(&DiskKey::Document(document)),
            }
        })
    }

    /// Whether there are older segments that were not requested.
    pub fn has_earlier(&self, id: ConversationId) -> bool {
        self.heads.contains_key(&id) && self.first_segment(id) > 1
    }

    /// The draft of a reply.
    pub fn draft(&self, id: ConversationId) -> String {
        self.drafts.get(&id).cloned().unwrap_or_default()
    }

    /// Whether a command on the conversation waits for its outcome.
    pub fn busy(&self, id: ConversationId) -> bool {
        let about = |command: &Command| !matches!(command, Command::Seen(..)) && command.conversation() == Some(id);
        self.asked.values().any(about)
            || self.outbox.iter().any(|queued| {
                matches!(&queued.intent.action, Action::Command { body, .. } if about(body))
                    && queued.state == QueueState::Waiting
            })
    }

    pub fn profile(&self, id: ContactId) -> Profile {
        let replica = self.replicas.get(&DocumentId::Contact(id));
        replica.map_or_else(Profile::default, |replica| replica.shown().profile())
    }

    pub fn notes(&self, id: ContactId) -> Vec<SharedNote> {
        let Some(replica) = self.replicas.get(&DocumentId::Notes(id)) else {
            return vec![];
        };
        let heads = replica.heads();
        let notes = replica.shown().notes();
        notes
            .into_iter()
            .map(|note| SharedNote {
                note,
                heads: heads.clone(),
            })
            .collect()
    }

    /// The refused intents, oldest first.
    pub fn undelivered(&self) -> Vec<Undelivered> {
        let refused = self.outbox.iter().filter_map(|queued| match &queued.state {
            QueueState::Refused(refusal) => Some((&queued.intent, refusal)),
            QueueState::Waiting => None,
        });
        refused
            .map(|(intent, refusal)| {
                let (conversation, contact) = match &intent.action {
                    Action::Reply { conversation, .. }
                    | Action::Discuss { conversation, .. }
                    | Action::EditDraft { conversation, .. } => (Some(*conversation), None),
                    Action::SetField { contact, .. }
                    | Action::SetDetail { contact, .. }
                    | Action::AddNote { contact, .. }
                    | Action::EditNote { contact, .. }
                    | Action::HighlightNote { contact, .. } => (None, Some(*contact)),
                    Action::Command { body, .. } => (body.conversation(), None),
                };
                Undelivered {
                    intent: intent.id,
                    conversation,
                    contact,
                    text: intent.action.text().map(str::to_owned),
                    at: intent.at,
                    refusal: refusal.clone(),
                }
            })
            .collect()
    }

    /// The number of intents that have not reached the server, without draft edits.
    pub fn unsent(&self) -> usize {
        let drafts = self.outbox.iter().filter(|queued| self.is_draft(queued.intent.id));
        self.outbox.len() - drafts.count()
    }
}
