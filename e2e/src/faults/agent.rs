//! An agent who takes chats, answers and ends them, across all deaths of the server.

use std::{
    collections::{BTreeMap, HashMap},
    convert::Infallible,
    sync::Arc,
};

use causerie_shared::{
    SCHEMA,
    conversation::State,
    document::{DocumentId, Pen, begin, timeline},
    frame::{ClientFrame, Command, ServerFrame, decode, encode},
    ids::{ConversationId, DeviceId, IntentId, MessageId},
    message::{Author, Kind, Message},
    refusal::{Code, Refusal},
    row::{ConversationRow, Gone},
    window::{Folder, List},
};
use tokio::time::sleep;
use tokio_tungstenite::tungstenite;

use super::{
    dice::Dice,
    ledger::{Ledger, Place},
    visitor::AGAIN,
};
use crate::{
    api::Session,
    client::{heads, random},
    line::Line,
};

/// The average number of answers after which a chat is ended.
const ANSWERS: u64 = 6;

/// A reply that is not acknowledged yet.
struct Pending {
    message: Message,
    segment: u32,
    change: Vec<u8>,
}

pub(super) struct Agent {
    host: String,
    session: Session,
    device: DeviceId,
    dice: Dice,
    ledger: Arc<Ledger>,
    made: u64,
    /// At most one reply per chat, so that the replies stay in the agent's order.
    pending: BTreeMap<ConversationId, Pending>,
    heads: BTreeMap<ConversationId, ConversationRow>,
    asked: HashMap<IntentId, Command>,
}

impl Agent {
    pub(super) fn new(host: String, session: Session, dice: Dice, ledger: Arc<Ledger>) -> Self {
        Self {
            host,
            session,
            device: DeviceId::from_u128(random()),
            dice,
            ledger,
            made: 0,
            pending: BTreeMap::new(),
            heads: BTreeMap::new(),
            asked: HashMap::new(),
        }
    }

    /// Works until the task is aborted.
    pub(super) async fn live(mut self) {
        loop {
            self.line().await;
            sleep(AGAIN).await;
        }
    }

    /// Works on one connection until it breaks.
    async fn line(&mut self) -> Option<Infallible> {
        let mut line = Line::open(&self.host, "/api/socket", Some(&self.session.cookie)).await?;
        self.heads.clear();
        self.asked.clear();
        let hello = ClientFrame::Hello {
            schema: SCHEMA,
            device: self.device,
            cursor: None,
            grants: 0,
            documents: vec![],
        };
        send(&mut line, &hello).await?;
        for folder in [Folder::Queue, Folder::Engaged, Folder::Mine] {
            let list = List::of(folder);
            send(&mut line, &ClientFrame::Window { list, from: 0, to: 100 }).await?;
        }
        for conversation in self.pending.keys().copied().collect::<Vec<_>>() {
            // Half of the time, act as if the page had been reloaded: the same intent, built by another actor.
            if self.dice.below(2) == 0 {
                self.build(conversation);
            }
            self.push(&mut line, conversation).await?;
        }
        loop {
            let tungstenite::Message::Binary(bytes) = line.next().await? else {
                continue;
            };
            let frame: ServerFrame = decode(&bytes).expect("the server speaks our schema");
            let moved: Vec<ConversationRow> = heads(&frame).cloned().collect();
            for head in moved {
                let id = head.id;
                self.heads.insert(id, head);
                self.consider(&mut line, id).await?;
            }
            match frame {
                ServerFrame::Ping { .. } => send(&mut line, &ClientFrame::Pong).await?,
                ServerFrame::Rows { gone, .. } => {
                    for row in gone {
                        if let Gone::Conversation { id, .. } = row {
                            self.heads.remove(&id);
                        }
                    }
                }
                ServerFrame::Applied { document, intent, .. } => self.applied(&mut line, document, intent).await?,
                ServerFrame::Refused {
                    document,
                    intent,
                    refusal,
                } => self.refused(&mut line, document, intent, refusal).await?,
                ServerFrame::Outcome { intent, result } => self.outcome(&mut line, intent, result).await?,
                _ => {}
            }
        }
    }

    /// Takes the next step in a chat.
    async fn consider(&mut self, line: &mut Line, id: ConversationId) -> Option<()> {
        let me = self.session.info.me.id;
        let busy = self.asked.values().any(|command| command.conversation() == Some(id));
        let (Some(head), false) = (self.heads.get(&id), busy || self.pending.contains_key(&id)) else {
            return Some(());
        };
        match head.state {
            State::Assigning { agent, .. } if agent == me => self.command(line, Command::Accept(id)).await,
            State::Waiting { .. } => self.command(line, Command::Start(id)).await,
            State::Assigned { agent, .. } if agent == me => {
                let asks = head.preview.as_ref().is_some_and(|last| last.author == Author::Contact);
                let segment = head.segment;
                if !asks {
                    return Some(());
                }
                if self.dice.below(ANSWERS) == 0 {
                    return self.command(line, Command::End(id)).await;
                }
                self.write(id, segment);
                self.push(line, id).await
            }
            _ => Some(()),
        }
    }

    async fn command(&mut self, line: &mut Line, body: Command) -> Option<()> {
        let intent = IntentId::from_u128(random());
        self.asked.insert(intent, body);
        let frame = ClientFrame::Command {
            intent,
            expect_version: None,
            body,
        };
        send(line, &frame).await
    }

    fn write(&mut self, conversation: ConversationId, segment: u32) {
        self.made += 1;
        let me = &self.session.info.me;
        let message = Message {
            id: MessageId::new(0, random()),
            author: Author::Agent(me.id),
            kind: Kind::Text,
            body: format!("{}-{}", me.email, self.made),
            at: 0,
            reply_to: None,
            private: false,
            template: None,
            attachments: vec![],
        };
        let pending = Pending {
            message,
            segment,
            change: vec![],
        };
        self.pending.insert(conversation, pending);
        self.build(conversation);
    }

    /// Builds the change of a chat's pending reply again, as a new actor.
    fn build(&mut self, conversation: ConversationId) {
        let user = Some(self.session.info.me.id);
        if let Some(pending) = self.pending.get_mut(&conversation) {
            let document = DocumentId::Timeline(conversation, pending.segment);
            let actor = random().to_be_bytes();
            let change = timeline::append(&mut begin(document.kind()), &Pen { actor, user }, &pending.message);
            pending.change = change.expect("a change");
        }
    }

    async fn push(&self, line: &mut Line, conversation: ConversationId) -> Option<()> {
        let Some(pending) = self.pending.get(&conversation) else {
            return Some(());
        };
        let frame = ClientFrame::Push {
            document: DocumentId::Timeline(conversation, pending.segment),
            epoch: 1,
            intent: pending.message.id.into(),
            changes: vec![pending.change.clone()],
        };
        send(line, &frame).await
    }

    /// The pending reply of the document's chat, if it has this intent.
    fn waiting(&mut self, document: DocumentId, intent: IntentId) -> Option<(ConversationId, &mut Pending)> {
        let conversation = document.conversation()?;
        let pending = self.pending.get_mut(&conversation)?;
        (IntentId::from(pending.message.id) == intent).then_some((conversation, pending))
    }

    async fn applied(&mut self, line: &mut Line, document: DocumentId, intent: IntentId) -> Option<()> {
        let Some((conversation, pending)) = self.waiting(document, intent) else {
            return Some(());
        };
        let place = Place {
            id: pending.message.id,
            position: None,
        };
        let text = pending.message.body.clone();
        self.pending.remove(&conversation);
        self.ledger.said(text, place);
        self.consider(line, conversation).await
    }

    async fn refused(
        &mut self,
        line: &mut Line,
        document: DocumentId,
        intent: IntentId,
        refusal: Refusal,
    ) -> Option<()> {
        let newest = document
            .conversation()
            .and_then(|id| self.heads.get(&id))
            .map(|head| head.segment);
        let Some((conversation, pending)) = self.waiting(document, intent) else {
            return Some(());
        };
        match refusal.code {
            Code::Sealed => {
                pending.segment = newest.unwrap_or(0).max(pending.segment + 1);
                self.build(conversation);
                self.push(line, conversation).await
            }
            Code::Conflict | Code::RateLimited => self.push(line, conversation).await,
            // Another agent has the chat, or it has ended.
            Code::Closed | Code::Forbidden | Code::NotFound => {
                let text = pending.message.body.clone();
                self.pending.remove(&conversation);
                self.ledger.refused(text);
                Some(())
            }
            other => panic!("a reply was refused: {other:?}, {refusal}"),
        }
    }

    async fn outcome(&mut self, line: &mut Line, intent: IntentId, result: Result<(), Refusal>) -> Option<()> {
        if let (Some(Command::End(id)), Ok(())) = (self.asked.remove(&intent), result) {
            self.ledger.ended(id);
            self.heads.remove(&id);
            // The agent has room for another chat.
            let waits = |head: &&ConversationRow| matches!(head.state, State::Waiting { .. });
            let next = self.heads.values().find(waits).map(|head| head.id);
            if let Some(next) = next {
                return self.consider(line, next).await;
            }
        }
        Some(())
    }
}

async fn send(line: &mut Line, frame: &ClientFrame) -> Option<()> {
    line.send(tungstenite::Message::Binary(encode(frame).into())).await
}
