//! Two servers on one PostgreSQL. Without `CAUSERIE_TEST_POSTGRES` there is nothing to test, since SQLite has only one
//! node.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use crate::common::{self, START, TIMEOUT, World, eventually, worlds};
use causerie_server::{
    Shared, access,
    clock::{Clock, ManualClock, random_bytes, random_u128},
    config::Config,
    conversations::claim,
    demo::{self, Demo},
    presence::{self, visitors},
    realtime::{
        self, Mailbox, Outgoing, SocketId, catchup,
        document_push::{self, Push, Pusher},
    },
    settings::members,
    state::App,
    store::{Store, conversation_events, conversations, timers, users},
};
use causerie_shared::{
    access::Access,
    conversation::{Status, transition::Event},
    document::{DocumentId, Pen, begin, notes},
    frame::{ServerFrame, decode},
    ids::{ConversationId, DeviceId, IntentId, NoteId, SessionId, UserId},
    row::{ConversationRow, Gone, Row},
};
use tempfile::TempDir;
use tokio::{runtime::Runtime, time::timeout};

/// A database, a clock for all its nodes, and the demo's users.
struct Ground {
    config: Config,
    hand: ManualClock,
    clock: Clock,
    demo: Demo,
    /// A node without workers: it commits, and does not notify other nodes.
    mute: Shared,
    _folder: TempDir,
}

/// A server with a runtime of its own, so that it can be killed.
struct Node {
    app: Shared,
    runtime: Option<Runtime>,
}

impl Ground {
    /// Returns `None` without PostgreSQL.
    async fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let address = common::databases(folder.path()).await.into_iter().nth(1)?;
        let mut config = Config::for_test(folder.path());
        config.database_url = address;
        let (hand, clock) = ManualClock::new(START);
        let store = Store::open(&config.database_url).await.unwrap();
        let mute: Shared = Arc::new(App::new(config.clone(), store, clock.clone()).await.unwrap());
        let demo = demo::workspace(&mute).await.unwrap();
        Some(Self {
            config,
            hand,
            clock,
            demo,
            mute,
            _folder: folder,
        })
    }

    async fn node(&self) -> Node {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (config, clock) = (self.config.clone(), self.clock.clone());
        let app = runtime.spawn(async move { causerie_server::build(config, clock).await });
        Node {
            app: app.await.unwrap().unwrap(),
            runtime: Some(runtime),
        }
    }

    async fn access(&self, user: UserId) -> Access {
        let mut db = self.mute.store.read().await.unwrap();
        let record = users::user(&mut db, user).await.unwrap().unwrap();
        access::of(&mut db, &record).await.unwrap()
    }

    async fn user(&self, id: UserId) -> users::UserRecord {
        let mut db = self.mute.store.read().await.unwrap();
        users::user(&mut db, id).await.unwrap().unwrap()
    }

    async fn head(&self, id: ConversationId) -> ConversationRow {
        let mut db = self.mute.store.read().await.unwrap();
        conversations::get(&mut db, id).await.unwrap().unwrap()
    }

    async fn until(
        &self,
        id: ConversationId,
        what: &str,
        wanted: impl Fn(&ConversationRow) -> bool,
    ) -> ConversationRow {
        let reached = eventually(|| async {
            let head = self.head(id).await;
            wanted(&head).then_some(head)
        });
        match reached.await {
            Some(head) => head,
            None => panic!("{what} never came: {:?}", self.head(id).await),
        }
    }

    /// How often each cause occurs in the conversation's events.
    async fn causes(&self, id: ConversationId) -> BTreeMap<String, usize> {
        let mut db = self.mute.store.read().await.unwrap();
        let mut causes = BTreeMap::new();
        for row in conversation_events::after(&mut db, id, 0).await.unwrap() {
            *causes.entry(row.cause).or_default() += 1;
        }
        causes
    }
}

impl Node {
    /// Stops everything at once, as `kill -9` does: nothing is written, published or closed properly.
    fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A console's socket on a node, without a network.
struct Socket {
    id: SocketId,
    pusher: Pusher,
    inbox: Mailbox,
}

impl Socket {
    async fn open(ground: &Ground, node: &Node, user: UserId) -> Self {
        let access = Arc::new(ground.access(user).await);
        let device = DeviceId::from_u128(random_u128());
        let session = SessionId::from_u128(random_u128());
        let (id, inbox) = node.app.hub.open(session, device, Arc::clone(&access));
        presence::connected(&node.app, user).await.unwrap();
        node.app.hub.release(id, vec![]);
        let pusher = Pusher {
            socket: id,
            device,
            access,
        };
        Self { id, pusher, inbox }
    }

    async fn follow(&self, node: &Node, document: DocumentId) {
        catchup::open(&node.app, self.id, &self.pusher.access, document, None, 0)
            .await
            .unwrap();
    }

    /// Reads until `look` finds a value. Returns `None` when the hub closes the socket.
    async fn find<T>(&mut self, what: &str, mut look: impl FnMut(&ServerFrame) -> Option<T>) -> Option<T> {
        loop {
            let next = timeout(TIMEOUT, self.inbox.recv()).await;
            match next.unwrap_or_else(|_| panic!("{what} never came")) {
                Some(Outgoing::Frame(bytes)) => {
                    if let Some(found) = look(&decode(&bytes).unwrap()) {
                        return Some(found);
                    }
                }
                Some(Outgoing::Close(_)) | None => return None,
            }
        }
    }

    async fn until<T>(&mut self, what: &str, look: impl FnMut(&ServerFrame) -> Option<T>) -> T {
        let found = self.find(what, look).await;
        found.unwrap_or_else(|| panic!("the socket was closed, waiting for {what}"))
    }
}

fn message_of(frame: &ServerFrame, chat: ConversationId, position: i64) -> Option<()> {
    let ServerFrame::Rows { upserts, .. } = frame else {
        return None;
    };
    let found = upserts.iter().any(
        |row| matches!(row, Row::Message(message) if message.conversation == chat && message.position == position),
    );
    found.then_some(())
}

fn part_of(frame: &ServerFrame, id: DocumentId, to: i64) -> Option<()> {
    matches!(frame, ServerFrame::Part(part) if part.document == id && part.to == to).then_some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_writes_the_other_delivers() {
    let Some(ground) = Ground::new().await else { return };
    let (first, second) = (ground.node().await, ground.node().await);
    let (ana, ben) = (ground.demo.ana, ground.demo.ben);
    let mut bens = Socket::open(&ground, &second, ben).await;
    // A chat in the common queue, written on the first node, appears on the second with its document.
    let written = World::write_at(&first.app, &ground.demo.orders, "v1", "m1", "Hello").await;
    let (chat, contact) = (written.conversation, written.contact);
    let head = |frame: &ServerFrame| match frame {
        ServerFrame::Rows { upserts, .. } => upserts
            .iter()
            .any(|row| matches!(row, Row::Head(head) if head.id == chat))
            .then_some(()),
        _ => None,
    };
    bens.until("the chat", head).await;
    let timeline = DocumentId::Timeline(chat, 1);
    bens.follow(&second, timeline).await;
    bens.follow(&second, DocumentId::Notes(contact)).await;
    bens.until("the document", |frame| part_of(frame, timeline, 1)).await;
    World::write_at(&first.app, &ground.demo.orders, "v1", "m2", "Still there?").await;
    let (mut part, mut row) = (None, None);
    bens.until("the document's change and the message's row", |frame| {
        part = part.or(part_of(frame, timeline, 2));
        row = row.or(message_of(frame, chat, 2));
        part.and(row)
    })
    .await;
    // Notes have no rows: only the document is published.
    let mut anas = Socket::open(&ground, &first, ana).await;
    let notes_of = DocumentId::Notes(contact);
    let pen = Pen {
        actor: random_bytes(),
        user: Some(ana),
    };
    let change = notes::add(&mut begin(notes_of.kind()), &pen, NoteId::from_u128(1), START, "VIP").unwrap();
    let push = Push {
        document: notes_of,
        epoch: 1,
        intent: IntentId::from_u128(1),
        changes: vec![change],
    };
    document_push::receive(&first.app, &anas.pusher, push).await.unwrap();
    let stored = |frame: &ServerFrame| matches!(frame, ServerFrame::Applied { .. }).then_some(());
    anas.until("the acknowledgement", stored).await;
    bens.until("the note", |frame| part_of(frame, notes_of, 1)).await;
    // Ana takes the chat on the first node, so Ben loses it on the second.
    let access = ground.access(ana).await;
    claim::act(&first.app, &access, chat, Event::Start, None).await.unwrap();
    bens.until("the documents' end", |frame| {
        matches!(frame, ServerFrame::Revoked { documents, .. } if documents.contains(&timeline)).then_some(())
    })
    .await;
    let gone = Gone::Conversation {
        id: chat,
        taken_by: Some(ana),
    };
    bens.until("who took it", |frame| {
        matches!(frame, ServerFrame::Rows { gone: rows, .. } if rows.contains(&gone)).then_some(())
    })
    .await;
    let twice = claim::act(&second.app, &ground.access(ben).await, chat, Event::Start, None).await;
    assert!(twice.is_err(), "one of two nodes wins");
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_15_a_lost_wake_up_is_made_good_by_looking() {
    let Some(ground) = Ground::new().await else { return };
    let node = ground.node().await;
    let mut bens = Socket::open(&ground, &node, ground.demo.ben).await;
    // The writing node does not notify the other, since it has no workers.
    let written = World::write_at(&ground.mute, &ground.demo.orders, "v1", "m1", "Hello").await;
    let chat = written.conversation;
    bens.until("the chat", |frame| {
        let ServerFrame::Rows { upserts, .. } = frame else {
            return None;
        };
        let found = upserts
            .iter()
            .any(|row| matches!(row, Row::Head(head) if head.id == chat));
        found.then_some(())
    })
    .await;
    let timeline = DocumentId::Timeline(chat, 1);
    bens.follow(&node, timeline).await;
    World::write_at(&ground.mute, &ground.demo.orders, "v1", "m2", "Still there?").await;
    bens.until("the change", |frame| part_of(frame, timeline, 2)).await;
    // The writing node does not dispatch either: the live node offers waiting chats.
    let asked = World::write_at(&ground.mute, &ground.demo.advice, "v2", "m1", "Hello").await;
    ground
        .until(asked.conversation, "the offer", |head| {
            head.state.agent() == Some(ground.demo.ben)
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_killed_takes_nothing_with_it() {
    let Some(ground) = Ground::new().await else { return };
    let (mut first, second) = (ground.node().await, ground.node().await);
    let (ana, ben) = (ground.demo.ana, ground.demo.ben);
    let _anas = Socket::open(&ground, &first, ana).await;
    let asked = World::write_at(&first.app, &ground.demo.advice, "v1", "m1", "Hello").await;
    let offered = |head: &ConversationRow| head.state.status() == Status::Assigning && head.state.agent() == Some(ana);
    ground.until(asked.conversation, "the offer", offered).await;
    let mut bens = Socket::open(&ground, &second, ben).await;
    let waiting = World::write_at(&first.app, &ground.demo.orders, "v2", "m1", "In the queue").await;
    first.kill();
    // The other node has everything that was acknowledged.
    bens.until("the message", |frame| match frame {
        ServerFrame::Rows { upserts, .. } => upserts
            .iter()
            .any(|row| matches!(row, Row::Head(head) if head.id == waiting.conversation))
            .then_some(()),
        _ => None,
    })
    .await;
    // Ana's socket died with its node. The other node notices that and begins her grace period.
    let graced = eventually(|| async {
        let mut db = ground.mute.store.read().await.unwrap();
        let leased = causerie_server::store::presence::is_leased(&mut db, ana).await.unwrap();
        (!leased).then_some(())
    });
    graced.await.expect("the dead node's sockets are written off");
    assert!(ground.user(ana).await.connected, "the grace has just begun");
    ground.hand.advance(Duration::from_secs(31));
    let gone = eventually(|| async { (!ground.user(ana).await.connected).then_some(()) });
    gone.await.expect("Ana is gone");
    // Her offer goes to Ben, who is connected to the other node, exactly once.
    let to_ben = |head: &ConversationRow| head.state.agent() == Some(ben);
    ground.until(asked.conversation, "the offer to Ben", to_ben).await;
    let causes = ground.causes(asked.conversation).await;
    assert_eq!(causes["offer"], 2, "{causes:?}");
    assert!(ground.user(ben).await.connected);
    // The other node still writes.
    let more = World::write_at(&second.app, &ground.demo.orders, "v2", "m2", "Anybody?").await;
    assert_eq!(more.position, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_of_a_killed_node_is_seen_offline_and_one_of_the_other_node_stays() {
    let Some(ground) = Ground::new().await else { return };
    let (mut first, second) = (ground.node().await, ground.node().await);
    let mut bens = Socket::open(&ground, &second, ground.demo.ben).await;
    let written = |visitor: &'static str| World::write_at(&first.app, &ground.demo.orders, visitor, "m1", "Hello");
    let (lost, kept) = (written("v1").await, written("v2").await);
    for (node, contact) in [(&first, lost.contact), (&first, kept.contact), (&second, kept.contact)] {
        visitors::arrived(&node.app, contact).await.unwrap();
    }
    first.kill();
    bens.until("the visitor's leaving", |frame| match frame {
        ServerFrame::Rows { upserts, .. } => upserts
            .iter()
            .any(|row| matches!(row, Row::Head(head) if head.id == lost.conversation && !head.online))
            .then_some(()),
        _ => None,
    })
    .await;
    assert!(ground.head(kept.conversation).await.online, "the other node has them");
    visitors::left(&second.app, kept.contact).await.unwrap();
    assert!(
        !ground.head(kept.conversation).await.online,
        "gone with the last socket"
    );
}

/// Chats whose queue timers are due, written without a node that would run the timers.
async fn overdue(ground: &Ground, count: usize) -> Vec<ConversationId> {
    let mut chats = vec![];
    for n in 0..count {
        let chat = World::write_at(&ground.mute, &ground.demo.orders, &format!("v{n}"), "m1", "Hello").await;
        chats.push(chat.conversation);
    }
    ground.hand.advance(Duration::from_secs(121));
    chats
}

/// Waits until every chat's timer has fired once and no timer is left.
async fn fired_once(ground: &Ground, node: &Node, chats: &[ConversationId]) {
    for chat in chats {
        ground
            .until(*chat, "the end of its wait", |head| head.version > 1)
            .await;
    }
    // A second firing would be in the feed before this message.
    let last = World::write_at(&node.app, &ground.demo.orders, "last", "m1", "Hello").await;
    let head = ground.head(last.conversation).await;
    let heard = eventually(|| async { (node.app.hub.announced() >= head.seq).then_some(()) });
    heard.await.expect("the node has heard everything");
    let mut db = ground.mute.store.read().await.unwrap();
    let left = timers::due(&mut db, ground.clock.now(), 10).await.unwrap();
    assert_eq!(left, [], "no timer is left over");
    drop(db);
    for chat in chats {
        let causes = ground.causes(*chat).await;
        assert_eq!(causes["queue_over"], 1, "{causes:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_fires_once_with_two_nodes() {
    let Some(ground) = Ground::new().await else { return };
    let nodes = [ground.node().await, ground.node().await];
    // All queue timers are due at the same moment on both nodes.
    let chats = overdue(&ground, 200).await;
    fired_once(&ground, &nodes[1], &chats).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_go_on_when_one_of_two_nodes_is_killed_among_them() {
    let Some(ground) = Ground::new().await else { return };
    let (mut first, second) = (ground.node().await, ground.node().await);
    let chats = overdue(&ground, 200).await;
    ground.until(chats[0], "the first one", |head| head.version > 1).await;
    first.kill();
    fired_once(&ground, &second, &chats).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_took_fires_on_another_one_after_its_death_and_not_before() {
    let Some(ground) = Ground::new().await else { return };
    // A node that is stuck between claiming its timers and running them.
    let (store, stuck) = (&ground.mute.store, ground.mute.node);
    let link = store.node_session(stuck).await.unwrap();
    let chats = overdue(&ground, 30).await;
    let mut db = store.read().await.unwrap();
    let taken = timers::claim(&mut db, store.engine(), stuck, ground.clock.now(), 20).await;
    let taken: BTreeSet<String> = taken.unwrap().into_iter().map(|timer| timer.subject).collect();
    drop(db);
    assert_eq!(taken.len(), 20);
    let node = ground.node().await;
    let (theirs, free): (Vec<ConversationId>, Vec<ConversationId>) = chats
        .iter()
        .copied()
        .partition(|chat| taken.contains(&chat.to_string()));
    for chat in free {
        ground.until(chat, "the end of its wait", |head| head.version > 1).await;
    }
    for chat in theirs {
        assert_eq!(ground.head(chat).await.version, 1, "another node takes care of it");
    }
    drop(link);
    fired_once(&ground, &node, &chats).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_is_decided_over_all_nodes() {
    let Some(ground) = Ground::new().await else { return };
    let (first, second) = (ground.node().await, ground.node().await);
    let ana = ground.demo.ana;
    let one = Socket::open(&ground, &first, ana).await;
    let two = Socket::open(&ground, &second, ana).await;
    first.app.hub.close(one.id);
    presence::disconnected(&first.app, ana).await.unwrap();
    let timers = |at| {
        let app = ground.mute.clone();
        async move { timers::due(&mut app.store.read().await.unwrap(), at, 10).await.unwrap() }
    };
    assert!(
        timers(START + 60_000).await.is_empty(),
        "the other socket is still there"
    );
    second.app.hub.close(two.id);
    presence::disconnected(&second.app, ana).await.unwrap();
    assert_eq!(timers(START + 60_000).await.len(), 1);
    ground.hand.advance(Duration::from_secs(31));
    let gone = eventually(|| async { (!ground.user(ana).await.connected).then_some(()) });
    gone.await.expect("Ana is gone with her last socket");
}

#[tokio::test(flavor = "multi_thread")]
async fn access_that_ends_on_one_node_closes_sockets_on_the_other() {
    let Some(ground) = Ground::new().await else { return };
    let (first, second) = (ground.node().await, ground.node().await);
    let ben = ground.demo.ben;
    let mut bens = Socket::open(&ground, &second, ben).await;
    let inbox = ground.demo.orders.row.inbox;
    members::set(&first.app, inbox, &[]).await.unwrap();
    bens.until("the inbox's end", |frame| {
        matches!(frame, ServerFrame::Revoked { inboxes, .. } if inboxes == &[inbox]).then_some(())
    })
    .await;
    World::write_at(&first.app, &ground.demo.orders, "v1", "m1", "A secret").await;
    let leaked = bens.find("the end of the socket", |frame| {
        format!("{frame:?}").contains("secret").then_some(())
    });
    assert_eq!(leaked.await, None, "closed, and nothing more was told");
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_16_a_cursor_older_than_what_is_kept_begins_anew() {
    for world in worlds().await {
        let ana = world.demo.ana;
        for n in 0..5 {
            world.order(&format!("v{n}"), "Hello").await;
        }
        let access = world.access(ana).await;
        let newest = world.app.hub.announced();
        realtime::trim(&world.app, 3).await.unwrap();
        let mut db = world.app.store.read().await.unwrap();
        let (frames, cursor) = catchup::since(&mut db, &access, Some(newest - 4), true).await.unwrap();
        assert_eq!(
            frames.first(),
            Some(&ServerFrame::Reset),
            "entry {} is not kept",
            newest - 3
        );
        assert_eq!(cursor, newest);
        let (frames, _) = catchup::since(&mut db, &access, Some(newest - 3), true).await.unwrap();
        assert!(matches!(&frames[..], [ServerFrame::Rows { upserts, .. }] if !upserts.is_empty()));
        drop(db);
        // Numbers continue as if nothing had been removed.
        let chat = world.order("v9", "Hello").await;
        assert!(world.head(chat).await.seq > newest);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_26_a_thousand_clients_come_back_at_once() {
    for world in worlds().await {
        let users = [world.demo.ana, world.demo.ben];
        let cursor = world.app.hub.announced();
        let chat = world.order("v1", "Hello").await;
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..1000 {
            let app = world.app.clone();
            let access = Arc::new(world.access(users[n % 2]).await);
            tasks.spawn(async move {
                let ids = (SessionId::from_u128(random_u128()), DeviceId::from_u128(random_u128()));
                let (socket, inbox) = app.hub.open(ids.0, ids.1, Arc::clone(&access));
                presence::connected(&app, access.user).await.unwrap();
                let mut db = app.store.read().await.unwrap();
                let (frames, _) = catchup::since(&mut db, &access, Some(cursor), true).await.unwrap();
                drop(db);
                app.hub.release(socket, frames);
                catchup::open(&app, socket, &access, DocumentId::Timeline(chat, 1), None, 0)
                    .await
                    .unwrap();
                inbox
            });
        }
        // The visitor keeps writing while the clients reconnect.
        world.write(&world.demo.orders, "v1", "m2", "Still there?").await;
        let mut inboxes = tasks.join_all().await;
        world.write(&world.demo.orders, "v1", "m3", "Good").await;
        for inbox in &mut inboxes {
            let (mut newest, mut position) = (0, 0);
            while let Some(Outgoing::Frame(bytes)) = inbox.try_recv() {
                match decode(&bytes).unwrap() {
                    ServerFrame::Rows { upserts, .. } => {
                        for row in upserts {
                            if let Row::Head(head) = row {
                                position = position.max(head.position);
                            }
                        }
                    }
                    ServerFrame::Part(part) => newest = newest.max(part.to),
                    _ => {}
                }
            }
            assert_eq!(
                (position, newest),
                (3, 3),
                "everyone has the last message and its change"
            );
        }
        let connected = users::user(&mut world.app.store.read().await.unwrap(), users[0]).await;
        assert!(connected.unwrap().unwrap().connected);
    }
}
