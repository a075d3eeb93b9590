//! Transfers between agents, and changes of settings and users while chats are active.

use crate::common::{self, World, code, eventually, offered_to, worlds};
use causerie_server::{
    commit_events::CommitEvents,
    conversations::assign,
    presence,
    settings::members,
    store::{OrderedTx, places, timers},
};
use causerie_shared::{
    api::settings::InboxSettings,
    conversation::{
        State, Status,
        transition::{Actor, Event},
    },
    ids::{ConversationId, InboxId, UserId},
    inbox::{Member, Mode},
    refusal::{Code, Refusal},
    timer::TimerKind,
    user::Availability,
};

async fn give(world: &World, by: UserId, chat: ConversationId, to: UserId) -> Result<(), Code> {
    let access = world.access(by).await;
    code(assign::to_agent(&world.app, &access, chat, to, None).await)
}

async fn hand_over(world: &World, by: UserId, chat: ConversationId, to: InboxId) -> Result<(), Code> {
    let access = world.access(by).await;
    code(assign::to_inbox(&world.app, &access, chat, to, None).await)
}

/// Creates a chat of Ana's with a transfer request to Ben.
async fn asked(world: &World, visitor: &str) -> ConversationId {
    let (ana, ben) = (world.demo.ana, world.demo.ben);
    world.connect(ben).await;
    let chat = world.start(ana, visitor).await;
    give(world, ana, chat, ben).await.unwrap();
    assert_eq!(world.user(ben).await.load, 1, "the request reserves a place");
    chat
}

/// Waits until Ana has the chat as before and Ben's load is released.
async fn stays(world: &World, chat: ConversationId) {
    let head = world
        .until(chat, "the return", |head| head.state.status() == Status::Assigned)
        .await;
    assert_eq!(head.state.agent(), Some(world.demo.ana));
    assert_eq!(
        (
            world.user(world.demo.ana).await.load,
            world.user(world.demo.ben).await.load
        ),
        (1, 0)
    );
}

async fn reads(world: &World, user: UserId, chat: ConversationId) -> bool {
    let access = world.access(user).await;
    let mut db = world.app.store.read().await.unwrap();
    let head = causerie_server::access::readable(&mut db, &access, chat).await.unwrap();
    head.is_some()
}

async fn write(world: &World, change: impl AsyncFnOnce(&mut OrderedTx, &mut CommitEvents)) {
    let mut tx = world.app.store.begin_ordered().await.unwrap();
    let mut events = CommitEvents::default();
    change(&mut tx, &mut events).await;
    tx.commit().await.unwrap();
    causerie_server::commit_events::publish(&world.app, events);
}

fn mode(mode: Mode) -> impl FnOnce(&mut InboxSettings) {
    move |inbox| inbox.rules.mode = mode
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_is_accepted_rejected_cancelled_or_expires() {
    for mut world in worlds().await {
        let (ana, ben, sup) = (world.demo.ana, world.demo.ben, world.who("sup").await);
        let chat = asked(&world, "v1").await;
        world.reply(ana, chat, "A colleague will help you").await;
        world.act(ben, chat, Event::Decline).await.unwrap();
        stays(&world, chat).await;

        give(&world, ana, chat, ben).await.unwrap();
        assert_eq!(world.act(ben, chat, Event::CancelTransfer).await, Err(Code::Forbidden));
        world.act(ana, chat, Event::CancelTransfer).await.unwrap();
        stays(&world, chat).await;
        assert_eq!(
            world.act(ben, chat, Event::Accept).await,
            Err(Code::Conflict),
            "told that it is too late"
        );

        give(&world, sup, chat, ben).await.unwrap();
        assert_eq!(give(&world, ana, chat, ben).await, Err(Code::Conflict), "asked already");
        world.act(sup, chat, Event::CancelTransfer).await.unwrap();
        stays(&world, chat).await;

        give(&world, ana, chat, ben).await.unwrap();
        world.advance(15);
        world.restart().await;
        world.connect(ben).await;
        world.pass(16).await;
        stays(&world, chat).await;

        give(&world, ana, chat, ben).await.unwrap();
        world.act(ben, chat, Event::Accept).await.unwrap();
        assert_eq!(world.head(chat).await.state.agent(), Some(ben));
        assert_eq!((world.user(ana).await.load, world.user(ben).await.load), (0, 1));
        assert!(!reads(&world, ana, chat).await, "it is his alone");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_comes_back_when_its_receiver_goes_and_stays_when_its_sender_does() {
    for world in worlds().await {
        let (ana, ben) = (world.demo.ana, world.demo.ben);
        let chat = asked(&world, "v1").await;
        world.connect(ana).await;
        presence::disconnected(&world.app, ana).await.unwrap();
        world.pass(29).await;
        assert_eq!(world.head(chat).await.state.status(), Status::Transferring);
        world.act(ben, chat, Event::Decline).await.unwrap();

        give(&world, ana, chat, ben).await.unwrap();
        presence::declare(&world.app, ben, Availability::Busy).await.unwrap();
        stays(&world, chat).await;
        assert_eq!(give(&world, ana, chat, ben).await, Err(Code::Away), "busy");

        presence::declare(&world.app, ben, Availability::Available)
            .await
            .unwrap();
        give(&world, ana, chat, ben).await.unwrap();
        presence::disconnected(&world.app, ben).await.unwrap();
        world.pass(31).await;
        stays(&world, chat).await;
        let gone = eventually(|| async { (!world.user(ben).await.connected).then_some(()) });
        assert!(gone.await.is_some());
        assert_eq!(give(&world, ana, chat, ben).await, Err(Code::Away), "disconnected");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_without_room_is_named_with_the_numbers_and_nothing_changes() {
    for world in worlds().await {
        let (ana, ben) = (world.demo.ana, world.demo.ben);
        world.connect(ben).await;
        for n in 0..3 {
            world.start(ben, &format!("v{n}")).await;
        }
        let chat = world.start(ana, "v9").await;
        let access = world.access(ana).await;
        let version = world.head(chat).await.version;
        let refused = assign::to_agent(&world.app, &access, chat, ben, Some(version)).await;
        let Refusal {
            code, name, numbers, ..
        } = refused.unwrap_err().into_refusal();
        assert_eq!(
            (code, name.as_deref(), numbers),
            (Code::Capacity, Some("Ben Castro"), Some((3, 3)))
        );
        stays_at(&world, chat, ana, 3).await;
        let stale = assign::to_agent(&world.app, &access, chat, ben, Some(version - 1)).await;
        assert_eq!(common::code(stale), Err(Code::Conflict));
        assert_eq!(
            give(&world, ana, chat, UserId::from_u128(404)).await,
            Err(Code::NotFound)
        );
        assert_eq!(
            give(&world, ana, ConversationId::from_u128(404), ben).await,
            Err(Code::NotFound)
        );
        assert_eq!(
            hand_over(&world, ana, chat, InboxId::from_u128(404)).await,
            Err(Code::NotFound)
        );
        assert_eq!(
            give(&world, ana, chat, world.who("owner").await).await,
            Err(Code::Invalid),
            "no member"
        );
        world.act(ana, chat, Event::End).await.unwrap();
        assert_eq!(
            give(&world, ana, chat, ben).await,
            Err(Code::Closed),
            "it has ended meanwhile"
        );
    }
}

async fn stays_at(world: &World, chat: ConversationId, agent: UserId, bens: u32) {
    assert_eq!(world.head(chat).await.state.agent(), Some(agent));
    assert_eq!(world.head(chat).await.state.status(), Status::Assigned);
    assert_eq!(world.user(world.demo.ben).await.load, bens);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_chat_withdraws_the_request() {
    for world in worlds().await {
        let chat = asked(&world, "v1").await;
        world.act(world.demo.ana, chat, Event::End).await.unwrap();
        assert_eq!(
            (
                world.user(world.demo.ana).await.load,
                world.user(world.demo.ben).await.load
            ),
            (0, 0)
        );
        assert_eq!(world.act(world.demo.ben, chat, Event::Accept).await, Err(Code::Closed));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_inbox_gets_the_chat_and_its_visibility_at_once() {
    for world in worlds().await {
        let (ana, ben) = (world.demo.ana, world.demo.ben);
        let (advice, orders) = (world.demo.advice.row.inbox, world.demo.orders.row.inbox);
        // Ben belongs to the second inbox only.
        members::set(&world.app, advice, &[Member { user: ben, capacity: 3 }])
            .await
            .unwrap();
        members::set(&world.app, orders, &[Member { user: ana, capacity: 3 }])
            .await
            .unwrap();
        let chat = world.start(ana, "v1").await;
        let before = world.head(chat).await.seq;
        assert_eq!(
            hand_over(&world, ana, chat, orders).await,
            Err(Code::Invalid),
            "it is there"
        );
        hand_over(&world, ana, chat, advice).await.unwrap();
        assert_eq!(world.user(ana).await.load, 0);
        assert!(!reads(&world, ana, chat).await);
        // One feed entry moves the chat from its former readers to its new ones.
        let mut db = world.app.store.read().await.unwrap();
        let entries = causerie_server::store::feed::after(&mut db, before, 100).await.unwrap();
        let entry = entries.iter().find(|entry| entry.row_id == chat.to_string()).unwrap();
        let (was, is) = (entry.before.as_ref().unwrap(), entry.after.as_ref().unwrap());
        assert_eq!((was.inbox, was.named.as_slice()), (orders, [ana].as_slice()));
        assert_eq!((is.inbox, is.members), (advice, false));
        drop(db);
        world.connect(ben).await;
        world.until_offered(chat, ben).await;
        let sup = world.who("owner").await;
        hand_over(&world, sup, chat, orders).await.unwrap();
        assert_eq!((world.head(chat).await.inbox, world.user(ben).await.load), (orders, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn supervisors_assign_move_and_withdraw_and_are_told_of_what_nobody_answers() {
    for world in worlds().await {
        let (ana, ben, sup) = (world.demo.ana, world.demo.ben, world.who("sup").await);
        let orders = world.demo.orders.row.inbox;
        world.configure(orders, mode(Mode::Manual)).await;
        world.connect(ana).await;
        world.connect(ben).await;
        let chat = world.order("v1", "Hello").await;
        assert_eq!(
            give(&world, ana, chat, ben).await,
            Err(Code::NotFound),
            "she does not see it"
        );
        give(&world, sup, chat, ana).await.unwrap();
        give(&world, sup, chat, ben).await.unwrap();
        assert_eq!(offered_to(&world.head(chat).await.state), Some(ben));
        assert_eq!((world.user(ana).await.load, world.user(ben).await.load), (0, 1));
        world.act(sup, chat, Event::Withdraw).await.unwrap();
        assert!(matches!(
            world.head(chat).await.state,
            State::Waiting { overdue: false, .. }
        ));
        give(&world, sup, chat, ben).await.unwrap();
        world.pass(31).await;
        assert!(matches!(
            world.head(chat).await.state,
            State::Waiting { overdue: true, .. }
        ));
        assert_eq!(
            world.act(ben, chat, Event::Accept).await,
            Err(Code::Conflict),
            "a late click"
        );
        give(&world, sup, chat, sup).await.unwrap();
        assert_eq!(world.head(chat).await.state.agent(), Some(sup));
        assert_eq!(world.head(chat).await.state.status(), Status::Assigned);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mode_is_switched_while_chats_wait() {
    for world in worlds().await {
        let (ana, orders) = (world.demo.ana, world.demo.orders.row.inbox);
        let chat = world.order("v1", "Hello").await;
        assert!(reads(&world, ana, chat).await);
        world.configure(orders, mode(Mode::Manual)).await;
        assert!(!reads(&world, ana, chat).await);
        assert_eq!(world.head(chat).await.ring, None);
        world.pass(600).await;
        assert_eq!(
            world.head(chat).await.state.status(),
            Status::Waiting,
            "no queue timer runs"
        );
        world.configure(orders, mode(Mode::Broadcast)).await;
        assert!(reads(&world, ana, chat).await);
        world.pass(119).await;
        assert_eq!(
            world.head(chat).await.state.status(),
            Status::Waiting,
            "the whole queue time"
        );
        world.configure(orders, mode(Mode::Auto)).await;
        world.connect(ana).await;
        world.until_offered(chat, ana).await;
        world.configure(orders, mode(Mode::Broadcast)).await;
        world.act(ana, chat, Event::Accept).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chats_of_who_is_deactivated_return_to_the_queue() {
    for world in worlds().await {
        let (ana, ben) = (world.demo.ana, world.demo.ben);
        world.connect(ana).await;
        world.connect(ben).await;
        let assigned = world.start(ben, "v1").await;
        let moving = world.start(ben, "v2").await;
        give(&world, ben, moving, ana).await.unwrap();
        let coming = world.start(ana, "v3").await;
        give(&world, ana, coming, ben).await.unwrap();
        write(&world, async |tx: &mut OrderedTx, events: &mut CommitEvents| {
            let now = world.app.clock.now();
            presence::deactivate(&mut *tx, ben, Actor::System, now, events)
                .await
                .unwrap();
        })
        .await;
        assert_eq!(world.head(assigned).await.state.status(), Status::Waiting);
        assert_eq!(world.head(moving).await.state.status(), Status::Waiting);
        assert_eq!(world.head(coming).await.state.agent(), Some(ana));
        assert_eq!((world.user(ana).await.load, world.user(ben).await.load), (1, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_goes_gives_offers_back_and_one_who_returns_has_the_places_they_use() {
    for world in worlds().await {
        let (ana, advice) = (world.demo.ana, world.demo.advice.row.inbox);
        let her = Member { user: ana, capacity: 2 };
        members::set(&world.app, advice, &[her]).await.unwrap();
        world.connect(ana).await;
        let kept = world.ask("v1", "Hello").await;
        world.until_offered(kept, ana).await;
        world.act(ana, kept, Event::Accept).await.unwrap();
        let offer = world.ask("v2", "Hello").await;
        world.until_offered(offer, ana).await;
        members::set(&world.app, advice, &[]).await.unwrap();
        assert_eq!(world.head(offer).await.state.status(), Status::Waiting);
        assert_eq!(world.head(kept).await.state.agent(), Some(ana));
        members::set(&world.app, advice, &[her]).await.unwrap();
        world.until_offered(offer, ana).await;
        let mut db = world.app.store.read().await.unwrap();
        let line = causerie_server::store::agent_load::candidates(&mut db, advice)
            .await
            .unwrap();
        assert_eq!(line[0].load.active_here, 2);
        assert!(!line[0].is_eligible());
        assert_eq!(places::memberships(&mut db, ana).await.unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn push_keeps_somebody_connected_until_an_offer_is_not_answered() {
    for world in worlds().await {
        let ana = world.demo.ana;
        let mut tx = world.app.store.begin_ordered().await.unwrap();
        sqlx::query(
            "INSERT INTO push_subscriptions (id, user_id, session_id, endpoint, p256dh, auth, device, lang, \
             created_at) VALUES ('p', $1, 's', 'https://push.test/1', 'k', 'a', 'Phone', 'en', 0)",
        )
        .bind(ana.to_string())
        .execute(&mut *tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
        world.connect(ana).await;
        presence::disconnected(&world.app, ana).await.unwrap();
        world.pass(14 * 60).await;
        assert!(world.user(ana).await.connected);
        world.pass(61).await;
        assert!(!world.user(ana).await.connected, "a quarter of an hour is over");

        world.connect(ana).await;
        presence::disconnected(&world.app, ana).await.unwrap();
        let chat = world.ask("v1", "Hello").await;
        world.until_offered(chat, ana).await;
        world.act(ana, chat, Event::Decline).await.unwrap();
        assert!(world.user(ana).await.connected, "answered");
        let round = eventually(|| async {
            let mut db = world.app.store.read().await.unwrap();
            let chat = chat.to_string();
            timers::due_of(&mut db, TimerKind::Round, &chat).await.unwrap()
        });
        assert!(round.await.is_some(), "all were asked");
        world.pass(60).await;
        world.until_offered(chat, ana).await;
        world.pass(31).await;
        assert!(!world.user(ana).await.connected, "not answered");
        assert_eq!(world.head(chat).await.state.status(), Status::Waiting);
    }
}
