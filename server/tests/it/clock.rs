//! Timers: queues that overflow, business hours, inactivity, and the end of the undo window; each also with a restart
//! of the server in the middle.

use crate::common::{self, World, worlds};
use causerie_server::{
    conversations::closing,
    presence,
    store::{messages, places, timers},
};
use causerie_shared::{
    api::settings::InboxSettings,
    conversation::{EndReason, FailReason, State, Status, transition::Event},
    ids::{ConversationId, InboxId},
    inbox::{
        Channel, InboxRow, Mode, Rules,
        hours::{DAY, Hours, Interval},
        inactivity::{Inactivity, TimeOut},
    },
    message::Author,
    refusal::Code,
    timer::TimerKind,
};

const HOUR: u64 = 3600;

/// Creates a broadcast inbox that overflows into `overflow`.
async fn broadcast(world: &World, overflow: Option<InboxId>) -> InboxId {
    let inbox = InboxRow {
        id: InboxId::new(common::START, 77),
        name: "Second line".into(),
        rules: Rules {
            mode: Mode::Broadcast,
            overflow,
            ..Rules::default()
        },
        members: vec![],
    };
    let mut tx = world.app.store.begin_ordered().await.unwrap();
    places::insert_inbox(&mut tx, &inbox).await.unwrap();
    tx.commit().await.unwrap();
    inbox.id
}

fn rule(minutes: u32, action: TimeOut) -> impl FnOnce(&mut InboxSettings) {
    let rule = Inactivity {
        minutes,
        action,
        message: "Are you still there?".into(),
    };
    move |inbox| inbox.inactivity = Some(rule)
}

/// Business hours from `from` to `to` (minutes of the day, UTC) on every day.
fn open(from: u16, to: u16) -> impl FnOnce(&mut InboxSettings) {
    let hours = Hours {
        zone: "UTC".into(),
        week: std::array::from_fn(|_| vec![Interval { from, to }]),
        exceptions: vec![],
    };
    move |inbox| inbox.hours = Some(hours)
}

/// The minute of the day at which the tests begin: 08:53 UTC.
fn minute() -> u16 {
    ((common::START / 60_000) % i64::from(DAY)) as u16
}

async fn said_by_system(world: &World, chat: ConversationId) -> Vec<String> {
    let mut db = world.app.store.read().await.unwrap();
    let all = messages::after(&mut db, chat, 0).await.unwrap();
    let mine = all.into_iter().filter(|message| message.row.author == Author::System);
    mine.map(|message| message.body).collect()
}

async fn due(world: &World, kind: TimerKind, chat: ConversationId) -> Option<i64> {
    let mut db = world.app.store.read().await.unwrap();
    timers::due_of(&mut db, kind, &chat.to_string()).await.unwrap()
}

fn overdue(state: &State) -> bool {
    matches!(state, State::Waiting { overdue: true, .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_is_over_overflows_and_a_circle_of_inboxes_ends() {
    for mut world in worlds().await {
        let orders = world.demo.orders.row.inbox;
        let second = broadcast(&world, Some(orders)).await;
        world
            .configure(orders, |inbox| inbox.rules.overflow = Some(second))
            .await;
        let chat = world.order("v1", "Hello").await;
        world.advance(60);
        world.restart().await;
        world.pass(61).await;
        let head = world.head(chat).await;
        assert_eq!((head.inbox, head.state.status()), (second, Status::Waiting));
        assert_eq!(head.ring.map(|ring| ring.due), Some(head.waiting_since + 120_000));
        world.pass(121).await;
        let head = world.head(chat).await;
        assert_eq!(head.inbox, second, "an inbox that had it does not get it again");
        assert_eq!(head.state.status(), Status::Failed);
        assert_eq!(world.causes(chat).await, ["begin", "transfer_to_inbox", "queue_over"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_messaging_channel_keeps_a_chat_waiting_and_marks_it() {
    for world in worlds().await {
        let mut account = world.demo.orders.clone();
        account.row.id = causerie_shared::ids::AccountId::from_u128(9);
        account.row.channel = Channel::Whatsapp;
        account.key = "whatsapp".into();
        let mut tx = world.app.store.begin_ordered().await.unwrap();
        places::insert_account(&mut tx, &account).await.unwrap();
        tx.commit().await.unwrap();
        let chat = world.write(&account, "v1", "m1", "Hello").await.conversation;
        world.pass(121).await;
        assert!(overdue(&world.head(chat).await.state));
        // The channel's window of a day closes before the inactivity time ends, so the message is not sent, and an
        // event records that.
        let orders = world.demo.orders.row.inbox;
        world.configure(orders, rule(25 * 60, TimeOut::SendAndClose)).await;
        world.act(world.demo.ana, chat, Event::Start).await.unwrap();
        world.reply(world.demo.ana, chat, "One moment").await;
        world.pass(25 * HOUR).await;
        let causes = world.causes(chat).await;
        assert_eq!(causes[causes.len() - 2..], ["not_reminded", "inactive"]);
        assert_eq!(said_by_system(&world, chat).await, [""; 0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_business_hours_nothing_is_offered_until_the_inbox_opens() {
    for mut world in worlds().await {
        let advice = world.demo.advice.row.inbox;
        world.configure(advice, open(minute() + 10, DAY)).await;
        world.connect(world.demo.ana).await;
        let chat = world.ask("v1", "Hello").await;
        let head = world.head(chat).await;
        assert!(matches!(head.state, State::Waiting { offline: true, .. }));
        world.advance(300);
        world.restart().await;
        world.connect(world.demo.ana).await;
        world.pass(200).await;
        assert_eq!(world.head(chat).await.state.status(), Status::Waiting, "still closed");
        world.pass(101).await;
        world.until_offered(chat, world.demo.ana).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_when_the_inbox_closes_leaves_a_message_that_no_timer_ends() {
    for mut world in worlds().await {
        let orders = world.demo.orders.row.inbox;
        world.configure(orders, open(0, minute() + 1)).await;
        let chat = world.order("v1", "Hello").await;
        assert!(world.head(chat).await.ring.is_some(), "the queue timer runs");
        world.restart().await;
        world.pass(61).await;
        let head = world.head(chat).await;
        assert!(matches!(head.state, State::Waiting { offline: true, .. }));
        assert_eq!(head.ring, None);
        assert_eq!(world.causes(chat).await, ["begin", "hours_over"]);
        world.pass(3 * 24 * HOUR).await;
        assert_eq!(world.head(chat).await.state.status(), Status::Waiting);
        // An agent may still do what the timers do not.
        world.act(world.demo.ana, chat, Event::Start).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rule_speaks_once_in_a_silence_and_only_people_end_it() {
    for mut world in worlds().await {
        let (ana, orders) = (world.demo.ana, world.demo.orders.row.inbox);
        world.configure(orders, rule(10, TimeOut::Send)).await;
        let chat = world.start(ana, "v1").await;
        world.pass(30 * 60).await;
        assert_eq!(said_by_system(&world, chat).await, [""; 0], "the agent owes the answer");
        world.reply(ana, chat, "Which size?").await;
        world.pass(9 * 60).await;
        assert_eq!(said_by_system(&world, chat).await, [""; 0]);
        world.restart().await;
        world.pass(61).await;
        assert_eq!(said_by_system(&world, chat).await, ["Are you still there?"]);
        let head = world.head(chat).await;
        assert_eq!(head.preview.map(|preview| preview.author), Some(Author::System));
        world.reply(ana, chat, "Hello?").await;
        world.pass(60 * 60).await;
        assert_eq!(said_by_system(&world, chat).await.len(), 1, "once");
        world.order("v1", "Large, please").await;
        world.reply(ana, chat, "Thank you").await;
        world.pass(21 * 60).await;
        assert_eq!(said_by_system(&world, chat).await.len(), 2, "a new silence");
        assert_eq!(world.head(chat).await.state.status(), Status::Assigned);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rule_closes_counted_from_the_agents_last_message_also_when_switched_on_later() {
    for mut world in worlds().await {
        let (ana, orders) = (world.demo.ana, world.demo.orders.row.inbox);
        let chat = world.start(ana, "v1").await;
        world.reply(ana, chat, "Which size?").await;
        world.pass(4 * 60).await;
        world.configure(orders, rule(10, TimeOut::SendAndClose)).await;
        assert_eq!(
            due(&world, TimerKind::Silence, chat).await,
            None,
            "the hour is replaced"
        );
        world.restart().await;
        world.pass(6 * 60 + 1).await;
        let head = world.head(chat).await;
        assert!(matches!(
            head.state,
            State::Ended {
                reason: EndReason::Inactivity,
                by: None,
                ..
            }
        ));
        assert!(!closing::is_pending(&head), "nobody can undo it");
        assert_eq!(said_by_system(&world, chat).await, ["Are you still there?"]);
        let other = world.start(ana, "v2").await;
        world.reply(ana, other, "Hello").await;
        world.configure(orders, |inbox| inbox.inactivity = None).await;
        world.pass(59 * 60).await;
        assert_eq!(world.head(other).await.state.status(), Status::Assigned, "off again");
        world.pass(61).await;
        assert_eq!(world.head(other).await.state.status(), Status::Ended);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_and_six_hours_of_silence_complete_a_chat_and_messages_put_them_off() {
    for mut world in worlds().await {
        let ana = world.demo.ana;
        let mine = world.start(ana, "v1").await;
        let waiting = world.ask("v2", "Hello").await;
        world.pass(40 * 60).await;
        world.reply(ana, mine, "One moment").await;
        world.restart().await;
        world.pass(40 * 60).await;
        assert_eq!(world.head(mine).await.state.status(), Status::Assigned);
        world.order("v1", "No hurry").await;
        world.pass(59 * 60).await;
        assert_eq!(world.head(mine).await.state.status(), Status::Assigned);
        world.pass(61).await;
        assert_eq!(world.head(mine).await.state.status(), Status::Ended);
        assert_eq!(world.user(ana).await.load, 0);
        world.ask("v2", "Anyone?").await;
        world.restart().await;
        world.pass(6 * HOUR - 60).await;
        assert_eq!(world.head(waiting).await.state.status(), Status::Waiting);
        world.pass(61).await;
        assert_eq!(world.head(waiting).await.state.status(), Status::Ended);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_is_undone_while_there_is_room_and_told_to_the_visitor_afterwards() {
    for mut world in worlds().await {
        let ana = world.demo.ana;
        let chat = world.start(ana, "v1").await;
        world.act(ana, chat, Event::End).await.unwrap();
        assert!(closing::is_pending(&world.head(chat).await));
        assert_eq!(world.act(world.demo.ben, chat, Event::Undo).await, Err(Code::Closed));
        world.act(ana, chat, Event::Undo).await.unwrap();
        assert_eq!(world.head(chat).await.state.agent(), Some(ana));
        world.pass(11).await;
        assert_eq!(
            world.head(chat).await.state.status(),
            Status::Assigned,
            "nothing is left of the end"
        );
        // A new chat takes the free place.
        for visitor in ["v2", "v3"] {
            world.start(ana, visitor).await;
        }
        world.act(ana, chat, Event::End).await.unwrap();
        world.start(ana, "v4").await;
        assert_eq!(world.act(ana, chat, Event::Undo).await, Err(Code::Capacity));
        world.advance(5);
        world.restart().await;
        world.pass(6).await;
        assert!(!closing::is_pending(&world.head(chat).await));
        assert_eq!(world.causes(chat).await.last().unwrap(), "closed");
        assert_eq!(world.act(ana, chat, Event::Undo).await, Err(Code::Closed));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_writes_before_the_end_was_told_begins_a_new_chat_and_the_end_stands() {
    for world in worlds().await {
        let ana = world.demo.ana;
        let chat = world.start(ana, "v1").await;
        world.act(ana, chat, Event::End).await.unwrap();
        let next = world.order("v1", "One more thing").await;
        assert_ne!(next, chat);
        assert!(!closing::is_pending(&world.head(chat).await));
        assert_eq!(world.act(ana, chat, Event::Undo).await, Err(Code::Closed));
        world.pass(11).await;
        assert_eq!(world.causes(chat).await, ["begin", "start", "end", "closed"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_the_middle_of_an_offer_a_round_or_a_grace_changes_nothing() {
    for mut world in worlds().await {
        let ana = world.demo.ana;
        world.connect(ana).await;
        let chat = world.ask("v1", "Hello").await;
        world.until_offered(chat, ana).await;
        world.advance(20);
        world.restart().await;
        world.connect(ana).await;
        world.pass(11).await;
        world
            .until(chat, "the return", |head| head.state.status() == Status::Waiting)
            .await;
        let round = common::eventually(|| async { due(&world, TimerKind::Round, chat).await });
        assert!(round.await.is_some(), "she was the only one to be asked");
        presence::disconnected(&world.app, ana).await.unwrap();
        world.advance(20);
        world.restart().await;
        world.pass(31).await;
        let gone = common::eventually(|| async { (!world.user(ana).await.connected).then_some(()) });
        assert!(gone.await.is_some(), "the time to come back is over");
        world.pass(120).await;
        world.connect(ana).await;
        world.until_offered(chat, ana).await;
        assert!(!matches!(
            world.head(chat).await.state,
            State::Failed {
                reason: FailReason::Missed,
                ..
            }
        ));
    }
}
