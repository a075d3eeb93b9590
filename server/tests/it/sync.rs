//! What consoles receive, and what their pushes do, with the real open documents and database, on both engines.

use std::sync::Arc;

use crate::common::{self, TIMEOUT, World, worlds};
use causerie_server::{
    Shared,
    clock::random_bytes,
    commit_events::CommitEvents,
    contacts::messages,
    conversations::{claim, quarantine},
    realtime::{
        Hub, Mailbox, Outgoing, SocketId, catchup,
        document_push::{self, Push, Pusher},
        visitors::hub::VisitorHub,
    },
    store::{
        documents,
        feed::{FeedEntry, FeedKind},
        messages as stored,
    },
};
use causerie_shared::{
    access::Access,
    conversation::transition::Event,
    document::{self, DocumentId, DocumentKind, Pen, notes, timeline},
    frame::{DocumentCursor, ServerFrame, decode},
    ids::{ConversationId, DeviceId, IntentId, MessageId, NoteId, SessionId, UserId},
    message::{Author, Kind, Message},
    refusal::Code,
    row::{Gone, Row},
    user::{Availability, Role, UserRow},
};
use tokio::time::timeout;

/// A console that is connected to a hub, without a network.
struct Desk {
    app: Shared,
    pusher: Pusher,
    inbox: Mailbox,
}

impl Desk {
    async fn open(world: &World, app: &Shared, user: UserId) -> Self {
        let access = Arc::new(world.access(user).await);
        let device = DeviceId::from_u128(user.to_u128());
        let session = SessionId::from_u128(user.to_u128());
        let (socket, inbox) = app.hub.open(session, device, Arc::clone(&access));
        app.hub.release(socket, vec![]);
        Self {
            app: app.clone(),
            pusher: Pusher { socket, device, access },
            inbox,
        }
    }

    fn socket(&self) -> SocketId {
        self.pusher.socket
    }

    /// All frames that came since the last call.
    fn frames(&mut self) -> Vec<ServerFrame> {
        let mut frames = vec![];
        while let Some(Outgoing::Frame(bytes)) = self.inbox.try_recv() {
            frames.push(decode(&bytes).expect("a frame"));
        }
        frames
    }

    async fn follow(&mut self, document: DocumentId) -> Vec<ServerFrame> {
        self.frames();
        catchup::open(&self.app, self.socket(), &self.pusher.access, document, None, 0)
            .await
            .expect("opened");
        self.frames()
    }

    /// Sends a push and returns the answer.
    async fn push(&mut self, document: DocumentId, intent: IntentId, changes: Vec<Vec<u8>>) -> ServerFrame {
        self.frames();
        let push = Push {
            document,
            epoch: 1,
            intent,
            changes,
        };
        document_push::receive(&self.app, &self.pusher, push)
            .await
            .expect("not hostile");
        let answer = |frame: &ServerFrame| matches!(frame, ServerFrame::Applied { .. } | ServerFrame::Refused { .. });
        self.frames().into_iter().rfind(answer).expect("an answer")
    }
}

fn pen(user: UserId) -> Pen {
    Pen {
        actor: random_bytes(),
        user: Some(user),
    }
}

fn message(user: UserId, text: &str) -> Message {
    Message {
        id: MessageId::from_u128(causerie_server::clock::random_u128()),
        author: Author::Agent(user),
        kind: Kind::Text,
        body: text.into(),
        at: common::START,
        reply_to: None,
        private: false,
        template: None,
        attachments: vec![],
    }
}

/// The document as a client would have it, from the frames that answer an `Open`.
fn replica(kind: DocumentKind, frames: &[ServerFrame]) -> automerge::Automerge {
    let part = frames.iter().find_map(|frame| match frame {
        ServerFrame::Part(part) => Some(part),
        _ => None,
    });
    let part = part.expect("a part");
    document::load(kind, part.snapshot.as_deref(), &part.changes).expect("a document")
}

async fn assigned(world: &World, user: UserId, visitor: &str) -> ConversationId {
    let chat = world.order(visitor, "Hello").await;
    claim::act(&world.app, &world.access(user).await, chat, Event::Start, None)
        .await
        .expect("started");
    chat
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_is_stored_once_however_often_it_is_sent() {
    for world in worlds().await {
        let ana = world.demo.ana;
        let chat = assigned(&world, ana, "v1").await;
        let document = DocumentId::Timeline(chat, 1);
        let mut desk = Desk::open(&world, &world.app, ana).await;
        let mut local = replica(DocumentKind::Timeline, &desk.follow(document).await);
        let reply = message(ana, "Hi there");
        let change = timeline::append(&mut local, &pen(ana), &reply).unwrap();
        let intent = IntentId::from(reply.id);
        let first = desk.push(document, intent, vec![change.clone()]).await;
        assert!(
            matches!(&first, ServerFrame::Applied { seq: 2, changes, .. } if changes.is_empty()),
            "{first:?}"
        );
        // The acknowledgement was lost: the client sends the same bytes, then a rebuild by another actor.
        assert_eq!(desk.push(document, intent, vec![change.clone()]).await, first);
        let fresh = DocumentId::Timeline(chat, 1);
        let mut rebuilt = replica(DocumentKind::Timeline, &{
            let mut other = Desk::open(&world, &world.app, ana).await;
            other.follow(fresh).await
        });
        assert_eq!(timeline::get(&rebuilt, reply.id).unwrap().as_ref(), Some(&reply));
        let again = timeline::append(&mut rebuilt, &pen(ana), &message(ana, "Hi there")).unwrap();
        match desk.push(document, intent, vec![again]).await {
            ServerFrame::Applied { seq: 2, changes, .. } => {
                assert_eq!(changes, [change], "what was stored is answered")
            }
            other => panic!("{other:?}"),
        }
        let rows = stored::after(&mut world.app.store.read().await.unwrap(), chat, 0)
            .await
            .unwrap();
        assert_eq!(rows.len(), 2, "the visitor's message and one reply");
        assert_eq!(world.head(chat).await.unread, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_push_brings_leaves_in_one_go_and_the_list_learns_of_it_too() {
    for world in worlds().await {
        let ana = world.demo.ana;
        let chat = assigned(&world, ana, "v1").await;
        let document = DocumentId::Timeline(chat, 1);
        let mut author = Desk::open(&world, &world.app, ana).await;
        let mut local = replica(DocumentKind::Timeline, &author.follow(document).await);
        let mut follower = Desk::open(&world, &world.app, ana).await;
        follower.follow(document).await;
        let list = Desk::open(&world, &world.app, ana).await;
        let reply = message(ana, "Hi there");
        let shows = move |frame: &ServerFrame| match frame {
            ServerFrame::Rows { upserts, .. } => upserts.iter().any(
                |row| matches!(row, Row::Head(head) if head.preview.as_ref().is_some_and(|p| p.text == "Hi there")),
            ),
            _ => false,
        };
        // Both read before the change is written, as sockets do.
        let followed = tokio::spawn(batch_with(follower.inbox, |frame| {
            matches!(frame, ServerFrame::Part(_))
        }));
        let listed = tokio::spawn(batch_with(list.inbox, shows));
        let change = timeline::append(&mut local, &pen(ana), &reply).unwrap();
        author.push(document, IntentId::from(reply.id), vec![change]).await;
        let batch = followed.await.unwrap();
        assert!(batch.iter().any(shows), "the rows come with the change: {batch:?}");
        listed.await.unwrap();
    }
}

/// Reads batches until one contains a wanted frame, and returns that batch.
async fn batch_with(mut inbox: Mailbox, wanted: impl Fn(&ServerFrame) -> bool) -> Vec<ServerFrame> {
    loop {
        let mut batch = vec![];
        let open = timeout(TIMEOUT, inbox.take(&mut batch, 32)).await;
        assert!(open.expect("it never came"), "the socket was closed");
        let frames = batch.into_iter().filter_map(|next| match next {
            Outgoing::Frame(bytes) => Some(decode(&bytes).expect("a frame")),
            Outgoing::Close(_) => None,
        });
        let frames: Vec<ServerFrame> = frames.collect();
        if frames.iter().any(&wanted) {
            return frames;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_chats_agent_writes_and_only_until_the_end() {
    for world in worlds().await {
        let (ana, ben) = (world.demo.ana, world.demo.ben);
        let chat = assigned(&world, ana, "v1").await;
        let document = DocumentId::Timeline(chat, 1);
        let mut anas = Desk::open(&world, &world.app, ana).await;
        let local = replica(DocumentKind::Timeline, &anas.follow(document).await);
        // Ben gets no document, and his write is refused.
        let mut bens = Desk::open(&world, &world.app, ben).await;
        assert_eq!(
            bens.follow(document).await,
            [ServerFrame::Revoked {
                inboxes: vec![],
                documents: vec![document]
            }]
        );
        let forged = timeline::append(&mut local.clone(), &pen(ben), &message(ben, "Let me")).unwrap();
        let answer = bens.push(document, IntentId::from_u128(1), vec![forged]).await;
        assert!(
            matches!(&answer, ServerFrame::Refused { refusal, .. } if refusal.code == Code::NotFound),
            "{answer:?}"
        );
        claim::act(&world.app, &world.access(ana).await, chat, Event::End, None)
            .await
            .unwrap();
        let late = timeline::append(&mut local.clone(), &pen(ana), &message(ana, "One more")).unwrap();
        let answer = anas.push(document, IntentId::from_u128(2), vec![late]).await;
        assert!(
            matches!(&answer, ServerFrame::Refused { refusal, .. } if refusal.code == Code::Closed),
            "{answer:?}"
        );
        let garbage = anas.push(document, IntentId::from_u128(3), vec![vec![1, 2, 3]]).await;
        assert!(matches!(&garbage, ServerFrame::Refused { refusal, .. } if refusal.code == Code::Malformed));
        assert_eq!(world.head(chat).await.position, 1, "nothing was written");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_seen_is_not_told() {
    for world in worlds().await {
        let (ana, ben) = (world.demo.ana, world.demo.ben);
        let mut bens = Desk::open(&world, &world.app, ben).await;
        let chat = world.order("v1", "A secret").await;
        let seen = bens.frames();
        assert!(
            format!("{seen:?}").contains("A secret"),
            "a broadcast queue is for all members"
        );
        bens.follow(DocumentId::Timeline(chat, 1)).await;
        claim::act(&world.app, &world.access(ana).await, chat, Event::Start, None)
            .await
            .unwrap();
        let told = bens.frames();
        assert!(told.iter().any(
            |frame| matches!(frame, ServerFrame::Revoked { documents, .. } if documents == &[DocumentId::Timeline(chat, 1)])
        ));
        let gone = Gone::Conversation {
            id: chat,
            taken_by: Some(ana),
        };
        assert!(
            told.iter().any(
                |frame| matches!(frame, ServerFrame::Rows { gone: rows, .. } if rows == std::slice::from_ref(&gone))
            )
        );
        // From now on, Ben receives nothing about the chat.
        world.write(&world.demo.orders, "v1", "m2", "My card number").await;
        let heard = bens.frames();
        assert!(!format!("{heard:?}").contains("card"), "{heard:?}");
        assert!(
            heard.iter().all(|frame| !matches!(frame, ServerFrame::Part(_))),
            "{heard:?}"
        );
        // After a reconnect, the catch-up says that the chat is gone, but not its content.
        let mut db = world.app.store.read().await.unwrap();
        let (frames, _) = catchup::since(&mut db, &bens.pusher.access, Some(1), true)
            .await
            .unwrap();
        assert!(!format!("{frames:?}").contains("card"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_14_a_second_node_with_a_stale_copy_writes_after_reading_what_it_lacks() {
    for world in worlds().await {
        let (ana, ben) = (world.demo.ana, world.demo.ben);
        let chat = world.order("v1", "Hello").await;
        let contact = world.head(chat).await.contact;
        let document = DocumentId::Notes(contact);
        let (_hand, clock) = causerie_server::clock::ManualClock::new(common::START);
        let second = causerie_server::build(world.app.config.clone(), clock)
            .await
            .expect("a second node");
        let mut here = Desk::open(&world, &world.app, ana).await;
        let mut there = Desk::open(&world, &second, ben).await;
        let mut local = replica(DocumentKind::Notes, &here.follow(document).await);
        let mut remote = replica(DocumentKind::Notes, &there.follow(document).await);
        for (n, (desk, doc, user)) in [(&mut here, &mut local, ana), (&mut there, &mut remote, ben)]
            .into_iter()
            .enumerate()
        {
            let change = notes::add(doc, &pen(user), NoteId::from_u128(n as u128), 1, "A note").unwrap();
            let answer = desk
                .push(document, IntentId::from_u128(100 + n as u128), vec![change])
                .await;
            assert!(
                matches!(answer, ServerFrame::Applied { seq, .. } if seq == n as i64 + 1),
                "{answer:?}"
            );
        }
        let mut fresh = Desk::open(&world, &second, ana).await;
        let whole = replica(DocumentKind::Notes, &fresh.follow(document).await);
        assert_eq!(notes::read(&whole).unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_author_whose_access_is_gone_still_learns_that_it_was_applied_and_nobody_else_does() {
    for world in worlds().await {
        let (ana, ben) = (world.demo.ana, world.demo.ben);
        let chat = world.order("v1", "Hello").await;
        let notes_of = DocumentId::Notes(world.head(chat).await.contact);
        let mut anas = Desk::open(&world, &world.app, ana).await;
        let intent = IntentId::from_u128(7);
        let mut local = replica(DocumentKind::Notes, &anas.follow(notes_of).await);
        let change = notes::add(&mut local, &pen(ana), NoteId::from_u128(1), 1, "A secret").unwrap();
        anas.push(notes_of, intent, vec![change.clone()]).await;
        // Ben takes the chat: Ana may see neither the chat nor the contact's notes.
        claim::act(&world.app, &world.access(ben).await, chat, Event::Start, None)
            .await
            .expect("started");
        for (asked, changes) in [
            (intent, vec![]),
            (intent, vec![change]),
            (IntentId::from_u128(8), vec![]),
        ] {
            let answer = anas.push(notes_of, asked, changes).await;
            match answer {
                ServerFrame::Applied {
                    intent: its, changes, ..
                } => {
                    assert_eq!((its, changes.len()), (intent, 0), "and no more than that");
                    assert_eq!(asked, intent);
                }
                ServerFrame::Refused { .. } => assert_ne!(asked, intent),
                other => panic!("{other:?}"),
            }
        }
        // Ana does not learn of Ben's intents either.
        let mut bens = Desk::open(&world, &world.app, ben).await;
        let mut local = replica(DocumentKind::Notes, &bens.follow(notes_of).await);
        let change = notes::add(&mut local, &pen(ben), NoteId::from_u128(2), 1, "Another").unwrap();
        bens.push(notes_of, IntentId::from_u128(9), vec![change]).await;
        let answer = anas.push(notes_of, IntentId::from_u128(9), vec![]).await;
        assert!(matches!(answer, ServerFrame::Refused { .. }), "{answer:?}");
    }
}

/// Checks that after a timeline was quarantined, a reply to it is refused, the chat continues in the next segment, and
/// other chats are not affected.
async fn goes_on_without(world: &World, app: &Shared, chat: ConversationId, other: ConversationId) {
    let ana = world.demo.ana;
    let mut desk = Desk::open(world, app, ana).await;
    let quarantined = DocumentId::Timeline(chat, 1);
    desk.follow(quarantined).await;
    let say = |text: &str| {
        let said = message(ana, text);
        let change = timeline::append(&mut document::begin(DocumentKind::Timeline), &pen(ana), &said).unwrap();
        (IntentId::from(said.id), vec![change])
    };
    let (intent, changes) = say("Into the damaged one");
    let answer = desk.push(quarantined, intent, changes).await;
    let ServerFrame::Refused { refusal, .. } = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(refusal.code, Code::Quarantined);
    let (intent, changes) = say("Another chat");
    let answer = desk.push(DocumentId::Timeline(other, 1), intent, changes).await;
    assert!(matches!(answer, ServerFrame::Applied { .. }), "{answer:?}");
    World::write_at(app, &world.demo.orders, "v1", "m2", "Still there?").await;
    let (intent, changes) = say("Yes");
    let answer = desk.push(DocumentId::Timeline(chat, 2), intent, changes).await;
    assert!(matches!(answer, ServerFrame::Applied { seq: 2, .. }), "{answer:?}");
    assert_eq!(world.head(chat).await.position, 3, "one of before, two since");
    let record = documents::get(&mut app.store.read().await.unwrap(), quarantined)
        .await
        .unwrap();
    assert!(record.unwrap().quarantined);
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_22_a_panic_inside_a_document_sets_it_aside_and_all_else_goes_on() {
    for world in worlds().await {
        let chat = assigned(&world, world.demo.ana, "v1").await;
        let other = assigned(&world, world.demo.ana, "v2").await;
        let document = DocumentId::Timeline(chat, 1);
        let mut document = world.app.documents.lock(&world.app.store, document).await.unwrap();
        assert!(document.prepare_own(|_, _| panic!("as if Automerge did")).is_err());
        assert!(document.must_be_quarantined());
        quarantine::set(&world.app, &mut document).await.unwrap();
        drop(document);
        goes_on_without(&world, &world.app, chat, other).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_22_a_document_whose_stored_bytes_are_damaged_is_set_aside() {
    for world in worlds().await {
        let chat = assigned(&world, world.demo.ana, "v1").await;
        let other = assigned(&world, world.demo.ana, "v2").await;
        let contact = DocumentId::Contact(world.head(chat).await.contact);
        let mut tx = world.app.store.begin_ordered().await.unwrap();
        for id in [DocumentId::Timeline(chat, 1), contact] {
            documents::ensure(&mut tx, id).await.unwrap();
            documents::save_snapshot(&mut tx, id, 1, 1, b"no document".to_vec())
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        // A second server, which has no document in memory yet.
        let (_hand, clock) = causerie_server::clock::ManualClock::new(common::START);
        let second = causerie_server::build(world.app.config.clone(), clock)
            .await
            .expect("a server in spite of it");
        goes_on_without(&world, &second, chat, other).await;
        // A contact whose profile cannot be read can still write.
        let mut incoming = World::incoming(&world.demo.orders, "v1", "m3", "It is me");
        incoming.name = Some("Brown Fox".into());
        messages::receive(&second, incoming).await.expect("a stored message");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitors_message_is_stored_by_whichever_node_gets_it() {
    for world in worlds().await {
        let (_hand, clock) = causerie_server::clock::ManualClock::new(common::START);
        let second = causerie_server::build(world.app.config.clone(), clock)
            .await
            .expect("a second node");
        let account = &world.demo.orders;
        let mut positions = vec![];
        for (n, app) in [&world.app, &second, &world.app, &second].into_iter().enumerate() {
            let accepted = World::write_at(app, account, "v1", &format!("m{n}"), "Hello").await;
            positions.push(accepted.position);
        }
        assert_eq!(positions, [1, 2, 3, 4]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_catches_up_by_cursor_and_a_document_by_sequence() {
    for world in worlds().await {
        let ana = world.demo.ana;
        let chat = assigned(&world, ana, "v1").await;
        let access: Access = world.access(ana).await;
        let mut db = world.app.store.read().await.unwrap();
        let (first, cursor) = catchup::since(&mut db, &access, None, true).await.unwrap();
        assert!(matches!(&first[..], [ServerFrame::Rows { to, .. }] if *to == cursor));
        world.write(&world.demo.orders, "v1", "m2", "Still there?").await;
        let (next, newer) = catchup::since(&mut db, &access, Some(cursor), true).await.unwrap();
        match &next[..] {
            [ServerFrame::Rows { to, upserts, gone }] => {
                assert!(newer > cursor && *to == newer);
                assert!(matches!(&upserts[..], [Row::Head(head)] if head.id == chat && head.unread == 2));
                assert!(gone.is_empty());
            }
            other => panic!("{other:?}"),
        }
        let (reset, _) = catchup::since(&mut db, &access, Some(newer + 1000), true)
            .await
            .unwrap();
        assert_eq!(reset.first(), Some(&ServerFrame::Reset), "a cursor of another database");
        drop(db);
        // After 70 more messages a snapshot exists, and both ways of loading the document agree.
        for n in 0..70 {
            world
                .write(&world.demo.orders, "v1", &format!("n{n}"), "and one more")
                .await;
        }
        let document = DocumentId::Timeline(chat, 1);
        let record = documents::get(&mut world.app.store.read().await.unwrap(), document)
            .await
            .unwrap()
            .unwrap();
        assert!(record.snapshot.is_some() && record.seq == 72);
        let mut desk = Desk::open(&world, &world.app, ana).await;
        let whole = replica(DocumentKind::Timeline, &desk.follow(document).await);
        assert_eq!(timeline::ids(&whole).unwrap().len(), 72);
        let have = Some(DocumentCursor {
            document,
            epoch: 1,
            seq: 70,
        });
        catchup::open(&world.app, desk.socket(), &access, document, have, 0)
            .await
            .unwrap();
        let frames = desk.frames();
        assert!(
            frames.iter().any(|frame| matches!(frame, ServerFrame::Part(part)
            if part.from == 70 && part.to == 72 && part.changes.len() == 2 && part.snapshot.is_none())),
            "{frames:?}"
        );
    }
}

#[test]
fn announcements_leave_in_the_order_of_the_commits() {
    let (hub, visitors) = (Hub::new(0), VisitorHub::default());
    let access = Access {
        user: UserId::from_u128(1),
        role: Role::Agent,
        member_of: vec![],
        sees: vec![],
    };
    let (socket, mut inbox) = hub.open(SessionId::from_u128(1), DeviceId::from_u128(1), Arc::new(access));
    hub.release(socket, vec![]);
    let events = |seq: i64| {
        let mut events = CommitEvents::default();
        let id = UserId::from_u128(seq as u128);
        events.entry(FeedEntry {
            seq,
            kind: FeedKind::User,
            row_id: id.to_string(),
            before: None,
            after: None,
        });
        events.user(UserRow {
            id,
            name: "Ana".into(),
            role: Role::Agent,
            availability: Availability::Available,
            connected: true,
            load: 0,
            capacity: 3,
            active: true,
            idle_since: 0,
        });
        events
    };
    hub.announce(events(3), &visitors);
    hub.announce(events(2), &visitors);
    assert!(inbox.try_recv().is_none(), "nothing may overtake number 1");
    hub.announce(events(1), &visitors);
    let mut cursors = vec![];
    while let Some(Outgoing::Frame(bytes)) = inbox.try_recv() {
        match decode(&bytes) {
            Ok(ServerFrame::Rows { to, .. }) => cursors.push(to),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(cursors, [1, 2, 3]);
    assert_eq!(hub.announced(), 3);
}
