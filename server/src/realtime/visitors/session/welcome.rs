//! The first frame to a visitor: what is known about the visitor, and the state of the chat.

use causerie_shared::{
    api::{MAX_UPLOAD, UPLOAD_EXTENSIONS},
    contact::generated_name,
    message::MAX_TEXT,
    row::ConversationRow,
    widget::{Known, VERSION, VisitorMessage, WidgetFrame},
};

use super::{
    super::{chat, hub},
    Session,
};
use crate::{
    conversations::closing,
    store::{Db, StoreError, contacts, conversation_events, conversations, messages, places, settings},
};

/// Maximum number of messages that a visitor gets after a reload.
const HISTORY: i64 = 100;

impl Session {
    pub(crate) async fn welcome(&self, cursor: i64) -> Result<WidgetFrame, StoreError> {
        let mut db = self.app.store.read().await?;
        let mut known = Known {
            name: None,
            email: None,
        };
        let (mut shown, mut lines, mut newest) = (None, vec![], cursor);
        if let Some(id) = self.contact
            && let Some(contact) = contacts::get(&mut db, id).await?
        {
            known.email = contact.email;
            known.name = Some(contact.name).filter(|name| *name != generated_name(id));
            if let Some(head) = conversations::of_contact(&mut db, id, 1).await?.pop() {
                lines = self.history(&mut db, &head, cursor).await?;
                newest = newest.max(head.seq);
                let place = match hub::waits(&head) {
                    true => Some(conversations::ahead_of(&mut db, &head).await? + 1),
                    false => None,
                };
                let agent = closing::shown_agent(&head).and_then(|user| self.app.visitors.name(user));
                let routing = places::routing_of(&mut db, head.inbox).await?;
                let opens_at = routing.and_then(|routing| routing.opens_at(self.app.clock.now()));
                shown = Some(chat::of(&head, agent, place, opens_at));
            }
        }
        Ok(WidgetFrame::Welcome {
            v: VERSION,
            now: self.app.clock.now(),
            org: match self.account.config.title.as_str() {
                "" => settings::organization(&mut db).await?,
                title => title.to_owned(),
            },
            form: self.account.config.form,
            max_text: MAX_TEXT,
            max_file: MAX_UPLOAD,
            extensions: UPLOAD_EXTENSIONS.to_vec(),
            contact: known,
            chat: shown,
            messages: lines,
            cursor: newest,
        })
    }

    async fn history(
        &self,
        db: &mut Db,
        head: &ConversationRow,
        cursor: i64,
    ) -> Result<Vec<VisitorMessage>, StoreError> {
        let name = |user| self.app.visitors.name(user);
        let records = match cursor {
            0 => messages::newest(&mut *db, head.id, HISTORY).await?,
            _ => messages::after(&mut *db, head.id, cursor).await?,
        };
        let first = records.first().map_or(0, |record| record.row.position);
        let mut lines: Vec<_> = records
            .iter()
            .map(|record| chat::message(record, record.row.author.user().and_then(name)))
            .collect();
        let events = conversation_events::after(db, head.id, cursor).await?;
        let system = events.iter().filter(|row| row.position >= first);
        lines.extend(system.filter_map(|row| chat::system_line(row, row.user.and_then(name))));
        // A system line comes after the message with the same position.
        lines.sort_by_key(|line| (line.position, line.event.is_some(), line.at));
        Ok(lines)
    }
}
