//! A socket whose connection may break at any time.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::api::{self, Socket};

/// A connection to the server. Its methods return `None` when the connection is gone.
pub(crate) struct Line(Socket);

impl Line {
    pub(crate) async fn open(host: &str, path: &str, cookie: Option<&str>) -> Option<Self> {
        api::try_socket(host, path, cookie).await.ok().map(Self)
    }

    pub(crate) async fn send(&mut self, message: Message) -> Option<()> {
        self.0.send(message).await.ok()
    }

    pub(crate) async fn next(&mut self) -> Option<Message> {
        self.0.next().await?.ok()
    }
}
