//! One chat on this device: message rows, event rows, and the texts from its documents.

use std::collections::HashMap;

use causerie_shared::{
    Millis,
    ids::{FileId, MessageId},
    message::{Author, Delivery, FileBrief, Message, MessageRow, order},
    row::JourneyRow,
};

use super::{
    super::view::{Bubble, MessageBubble, Quote, Stage},
    replica::Replica,
    table::Table,
};

#[derive(Debug, Default)]
pub(super) struct Timeline {
    /// Whether the thread was read from the disk.
    pub(super) loaded: bool,
    /// The feed number up to which all rows are here; the server is asked for those above it.
    pub(super) rows_to: i64,
    pub(super) rows: HashMap<MessageId, MessageRow>,
    pub(super) journey: Table<JourneyRow>,
    /// Number of additional older segments that were requested.
    pub(super) earlier: u32,
    said: HashMap<MessageId, Message>,
    /// Files of the user's own replies, until their rows arrive.
    files: HashMap<FileId, FileBrief>,
}

impl Timeline {
    /// Adds the rows from the disk; newer ones that arrived meanwhile win.
    pub(super) fn fill(&mut self, rows_to: i64, rows: Vec<MessageRow>, journey: Vec<JourneyRow>) {
        self.rows_to = self.rows_to.max(rows_to);
        rows.into_iter().for_each(|row| self.put_message(row));
        journey.into_iter().for_each(|row| self.put_journey(row));
    }

    /// Records that a row arrived while the timeline was followed, so that no earlier row is missing.
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

    /// Keeps files until the row that names them arrives.
    pub(super) fn remember_files(&mut self, files: &[FileBrief]) {
        self.files.extend(files.iter().map(|file| (file.id, file.clone())));
    }

    /// Reads the messages of a document that are new. Returns the number of all its messages.
    pub(super) fn read(&mut self, replica: &Replica) -> u32 {
        let (all, new) = replica.confirmed().messages(&|id| !self.said.contains_key(&id));
        self.said.extend(new.into_iter().map(|message| (message.id, message)));
        all
    }

    /// Forgets the texts of a document's messages, because the server has written them again.
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

    /// Authors of the messages above `position`, with the time by the author's clock. Messages without a row count as
    /// newer.
    pub(super) fn newer(&self, position: i64) -> impl Iterator<Item = (Author, Millis)> {
        let said = self
            .said
            .values()
            .filter(|message| !self.rows.contains_key(&message.id));
        let rows = self.rows.values().filter(move |row| row.position > position);
        rows.map(|row| (row.author, row.id.time()))
            .chain(said.map(|message| (message.author, message.at)))
    }

    /// Messages in the order of display, with each system line after all messages that had been accepted by then.
    /// Accepted messages without a row are last.
    pub(super) fn bubbles(&self) -> Vec<Bubble> {
        let mut messages: Vec<_> = self.said.values().map(|said| (said, self.rows.get(&said.id))).collect();
        messages.sort_unstable_by_key(|(said, row)| (row.map_or(i64::MAX, |row| row.position), said.id.to_u128()));
        order::place_late(&mut messages, |(_, row)| *row);

        // From the end: a line comes after the last message that had been accepted before it.
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

/// The time of a bubble: when the contact wrote the message, unless the provider's time is implausibly early.
fn shown_at(row: &MessageRow) -> Millis {
    let said = row
        .said_at
        .filter(|said| row.accepted_at - said <= order::MAX_LATENESS_MS);
    said.unwrap_or(row.accepted_at)
}

/// The current text of a message; empty if it was deleted or redacted.
fn body(message: &Message, row: Option<&MessageRow>) -> String {
    let extra = row.and_then(|row| row.extra.as_ref());
    let gone = row.is_some_and(|row| row.redacted_at.is_some()) || extra.is_some_and(|extra| extra.deleted);
    match extra.and_then(|extra| extra.edited.as_ref()) {
        _ if gone => String::new(),
        Some((text, _)) => text.clone(),
        None => message.body.clone(),
    }
}

/// A bubble from a document's message, without the data of its row.
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

/// The bubble of a message in the outbox.
pub(super) fn unsent(message: &Message, files: &[FileBrief], stage: Stage) -> Bubble {
    Bubble::Message(bubble(message, files.to_vec(), stage))
}
