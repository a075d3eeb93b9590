//! Invalid settings are refused, and nothing changes.

use axum::http::StatusCode;
use causerie_shared::{
    api::settings::{InboxDetail, InboxKind, InboxSettings},
    ids::{InboxId, UserId},
    inbox::{
        Member,
        hours::{Exception, Hours, Interval},
        inactivity::{Inactivity, TimeOut},
    },
    refusal::Code,
};

use super::{offices, plain};

fn hours(zone: &str, monday: Vec<Interval>, dates: &[&str]) -> Option<Hours> {
    let mut week: [Vec<Interval>; 7] = Default::default();
    week[0] = monday;
    let exception = |date: &&str| Exception {
        date: (*date).to_owned(),
        open: vec![],
    };
    Some(Hours {
        zone: zone.to_owned(),
        week,
        exceptions: dates.iter().map(exception).collect(),
    })
}

fn rule(minutes: u32, message: &str) -> Option<Inactivity> {
    Some(Inactivity {
        minutes,
        action: TimeOut::Send,
        message: message.to_owned(),
    })
}

type Edit = Box<dyn Fn(&mut InboxSettings)>;

/// Invalid settings of an inbox. `own` is the inbox itself.
fn wrong(own: InboxId, ana: UserId) -> Vec<(&'static str, Edit)> {
    fn edit(edit: impl Fn(&mut InboxSettings) + 'static) -> Edit {
        Box::new(edit)
    }
    let member = |user, capacity| Member { user, capacity };
    vec![
        ("empty name", edit(|s| s.name = "  ".into())),
        ("long name", edit(|s| s.name = "x".repeat(81))),
        ("control sign", edit(|s| s.name = "a\nb".into())),
        ("name of another", edit(|s| s.name = "product ADVICE".into())),
        ("short timer", edit(|s| s.rules.accept_secs = 4)),
        ("long timer", edit(|s| s.rules.queue_secs = 86_401)),
        ("overflow into itself", edit(move |s| s.rules.overflow = Some(own))),
        (
            "overflow into nothing",
            edit(|s| s.rules.overflow = Some(InboxId::from_u128(1))),
        ),
        ("capacity", edit(move |s| s.members = vec![member(ana, 101)])),
        (
            "a member twice",
            edit(move |s| s.members = vec![member(ana, 1), member(ana, 2)]),
        ),
        (
            "unknown member",
            edit(move |s| s.members.push(member(UserId::from_u128(1), 1))),
        ),
        ("inactivity 0", edit(|s| s.inactivity = rule(0, "Hello?"))),
        ("inactivity 432001", edit(|s| s.inactivity = rule(432_001, "Hello?"))),
        ("no message", edit(|s| s.inactivity = rule(1, " "))),
        ("long message", edit(|s| s.inactivity = rule(1, &"x".repeat(201)))),
        ("no zone", edit(|s| s.hours = hours("Europe/Nowhere", vec![], &[]))),
        (
            "overlap",
            edit(|s| {
                let one = Interval { from: 60, to: 120 };
                s.hours = hours("Europe/Madrid", vec![one, one], &[]);
            }),
        ),
        (
            "no date",
            edit(|s| s.hours = hours("Europe/Madrid", vec![], &["2026-02-30"])),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_out_of_range_are_refused_and_change_nothing() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        let inbox = office.inbox(&owner, "Orders").await;
        for (what, edit) in wrong(inbox.id, office.world.demo.ana) {
            let reply = office.save_inbox(&owner, &inbox, &edit).await;
            assert_eq!(
                (reply.status, reply.code()),
                (StatusCode::UNPROCESSABLE_ENTITY, Code::Invalid),
                "{what}"
            );
            let mut settings = plain("New");
            edit(&mut settings);
            if what == "overflow into itself" {
                continue;
            }
            let reply = office.create(&owner, InboxKind::LiveChat, settings).await;
            assert_eq!(reply.code(), Code::Invalid, "{what}");
        }
        let all: Vec<InboxDetail> = office.get("/api/inboxes", &owner).await.json();
        assert_eq!(all.len(), 2);
        assert_eq!(office.inbox(&owner, "Orders").await, inbox);
        assert!(office.audit(&owner).await.is_empty());
        for path in ["/api/inboxes/nothing", "/api/inboxes/00000000000000000000000001"] {
            assert_eq!(office.get(path, &owner).await.code(), Code::NotFound);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ends_of_the_ranges_are_allowed() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        let inbox = office.inbox(&owner, "Orders").await;
        let other = office.inbox(&owner, "Product advice").await.id;
        let ana = office.world.demo.ana;
        let edit = |s: &mut InboxSettings| {
            s.name = "é".repeat(80);
            s.rules.accept_secs = 5;
            s.rules.queue_secs = 86_400;
            s.rules.overflow = Some(other);
            s.members = vec![Member { user: ana, capacity: 0 }];
            s.inactivity = rule(432_000, &"👩‍👩‍👧".repeat(200));
        };
        let saved: InboxDetail = office.save_inbox(&owner, &inbox, edit).await.json();
        assert_eq!(saved.settings.members, [Member { user: ana, capacity: 0 }]);
        assert_eq!(
            office
                .get(&format!("/api/inboxes/{}", inbox.id), &owner)
                .await
                .json::<InboxDetail>(),
            saved
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_needs_both_add_ons_to_join_and_not_to_stay() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        let sup = office.account(&owner, "sup").await;
        let lost = office
            .save_user(&owner, &sup, |user| user.grants.live_chat = false)
            .await;
        assert!(lost.status.is_success());
        let member = Member {
            user: sup.id,
            capacity: 1,
        };
        let orders = office.inbox(&owner, "Orders").await;
        assert!(orders.settings.members.iter().any(|known| known.user == sup.id));
        let stays = office.save_inbox(&owner, &orders, |s| s.rules.accept_secs = 20).await;
        assert!(stays.status.is_success());

        let advice = office.inbox(&owner, "Product advice").await;
        let joins = office.save_inbox(&owner, &advice, |s| s.members.push(member)).await;
        assert_eq!(joins.code(), Code::Invalid);
        assert!(joins.refusal().text.contains("Marta Soler"), "{:?}", joins.refusal());

        let inactive = office.account(&owner, "sup").await;
        let off = office
            .save_user(&owner, &inactive, |user| {
                user.grants.live_chat = true;
                user.active = false;
            })
            .await;
        assert!(off.status.is_success());
        let joins = office.save_inbox(&owner, &advice, |s| s.members.push(member)).await;
        assert_eq!(joins.code(), Code::Invalid, "deactivated");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_needs_a_seat_of_each_add_on_in_the_organization() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        for name in ["owner", "sup", "ana", "ben"] {
            let user = office.account(&owner, name).await;
            let keeps = name == "ana";
            let reply = office
                .save_user(&owner, &user, |user| {
                    user.grants.live_chat = keeps;
                    user.grants.contact_center = false;
                })
                .await;
            assert!(reply.status.is_success());
        }
        let reply = office.create(&owner, InboxKind::LiveChat, plain("Returns")).await;
        assert_eq!(reply.code(), Code::Invalid);
        let user = office.account(&owner, "ben").await;
        office
            .save_user(&owner, &user, |user| user.grants.contact_center = true)
            .await;
        let reply = office.create(&owner, InboxKind::LiveChat, plain("Returns")).await;
        assert_eq!(reply.status, StatusCode::CREATED, "two people may have one each");
    }
}
