//! Web push from the change of a chat to the device, on both engines, with a push service that decrypts what it
//! receives.

use crate::common::{START, World, eventually, push::Service, worlds};
use causerie_server::{
    conversations::{assign, claim, discussion},
    presence,
    store::{self, preferences},
    web_push,
};
use causerie_shared::{
    api::notify::{NotifyPreferences, PushDelivery, Quiet},
    conversation::{Status, transition::Event},
    ids::{ConversationId, UserId},
    user::Availability,
};

async fn log(world: &World, user: UserId) -> Vec<PushDelivery> {
    let mut db = world.app.store.read().await.unwrap();
    store::push::logged(&mut db, user).await.unwrap()
}

/// Waits until the log has this many attempts.
async fn logged(world: &World, user: UserId, many: usize) -> Vec<PushDelivery> {
    let found = eventually(|| async {
        let log = log(world, user).await;
        (log.len() >= many).then_some(log)
    });
    found.await.expect("the attempts are in the log")
}

async fn prefer(world: &World, user: UserId, preferences: NotifyPreferences) {
    let mut tx = world.app.store.begin_ordered().await.unwrap();
    preferences::set(&mut tx, user, &preferences).await.unwrap();
    tx.commit().await.unwrap();
}

async fn act(world: &World, user: UserId, chat: ConversationId, event: Event) {
    let access = world.access(user).await;
    claim::act(&world.app, &access, chat, event, None).await.unwrap();
}

async fn transfer(world: &World, from: UserId, chat: ConversationId, to: UserId) {
    let access = world.access(from).await;
    assign::to_agent(&world.app, &access, chat, to, None).await.unwrap();
}

/// A chat that Ana has.
async fn taken(world: &World, visitor: &str) -> ConversationId {
    let chat = world.order(visitor, "Where is my order?").await;
    act(world, world.demo.ana, chat, Event::Start).await;
    chat
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_is_pushed_sealed_signed_and_only_as_long_as_it_stands() {
    for world in worlds().await {
        let mut service = Service::start().await;
        let ana = world.demo.ana;
        service.subscribe(&world.app, ana, "en").await;
        world.connect(ana).await;
        let chat = world.ask("v1", "Hello").await;
        let head = world
            .until(chat, "an offer", |head| head.state.status() == Status::Assigning)
            .await;
        let push = service.next().await;
        assert_eq!(push.header("content-encoding"), "aes128gcm");
        assert_eq!(push.header("urgency"), "high");
        assert_eq!(push.header("topic"), chat.to_string());
        assert_eq!(push.header("ttl"), "30", "the seconds left on the timer");
        let key = web_push::key(&world.app).await.unwrap();
        let claims = push.claims(&key);
        assert_eq!(claims["aud"], service.origin);
        let exp = claims["exp"].as_i64().unwrap() - START / 1000;
        assert!((1..=86_400).contains(&exp), "a service refuses more than a day");
        assert!(claims["sub"].as_str().unwrap().starts_with("mailto:"));

        assert_eq!(push.text["web_push"], 8030);
        assert_eq!(push.text["app_badge"], 1);
        assert_eq!(push.part("app_badge"), "1");
        assert_eq!(push.part("title"), "New offer");
        assert_eq!(push.part("body"), format!("{}: Hello", head.contact_name));
        assert_eq!(push.part("lang"), "en");
        assert_eq!(push.part("tag"), chat.to_string());
        let place = format!("http://127.0.0.1:8080/app/engaged/{chat}");
        assert_eq!(push.part("navigate"), place);
        let entry = &logged(&world, ana, 1).await[0];
        assert_eq!((entry.status, entry.kind.as_str()), (201, "offer"));
        assert_eq!((entry.device.as_str(), entry.problem.as_str()), ("Chrome, Linux", ""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_service_is_asked_again_but_never_about_an_offer_that_is_over() {
    for world in worlds().await {
        let mut service = Service::start().await;
        let ana = world.demo.ana;
        service.subscribe(&world.app, ana, "en").await;
        world.connect(ana).await;
        service.answer((503, None));
        service.answer((429, Some(5)));
        let chat = world.ask("v1", "Hello").await;
        assert_eq!(service.next().await.header("ttl"), "30");
        logged(&world, ana, 1).await;
        world.advance(1);
        assert_eq!(service.next().await.header("ttl"), "29");
        logged(&world, ana, 2).await;
        // The service asked for a pause of five seconds.
        world.advance(5);
        assert_eq!(service.next().await.header("ttl"), "24");
        let log = logged(&world, ana, 3).await;
        let statuses: Vec<u16> = log.iter().map(|entry| entry.status).collect();
        assert_eq!(statuses, [201, 429, 503], "the newest first");
        assert_eq!(log[2].problem, "Service Unavailable said the service");

        // The offer was answered while the service was busy, so it is not sent again.
        act(&world, ana, chat, Event::Decline).await;
        world
            .until(chat, "the return", |head| head.state.status() == Status::Waiting)
            .await;
        service.answer((500, None));
        let second = world.ask("v2", "Hello").await;
        service.next().await;
        logged(&world, ana, 4).await;
        act(&world, ana, second, Event::Accept).await;
        world.advance(2);
        web_push::test(&world.app, ana).await.unwrap();
        assert_eq!(service.next().await.part("title"), "Notifications work");
        assert!(service.waiting().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_gone_is_forgotten() {
    for world in worlds().await {
        let mut service = Service::start().await;
        let ana = world.demo.ana;
        service.subscribe(&world.app, ana, "en").await;
        service.answer((410, None));
        web_push::test(&world.app, ana).await.unwrap();
        service.next().await;
        assert_eq!(logged(&world, ana, 1).await[0].status, 410);
        let mut db = world.app.store.read().await.unwrap();
        assert!(!store::push::has_any(&mut db, ana).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_chat_in_the_queue_is_pushed_to_members_who_are_available() {
    for world in worlds().await {
        let (mut ana, mut ben) = (Service::start().await, Service::start().await);
        ana.subscribe(&world.app, world.demo.ana, "es-CO").await;
        ben.subscribe(&world.app, world.demo.ben, "en").await;
        presence::declare(&world.app, world.demo.ben, Availability::Busy)
            .await
            .unwrap();
        let chat = world.order("v1", "Where is my order?").await;
        let push = ana.next().await;
        assert_eq!((push.part("title"), push.part("lang")), ("Chat nuevo", "es"));
        assert_eq!((push.header("ttl"), push.header("urgency")), ("3600", "normal"));
        assert!(push.part("navigate").ends_with(&format!("/app/queue/{chat}")));
        assert_eq!(push.text["app_badge"], 0, "everybody's, so not Ana's to answer");
        logged(&world, world.demo.ana, 1).await;
        assert!(ben.waiting().is_none() && log(&world, world.demo.ben).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_is_pushed_to_whom_it_asks_and_its_outcome_to_who_asked() {
    for world in worlds().await {
        let (mut ana, mut ben) = (Service::start().await, Service::start().await);
        for user in [world.demo.ana, world.demo.ben] {
            world.connect(user).await;
        }
        for (visitor, answer, title) in [
            ("v1", Some(Event::Accept), "Transfer accepted"),
            ("v2", Some(Event::Decline), "Transfer rejected"),
            ("v3", None, "Transfer not answered"),
        ] {
            let chat = world.order(visitor, "Where is my order?").await;
            if visitor != "v1" {
                // Both agents are members of the queue's inbox. A chat that is taken sooner is not pushed.
                assert_eq!(ana.next().await.part("title"), "New chat");
                assert_eq!(ben.next().await.part("title"), "New chat");
            }
            act(&world, world.demo.ana, chat, Event::Start).await;
            if visitor == "v1" {
                ana.subscribe(&world.app, world.demo.ana, "en").await;
                ben.subscribe(&world.app, world.demo.ben, "en").await;
            }
            transfer(&world, world.demo.ana, chat, world.demo.ben).await;
            let push = ben.next().await;
            assert_eq!(push.part("title"), "Transfer request");
            assert!(push.part("body").starts_with("Ana Ruiz → "), "{}", push.part("body"));
            assert_eq!(push.header("urgency"), "high");
            match answer {
                Some(event) => act(&world, world.demo.ben, chat, event).await,
                None => world.advance(31),
            }
            let push = ana.next().await;
            assert_eq!(push.part("title"), title);
            assert!(push.part("body").starts_with("Ben Castro · "), "{}", push.part("body"));
            assert!(push.part("navigate").ends_with(&format!("/app/mine/{chat}")));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_asked_into_a_discussion_is_told() {
    for world in worlds().await {
        let mut ben = Service::start().await;
        let chat = taken(&world, "v1").await;
        ben.subscribe(&world.app, world.demo.ben, "en").await;
        let access = world.access(world.demo.ana).await;
        discussion::invite(&world.app, &access, chat, world.demo.ben)
            .await
            .unwrap();
        let push = ben.next().await;
        assert_eq!(push.part("title"), "Ana Ruiz mentions you");
        assert_eq!(push.part("tag"), chat.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn private_mode_says_neither_name_nor_words() {
    for world in worlds().await {
        let mut service = Service::start().await;
        let ana = world.demo.ana;
        service.subscribe(&world.app, ana, "en").await;
        let private = NotifyPreferences {
            private: true,
            ..NotifyPreferences::default()
        };
        prefer(&world, ana, private).await;
        let chat = world.order("v1", "My card number is 4111").await;
        let head = world.head(chat).await;
        let push = service.next().await;
        assert_eq!(push.part("body"), format!("#{}", head.number));
        let whole = push.text.to_string();
        assert!(
            !whole.contains("4111") && !whole.contains(&head.contact_name),
            "{whole}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_pushed_in_quiet_hours_or_of_a_kind_that_is_off_but_a_test_is() {
    for world in worlds().await {
        let mut service = Service::start().await;
        let ana = world.demo.ana;
        service.subscribe(&world.app, ana, "en").await;
        // The clock stands at 08:53 UTC, which is 10:53 in Madrid.
        let quiet = |from, to| NotifyPreferences {
            quiet: Some(Quiet {
                from,
                to,
                zone: "Europe/Madrid".into(),
            }),
            ..NotifyPreferences::default()
        };
        prefer(&world, ana, quiet(10 * 60, 11 * 60)).await;
        world.order("v1", "Quiet").await;
        web_push::test(&world.app, ana).await.unwrap();
        assert_eq!(service.next().await.part("title"), "Notifications work");
        prefer(
            &world,
            ana,
            NotifyPreferences {
                new_chat: false,
                ..NotifyPreferences::default()
            },
        )
        .await;
        world.order("v2", "Off").await;
        web_push::test(&world.app, ana).await.unwrap();
        assert_eq!(service.next().await.part("title"), "Notifications work");
        prefer(&world, ana, quiet(8 * 60, 9 * 60)).await;
        world.order("v3", "Loud").await;
        // The worker handles one chat after the other: pushes for the first two would have come before this one.
        let push = service.next().await;
        assert!(push.part("body").ends_with(": Loud"), "{}", push.part("body"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_keeps_the_newest_fifty_of_a_user() {
    for world in worlds().await {
        let service = Service::start().await;
        let ana = world.demo.ana;
        service.subscribe(&world.app, ana, "en").await;
        for n in 0..55 {
            if n == 54 {
                service.answer((400, None));
            }
            world.advance(1);
            web_push::test(&world.app, ana).await.unwrap();
        }
        let log = log(&world, ana).await;
        assert_eq!(log.len(), 50);
        assert_eq!(
            (log[0].status, log[0].problem.as_str()),
            (400, "Bad Request said the service")
        );
        assert!(log.windows(2).all(|pair| pair[0].at > pair[1].at), "the newest first");
    }
}
