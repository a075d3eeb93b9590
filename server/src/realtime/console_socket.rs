//! The console's socket (`docs/sync.md#frames`): one task reads, another writes, and the hub connects them.

mod outgoing;

use std::{sync::Arc, time::Duration};

use axum::extract::ws::{Message, WebSocket};
use causerie_shared::{
    SCHEMA,
    access::Access,
    conversation::transition::Event,
    frame::{ClientFrame, Command, FrameError, ServerFrame, decode},
    ids::{ConversationId, DeviceId, IntentId, MessageId, SessionId},
    refusal::{Code, Refusal},
    user::Me,
};
use futures_util::{
    StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::time::timeout;

use crate::{
    access,
    conversations::{assign, claim, discussion, read_receipts, redact, resend},
    error::ServiceError,
    moderation::{self, CommentAction},
    presence,
    realtime::{
        self, Mailbox, SocketId, catchup,
        document_push::{self, Push, Pusher},
    },
    state::{App, Shared},
    store::{Db, settings, users::UserRecord},
};
use outgoing::{goodbye, write};

/// How long the server waits for the first frame.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be silent before it counts as half-open and is closed.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum number of malformed frames before the connection is closed.
const MAX_MALFORMED: u32 = 20;

type Sink = SplitSink<WebSocket, Message>;

/// Serves the socket of a signed-in user until it ends.
pub async fn serve(app: Shared, session: SessionId, user: UserRecord, socket: WebSocket) {
    let (mut sink, mut stream) = socket.split();
    let hello = match timeout(HELLO_TIMEOUT, read_hello(&mut stream)).await {
        Ok(Ok(hello)) => hello,
        Ok(Err(refusal)) => return goodbye(&mut sink, refusal).await,
        Err(_) => return goodbye(&mut sink, Refusal::new(Code::Malformed, "no hello came")).await,
    };
    match open(&app, session, &user, &hello).await {
        Ok((pusher, outgoing)) => {
            let writer = tokio::spawn(write(Arc::clone(&app), sink, outgoing));
            let session = Session {
                app: Arc::clone(&app),
                user,
                pusher,
            };
            session.run(&mut stream).await;
            session.close().await;
            if let Err(error) = writer.await {
                tracing::error!(%error, "a socket's writer failed");
            }
        }
        Err(error) => goodbye(&mut sink, error.into_refusal()).await,
    }
}

struct Hello {
    device: DeviceId,
    cursor: Option<i64>,
    grants: u64,
    documents: Vec<causerie_shared::frame::DocumentCursor>,
}

async fn read_hello(stream: &mut SplitStream<WebSocket>) -> Result<Hello, Refusal> {
    let malformed = || Refusal::new(Code::Malformed, "the first frame must be a hello");
    match stream.next().await {
        Some(Ok(Message::Binary(bytes))) => match decode::<ClientFrame>(&bytes) {
            Ok(ClientFrame::Hello {
                schema,
                device,
                cursor,
                grants,
                documents,
            }) if schema == SCHEMA => Ok(Hello {
                device,
                cursor,
                grants,
                documents,
            }),
            Ok(ClientFrame::Hello { .. }) | Err(FrameError::Schema(_)) => {
                Err(Refusal::new(Code::Schema, "this page is of another version; reload it"))
            }
            Ok(_) | Err(FrameError::Malformed) => Err(malformed()),
        },
        _ => Err(malformed()),
    }
}

async fn open(
    app: &App,
    session: SessionId,
    user: &UserRecord,
    hello: &Hello,
) -> Result<(Pusher, Mailbox), ServiceError> {
    let mut db = app.store.read().await?;
    let access = Arc::new(access::of(&mut db, user).await?);
    // A task that holds a connection must not wait for a second one: many sockets opening at once would deadlock.
    drop(db);
    let (socket, outgoing) = app.hub.open(session, hello.device, Arc::clone(&access));
    let pusher = Pusher {
        socket,
        device: hello.device,
        access,
    };
    let ready = greet(app, user, hello, &pusher).await;
    if ready.is_err() {
        app.hub.close(socket);
    }
    ready.map(|()| (pusher, outgoing))
}

async fn greet(app: &App, user: &UserRecord, hello: &Hello, pusher: &Pusher) -> Result<(), ServiceError> {
    presence::connected(app, user.id).await?;
    let mut db = app.store.read().await?;
    let grants = pusher.access.fingerprint();
    let (mut frames, cursor) = catchup::since(&mut db, &pusher.access, hello.cursor, hello.grants == grants).await?;
    let me = me(&mut db, user, &pusher.access).await?;
    frames.insert(
        0,
        ServerFrame::Welcome {
            now: app.clock.now(),
            cursor,
            grants,
            me: Box::new(me),
        },
    );
    app.hub.release(pusher.socket, frames);
    drop(db);
    for have in &hello.documents {
        // The client requests the conversation's rows with `Open`; here only the document is resumed.
        catchup::open(
            app,
            pusher.socket,
            &pusher.access,
            have.document,
            Some(*have),
            hello.cursor.unwrap_or(0),
        )
        .await?;
    }
    Ok(())
}

async fn me(db: &mut Db, user: &UserRecord, access: &Access) -> Result<Me, ServiceError> {
    let organization = settings::organization(db).await?;
    Ok(Me {
        id: user.id,
        name: user.name.clone(),
        email: user.email.clone(),
        role: user.role,
        grants: user.grants.clone(),
        organization,
        memberships: access.member_of.clone(),
    })
}

struct Session {
    app: Shared,
    user: UserRecord,
    pusher: Pusher,
}

impl Session {
    async fn run(&self, stream: &mut SplitStream<WebSocket>) {
        let mut malformed = 0;
        let mut shutdown = self.app.shutdown.subscribe();
        loop {
            let message = tokio::select! {
                message = timeout(SILENCE_TIMEOUT, stream.next()) => message,
                _ = shutdown.changed() => return,
            };
            // The hub may have closed this socket while the peer continues to send.
            if self.app.hub.access(self.socket()).is_none() {
                return;
            }
            let bytes = match message {
                Ok(Some(Ok(Message::Binary(bytes)))) => bytes,
                Ok(Some(Ok(Message::Ping(_) | Message::Pong(_)))) => continue,
                Ok(Some(Ok(Message::Text(_)))) => Default::default(),
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) | Err(_) => return,
            };
            match decode::<ClientFrame>(&bytes) {
                Ok(frame) => {
                    if let Err(refusal) = self.receive(frame).await {
                        tracing::warn!(user = %self.user.id, %refusal, "a hostile connection was closed");
                        return;
                    }
                }
                Err(error) => {
                    malformed += 1;
                    let code = match error {
                        FrameError::Malformed => Code::Malformed,
                        FrameError::Schema(_) => Code::Schema,
                    };
                    self.complain(Refusal::new(code, error.to_string()));
                    if malformed > MAX_MALFORMED {
                        return;
                    }
                }
            }
        }
    }

    fn socket(&self) -> SocketId {
        self.pusher.socket
    }

    /// Reports an error in a frame that has no intent.
    fn complain(&self, refusal: Refusal) {
        self.app.hub.send(self.socket(), &ServerFrame::Error(refusal));
    }

    /// Handles a frame. An error closes the connection.
    async fn receive(&self, frame: ClientFrame) -> Result<(), Refusal> {
        let app = &self.app;
        match frame {
            ClientFrame::Hello { .. } => return Err(Refusal::new(Code::Malformed, "a second hello")),
            ClientFrame::Pong => {}
            ClientFrame::Window { list, from, to } => {
                let mut db = app
                    .store
                    .read()
                    .await
                    .map_err(|error| ServiceError::from(error).into_refusal())?;
                match catchup::window(&mut db, &self.pusher.access, list, from, to, app.clock.now()).await {
                    Ok(frames) => frames.iter().for_each(|frame| app.hub.send(self.socket(), frame)),
                    Err(error) => self.complain(error.into_refusal()),
                }
            }
            ClientFrame::Open {
                document,
                have,
                rows_after,
            } => {
                let opened = catchup::open(app, self.socket(), &self.pusher.access, document, have, rows_after).await;
                if let Err(error) = opened {
                    // The client cannot continue without its document, so it must reconnect and ask again.
                    return Err(error.into_refusal());
                }
            }
            ClientFrame::Close { document } => app.hub.unfollow(self.socket(), document),
            ClientFrame::Push {
                document,
                epoch,
                intent,
                changes,
            } => {
                document_push::receive(
                    app,
                    &self.pusher,
                    Push {
                        document,
                        epoch,
                        intent,
                        changes,
                    },
                )
                .await?;
            }
            ClientFrame::Command {
                intent,
                expect_version,
                body,
            } => {
                self.command(intent, expect_version, body).await;
            }
            ClientFrame::Ephemeral(body) => {
                realtime::ephemera::pass_on(app, self.socket(), &self.pusher.access, body).await
            }
        }
        Ok(())
    }

    /// Hides or deletes a comment in the background, because a call to a provider must not delay the frames behind it.
    /// Refused when too many such calls are running.
    fn at_the_provider(&self, intent: IntentId, conversation: ConversationId, message: MessageId, wish: CommentAction) {
        let (app, access, socket) = (Arc::clone(&self.app), self.pusher.access.clone(), self.socket());
        let Ok(permit) = Arc::clone(&app.moderation).try_acquire_owned() else {
            let result = Err(Refusal::new(
                Code::RateLimited,
                "too many comments are being changed; try again in a moment",
            ));
            return app.hub.send(socket, &ServerFrame::Outcome { intent, result });
        };
        tokio::spawn(async move {
            let result = moderation::at_the_provider(&app, &access, conversation, message, wish).await;
            let result = result.map_err(ServiceError::into_refusal);
            drop(permit);
            app.hub.send(socket, &ServerFrame::Outcome { intent, result });
        });
    }

    async fn command(&self, intent: IntentId, expect_version: Option<i64>, body: Command) {
        let (app, access) = (&self.app, &self.pusher.access);
        let result = match body {
            Command::Start(id) => claim::act(app, access, id, Event::Start, expect_version).await,
            Command::Accept(id) => claim::act(app, access, id, Event::Accept, expect_version).await,
            Command::Decline(id) => claim::act(app, access, id, Event::Decline, expect_version).await,
            Command::End(id) => claim::act(app, access, id, Event::End, expect_version).await,
            Command::Assign(id, agent) => assign::to_agent(app, access, id, agent, expect_version).await,
            Command::Move(id, inbox) => assign::to_inbox(app, access, id, inbox, expect_version).await,
            Command::CancelTransfer(id) => claim::act(app, access, id, Event::CancelTransfer, expect_version).await,
            Command::Withdraw(id) => claim::act(app, access, id, Event::Withdraw, expect_version).await,
            Command::JumpIn(id) => claim::act(app, access, id, Event::JumpIn, expect_version).await,
            Command::Undo(id) => claim::act(app, access, id, Event::Undo, expect_version).await,
            Command::Seen(id, position) => read_receipts::by_agent(app, access.user, id, position).await,
            Command::SetAvailability(availability) => presence::declare(app, access.user, availability).await,
            Command::SetAvailabilityOf(user, availability) => {
                presence::declare_for(app, access, user, availability).await
            }
            Command::Invite(id, user) => discussion::invite(app, access, id, user).await,
            Command::Redact(id, message) => redact::message(app, access, id, message).await,
            Command::Resend(id, message) => resend::again(app, access, id, message).await,
            Command::GiveUp(id, message) => resend::give_up(app, access, id, message).await,
            Command::HideComment(id, message, hidden) => {
                return self.at_the_provider(intent, id, message, CommentAction::Hide(hidden));
            }
            Command::DeleteComment(id, message) => {
                return self.at_the_provider(intent, id, message, CommentAction::Delete);
            }
        };
        let result = result.map_err(ServiceError::into_refusal);
        app.hub.send(self.socket(), &ServerFrame::Outcome { intent, result });
    }

    async fn close(&self) {
        self.app.hub.close(self.socket());
        if !self.app.hub.is_connected(self.user.id)
            && let Err(error) = presence::disconnected(&self.app, self.user.id).await
        {
            tracing::error!(%error, "the end of a connection was not stored");
        }
    }
}
