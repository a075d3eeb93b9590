//! A server in memory: documents behind the real gate, rows as the test gives them.

use std::collections::{BTreeMap, HashMap};

use automerge::{ActorId, Automerge};
use causerie_shared::{
    document::{DocumentId, Pen, apply, begin, parse, timeline},
    frame::{ClientFrame, Command, Part, ServerFrame},
    gate::{self, Actors, KnownActor, Writer},
    ids::{ConversationId, DeviceId, IntentId, MessageId},
    message::{Author, Delivery, Kind, Message, MessageRow},
    refusal::{Code, Refusal},
    row::{ConversationRow, JourneyRow, Row},
    window::{Counts, Folder},
};

use super::{ANA, head, me, people};

/// A stored push: its intent and writer (`None` if it came from another client), and its changes.
type Pushed = (Option<IntentId>, Option<Writer>, Vec<Vec<u8>>);

pub(crate) struct Document {
    pub doc: Automerge,
    pub epoch: u32,
    pub sealed: bool,
    log: Vec<Pushed>,
}

impl Document {
    fn new(id: DocumentId) -> Self {
        Self {
            doc: begin(id.kind()),
            epoch: 1,
            sealed: false,
            log: vec![],
        }
    }

    fn append(&mut self, intent: Option<IntentId>, writer: Option<Writer>, changes: Vec<Vec<u8>>) -> i64 {
        apply(&mut self.doc, &changes).expect("the gate let it in");
        self.log.push((intent, writer, changes));
        self.log.len() as i64
    }
}

impl Actors for Document {
    fn known(&self, actor: &ActorId) -> Option<KnownActor> {
        let mut known = None;
        for (_, writer, changes) in &self.log {
            for change in changes.iter().filter_map(|bytes| parse(bytes).ok()) {
                if change.actor_id() == actor {
                    known = Some(KnownActor {
                        bound_to: *writer,
                        seq: change.seq(),
                        max_op: change.max_op(),
                    });
                }
            }
        }
        known
    }
}

pub(crate) struct Server {
    pub documents: HashMap<DocumentId, Document>,
    pub heads: BTreeMap<ConversationId, ConversationRow>,
    pub journey: Vec<JourneyRow>,
    /// The refusal of the next push, in place of the gate's answer.
    pub refuse: Option<Refusal>,
    /// The pushes that arrived, in order.
    pub pushes: Vec<(DocumentId, IntentId)>,
    pub commands: Vec<Command>,
    pub opens: Vec<DocumentId>,
    pub reset: bool,
    /// Documents that the user may no longer read.
    pub denied: Vec<DocumentId>,
    pub now: i64,
    pub rows: Vec<MessageRow>,
    reply_to: Option<MessageId>,
    device: DeviceId,
}

impl Server {
    pub fn new() -> Self {
        let first = head(super::CHAT);
        Self {
            documents: HashMap::new(),
            heads: [(first.id, first)].into(),
            journey: vec![],
            refuse: None,
            pushes: vec![],
            commands: vec![],
            opens: vec![],
            reset: false,
            denied: vec![],
            now: 1_000_000,
            rows: vec![],
            reply_to: None,
            device: DeviceId::from_u128(0),
        }
    }

    pub fn document(&mut self, id: DocumentId) -> &mut Document {
        self.documents.entry(id).or_insert_with(|| Document::new(id))
    }

    /// The texts of a segment in the order in which they were accepted.
    pub fn texts(&mut self, id: ConversationId, segment: u32) -> Vec<String> {
        let document = self.document(DocumentId::Timeline(id, segment));
        let changes = document.log.iter().flat_map(|(_, _, changes)| changes);
        let mut seen = begin(causerie_shared::document::DocumentKind::Timeline);
        let mut known = vec![];
        let mut texts = vec![];
        for change in changes {
            apply(&mut seen, std::slice::from_ref(change)).expect("stored");
            for id in timeline::ids(&seen).expect("a timeline") {
                if !known.contains(&id) {
                    known.push(id);
                    texts.push(timeline::get(&seen, id).expect("a timeline").expect("whole").body);
                }
            }
        }
        texts
    }

    /// Lets the visitor write; returns the frames that announce the message.
    pub fn say(&mut self, id: ConversationId, segment: u32, message: u128, text: &str) -> Vec<ServerFrame> {
        self.write(id, segment, message, Author::Contact, text)
    }

    /// Lets `author` write; returns the frames that announce the message.
    pub fn write(
        &mut self,
        id: ConversationId,
        segment: u32,
        message: u128,
        author: Author,
        text: &str,
    ) -> Vec<ServerFrame> {
        let name = DocumentId::Timeline(id, segment);
        let message = Message {
            id: MessageId::from_u128(message),
            author,
            kind: Kind::Text,
            body: text.into(),
            at: 0,
            reply_to: self.reply_to,
            private: false,
            template: None,
            attachments: vec![],
        };
        let actor = (message.id.to_u128() ^ 0xFFFF).to_be_bytes();
        let document = self.document(name);
        let change =
            timeline::append(&mut document.doc.clone(), &Pen { actor, user: None }, &message).expect("a message");
        let part = self.outside(name, change);
        let row = self.row(id, segment, &message);
        vec![
            part,
            ServerFrame::Rows {
                to: row.seq,
                upserts: vec![Row::Message(row)],
                gone: vec![],
            },
        ]
    }

    /// Lets `author` write in answer to another message; returns the frames that announce it.
    pub fn answer_to(
        &mut self,
        id: ConversationId,
        message: u128,
        author: Author,
        text: &str,
        to: MessageId,
    ) -> Vec<ServerFrame> {
        self.reply_to = Some(to);
        let frames = self.write(id, 1, message, author, text);
        self.reply_to = None;
        frames
    }

    /// A message's row for the test to change.
    pub fn row_of(&mut self, id: MessageId) -> &mut MessageRow {
        self.rows.iter_mut().find(|row| row.id == id).expect("a row")
    }

    /// Returns the row after a change, with a feed number above all others.
    pub fn changed(&mut self, id: MessageId) -> MessageRow {
        let newest = self.rows.iter().map(|row| row.seq).max().unwrap_or_default();
        let row = self.row_of(id);
        row.seq = newest + 100;
        row.clone()
    }

    /// Stores a change of another client; returns its part.
    pub fn outside(&mut self, name: DocumentId, change: Vec<u8>) -> ServerFrame {
        let document = self.document(name);
        let to = document.append(None, None, vec![change.clone()]);
        let part = Part {
            document: name,
            epoch: document.epoch,
            from: to - 1,
            to,
            snapshot: None,
            changes: vec![change],
        };
        ServerFrame::Part(part)
    }

    fn row(&mut self, conversation: ConversationId, segment: u32, message: &Message) -> MessageRow {
        let row = MessageRow {
            id: message.id,
            conversation,
            position: self.rows.len() as i64 + 1,
            segment,
            author: message.author,
            accepted_at: 5_000,
            said_at: None,
            delivery: Delivery::Sent,
            reason: None,
            files: vec![],
            redacted_at: None,
            extra: None,
            seq: 1_000 + self.rows.len() as i64,
        };
        self.rows.push(row.clone());
        row
    }

    pub fn answer(&mut self, frame: ClientFrame) -> Vec<ServerFrame> {
        match frame {
            ClientFrame::Hello { device, .. } => {
                self.device = device;
                let welcome = ServerFrame::Welcome {
                    now: self.now,
                    cursor: 1,
                    grants: 0,
                    me: Box::new(me()),
                };
                let mut upserts = people();
                upserts.extend(self.heads.values().map(|head| Row::Head(Box::new(head.clone()))));
                let rows = ServerFrame::Rows {
                    to: 1,
                    upserts,
                    gone: vec![],
                };
                if std::mem::take(&mut self.reset) {
                    vec![welcome, ServerFrame::Reset, rows]
                } else {
                    vec![welcome, rows]
                }
            }
            ClientFrame::Window { list, from, .. } => {
                let order: Vec<_> = match list.folder {
                    Folder::Mine => self.heads.keys().copied().collect(),
                    Folder::Queue | Folder::Engaged | Folder::All | Folder::History => vec![],
                };
                let counts = Counts {
                    mine: self.heads.len() as u32,
                    ..Counts::default()
                };
                vec![
                    ServerFrame::Window {
                        list,
                        from,
                        total: order.len() as u32,
                        order,
                    },
                    ServerFrame::Counts(counts),
                ]
            }
            ClientFrame::Open {
                document,
                have,
                rows_after,
            } => {
                self.opens.push(document);
                if self.denied.contains(&document) {
                    return vec![ServerFrame::Revoked {
                        documents: vec![document],
                        inboxes: vec![],
                    }];
                }
                let from = have.map_or(0, |have| have.seq);
                let held = self.document(document);
                let changes: Vec<_> = held.log[from as usize..]
                    .iter()
                    .flat_map(|(_, _, c)| c.clone())
                    .collect();
                let to = held.log.len() as i64;
                let part = Part {
                    document,
                    epoch: held.epoch,
                    from,
                    to,
                    snapshot: None,
                    changes,
                };
                let mut upserts: Vec<Row> = self
                    .rows
                    .iter()
                    .filter(|row| row.seq > rows_after)
                    .cloned()
                    .map(Row::Message)
                    .collect();
                upserts.extend(self.journey.iter().cloned().map(Row::Journey));
                vec![
                    ServerFrame::Rows {
                        to: 1,
                        upserts,
                        gone: vec![],
                    },
                    ServerFrame::Part(part),
                ]
            }
            ClientFrame::Push {
                document,
                epoch,
                intent,
                changes,
            } => self.push(document, epoch, intent, changes),
            ClientFrame::Command { intent, body, .. } => {
                self.commands.push(body);
                vec![ServerFrame::Outcome { intent, result: Ok(()) }]
            }
            ClientFrame::Close { .. } | ClientFrame::Ephemeral(_) | ClientFrame::Pong => vec![],
        }
    }

    fn push(&mut self, name: DocumentId, epoch: u32, intent: IntentId, changes: Vec<Vec<u8>>) -> Vec<ServerFrame> {
        let asks = changes.is_empty();
        if !asks {
            self.pushes.push((name, intent));
        }
        let writer = Writer {
            user: ANA,
            device: self.device,
        };
        let (refuse, denied) = (self.refuse.take(), self.denied.contains(&name));
        let document = self.document(name);
        let refused = |refusal| {
            vec![ServerFrame::Refused {
                intent,
                document: name,
                refusal,
            }]
        };
        if let Some(refusal) = refuse {
            return refused(refusal);
        }
        if let Some(index) = document.log.iter().position(|(known, ..)| *known == Some(intent)) {
            let stored = document.log[index].2.clone();
            let changes = if stored == changes { vec![] } else { stored };
            return vec![ServerFrame::Applied {
                intent,
                document: name,
                epoch: document.epoch,
                seq: index as i64 + 1,
                changes,
            }];
        }
        if asks {
            return refused(Refusal::new(Code::NotFound, "it did not arrive"));
        }
        if denied {
            return refused(Refusal::new(Code::Forbidden, "not any more"));
        }
        if document.epoch != epoch {
            return refused(Refusal::new(Code::StaleEpoch, "begun anew"));
        }
        if document.sealed {
            return refused(Refusal::new(Code::Sealed, "sealed"));
        }
        let checked =
            gate::read(&changes).and_then(|parsed| gate::check(name.kind(), &document.doc, &*document, writer, parsed));
        let admitted = match checked {
            Ok(passed) => passed.admitted,
            Err(refusal) => return refused(refusal),
        };
        let seq = document.append(Some(intent), Some(writer), changes);
        let mut frames = vec![ServerFrame::Applied {
            intent,
            document: name,
            epoch,
            seq,
            changes: vec![],
        }];
        if let DocumentId::Timeline(conversation, segment) = name {
            for message in admitted.messages {
                let row = self.row(conversation, segment, &message);
                frames.push(ServerFrame::Rows {
                    to: row.seq,
                    upserts: vec![Row::Message(row)],
                    gone: vec![],
                });
            }
        }
        frames
    }
}
