//! The life of chats with the real database, dispatcher and timers, on both engines.

use crate::common::{self, eventually, offered_to, worlds};
use causerie_server::{
    conversations::{claim, lifecycle},
    presence,
    store::{agent_load, conversation_events, messages, timers},
};
use causerie_shared::{
    conversation::{
        EndReason, FailReason, State, Status,
        transition::{Actor, Event},
    },
    refusal::Code,
    timer::TimerKind,
    user::Availability,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_that_is_declined_or_expires_goes_to_the_next_agent() {
    for world in worlds().await {
        let (ana, ben) = (world.demo.ana, world.demo.ben);
        world.connect(ana).await;
        world.connect(ben).await;
        let chat = world.ask("v1", "Hello").await;
        let first = offered_to(
            &world
                .until(chat, "an offer", |h| offered_to(&h.state).is_some())
                .await
                .state,
        )
        .unwrap();
        let second = if first == ana { ben } else { ana };
        assert_eq!(
            world.act(second, chat, Event::Accept).await,
            Err(Code::NotFound),
            "a colleague's offer is invisible"
        );
        world.act(first, chat, Event::Decline).await.unwrap();
        world
            .until(chat, "the offer to the other", |h| offered_to(&h.state) == Some(second))
            .await;
        // No agent accepts: the round is over, and a new one begins after a minute.
        world.advance(31);
        let head = world
            .until(chat, "the return to the queue", |h| h.state.status() == Status::Waiting)
            .await;
        assert_eq!(head.waiting_since, common::START, "the place in the line is kept");
        // The dispatcher notices only after the return that all agents were asked. Until then, no round timer exists.
        let round = eventually(|| async {
            let mut db = world.app.store.read().await.expect("a connection");
            timers::due_of(&mut db, TimerKind::Round, &chat.to_string())
                .await
                .expect("the timers")
        });
        assert!(round.await.is_some(), "a new round is set");
        world.advance(61);
        let again = world
            .until(chat, "a new round", |h| offered_to(&h.state).is_some())
            .await;
        world
            .act(offered_to(&again.state).unwrap(), chat, Event::Accept)
            .await
            .unwrap();
        assert_eq!(world.head(chat).await.state.status(), Status::Assigned);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn capacity_holds_and_the_next_chat_comes_when_a_place_is_free() {
    for world in worlds().await {
        let ana = world.demo.ana;
        world.connect(ana).await;
        let mut chats = vec![];
        for n in 0..4 {
            chats.push(world.ask(&format!("v{n}"), "Hello").await);
            if n < 3 {
                world
                    .until(chats[n], "an offer", |h| offered_to(&h.state) == Some(ana))
                    .await;
                world.act(ana, chats[n], Event::Accept).await.unwrap();
            }
        }
        assert_eq!(world.user(ana).await.load, 3);
        assert_eq!(world.head(chats[3]).await.state.status(), Status::Waiting);
        // The limit also holds in the broadcast inbox, with a refusal.
        let order = world.order("v9", "Hello").await;
        assert_eq!(world.act(ana, order, Event::Start).await, Err(Code::Capacity));
        assert_eq!(
            world.head(order).await.state.status(),
            Status::Waiting,
            "a refusal changes nothing"
        );
        world.act(ana, chats[0], Event::End).await.unwrap();
        world
            .until(chats[3], "the waiting chat's offer", |h| {
                offered_to(&h.state) == Some(ana)
            })
            .await;
        assert_eq!(world.user(ana).await.load, 3, "an offer takes a place");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_starts_a_chat_and_the_others_learn_who() {
    for world in worlds().await {
        let chat = world.order("v1", "Hello").await;
        let (ana, ben) = (world.demo.ana, world.demo.ben);
        let (one, two) = tokio::join!(world.act(ana, chat, Event::Start), world.act(ben, chat, Event::Start));
        assert_eq!([one, two].iter().filter(|result| result.is_ok()).count(), 1);
        assert!([one, two].contains(&Err(Code::Taken)));
        assert_eq!(world.user(ana).await.load + world.user(ben).await.load, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_chats_race_for_an_agents_last_place() {
    for world in worlds().await {
        let ana = world.demo.ana;
        let mut chats = vec![];
        for n in 0..8 {
            chats.push(world.order(&format!("v{n}"), "Hello").await);
        }
        let access = world.access(ana).await;
        let mut tasks = tokio::task::JoinSet::new();
        for chat in chats {
            let (app, access) = (world.app.clone(), access.clone());
            tasks.spawn(async move { claim::act(&app, &access, chat, Event::Start, None).await.is_ok() });
        }
        let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 3);
        assert_eq!(world.user(ana).await.load, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_nobody_starts_is_missed_and_a_message_can_be_left() {
    for world in worlds().await {
        let chat = world.order("v1", "Hello").await;
        world.advance(119);
        assert_eq!(world.head(chat).await.state.status(), Status::Waiting);
        world.advance(2);
        let head = world
            .until(chat, "the miss", |h| h.state.status() == Status::Failed)
            .await;
        assert!(matches!(
            head.state,
            State::Failed {
                reason: FailReason::Missed,
                ..
            }
        ));
        let left = world.order("v1", "Please write to me").await;
        assert_ne!(left, chat, "a final chat is not written to");
        assert!(matches!(
            world.head(left).await.state,
            State::Waiting { offline: true, .. }
        ));
        world.advance(1000);
        assert_eq!(world.head(left).await.ring, None, "no queue timer runs");
        world.act(world.demo.ana, left, Event::Start).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn busy_or_gone_gives_the_offer_back_and_keeps_accepted_chats() {
    for world in worlds().await {
        let (ana, ben) = (world.demo.ana, world.demo.ben);
        world.connect(ana).await;
        let mine = world.ask("v1", "Hello").await;
        world
            .until(mine, "an offer", |h| offered_to(&h.state) == Some(ana))
            .await;
        world.act(ana, mine, Event::Accept).await.unwrap();
        let offer = world.ask("v2", "Hello").await;
        world
            .until(offer, "an offer", |h| offered_to(&h.state) == Some(ana))
            .await;
        presence::declare(&world.app, ana, Availability::Busy).await.unwrap();
        assert_eq!(world.head(offer).await.state.status(), Status::Waiting);
        world.connect(ben).await;
        world
            .until(offer, "the offer to Ben", |h| offered_to(&h.state) == Some(ben))
            .await;
        // Ben's last socket closes, which begins the grace period of 30 s.
        presence::disconnected(&world.app, ben).await.unwrap();
        world.advance(29);
        assert_eq!(offered_to(&world.head(offer).await.state), Some(ben));
        world.advance(2);
        world
            .until(offer, "the return", |h| h.state.status() == Status::Waiting)
            .await;
        common::eventually(|| async { (!world.user(ben).await.connected).then_some(()) })
            .await
            .expect("disconnected");
        assert_eq!(
            world.head(mine).await.state.agent(),
            Some(ana),
            "what was accepted stays"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_sent_twice_is_stored_once_and_a_burst_opens_one_chat() {
    for world in worlds().await {
        let account = &world.demo.orders;
        let (a, b, c) = tokio::join!(
            world.write(account, "v1", "m1", "Hello"),
            world.write(account, "v1", "m1", "Hello"),
            world.write(account, "v1", "m2", "Anyone?"),
        );
        assert_eq!(a, b);
        assert_eq!(a.conversation, c.conversation);
        assert_ne!(a.position, c.position);
        assert_eq!(world.write(account, "v1", "m1", "Hello").await, a, "also much later");
        let head = world.head(a.conversation).await;
        assert_eq!((head.position, head.unread), (2, 2));
        let rows = messages::after(&mut world.app.store.read().await.unwrap(), head.id, 0)
            .await
            .unwrap();
        assert_eq!(rows.iter().map(|row| row.row.position).collect::<Vec<_>>(), [1, 2]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_may_end_a_chat_and_places_come_back() {
    for world in worlds().await {
        let (ana, ben) = (world.demo.ana, world.demo.ben);
        let chat = world.order("v1", "Hello").await;
        world.act(ana, chat, Event::Start).await.unwrap();
        assert_eq!(world.act(ben, chat, Event::End).await, Err(Code::Taken));
        world.act(ana, chat, Event::End).await.unwrap();
        assert_eq!(world.act(ana, chat, Event::End).await, Err(Code::Closed));
        assert_eq!(world.user(ana).await.load, 0);
        let second = world.order("v1", "Me again").await;
        assert_ne!(second, chat);
        assert!(
            lifecycle::apply_system_event(&world.app, second, Event::Leave, Actor::Contact)
                .await
                .unwrap()
        );
        assert!(matches!(
            world.head(second).await.state,
            State::Ended {
                reason: EndReason::Visitor,
                ..
            }
        ));
        assert!(
            !lifecycle::apply_system_event(&world.app, second, Event::Leave, Actor::Contact)
                .await
                .unwrap()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_of_state_is_a_row_of_the_journey() {
    for world in worlds().await {
        let chat = world.order("v1", "Hello").await;
        world.act(world.demo.ana, chat, Event::Start).await.unwrap();
        world.act(world.demo.ana, chat, Event::End).await.unwrap();
        let mut db = world.app.store.read().await.unwrap();
        let events = conversation_events::after(&mut db, chat, 0).await.unwrap();
        let told: Vec<_> = events
            .iter()
            .map(|row| (row.version, row.cause.as_str(), row.state.status()))
            .collect();
        assert_eq!(
            told,
            [
                (1, "begin", Status::Waiting),
                (2, "start", Status::Assigned),
                (3, "end", Status::Ended)
            ]
        );
        assert_eq!(events.last().map(|row| &row.state), Some(&world.head(chat).await.state));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_timers_and_offers_moving() {
    for world in worlds().await {
        let chat = world.order("v1", "Hello").await;
        let config = world.app.config.clone();
        world.app.shutdown.send_replace(true);
        world.advance(200);
        let (_hand, clock) = causerie_server::clock::ManualClock::new(common::START + 200_000);
        let again = causerie_server::build(config, clock).await.expect("a second start");
        let missed = common::eventually(|| async {
            let mut db = again.store.read().await.ok()?;
            let head = causerie_server::store::conversations::get(&mut db, chat).await.ok()??;
            (head.state.status() == Status::Failed).then_some(())
        });
        assert!(missed.await.is_some(), "the queue timer fired after the restart");
        let loads = agent_load::candidates(&mut again.store.read().await.unwrap(), world.demo.orders.row.inbox)
            .await
            .unwrap();
        assert!(loads.iter().all(|candidate| candidate.load.active == 0));
    }
}
