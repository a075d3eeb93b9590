//! A socket that answers pings in the background while the test does something else.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use crate::api::Socket;

/// One end of a connection. Dropping it closes the connection.
pub(crate) struct Attended {
    outgoing: mpsc::Sender<Message>,
    incoming: mpsc::UnboundedReceiver<Message>,
}

impl Attended {
    /// Sends `hello`, then serves the socket. `pong` returns the answer to a ping, and `None` for any other message.
    pub(crate) async fn new(mut socket: Socket, hello: Message, pong: fn(&Message) -> Option<Message>) -> Self {
        socket.send(hello).await.expect("the socket is open");
        let (outgoing, mut to_send) = mpsc::channel(16);
        let (came, incoming) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            loop {
                let sent = tokio::select! {
                    message = to_send.recv() => match message {
                        Some(message) => socket.send(message).await,
                        None => return,
                    },
                    message = socket.next() => match message {
                        Some(Ok(message)) => match pong(&message) {
                            Some(answer) => socket.send(answer).await,
                            None if came.send(message).is_err() => return,
                            None => Ok(()),
                        },
                        Some(Err(_)) | None => return,
                    },
                };
                if sent.is_err() {
                    return;
                }
            }
        });
        Self { outgoing, incoming }
    }

    /// Sends a message.
    ///
    /// # Panics
    /// Panics if the connection is gone.
    pub(crate) async fn send(&self, message: Message) {
        self.outgoing.send(message).await.expect("the socket is open");
    }

    /// Returns the next message, or `None` when the connection has ended.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        self.incoming.recv().await
    }
}
