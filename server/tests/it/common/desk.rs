//! A console without a network, with one open document.

use std::sync::Arc;

use automerge::Automerge;
use causerie_server::{
    Shared,
    clock::{random_bytes, random_u128},
    realtime::{
        Mailbox, Outgoing, catchup,
        document_push::{self, Push, Pusher},
    },
};
use causerie_shared::{
    access::Access,
    document::{self, DocumentId, Pen, timeline},
    frame::{Part, ServerFrame, decode},
    ids::{DeviceId, IntentId, MessageId, SessionId, UserId},
    message::{Author, Kind, Message},
    refusal::{Code, Refusal},
};

use super::World;

/// A socket of the hub with a replica of the document.
pub struct Desk {
    pub app: Shared,
    pub pusher: Pusher,
    inbox: Mailbox,
    pub document: DocumentId,
    pub epoch: u32,
    pub doc: Automerge,
}

impl Desk {
    pub async fn open(world: &World, user: UserId, document: DocumentId) -> Self {
        Self::open_as(&world.app, world.access(user).await, document).await
    }

    /// Opens a document as [`Desk::open`] does, with the given access.
    pub async fn open_as(app: &Shared, access: Access, document: DocumentId) -> Self {
        let access = Arc::new(access);
        let device = DeviceId::from_u128(access.user.to_u128());
        let (socket, inbox) = app.hub.open(SessionId::from_u128(1), device, Arc::clone(&access));
        app.hub.release(socket, vec![]);
        let mut desk = Self {
            app: app.clone(),
            pusher: Pusher { socket, device, access },
            inbox,
            document,
            epoch: 1,
            doc: document::begin(document.kind()),
        };
        catchup::open(&desk.app, socket, &desk.pusher.access, document, None, 0)
            .await
            .expect("opened");
        desk.read();
        desk
    }

    /// Applies all frames that came, and returns them.
    pub fn read(&mut self) -> Vec<ServerFrame> {
        let mut frames = vec![];
        while let Some(Outgoing::Frame(bytes)) = self.inbox.try_recv() {
            let frame = decode(&bytes).expect("a frame");
            if let ServerFrame::Part(part) = &frame {
                self.take(part);
            }
            frames.push(frame);
        }
        frames
    }

    fn take(&mut self, part: &Part) {
        if part.document != self.document {
            return;
        }
        if part.epoch != self.epoch || part.snapshot.is_some() {
            self.doc = document::load(self.document.kind(), part.snapshot.as_deref(), &part.changes).expect("readable");
            self.epoch = part.epoch;
        } else {
            document::apply(&mut self.doc, &part.changes).expect("changes that fit");
        }
    }

    /// Sends a push, and returns the server's answer.
    pub async fn push(&mut self, intent: IntentId, changes: Vec<Vec<u8>>) -> ServerFrame {
        self.read();
        let push = Push {
            document: self.document,
            epoch: self.epoch,
            intent,
            changes,
        };
        document_push::receive(&self.app, &self.pusher, push)
            .await
            .expect("not hostile");
        let answer = |frame: &ServerFrame| matches!(frame, ServerFrame::Applied { .. } | ServerFrame::Refused { .. });
        self.read().into_iter().find(answer).expect("an answer")
    }

    pub fn pen(&self) -> Pen {
        Pen {
            actor: random_bytes(),
            user: Some(self.pusher.access.user),
        }
    }

    /// A new message of this user, not sent yet.
    pub fn message(&self, text: &str) -> Message {
        let now = self.app.clock.now();
        Message {
            id: MessageId::new(now, random_u128()),
            author: Author::Agent(self.pusher.access.user),
            kind: Kind::Text,
            body: text.into(),
            at: now,
            reply_to: None,
            private: false,
            template: None,
            attachments: vec![],
        }
    }

    /// Sends messages in one push.
    pub async fn write(&mut self, messages: &[Message]) -> Result<(), Refusal> {
        let pen = self.pen();
        let mut changes = vec![];
        for message in messages {
            changes.push(timeline::append(&mut self.doc, &pen, message).expect("a change"));
        }
        match self.push(messages[0].id.into(), changes).await {
            ServerFrame::Refused { refusal, .. } => Err(refusal),
            _ => Ok(()),
        }
    }

    /// Sends a message. The error is the refusal's code.
    pub async fn say(&mut self, text: &str) -> Result<MessageId, Code> {
        let message = self.message(text);
        self.write(std::slice::from_ref(&message))
            .await
            .map_err(|refusal| refusal.code)?;
        Ok(message.id)
    }

    pub fn texts(&self) -> Vec<String> {
        let ids = timeline::ordered(&self.doc).unwrap();
        ids.into_iter()
            .map(|id| timeline::get(&self.doc, id).unwrap().unwrap().body)
            .collect()
    }

    /// Closes the socket.
    pub fn close(self) {
        self.app.hub.close(self.pusher.socket);
    }
}
