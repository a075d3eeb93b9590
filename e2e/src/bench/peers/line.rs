//! A client of the console's socket that only sends and receives frames, as lean as the peers' clients.

use causerie_shared::{
    SCHEMA,
    document::DocumentId,
    frame::{ClientFrame, DocumentCursor, Part, ServerFrame, decode, encode},
    ids::DeviceId,
};
use futures_util::{SinkExt, StreamExt};
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{Duration, timeout},
};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    api::{self, Socket},
    client::random,
};

/// How long to wait at most for a frame that must come.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What a client keeps of its last connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kept {
    pub cursor: Option<i64>,
    pub grants: u64,
}

/// An open connection.
pub struct Line {
    socket: Socket,
    pub kept: Kept,
}

impl Line {
    /// Connects, sends the hello and reads the welcome.
    ///
    /// # Panics
    /// Panics if the server does not accept the connection.
    pub async fn open(host: &str, cookie: &str, kept: Kept, documents: Vec<DocumentCursor>) -> Self {
        let mut line = Self {
            socket: api::socket(host, "/api/socket", Some(cookie)).await,
            kept,
        };
        line.send(&ClientFrame::Hello {
            schema: SCHEMA,
            device: DeviceId::from_u128(random()),
            cursor: kept.cursor,
            grants: kept.grants,
            documents,
        })
        .await;
        loop {
            if let ServerFrame::Welcome { cursor, grants, .. } = line.next().await {
                line.kept = Kept {
                    cursor: Some(cursor),
                    grants,
                };
                return line;
            }
        }
    }

    /// Sends a frame.
    ///
    /// # Panics
    /// Panics if the connection is gone.
    pub async fn send(&mut self, frame: &ClientFrame) {
        let bytes = encode(frame);
        self.socket
            .send(Message::Binary(bytes.into()))
            .await
            .expect("the socket is open");
    }

    /// Returns the next frame, and answers pings.
    ///
    /// # Panics
    /// Panics if no frame comes in time or the connection ends.
    pub async fn next(&mut self) -> ServerFrame {
        loop {
            let read = timeout(TIMEOUT, self.socket.next()).await.expect("a frame in time");
            let Message::Binary(bytes) = read.expect("an open socket").expect("a message") else {
                continue;
            };
            match decode(&bytes).expect("the server speaks our schema") {
                ServerFrame::Ping { .. } => self.send(&ClientFrame::Pong).await,
                frame => return frame,
            }
        }
    }

    /// Waits for a part of the document.
    pub async fn part(&mut self, document: DocumentId) -> Part {
        loop {
            match self.next().await {
                ServerFrame::Part(part) if part.document == document => return part,
                ServerFrame::Revoked { .. } => panic!("the document may not be seen"),
                _ => {}
            }
        }
    }

    /// Opens a document, and returns its first part.
    pub async fn follow(&mut self, document: DocumentId) -> Part {
        self.send(&ClientFrame::Open {
            document,
            have: None,
            rows_after: 0,
        })
        .await;
        self.part(document).await
    }

    /// Runs the connection in a task: it sends the frames from the returned channel and passes received ones to `each`.
    /// It ends when the task is aborted.
    pub fn run(
        mut self,
        mut each: impl FnMut(ServerFrame) + Send + 'static,
    ) -> (mpsc::UnboundedSender<ClientFrame>, JoinHandle<()>) {
        let (put, mut outgoing) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            loop {
                tokio::select! {
                    Some(frame) = outgoing.recv() => self.send(&frame).await,
                    read = self.socket.next() => {
                        let Some(Ok(message)) = read else { return };
                        let Message::Binary(bytes) = message else { continue };
                        match decode(&bytes).expect("the server speaks our schema") {
                            ServerFrame::Ping { .. } => self.send(&ClientFrame::Pong).await,
                            frame => each(frame),
                        }
                    }
                }
            }
        });
        (put, task)
    }
}
