//! The store, with one suite for both engines.

use crate::common;
use causerie_server::{
    clock::random_u128,
    store::{
        Engine,
        documents::{self, StoredPush},
        feed::{self, FeedKind},
        outbox::{self, OutboxRow, Progress, Stage},
        raw_events::{self, RawEvent},
        timers::{self, TimerRecord},
        windows,
    },
};
use causerie_shared::{
    conversation::transition::Event,
    document::DocumentId,
    ids::{AccountId, ConversationId, IntentId, MessageId, TimerId},
    timer::TimerKind,
    window::{Folder, List},
};

#[tokio::test(flavor = "multi_thread")]
async fn feed_numbers_have_no_gaps_and_follow_the_commits() {
    let (_folder, stores) = common::stores().await;
    for store in stores {
        let mut tasks = tokio::task::JoinSet::new();
        for writer in 0..20 {
            let store = store.clone();
            tasks.spawn(async move {
                let mut tx = store.begin_ordered().await.unwrap();
                let entry = feed::append(&mut tx, FeedKind::User, format!("u{writer}"), None, None)
                    .await
                    .unwrap();
                // Every third transaction is rolled back and must leave no gap.
                if writer % 3 == 0 {
                    tx.rollback().await.unwrap();
                    return None;
                }
                tx.commit().await.unwrap();
                Some(entry.seq)
            });
        }
        let mut given: Vec<i64> = tasks.join_all().await.into_iter().flatten().collect();
        given.sort_unstable();
        assert_eq!(given, (1..=13).collect::<Vec<_>>());
        let mut db = store.read().await.unwrap();
        let stored: Vec<i64> = feed::after(&mut db, 4, 100)
            .await
            .unwrap()
            .iter()
            .map(|entry| entry.seq)
            .collect();
        assert_eq!(stored, (5..=13).collect::<Vec<_>>());
        assert_eq!(feed::newest(&mut db).await.unwrap(), 13);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_database_refuses_is_not_tried_again_and_what_it_cannot_do_now_is() {
    let (_folder, stores) = common::stores().await;
    for store in stores {
        let event = RawEvent {
            id: "1".to_owned(),
            account: AccountId::from_u128(random_u128()),
            body: b"{}".to_vec(),
            received_at: 1,
        };
        let mut tx = store.begin_ordered().await.unwrap();
        // Without its account, or a second time.
        let once = raw_events::insert(&mut tx, &event).await;
        let twice = raw_events::insert(&mut tx, &event).await;
        let refused = once.err().or(twice.err()).expect("the database refuses one of them");
        assert!(!refused.may_pass(), "{refused}");
        drop(tx);
        store.close().await;
        let gone = store.read().await.expect_err("it is closed");
        assert!(gone.may_pass(), "{gone}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_is_stored_once_and_in_its_place() {
    let (_folder, stores) = common::stores().await;
    for store in stores {
        let document = DocumentId::Timeline(ConversationId::from_u128(random_u128()), 1);
        let intent = IntentId::from_u128(random_u128());
        let push = StoredPush {
            seq: 1,
            intent,
            changes: vec![vec![1, 2, 3], vec![0, 255]],
        };
        let mut tx = store.begin_ordered().await.unwrap();
        assert_eq!(documents::ensure(&mut tx, document).await.unwrap().seq, 0);
        assert!(documents::advance(&mut tx, document, 1, 0, 9).await.unwrap());
        assert!(
            !documents::advance(&mut tx, document, 1, 0, 9).await.unwrap(),
            "a stale copy does not get a number"
        );
        assert!(
            !documents::advance(&mut tx, document, 2, 1, 9).await.unwrap(),
            "nor does another epoch"
        );
        documents::insert_push(&mut tx, document, 1, &push).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.begin_ordered().await.unwrap();
        let twice = StoredPush { seq: 2, ..push.clone() };
        assert!(
            documents::insert_push(&mut tx, document, 1, &twice)
                .await
                .unwrap_err()
                .is_duplicate()
        );
        drop(tx);
        let mut db = store.read().await.unwrap();
        assert_eq!(
            documents::pushes_after(&mut db, document, 1, 0).await.unwrap(),
            std::slice::from_ref(&push)
        );
        assert_eq!(
            documents::past_of(&mut db, document, intent).await.unwrap(),
            Some(documents::Past::Stored(push))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_is_replaced_by_its_kind_and_taken_once() {
    let (_folder, stores) = common::stores().await;
    for store in stores {
        let timer = |due| TimerRecord {
            id: TimerId::from_u128(random_u128()),
            kind: TimerKind::Queue,
            subject: "chat".into(),
            fence: 1,
            due,
        };
        let (first, second) = (timer(10), timer(20));
        let mut tx = store.begin_ordered().await.unwrap();
        timers::set(&mut tx, &first).await.unwrap();
        timers::set(&mut tx, &second).await.unwrap();
        tx.commit().await.unwrap();
        let mut db = store.read().await.unwrap();
        assert_eq!(timers::next_due(&mut db, store.engine(), 1).await.unwrap(), Some(20));
        assert!(timers::due(&mut db, 19, 10).await.unwrap().is_empty());
        assert_eq!(
            timers::due(&mut db, 20, 10).await.unwrap(),
            std::slice::from_ref(&second)
        );
        drop(db);
        let mut tx = store.begin_ordered().await.unwrap();
        assert!(!timers::take(&mut tx, &first).await.unwrap(), "it was replaced");
        assert!(timers::take(&mut tx, &second).await.unwrap());
        assert!(!timers::take(&mut tx, &second).await.unwrap());
        tx.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_share_the_timers_that_are_due() {
    let (_folder, stores) = common::stores().await;
    // SQLite has only one node.
    for store in stores.into_iter().filter(|store| store.engine() == Engine::Postgres) {
        let mut tx = store.begin_ordered().await.unwrap();
        let mut set = vec![];
        for n in 0..6 {
            let timer = TimerRecord {
                id: TimerId::from_u128(random_u128()),
                kind: TimerKind::Queue,
                subject: format!("chat {n}"),
                fence: 1,
                due: n,
            };
            timers::set(&mut tx, &timer).await.unwrap();
            set.push(timer);
        }
        tx.commit().await.unwrap();
        let mut db = store.read().await.unwrap();
        let engine = store.engine();
        let (first, second) = (
            store.node_session(1).await.unwrap(),
            store.node_session(2).await.unwrap(),
        );
        assert_eq!(timers::claim(&mut db, engine, 1, 100, 2).await.unwrap(), set[..2]);
        // A row that a transaction is about to remove is skipped without waiting.
        let mut tx = store.begin_ordered().await.unwrap();
        assert!(timers::take(&mut tx, &set[2]).await.unwrap());
        assert_eq!(timers::claim(&mut db, engine, 2, 100, 2).await.unwrap(), set[3..5]);
        tx.rollback().await.unwrap();
        // A node whose round failed claims its own timers again.
        assert_eq!(timers::claim(&mut db, engine, 1, 100, 2).await.unwrap(), set[..2]);
        assert_eq!(timers::claim(&mut db, engine, 2, 4, 10).await.unwrap(), set[2..5]);
        assert_eq!(
            timers::next_due(&mut db, engine, 1).await.unwrap(),
            Some(0),
            "its own are still to be run"
        );
        assert_eq!(timers::next_due(&mut db, engine, 2).await.unwrap(), Some(2));
        assert_eq!(
            timers::next_due(&mut db, engine, 3).await.unwrap(),
            Some(5),
            "what others run is not waited for"
        );
        // A timer that is set again has no owner.
        let anew = TimerRecord {
            id: TimerId::from_u128(random_u128()),
            due: 50,
            ..set[3].clone()
        };
        let mut tx = store.begin_ordered().await.unwrap();
        timers::set(&mut tx, &anew).await.unwrap();
        tx.commit().await.unwrap();
        drop(first);
        // The timers of a dead node are free as soon as its session with the database has ended.
        let expected = vec![set[0].clone(), set[1].clone(), set[5].clone(), anew];
        let taken = common::eventually(|| async {
            let mut db = store.read().await.unwrap();
            let free = timers::next_due(&mut db, engine, 3).await.unwrap();
            (free == Some(0)).then_some(())
        });
        taken.await.expect("the dead node's timers are free");
        assert_eq!(timers::claim(&mut db, engine, 3, 100, 10).await.unwrap(), expected);
        drop(second);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_in_sql_hold_what_the_shared_rule_says_in_its_order() {
    for world in common::worlds().await {
        let (ana, ben) = (world.demo.ana, world.demo.ben);
        world.connect(ben).await;
        let mut chats = vec![];
        for n in 0..6 {
            world.advance(1);
            chats.push(world.order(&format!("o{n}"), "Hello").await);
        }
        let offer = world.ask("a1", "Hello").await;
        world
            .until(offer, "an offer", |head| head.state.agent().is_some())
            .await;
        for (user, chat) in [(ana, chats[0]), (ana, chats[1]), (ben, chats[2])] {
            let access = world.access(user).await;
            causerie_server::conversations::claim::act(&world.app, &access, chat, Event::Start, None)
                .await
                .unwrap();
        }
        let access = world.access(ana).await;
        causerie_server::conversations::claim::act(&world.app, &access, chats[0], Event::End, None)
            .await
            .unwrap();
        chats.push(offer);
        for user in [ana, ben] {
            let access = world.access(user).await;
            let mut db = world.app.store.read().await.unwrap();
            let counts = windows::counts(&mut db, &access).await.unwrap();
            for folder in Folder::ALL {
                let mut expected = vec![];
                for chat in &chats {
                    let head = world.head(*chat).await;
                    let inbox = causerie_server::store::places::inbox(&mut db, head.inbox)
                        .await
                        .unwrap()
                        .unwrap();
                    if folder.holds(&access, inbox.rules.mode, &head) {
                        expected.push((folder.key(&head), head.id));
                    }
                }
                expected.sort();
                let expected: Vec<_> = expected.into_iter().map(|(_, id)| id).collect();
                let (heads, total) = windows::window(&mut db, &access, &List::of(folder), 0, 100, 0)
                    .await
                    .unwrap();
                assert_eq!(
                    heads.iter().map(|head| head.id).collect::<Vec<_>>(),
                    expected,
                    "{folder:?}"
                );
                assert_eq!(total as usize, expected.len());
                assert_eq!(counts.of(folder) as usize, expected.len());
            }
            let (page, total) = windows::window(&mut db, &access, &List::of(Folder::Queue), 1, 3, 0)
                .await
                .unwrap();
            assert_eq!((page.len(), total), (2, 3));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_a_week_ago_is_forgotten_and_what_failed_waits_for_a_person() {
    for world in common::worlds().await {
        let chat = world.ask("v", "Hello").await;
        let mut tx = world.app.store.begin_ordered().await.unwrap();
        let mut kept = vec![];
        for (stage, age) in [
            (Stage::Settled, 10),
            (Stage::Settled, 9),
            (Stage::Settled, 1),
            (Stage::Waiting, 10),
            (Stage::Sending, 10),
            (Stage::Unconfirmed, 10),
            (Stage::Failed, 10),
        ] {
            let row = OutboxRow {
                message: MessageId::from_u128(random_u128()),
                account: world.demo.advice.row.id,
                conversation: chat,
                position: 1,
                stage,
                attempts: 1,
                due: common::START - age,
                fence: 1,
                progress: Progress::default(),
            };
            outbox::insert(&mut tx, &row).await.unwrap();
            kept.push((stage, age, row.message));
        }
        let before = common::START - 5;
        assert_eq!(outbox::trim(&mut tx, before, 1).await.unwrap(), 1, "a batch at a time");
        assert_eq!(outbox::trim(&mut tx, before, 10).await.unwrap(), 1);
        assert_eq!(outbox::trim(&mut tx, before, 10).await.unwrap(), 0);
        for (stage, age, message) in kept {
            let is_there = outbox::get(&mut tx, message).await.unwrap().is_some();
            assert_eq!(is_there, stage != Stage::Settled || age == 1, "{stage:?}, {age}");
        }
    }
}
