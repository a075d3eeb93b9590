//! One chat on this device: message rows, journey rows and the texts out of its documents.

use std::collections::HashMap;

use causerie_shared::{
    Millis,
    ids::{FileId, MessageId},
    message::{Author, Delivery, FileBrief, Message, MessageRow, order},
    row::JourneyRow,
};

use super::super::view::{Bubble, MessageBubble, Quote, Stage};
use super::{replica::Replica, table::Table};

#[derive(Debug, Default)]
pub(super) struct Thread {
    /// The disk was read.
    pub(super) loaded: bool,
    /// All rows up to this feed number are here; a client asks for those above it.
    pub(super) rows_to: i64,
    pub(super) rows: HashMap<MessageId, MessageRow>,
    pub(super) journey: Table<JourneyRow>,
    /// How many segments before the newest were asked for.
    pub(super) earlier: u32,
    said: HashMap<MessageId, Message>,
    /// Files of own replies, until their rows come.
    files: HashMap<FileId, FileBrief>,
}

impl Thread {
    /// What the disk had, under what came meanwhile.
    pub(super) fn fill(&mut self, rows_to: i64, rows: Vec<MessageRow>, journey: Vec<JourneyRow>) {
        self.rows_to = self.rows_to.max(rows_to);
        rows.into_iter().for_each(|row| self.put_message(row));
        journey.into_iter().for_each(|row| self.put_journey(row));
    }

    /// A row came while the timeline is followed, so that none is missing before it.
    pub(super) fn came(&mut self, seq: i64) {
        self.rows_to = self.rows_to.max(seq);
    }

    pub(super) fn put_message(&mut self, row: MessageRow) {
        match self.rows.get(&row.id) {
            Some(known) if known.seq > row.seq => {}
            _ => {
                self.rows.insert(row.id, row);
            }
        }
    }

    pub(super) fn put_journey(&mut self, row: JourneyRow) {
        self.journey.put(row);
    }

    /// Remembers files until the row that names them comes.
    pub(super) fn remember_files(&mut self, files: &[FileBrief]) {
        self.files.extend(files.iter().map(|file| (file.id, file.clone())));
    }

    /// Reads the messages of a document that are new. Returns how many it has.
    pub(super) fn read(&mut self, replica: &Replica) -> u32 {
        let (all, new) = replica.confirmed().messages(&|id| !self.said.contains_key(&id));
        self.said.extend(new.into_iter().map(|message| (message.id, message)));
        all
    }

    /// The server wrote these messages anew: what was said in them before is not kept.
    pub(super) fn forget(&mut self, replica: &Replica) {
        for id in replica.confirmed().message_ids() {
            self.said.remove(&id);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.said.is_empty()
    }

    /// Position of the newest message whose row is here.
    pub(super) fn newest(&self) -> i64 {
        self.rows.values().map(|row| row.position).max().unwrap_or(0)
    }

    /// Who wrote the messages above `position`, and when by their own clock; those whose row has not come yet are
    /// above all.
    pub(super) fn newer(&self, position: i64) -> impl Iterator<Item = (Author, Millis)> {
        let said = self
            .said
            .values()
            .filter(|message| !self.rows.contains_key(&message.id));
        let rows = self.rows.values().filter(move |row| row.position > position);
        rows.map(|row| (row.author, row.id.time()))
            .chain(said.map(|message| (message.author, message.at)))
    }

    /// Messages in the order of display with system lines where they happened: behind all that had been accepted by
    /// then. Accepted messages whose row has not come yet are last.
    pub(super) fn bubbles(&self) -> Vec<Bubble> {
        let mut messages: Vec<_> = self.said.values().map(|said| (said, self.rows.get(&said.id))).collect();
        messages.sort_unstable_by_key(|(said, row)| (row.map_or(i64::MAX, |row| row.position), said.id.to_u128()));
        order::place_late(&mut messages, |(_, row)| *row);

        // From the end: a line is reached when what comes before it had been accepted.
        let mut bubbles = Vec::with_capacity(messages.len() + self.journey.all().len());
        let mut lines = self.journey.all().iter().rev().peekable();
        for (said, row) in messages.into_iter().rev() {
            let position = row.map_or(i64::MAX, |row| row.position);
            while let Some(line) = lines.next_if(|line| line.position >= position) {
                bubbles.push(Bubble::Line(line.clone()));
            }
            bubbles.push(Bubble::Message(self.bubble(said, row)));
        }
        bubbles.extend(lines.map(|line| Bubble::Line(line.clone())));
        bubbles.reverse();
        bubbles
    }

    fn bubble(&self, message: &Message, row: Option<&MessageRow>) -> MessageBubble {
        let files = match row {
            Some(row) if row.extra.as_ref().is_some_and(|extra| extra.deleted) => vec![],
            Some(row) => row.files.clone(),
            None => message
                .attachments
                .iter()
                .filter_map(|file| self.files.get(file).cloned())
                .collect(),
        };
        let stage = match (message.author, row) {
            (Author::Contact | Author::Bot | Author::System | Author::Elsewhere, _) => Stage::Incoming,
            (Author::Agent(_), None) => Stage::Sent(Delivery::Queued),
            (Author::Agent(_), Some(row)) if row.delivery == Delivery::Failed => Stage::Failed(row.reason.clone()),
            (Author::Agent(_), Some(row)) if row.delivery == Delivery::Unconfirmed => {
                Stage::Unconfirmed(row.reason.clone())
            }
            (Author::Agent(_), Some(row)) => Stage::Sent(row.delivery),
        };
        MessageBubble {
            at: row.map_or(message.at, shown_at),
            position: row.map(|row| row.position),
            redacted: row.is_some_and(|row| row.redacted_at.is_some()),
            body: body(message, row),
            quote: message.reply_to.and_then(|id| self.quote(id)),
            private: message.private
                || row
                    .and_then(|row| row.extra.as_ref())
                    .is_some_and(|extra| extra.private),
            extra: row.and_then(|row| row.extra.clone()),
            version: row.filter(|row| row.extra.is_some()).map_or(0, |row| row.seq),
            ..bubble(message, files, stage)
        }
    }

    fn quote(&self, id: MessageId) -> Option<Quote> {
        let (message, row) = (self.said.get(&id)?, self.rows.get(&id));
        let extra = row.and_then(|row| row.extra.as_ref());
        Some(Quote {
            author: message.author,
            author_name: extra.and_then(|extra| extra.author_name.clone()),
            kind: message.kind,
            text: body(message, row),
        })
    }
}

/// The time beside a bubble: when the customer wrote it, unless the provider's clock cannot be right.
fn shown_at(row: &MessageRow) -> Millis {
    let said = row.said_at.filter(|said| row.accepted_at - said <= order::LATE);
    said.unwrap_or(row.accepted_at)
}

/// The text as it reads now; nothing once it was taken back or removed.
fn body(message: &Message, row: Option<&MessageRow>) -> String {
    let extra = row.and_then(|row| row.extra.as_ref());
    let gone = row.is_some_and(|row| row.redacted_at.is_some()) || extra.is_some_and(|extra| extra.deleted);
    match extra.and_then(|extra| extra.edited.as_ref()) {
        _ if gone => String::new(),
        Some((text, _)) => text.clone(),
        None => message.body.clone(),
    }
}

/// A message as its document tells it.
pub(super) fn bubble(message: &Message, files: Vec<FileBrief>, stage: Stage) -> MessageBubble {
    MessageBubble {
        id: message.id,
        author: message.author,
        kind: message.kind,
        body: message.body.clone(),
        at: message.at,
        position: None,
        files,
        redacted: false,
        quote: None,
        private: message.private,
        extra: None,
        version: 0,
        stage,
    }
}

/// A message in the outbox, as it is shown.
pub(super) fn unsent(message: &Message, files: &[FileBrief], stage: Stage) -> Bubble {
    Bubble::Message(bubble(message, files.to_vec(), stage))
}
