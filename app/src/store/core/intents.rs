//! What the user writes, as intents: stored in the outbox and shown before anything else happens.

use causerie_shared::{
    Millis,
    contact::{Detail, Field, MAX_FIELD, is_plausible},
    document::notes,
    ids::{ContactId, ConversationId, IntentId, MessageId, NoteId},
    intent::{Action, Intent, QueueState, Queued},
    message::{Author, FileBrief, Kind, MAX_FILES, MAX_TEXT, Message},
};

use super::{Core, Key, Step};
use crate::{
    net::disk_key::DiskKey,
    store::view::{EditError, ReplyError, SharedNote, Way},
};

impl Core {
    /// Queues a reply and clears the draft.
    pub fn reply(
        &mut self,
        step: &mut Step<'_>,
        conversation: ConversationId,
        text: String,
        files: Vec<FileBrief>,
    ) -> Result<MessageId, ReplyError> {
        self.reply_as(step, conversation, text, files, Way::Plain)
    }

    /// Queues a reply of any kind and clears the draft.
    pub fn reply_as(
        &mut self,
        step: &mut Step<'_>,
        conversation: ConversationId,
        text: String,
        files: Vec<FileBrief>,
        way: Way,
    ) -> Result<MessageId, ReplyError> {
        let mut message = self.message(step, text, &files)?;
        match way {
            Way::Plain => {}
            Way::Private => message.private = true,
            Way::Template(template) => {
                message.kind = Kind::Template;
                message.template = Some(template);
            }
        }
        let (id, at) = (message.id, message.at);
        let segment = self.heads.get(&conversation).map_or(1, |head| head.segment.max(1));
        let action = Action::Reply {
            conversation,
            segment,
            message: Box::new(message),
            files,
        };
        self.enqueue(step, id.into(), at, action);
        self.set_draft(step, conversation, String::new());
        self.share_draft(step, conversation);
        step.changed(Key::Bubbles(conversation));
        self.settle(step);
        Ok(id)
    }

    /// Builds a message of the user after checking its text and files.
    fn message(&mut self, step: &mut Step<'_>, text: String, files: &[FileBrief]) -> Result<Message, ReplyError> {
        if text.len() > MAX_TEXT {
            return Err(ReplyError::TooLong {
                have: text.len(),
                limit: MAX_TEXT,
            });
        }
        if files.len() > MAX_FILES {
            return Err(ReplyError::TooManyFiles {
                have: files.len(),
                limit: MAX_FILES,
            });
        }
        let me = self.me.as_ref().map(|me| me.id);
        let (Some(me), false) = (me, files.is_empty() && text.trim().is_empty()) else {
            return Err(ReplyError::Empty);
        };
        let at = self.stamp(step);
        let message = Message {
            id: MessageId::new(at, step.random()),
            author: Author::Agent(me),
            kind: if files.is_empty() { Kind::Text } else { Kind::File },
            body: text,
            at,
            reply_to: None,
            private: false,
            template: None,
            attachments: files.iter().map(|file| file.id).collect(),
        };
        Ok(message)
    }

    /// Queues a message for the internal discussion and clears its draft.
    pub fn discuss(
        &mut self,
        step: &mut Step<'_>,
        conversation: ConversationId,
        text: String,
        files: Vec<FileBrief>,
    ) -> Result<MessageId, ReplyError> {
        let message = self.message(step, text, &files)?;
        let (id, at) = (message.id, message.at);
        let action = Action::Discuss {
            conversation,
            message: Box::new(message),
            files,
        };
        self.enqueue(step, id.into(), at, action);
        self.set_discussion_draft(step, conversation, String::new());
        step.changed(Key::Discussion(conversation));
        self.settle(step);
        Ok(id)
    }

    pub(super) fn set_discussion_draft(&mut self, step: &mut Step<'_>, id: ConversationId, text: String) {
        if text.is_empty() {
            self.discussion_drafts.remove(&id);
        } else {
            self.discussion_drafts.insert(id, text);
        }
        step.changed(Key::DiscussionDraft(id));
        step.keep(DiskKey::DiscussionDraft(id));
    }

    /// Sets or clears a personal field.
    pub fn set_field(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        field: Field,
        value: Option<String>,
    ) -> Result<(), EditError> {
        let value = value
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty());
        if value.as_ref().is_some_and(|value| value.len() > MAX_FIELD) {
            return Err(EditError::TooLong);
        }
        // Writing the same value again is how the user resolves two concurrent values.
        let profile = self.profile(contact);
        let known = profile
            .fields
            .iter()
            .find(|(key, _)| *key == field)
            .map(|(_, values)| values.as_slice());
        if known.unwrap_or_default() == Vec::from_iter(value.clone()) {
            return Ok(());
        }
        self.edit(step, |_| Action::SetField { contact, field, value });
        Ok(())
    }

    /// Adds or removes an e-mail address or phone number.
    pub fn set_detail(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        detail: Detail,
        value: String,
        present: bool,
    ) -> Result<(), EditError> {
        if value.len() > MAX_FIELD {
            return Err(EditError::TooLong);
        }
        if present && !is_plausible(detail, &value) {
            return Err(EditError::NotPlausible);
        }
        self.edit(step, |_| Action::SetDetail {
            contact,
            detail,
            value,
            present,
        });
        Ok(())
    }

    /// Adds a note.
    pub fn add_note(&mut self, step: &mut Step<'_>, contact: ContactId, text: String) -> Result<NoteId, EditError> {
        if text.encode_utf16().count() > notes::MAX_NOTE {
            return Err(EditError::TooLong);
        }
        let note = NoteId::new(self.now(step), step.random());
        self.edit(step, |_| Action::AddNote { contact, note, text });
        Ok(note)
    }

    /// Changes a note's text from `base` to `text`.
    pub fn edit_note(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        base: &SharedNote,
        text: &str,
    ) -> Result<(), EditError> {
        if text.encode_utf16().count() > notes::MAX_NOTE {
            return Err(EditError::TooLong);
        }
        let Some(splice) = notes::difference(&base.note.text, text) else {
            return Ok(());
        };
        let note = base.note.id;
        if !self.notes(contact).iter().any(|known| known.note.id == note) {
            return Err(EditError::Missing);
        }
        let base = base.heads.clone();
        self.edit(step, |_| Action::EditNote {
            contact,
            note,
            splice,
            base,
        });
        Ok(())
    }

    pub(super) fn highlight(&mut self, step: &mut Step<'_>, contact: ContactId, note: NoteId, on: bool) {
        self.edit(step, |_| Action::HighlightNote { contact, note, on });
    }

    pub(super) fn edit(&mut self, step: &mut Step<'_>, action: impl FnOnce(&Self) -> Action) {
        let at = self.stamp(step);
        let action = action(self);
        let id = IntentId::new(at, step.random());
        self.enqueue(step, id, at, action);
        self.settle(step);
    }

    /// Stores an intent in the outbox and shows its effect.
    pub(super) fn enqueue(&mut self, step: &mut Step<'_>, id: IntentId, at: Millis, action: Action) {
        let intent = Intent { id, at, action };
        let document = intent.action.document();
        step.keep(DiskKey::Outbox(id));
        step.changed(Key::Outbox);
        let after = intent.action.reply_in().map_or(0, |chat| self.newest(chat));
        self.outbox.push(Queued {
            intent,
            state: QueueState::Waiting,
            after,
        });
        let (Some(document), Some(me)) = (document, self.me.as_ref().map(|me| me.id)) else {
            return;
        };
        // The document is not in memory yet; the change is built when the disk has answered.
        let Some(replica) = self.replicas.get_mut(&document) else {
            return;
        };
        let Some(queued) = self.outbox.last() else { return };
        if !replica.push(&queued.intent, me, &mut None, &mut || step.actor()) {
            self.finish(step, id);
        }
        self.show_document(step, document);
    }

    /// Position of the newest known message of a chat.
    pub(super) fn newest(&self, id: ConversationId) -> i64 {
        let head = self.heads.get(&id).map_or(0, |head| head.position);
        head.max(self.threads.get(&id).map_or(0, |thread| thread.newest()))
    }

    /// Takes back the newest reply that never left this device. Returns the draft's new text.
    pub fn take_back_last(&mut self, step: &mut Step<'_>, id: ConversationId) -> Option<String> {
        if !self.leads && self.online() {
            // The leader has already sent the reply.
            return None;
        }
        let index = self.outbox.iter().rposition(|queued| {
            queued.state == QueueState::Waiting
                && !self.tried.contains(&queued.intent.id)
                && matches!(&queued.intent.action, Action::Reply { conversation, .. } if *conversation == id)
        })?;
        let intent = self.outbox.remove(index).intent;
        let text = intent.action.text().unwrap_or_default().to_owned();
        step.keep(DiskKey::Outbox(intent.id));
        step.changed(Key::Outbox);
        if let Some(document) = intent.action.document() {
            self.requeue(step, document);
        }
        let draft = self.drafts.get(&id).cloned().unwrap_or_default();
        let text = if draft.is_empty() {
            text
        } else {
            format!("{text}\n{draft}")
        };
        self.set_draft(step, id, text.clone());
        Some(text)
    }
}
