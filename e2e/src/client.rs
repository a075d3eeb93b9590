//! A client of the console's socket without a browser, for tests that look at the frames.

use automerge::Automerge;
use causerie_shared::{
    SCHEMA,
    conversation::State,
    document::{DocumentId, Pen, begin, timeline},
    frame::{ClientFrame, Command, DocumentCursor, ServerFrame, decode, encode},
    ids::{ConversationId, DeviceId, IntentId, MessageId},
    message::{Author, Kind, Message},
    refusal::Refusal,
    row::{ConversationRow, Row},
    user::Me,
    window::{Folder, List},
};
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message as Packet;

use crate::{
    answering_socket::Attended,
    api::{self, Session},
    wait::TIMEOUT,
};

/// A connected user. Keeps every frame that it has read.
pub struct Client {
    pub me: Me,
    line: Attended,
    frames: Vec<ServerFrame>,
}

fn pong(packet: &Packet) -> Option<Packet> {
    let Packet::Binary(bytes) = packet else { return None };
    let ping = matches!(decode(bytes), Ok(ServerFrame::Ping { .. }));
    ping.then(|| Packet::Binary(encode(&ClientFrame::Pong).into()))
}

/// A random number for ids.
///
/// # Panics
/// Panics if the operating system has no random source.
pub fn random() -> u128 {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("a random source");
    u128::from_be_bytes(bytes)
}

impl Client {
    /// Signs in, connects and sends the hello.
    ///
    /// # Panics
    /// Panics if one of the steps fails.
    pub async fn sign_in(host: &str, email: &str, password: &str) -> Self {
        let session = api::sign_in(host, email, password).await.expect("the sign-in is right");
        Self::connect(host, session).await
    }

    /// Connects with an existing sign-in and sends the hello.
    ///
    /// # Panics
    /// Panics if the server does not accept the connection.
    pub async fn connect(host: &str, session: Session) -> Self {
        Self::resume(host, session, None, 0, vec![]).await
    }

    /// Reconnects: with the client's cursor, the grants under which its copy was made, and the documents that it has.
    ///
    /// # Panics
    /// Panics if the server does not accept the connection.
    pub async fn resume(
        host: &str,
        session: Session,
        cursor: Option<i64>,
        grants: u64,
        documents: Vec<DocumentCursor>,
    ) -> Self {
        let socket = api::socket(host, "/api/socket", Some(&session.cookie)).await;
        let hello = ClientFrame::Hello {
            schema: SCHEMA,
            device: DeviceId::from_u128(random()),
            cursor,
            grants,
            documents,
        };
        let mut client = Self {
            me: session.info.me,
            line: Attended::new(socket, Packet::Binary(encode(&hello).into()), pong).await,
            frames: vec![],
        };
        client
            .until("the welcome", |frame| {
                matches!(frame, ServerFrame::Welcome { .. }).then_some(())
            })
            .await;
        client
    }

    /// Sends a frame.
    ///
    /// # Panics
    /// Panics if the connection is gone.
    pub async fn send(&mut self, frame: &ClientFrame) {
        self.send_bytes(encode(frame)).await;
    }

    /// Sends bytes that need not be a valid frame.
    ///
    /// # Panics
    /// Panics if the connection is gone.
    pub async fn send_bytes(&mut self, bytes: Vec<u8>) {
        self.line.send(Packet::Binary(bytes.into())).await;
    }

    /// Every frame that was read so far.
    pub fn frames(&self) -> &[ServerFrame] {
        &self.frames
    }

    /// Returns the first value that `look` finds in a frame, in those already read and then in new ones.
    ///
    /// # Panics
    /// Panics if no such frame comes in time or the connection ends.
    pub async fn until<T>(&mut self, what: &str, mut look: impl FnMut(&ServerFrame) -> Option<T>) -> T {
        if let Some(found) = self.frames.iter().find_map(&mut look) {
            return found;
        }
        loop {
            if let Some(found) = look(self.next(what).await) {
                return found;
            }
        }
    }

    /// Reads until the server ends the connection.
    ///
    /// # Panics
    /// Panics if the server does not end it in time.
    pub async fn ends(&mut self) {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let read = timeout_at(deadline, self.line.next()).await;
            let Ok(read) = read else {
                panic!("the connection of {} did not end", self.me.name)
            };
            match read {
                Some(Packet::Binary(message)) => {
                    self.frames
                        .push(decode(&message).expect("the server speaks our schema"));
                }
                Some(_) => {}
                None => return,
            }
        }
    }

    /// Reads the next frame, without pings.
    ///
    /// # Panics
    /// Panics if no frame comes in time or the connection ends.
    pub async fn next(&mut self, what: &str) -> &ServerFrame {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let read = timeout_at(deadline, self.line.next()).await;
            let Ok(message) = read else {
                panic!("{} waited in vain for {what}", self.me.name)
            };
            let Some(message) = message else {
                panic!("{} lost the line, waiting for {what}", self.me.name)
            };
            let Packet::Binary(bytes) = message else {
                continue;
            };
            self.frames.push(decode(&bytes).expect("the server speaks our schema"));
            return self.frames.last().expect("it was just put there");
        }
    }

    /// Sends a command and waits for its outcome.
    pub async fn command(&mut self, body: Command) -> Result<(), Refusal> {
        let intent = IntentId::from_u128(random());
        self.send(&ClientFrame::Command {
            intent,
            expect_version: None,
            body,
        })
        .await;
        self.until("an outcome", |frame| match frame {
            ServerFrame::Outcome { intent: its, result } if *its == intent => Some(result.clone()),
            _ => None,
        })
        .await
    }

    /// Waits for a conversation row that `wanted` accepts.
    pub async fn head(&mut self, what: &str, wanted: impl Fn(&ConversationRow) -> bool) -> ConversationRow {
        self.until(what, |frame| heads(frame).find(|head| wanted(head)).cloned())
            .await
    }

    /// Waits for the offer of a conversation to this user.
    pub async fn offered(&mut self, conversation: ConversationId) -> ConversationRow {
        let me = self.me.id;
        let mine = |head: &ConversationRow| matches!(head.state, State::Assigning { agent, .. } if agent == me);
        self.head("an offer", |head| head.id == conversation && mine(head))
            .await
    }

    /// Waits for an offer of the conversation and accepts it.
    ///
    /// # Panics
    /// Panics if the server refuses the command.
    pub async fn accept(&mut self, conversation: ConversationId) {
        self.offered(conversation).await;
        self.command(Command::Accept(conversation))
            .await
            .expect("the offer is still there");
    }

    /// Returns the conversations of a folder. When it returns, everything that the server sent earlier has been read.
    pub async fn folder(&mut self, folder: Folder) -> Vec<ConversationId> {
        self.send(&ClientFrame::Window {
            list: List::of(folder),
            from: 0,
            to: 200,
        })
        .await;
        loop {
            if let ServerFrame::Window { list, order, .. } = self.next("a folder").await
                && list.folder == folder
            {
                return order.clone();
            }
        }
    }

    /// A push with a reply, made on a replica that contains only the genesis.
    pub fn reply_to(&self, conversation: ConversationId, text: &str) -> ClientFrame {
        let document = DocumentId::Timeline(conversation, 1);
        let pen = Pen {
            actor: random().to_be_bytes(),
            user: Some(self.me.id),
        };
        self.reply_in(document, 1, &mut begin(document.kind()), &pen, text)
    }

    /// A push with a reply, made on `replica`.
    ///
    /// # Panics
    /// Panics if the replica is not a timeline.
    pub fn reply_in(
        &self,
        document: DocumentId,
        epoch: u32,
        replica: &mut Automerge,
        pen: &Pen,
        text: &str,
    ) -> ClientFrame {
        let id = MessageId::new(0, random());
        let message = Message {
            id,
            author: Author::Agent(self.me.id),
            kind: Kind::Text,
            body: text.into(),
            at: 0,
            reply_to: None,
            private: false,
            template: None,
            attachments: vec![],
        };
        let change = timeline::append(replica, pen, &message).expect("a change");
        ClientFrame::Push {
            document,
            epoch,
            intent: id.into(),
            changes: vec![change],
        }
    }
}

/// The conversation rows of a frame.
pub fn heads(frame: &ServerFrame) -> impl Iterator<Item = &ConversationRow> {
    let rows: &[Row] = match frame {
        ServerFrame::Rows { upserts, .. } => upserts,
        _ => &[],
    };
    rows.iter().filter_map(|row| match row {
        Row::Head(head) => Some(&**head),
        Row::Message(_) | Row::Journey(_) | Row::User(_) | Row::Inbox(_) | Row::Account(_) => None,
    })
}
