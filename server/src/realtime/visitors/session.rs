//! A visitor's socket.

mod welcome;

use std::{net::IpAddr, sync::Arc, time::Duration};

use axum::extract::ws::{Message, WebSocket};
use causerie_shared::{
    conversation::transition::{Actor, Event},
    frame::{Ephemeral, ServerFrame},
    ids::ContactId,
    message::Delivery,
    refusal::{Code, Refusal},
    row::{ConversationRow, Origin},
    widget::{VERSION, VisitorFrame, WidgetFrame, is_cid, is_token},
};
use futures_util::{SinkExt, StreamExt, stream::SplitStream};
use tokio::time::timeout;

use super::{chat, external_id, hub::VisitorId, scope};
use crate::{
    contacts::messages::{self, Accepted, NewMessage},
    conversations::{lifecycle, read_receipts},
    error::ServiceError,
    limits::Limit,
    presence::visitors,
    state::Shared,
    store::{StoreError, contacts, conversations, places::AccountRecord},
};

const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
const PING_INTERVAL: Duration = Duration::from_secs(10);
const SILENCE_TIMEOUT: Duration = Duration::from_secs(35);
const SEND_TIMEOUT: Duration = Duration::from_secs(15);
const MAX_MALFORMED: u32 = 20;
/// Maximum length of a stored page address, in bytes.
const MAX_URL: usize = 2000;

/// Serves a socket until it ends. Without an account, the widget shows that it is switched off.
#[expect(
    clippy::let_underscore_must_use,
    reason = "the page may be gone, so a failure is ignored"
)]
pub async fn serve(
    app: Shared,
    account: Option<AccountRecord>,
    ip: IpAddr,
    country: Option<String>,
    socket: WebSocket,
) {
    let (mut sink, mut stream) = socket.split();
    let Some(account) = account else {
        let frame = WidgetFrame::Error {
            code: "disabled",
            detail: "this chat is switched off".into(),
        };
        // The page may be gone, so a failure is ignored.
        let _: Result<_, _> = timeout(SEND_TIMEOUT, sink.send(Message::Text(chat::encode(&frame).into()))).await;
        return;
    };
    let (id, mut outgoing) = app.visitors.open();
    let mut shutdown = app.shutdown.subscribe();
    let writer = tokio::spawn(async move {
        let mut ping = tokio::time::interval(PING_INTERVAL);
        loop {
            let text = tokio::select! {
                next = outgoing.recv() => match next {
                    Some(text) => text,
                    None => break,
                },
                _ = ping.tick() => chat::encode(&WidgetFrame::Ping),
                _ = shutdown.changed() => break,
            };
            match timeout(SEND_TIMEOUT, sink.send(Message::Text(text.into()))).await {
                Ok(Ok(())) => metrics::counter!("causerie_visitor_frames_sent_total").increment(1),
                Ok(Err(_)) | Err(_) => return,
            }
        }
        // The page may be gone, so a failure is ignored.
        let _: Result<_, _> = timeout(SEND_TIMEOUT, sink.send(Message::Close(None))).await;
    });
    let mut session = Session {
        app: Arc::clone(&app),
        account,
        ip,
        country,
        id,
        external: String::new(),
        contact: None,
        page: None,
    };
    session.run(&mut stream).await;
    app.visitors.close(id);
    session.left().await;
    if let Err(error) = writer.await {
        tracing::error!(%error, "a visitor's writer failed");
    }
}

struct Session {
    app: Shared,
    account: AccountRecord,
    ip: IpAddr,
    country: Option<String>,
    id: VisitorId,
    /// Hash of the visitor's token; empty before the hello.
    external: String,
    contact: Option<ContactId>,
    page: Option<String>,
}

impl Session {
    async fn run(&mut self, stream: &mut SplitStream<WebSocket>) {
        let mut malformed = 0;
        let mut shutdown = self.app.shutdown.subscribe();
        loop {
            let wait = if self.external.is_empty() {
                HELLO_TIMEOUT
            } else {
                SILENCE_TIMEOUT
            };
            let message = tokio::select! {
                message = timeout(wait, stream.next()) => message,
                _ = shutdown.changed() => return,
            };
            let text = match message {
                Ok(Some(Ok(Message::Text(text)))) => text,
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => continue,
                Ok(Some(Ok(Message::Binary(_)))) => Default::default(),
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) | Err(_) => return,
            };
            let Ok(frame) = serde_json::from_str::<VisitorFrame>(&text) else {
                malformed += 1;
                self.tell(&WidgetFrame::Error {
                    code: "malformed",
                    detail: "this is not a frame".into(),
                });
                if malformed > MAX_MALFORMED {
                    return;
                }
                continue;
            };
            if let Err(error) = self.receive(frame).await {
                let refusal = error.into_refusal();
                self.tell(&WidgetFrame::Error {
                    code: refusal.code.as_str(),
                    detail: refusal.text,
                });
                if refusal.code == Code::Unauthorized {
                    return;
                }
            }
        }
    }

    fn tell(&self, frame: &WidgetFrame) {
        self.app.visitors.tell(self.id, frame);
    }

    async fn receive(&mut self, frame: VisitorFrame) -> Result<(), ServiceError> {
        if self.external.is_empty() && !matches!(frame, VisitorFrame::Hello { .. }) {
            return Err(Refusal::new(Code::Unauthorized, "say hello first").into());
        }
        match frame {
            VisitorFrame::Hello {
                v, token, cursor, url, ..
            } => self.hello(v, &token, cursor, url).await,
            VisitorFrame::Start { cid, name, email, text } => {
                self.message(cid, text, vec![], Some(name), Some(email)).await
            }
            VisitorFrame::Message { cid, text, files } => self.message(cid, text, files, None, None).await,
            VisitorFrame::Typing { on } => self.typing(on).await,
            VisitorFrame::Read { position } => match self.open_chat().await? {
                Some(head) => {
                    read_receipts::by_visitor(&self.app, head.id, position.min(head.position), Delivery::Read).await
                }
                None => Ok(()),
            },
            VisitorFrame::Page { url, .. } => {
                self.page = page(url);
                match self.open_chat().await? {
                    Some(head) => visitors::page(&self.app, head.id, self.page.clone()).await,
                    None => Ok(()),
                }
            }
            VisitorFrame::End => match self.open_chat().await? {
                Some(head) => {
                    lifecycle::apply_system_event(&self.app, head.id, Event::Leave, Actor::Contact).await?;
                    Ok(())
                }
                None => Ok(()),
            },
            VisitorFrame::Pong => Ok(()),
        }
    }

    async fn hello(&mut self, version: u16, token: &str, cursor: i64, url: String) -> Result<(), ServiceError> {
        if version != VERSION || !is_token(token) || !self.external.is_empty() {
            return Err(Refusal::new(Code::Unauthorized, "the visitor's token is not valid").into());
        }
        self.external = external_id(token);
        self.page = page(url);
        self.contact =
            contacts::by_identity(&mut *self.app.store.read().await?, self.account.row.id, &self.external).await?;
        if let Some(contact) = self.contact {
            // Subscribe before reading: an event between the two is sent twice rather than lost.
            self.app.visitors.identify(self.id, contact);
        }
        let welcome = self.welcome(cursor).await?;
        self.tell(&welcome);
        if let Some(contact) = self.contact {
            visitors::arrived(&self.app, contact).await?;
        }
        if let Some(head) = self.open_chat().await? {
            read_receipts::by_visitor(&self.app, head.id, head.position, Delivery::Delivered).await?;
        }
        Ok(())
    }

    async fn open_chat(&self) -> Result<Option<ConversationRow>, StoreError> {
        match self.contact {
            Some(contact) => conversations::open_of(&mut *self.app.store.read().await?, contact).await,
            None => Ok(None),
        }
    }

    async fn message(
        &mut self,
        cid: String,
        text: String,
        files: Vec<causerie_shared::ids::FileId>,
        name: Option<String>,
        email: Option<String>,
    ) -> Result<(), ServiceError> {
        if !is_cid(&cid) {
            return Err(Refusal::new(Code::Malformed, "the message has no valid id").into());
        }
        if self
            .app
            .limits
            .take(Limit::VisitorMessage, &self.external, self.app.clock.now())
            .is_err()
        {
            self.refuse(
                cid,
                Refusal::new(Code::RateLimited, "too many messages at once; try again in a minute"),
            );
            return Ok(());
        }
        let incoming = NewMessage {
            account: self.account.clone(),
            external: self.external.clone(),
            cid: cid.clone(),
            text,
            files,
            name,
            email,
            said: None,
            origin: Origin {
                ip: Some(self.ip.to_string()),
                started_on: self.page.clone(),
                page: self.page.clone(),
                country: self.country.clone(),
            },
        };
        // A separate task, so that a broken socket does not stop a message half-way.
        let app = Arc::clone(&self.app);
        let received = tokio::spawn(async move { messages::receive(&app, incoming).await });
        match received.await {
            Ok(Ok(accepted)) => self.acknowledge(cid, &accepted).await,
            Ok(Err(error)) => {
                self.refuse(cid, error.into_refusal());
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "a message's task failed");
                self.refuse(
                    cid,
                    Refusal::new(Code::Internal, "the message was not stored; try again"),
                );
                Ok(())
            }
        }
    }

    /// Tells the visitor that a message is stored, and after the first message everything about its chat.
    async fn acknowledge(&mut self, cid: String, accepted: &Accepted) -> Result<(), ServiceError> {
        let new = self.contact.is_none();
        self.contact = Some(accepted.contact);
        self.app.visitors.identify(self.id, accepted.contact);
        if new {
            visitors::arrived(&self.app, accepted.contact).await?;
        }
        self.tell(&WidgetFrame::Ack {
            cid,
            id: accepted.id,
            position: accepted.position,
            at: accepted.at,
        });
        if new {
            // The chat was announced before this socket was subscribed.
            let welcome = self.welcome(0).await?;
            if let WidgetFrame::Welcome { chat: Some(chat), .. } = welcome {
                self.tell(&WidgetFrame::Chat { chat });
            }
        }
        Ok(())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all other codes have their own name")]
    fn refuse(&self, cid: String, refusal: Refusal) {
        let code = match refusal.code {
            Code::TooLarge => "too_long",
            Code::Invalid => "empty",
            Code::RateLimited => "rate",
            Code::NotFound | Code::BadFile => "bad_file",
            other => other.as_str(),
        };
        self.tell(&WidgetFrame::Refused {
            cid,
            code,
            detail: refusal.text,
        });
    }

    async fn typing(&self, on: bool) -> Result<(), ServiceError> {
        if let Some(head) = self.open_chat().await?
            && let Some(scope) = scope(&self.app, head.id).await
        {
            let body = Ephemeral::Typing {
                conversation: head.id,
                on,
            };
            let frame = ServerFrame::Ephemeral { from: None, body };
            self.app.hub.ephemeral(head.id, &scope, &frame, None);
        }
        Ok(())
    }

    /// Records that the socket ended. After the visitor's last socket, the console shows the visitor as offline.
    async fn left(&self) {
        let Some(contact) = self.contact else { return };
        if let Err(error) = visitors::left(&self.app, contact).await {
            tracing::error!(%error, "a visitor's leaving was not stored");
        }
    }
}

fn page(url: String) -> Option<String> {
    let allowed = url.starts_with("https://") || url.starts_with("http://");
    (allowed && url.len() <= MAX_URL && !url.contains('\0')).then_some(url)
}
