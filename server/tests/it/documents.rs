//! Documents with the real open documents and database, on both engines: segments, internal discussions, drafts, new
//! epochs, and deleted contacts.

use crate::common::{World, desk::Desk, worlds};
use causerie_server::{
    clock::random_u128,
    contacts::forget,
    conversations::{claim, discussion, redact},
    documents::OpenDocuments,
    error::ServiceError,
    realtime::catchup,
    store::{contacts, conversations, documents, messages},
};
use causerie_shared::{
    contact::FORGOTTEN,
    conversation::transition::Event,
    document::{self, DocumentId, draft, notes, segment::SEGMENT_MESSAGES, timeline},
    frame::{DocumentCursor, ServerFrame},
    ids::{ConversationId, IntentId, MessageId, NoteId},
    refusal::Code,
    row::Row,
};

/// A chat that Ana has.
async fn anas(world: &World) -> ConversationId {
    let chat = world.order("v1", "Hello").await;
    claim::act(
        &world.app,
        &world.access(world.demo.ana).await,
        chat,
        Event::Start,
        None,
    )
    .await
    .expect("started");
    chat
}

fn code<T>(result: Result<T, ServiceError>) -> Option<Code> {
    result.err().map(|error| error.into_refusal().code)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_segment_is_sealed_and_the_chat_goes_on_in_the_next() {
    for world in worlds().await {
        let chat = anas(&world).await;
        let mut desk = Desk::open(&world, world.demo.ana, DocumentId::Timeline(chat, 1)).await;
        // Large messages, so that few of them fill the segment.
        let large = "x".repeat(16_000);
        let mut said = 0;
        while world.head(chat).await.segment == 1 {
            desk.say(&large).await.expect("document");
            said += 1;
        }
        assert_eq!(said, 17, "256 KB");
        // A client that does not know of the sealed segment gets a refusal, and writes into the next one.
        assert_eq!(desk.say("too late").await, Err(Code::Sealed));
        let mut next = Desk::open(&world, world.demo.ana, DocumentId::Timeline(chat, 2)).await;
        next.say("in time").await.expect("the next segment");
        world.write(&world.demo.orders, "v1", "c2", "me too").await;
        next.read();
        assert_eq!(next.texts(), ["in time", "me too"]);
        // Opening a segment sends its rows.
        let rows = messages::of_segment(&mut world.app.store.read().await.unwrap(), chat, 2)
            .await
            .unwrap();
        assert_eq!(rows.iter().map(|row| row.row.position).collect::<Vec<_>>(), [19, 20]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_messages_fill_segments_too_and_age_ends_one() {
    for world in worlds().await {
        let chat = world.order("v1", "first").await;
        for n in 1..SEGMENT_MESSAGES {
            world.write(&world.demo.orders, "v1", &format!("c{n}"), "again").await;
        }
        let head = world.head(chat).await;
        assert_eq!((head.position, head.segment), (SEGMENT_MESSAGES, 2));
        world.write(&world.demo.orders, "v1", "next", "in the second").await;
        world.clock.advance(std::time::Duration::from_secs(31 * 24 * 3600));
        let after = world.write(&world.demo.orders, "v1", "later", "a month later").await;
        if after.conversation == chat {
            assert_eq!(world.head(chat).await.segment, 3);
        }
        // Opening the newest segment sends its rows and no others.
        let mut desk = Desk::open(&world, world.who("sup").await, DocumentId::Timeline(chat, 2)).await;
        catchup::open(
            &desk.app,
            desk.pusher.socket,
            &desk.pusher.access,
            desk.document,
            None,
            0,
        )
        .await
        .unwrap();
        let frames = desk.read();
        let rows: usize = frames.iter().map(messages_in).sum();
        assert!((1..=2).contains(&rows), "{rows} rows");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invited_colleague_reads_the_chat_and_discusses_until_its_end() {
    for world in worlds().await {
        let (ana, ben) = (world.demo.ana, world.demo.ben);
        let chat = anas(&world).await;
        let discussion = DocumentId::Discussion(chat);
        let mut bens = Desk::open(&world, ben, discussion).await;
        assert_eq!(bens.say("May I?").await, Err(Code::NotFound));
        let (anas, bens_access) = (world.access(ana).await, world.access(ben).await);
        assert_eq!(
            code(discussion::invite(&world.app, &bens_access, chat, ben).await),
            Some(Code::NotFound),
            "nobody invites himself"
        );
        discussion::invite(&world.app, &anas, chat, ben).await.unwrap();
        discussion::invite(&world.app, &anas, chat, ben).await.unwrap();
        assert_eq!(world.head(chat).await.invited, [ben], "twice is once");
        let mut bens = Desk::open(&world, ben, discussion).await;
        let mut desk = Desk::open(&world, ana, discussion).await;
        desk.say("What do we do?").await.unwrap();
        bens.read();
        bens.say("Refund").await.unwrap();
        desk.read();
        assert_eq!(desk.texts(), ["What do we do?", "Refund"]);
        let head = world.head(chat).await;
        assert_eq!(
            (head.discussed, head.position),
            (2, 1),
            "nothing of it is a message of the chat"
        );
        let timeline = Desk::open(&world, ben, DocumentId::Timeline(chat, 1)).await;
        assert_eq!(timeline.texts(), ["Hello"]);
        claim::act(&world.app, &anas, chat, Event::End, None).await.unwrap();
        assert_eq!(desk.say("one more").await, Err(Code::Closed));
        assert_eq!(
            code(discussion::invite(&world.app, &anas, chat, world.who("sup").await).await),
            Some(Code::Closed)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_written_by_who_may_reply_and_begun_anew_when_it_is_all_history() {
    for world in worlds().await {
        let chat = anas(&world).await;
        let document = DocumentId::Draft(chat);
        let mut desk = Desk::open(&world, world.demo.ana, document).await;
        let mut supervisors = Desk::open(&world, world.who("sup").await, document).await;
        let pen = supervisors.pen();
        let typed = |insert: &str, delete| notes::Splice {
            at: 0,
            delete,
            insert: insert.into(),
        };
        let foreign = draft::edit(&mut supervisors.doc, &pen, &typed("Mine", 0))
            .unwrap()
            .unwrap();
        let answer = supervisors.push(IntentId::from_u128(1), vec![foreign]).await;
        assert!(matches!(&answer, ServerFrame::Refused { refusal, .. } if refusal.code == Code::Forbidden));
        let text = "a long reply, ".repeat(480);
        let mut last = IntentId::from_u128(0);
        for _ in 0..20 {
            if desk.epoch > 1 {
                break;
            }
            let pen = desk.pen();
            let length = draft::length(&desk.doc);
            let change = draft::edit(&mut desk.doc, &pen, &typed(&text, length))
                .unwrap()
                .unwrap();
            last = IntentId::from_u128(random_u128());
            let answer = desk.push(last, vec![change]).await;
            assert!(matches!(answer, ServerFrame::Applied { .. }), "{answer:?}");
        }
        assert_eq!(desk.epoch, 2, "the history outgrew the text");
        assert_eq!(draft::read(&desk.doc).unwrap(), text);
        // The acknowledgement of the last push was lost. Sent again on the new epoch, the push is not applied a second
        // time.
        let pen = desk.pen();
        let again = draft::edit(&mut desk.doc.clone(), &pen, &typed("again", 0))
            .unwrap()
            .unwrap();
        match desk.push(last, vec![again]).await {
            ServerFrame::Applied { changes, epoch: 2, .. } => {
                assert_eq!(changes, [document::genesis(document.kind())])
            }
            other => panic!("{other:?}"),
        }
        let fresh = Desk::open(&world, world.demo.ana, document).await;
        assert_eq!(draft::read(&fresh.doc).unwrap(), text);
        // A replica of the old epoch gets the whole document of the new one.
        let old = DocumentCursor {
            document,
            epoch: 1,
            seq: 3,
        };
        let locked = world.app.documents.lock(&world.app.store, document).await.unwrap();
        let part = locked
            .part_since(&mut world.app.store.read().await.unwrap(), Some(old))
            .await
            .unwrap();
        assert_eq!((part.epoch, part.from), (2, 0));
        let stored = documents::pushes_after(&mut world.app.store.read().await.unwrap(), document, 1, 0)
            .await
            .unwrap();
        assert_eq!(stored, [], "nothing of the old epoch is kept");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redacted_message_is_gone_from_everywhere_but_its_mark() {
    for world in worlds().await {
        let (ana, sup) = (world.demo.ana, world.who("sup").await);
        let chat = anas(&world).await;
        let mut desk = Desk::open(&world, ana, DocumentId::Timeline(chat, 1)).await;
        let reply = desk.say("Your card 4111 is fine").await.unwrap();
        let asked = timeline::ordered(&desk.doc).unwrap()[0];
        let anas = world.access(ana).await;
        assert_eq!(
            code(redact::message(&world.app, &anas, chat, asked).await),
            Some(Code::Forbidden),
            "an agent redacts what they wrote"
        );
        let bens = world.access(world.demo.ben).await;
        assert_eq!(
            code(redact::message(&world.app, &bens, chat, reply).await),
            Some(Code::NotFound)
        );
        redact::message(&world.app, &anas, chat, reply).await.unwrap();
        redact::message(&world.app, &world.access(sup).await, chat, asked)
            .await
            .unwrap();
        desk.read();
        assert_eq!((desk.epoch, desk.texts()), (3, vec![String::new(), String::new()]));
        let mut db = world.app.store.read().await.unwrap();
        let rows = messages::newest(&mut db, chat, 10).await.unwrap();
        assert!(
            rows.iter()
                .all(|row| row.body.is_empty() && row.row.redacted_at.is_some()),
            "{rows:?}"
        );
        assert_eq!(world.head(chat).await.preview.unwrap().text, "");
        // The conversation continues on the new epoch.
        drop(db);
        desk.say("Sorry").await.unwrap();
        assert_eq!(desk.texts(), ["", "", "Sorry"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_contact_leaves_numbers_and_outcomes() {
    for world in worlds().await {
        let chat = anas(&world).await;
        let mut desk = Desk::open(&world, world.demo.ana, DocumentId::Timeline(chat, 1)).await;
        desk.say("Dear Lucia").await.unwrap();
        let before = world.head(chat).await;
        let contact = before.contact;
        let mut noted = Desk::open(&world, world.demo.ana, DocumentId::Notes(contact)).await;
        let pen = noted.pen();
        let note = notes::add(&mut noted.doc, &pen, NoteId::from_u128(1), 0, "Lives in Denia").unwrap();
        noted.push(IntentId::from_u128(7), vec![note]).await;
        let anas = world.access(world.demo.ana).await;
        assert_eq!(
            code(forget::contact(&world.app, &anas, contact).await),
            Some(Code::Forbidden)
        );
        let owner = world.access(world.who("owner").await).await;
        forget::contact(&world.app, &owner, contact).await.unwrap();
        desk.read();
        noted.read();
        assert_eq!(desk.texts(), ["", ""]);
        assert!(notes::read(&noted.doc).unwrap().is_empty());
        let head = world.head(chat).await;
        assert_eq!(
            (head.number, &head.state, head.position),
            (before.number, &before.state, before.position)
        );
        assert_eq!((head.contact_name.as_str(), head.preview), (FORGOTTEN, None));
        let mut db = world.app.store.read().await.unwrap();
        let known = contacts::by_identity(&mut db, world.demo.orders.row.id, "v1")
            .await
            .unwrap();
        assert_eq!(known, None);
        drop(db);
        let again = world.write(&world.demo.orders, "v1", "new", "Hello again").await;
        assert_ne!((again.contact, again.conversation), (contact, chat), "somebody new");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_holds_what_was_used_last_and_never_lets_go_of_a_locked_document() {
    for world in worlds().await {
        let chats = [
            world.order("a", "1").await,
            world.order("b", "2").await,
            world.order("c", "3").await,
        ];
        let [a, b, c] = chats.map(|chat| DocumentId::Timeline(chat, 1));
        let store = &world.app.store;
        // A budget for two and a half documents.
        let open = OpenDocuments::with_budget(11_500);
        let held = open.lock(store, a).await.unwrap();
        let heads = held.doc().get_heads();
        drop(open.lock(store, b).await.unwrap());
        drop(open.lock(store, c).await.unwrap());
        assert_eq!(
            open.in_memory(),
            [a, b, c],
            "the weight of a held document is not known yet"
        );
        drop(held);
        assert_eq!(open.in_memory(), [a, c], "b is the oldest that nobody holds");
        drop(open.lock(store, b).await.unwrap());
        assert_eq!(open.in_memory(), [c, b]);
        assert_eq!(
            open.lock(store, a).await.unwrap().doc().get_heads(),
            heads,
            "loaded again"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_own_writes_make_snapshots_too() {
    for world in worlds().await {
        let chat = world.order("v1", "0").await;
        for n in 1..70 {
            world
                .write(&world.demo.orders, "v1", &format!("c{n}"), &n.to_string())
                .await;
        }
        let document = DocumentId::Timeline(chat, 1);
        let record = documents::get(&mut world.app.store.read().await.unwrap(), document)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((record.seq, record.snapshot_seq), (70, 64));
        let desk = Desk::open(&world, world.demo.ana, document).await;
        assert_eq!(desk.texts(), (0..70).map(|n| n.to_string()).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_25_opening_a_conversation_of_10000_messages_costs_one_segment() {
    for world in worlds().await {
        let chat = anas(&world).await;
        long(&world, chat).await;
        let who = world.who("sup").await;
        for segment in [25, 1] {
            let mut desk = Desk::open(&world, who, DocumentId::Timeline(chat, segment)).await;
            // Open it again to get the rows.
            catchup::open(
                &desk.app,
                desk.pusher.socket,
                &desk.pusher.access,
                desk.document,
                None,
                0,
            )
            .await
            .unwrap();
            let rows: usize = desk.read().iter().map(messages_in).sum();
            assert_eq!(rows, 400, "rows of this segment and of no other");
        }
        let mut newest = Desk::open(&world, world.demo.ana, DocumentId::Timeline(chat, 25)).await;
        newest.say("the 10,001st").await.expect("a short segment");
        let head = world.head(chat).await;
        assert_eq!(
            (head.position, head.segment),
            (10_001, 26),
            "full with the next message"
        );
    }
}

/// Lengthens a chat to 10,000 messages in 25 segments, as after years of use.
async fn long(world: &World, chat: ConversationId) {
    let mut tx = world.app.store.begin_ordered().await.unwrap();
    let mut head = world.head(chat).await;
    let mut record = messages::newest(&mut tx, chat, 1).await.unwrap().remove(0);
    (record.contact, record.cid) = (None, None);
    for position in 2..=10_000 {
        record.row.id = MessageId::from_u128(random_u128());
        record.row.position = position;
        record.row.segment = (position - 1) as u32 / 400 + 1;
        messages::insert(&mut tx, &record).await.unwrap();
    }
    (head.position, head.segment) = (10_000, 25);
    assert!(conversations::save(&mut tx, &head, head.version).await.unwrap());
    tx.commit().await.unwrap();
}

fn messages_in(frame: &ServerFrame) -> usize {
    match frame {
        ServerFrame::Rows { upserts, .. } => upserts.iter().filter(|row| matches!(row, Row::Message(_))).count(),
        _ => 0,
    }
}
