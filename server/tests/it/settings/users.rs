use axum::http::StatusCode;
use causerie_server::{presence, realtime::Outgoing};
use causerie_shared::{
    api::{Account, Invite, OneTimeLink, settings::AuditEntry},
    conversation::{State, transition::Event},
    frame::ServerFrame,
    refusal::Code,
    row::Row,
    user::{Availability, Role},
};

use super::offices;

#[tokio::test(flavor = "multi_thread")]
async fn a_user_is_changed_and_colleagues_see_it() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        let ana = office.account(&owner, "ana").await;
        let mut console = office.console(office.world.demo.ben).await;
        let reply = office
            .save_user(&owner, &ana, |user| {
                user.name = " Ana Ruiz Vega ".into();
                user.capacity = 0;
                user.grants.reports = true;
            })
            .await;
        let saved: Account = reply.json();
        assert_eq!((saved.name.as_str(), saved.capacity), ("Ana Ruiz Vega", 0));
        assert!(saved.grants.reports && saved.version > ana.version);
        let (rows, _) = console.rows();
        let told = |row: &Row| matches!(row, Row::User(row) if row.id == ana.id && row.capacity == 0);
        assert!(rows.iter().any(told), "{rows:?}");

        let stale = office.save_user(&owner, &ana, |user| user.name = "Ana".into()).await;
        assert_eq!((stale.status, stale.code()), (StatusCode::CONFLICT, Code::Conflict));
        let wide = office.save_user(&owner, &saved, |user| user.capacity = 101).await;
        assert_eq!(wide.code(), Code::Invalid);
        let nameless = office.save_user(&owner, &saved, |user| user.name = " ".into()).await;
        assert_eq!(nameless.code(), Code::Invalid);
        assert_eq!(office.account(&owner, "ana").await, saved);

        let log = office.audit(&owner).await;
        let [entry] = log.as_slice() else { panic!("{log:?}") };
        assert_eq!(
            (entry.action.as_str(), entry.subject.as_str()),
            ("user.save", "Ana Ruiz")
        );
        let change = |field: &str, before: &str, after: &str| (field.into(), before.into(), after.into());
        assert_eq!(
            entry.changes,
            [
                change("name", "Ana Ruiz", "Ana Ruiz Vega"),
                change("reports", "false", "true"),
                change("capacity", "3", "0")
            ]
        );
        let cookie = office.sign_in("ana").await;
        let reply = office.save_user(&cookie, &saved, |user| user.role = Role::Admin).await;
        assert_eq!(reply.code(), Code::Forbidden);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organization_always_has_an_owner() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        let olivia = office.account(&owner, "owner").await;
        let last = office.save_user(&owner, &olivia, |user| user.role = Role::Admin).await;
        assert_eq!(last.code(), Code::Conflict);
        let own = office.save_user(&owner, &olivia, |user| user.active = false).await;
        assert_eq!(own.code(), Code::Invalid, "you cannot deactivate yourself");

        let invite = Invite {
            name: "Nora".into(),
            email: "nora@demo.test".into(),
            role: Role::Owner,
            inboxes: vec![],
        };
        let invited = office.post("/api/users", &owner, &invite).await;
        assert_eq!(invited.status, StatusCode::CREATED);
        let last = office.save_user(&owner, &olivia, |user| user.role = Role::Admin).await;
        assert_eq!(last.code(), Code::Conflict, "who never signed in does not count");

        let sup = office.account(&owner, "sup").await;
        let second = office.save_user(&owner, &sup, |user| user.role = Role::Owner).await;
        assert!(second.status.is_success());
        let done: Account = office
            .save_user(&owner, &olivia, |user| user.role = Role::Admin)
            .await
            .json();
        assert_eq!(done.role, Role::Admin);

        // The user is an admin now, who may neither change owners nor make a user an owner.
        let sup = office.account(&owner, "sup").await;
        let touch = office.save_user(&owner, &sup, |user| user.active = false).await;
        assert_eq!(touch.code(), Code::Forbidden);
        let back = office.save_user(&owner, &done, |user| user.role = Role::Owner).await;
        assert_eq!(back.code(), Code::Forbidden);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_deactivated_is_out_and_their_chats_return() {
    for office in offices().await {
        let world = &office.world;
        let owner = office.sign_in("owner").await;
        let cookie = office.sign_in("ana").await;
        let ana = world.demo.ana;
        world.connect(ana).await;
        let chat = world.start(ana, "fox").await;
        let account = office.account(&owner, "ana").await;
        let session: causerie_shared::api::SessionInfo = office.get("/api/session", &cookie).await.json();
        let (socket, mut mailbox) = world.app.hub.open(
            session.session,
            causerie_shared::ids::DeviceId::from_u128(5),
            std::sync::Arc::new(world.access(ana).await),
        );
        world.app.hub.release(socket, vec![]);

        let off: Account = office
            .save_user(&owner, &account, |user| user.active = false)
            .await
            .json();
        assert!(!off.active);
        assert_eq!(off.inboxes, account.inboxes, "memberships stay");
        let mut closed = false;
        while let Some(frame) = mailbox.try_recv() {
            closed |= matches!(frame, Outgoing::Close(_));
        }
        assert!(closed, "the socket is told and closed");
        assert_eq!(office.get("/api/session", &cookie).await.code(), Code::Unauthorized);
        let head = world.head(chat).await;
        assert!(matches!(head.state, State::Waiting { .. }), "{:?}", head.state);
        let user = world.user(ana).await;
        assert_eq!((user.load, user.connected), (0, false));
        assert!(world.causes(chat).await.contains(&"agent_removed".to_owned()));

        let on: Account = office.save_user(&owner, &off, |user| user.active = true).await.json();
        assert!(on.active);
        office.sign_in("ana").await;
        let actions: Vec<_> = office
            .audit(&owner)
            .await
            .into_iter()
            .map(|entry| entry.action)
            .collect();
        for action in ["user.deactivate", "user.activate"] {
            assert!(actions.iter().any(|known| known == action), "{actions:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_user_may_see_changes_on_open_sockets() {
    for office in offices().await {
        let world = &office.world;
        let owner = office.sign_in("owner").await;
        let account = office.account(&owner, "ben").await;
        let chat = world.ask("fox", "Hello").await;
        let mut console = office.console(account.id).await;
        let saved: Account = office
            .save_user(&owner, &account, |user| {
                user.role = Role::Supervisor;
                user.grants.all_inboxes = true;
            })
            .await
            .json();
        assert!(
            console
                .frames()
                .iter()
                .any(|frame| matches!(frame, ServerFrame::Revoked { .. }))
        );
        assert!(
            !world.app.hub.is_connected(account.id),
            "it comes back with its new rights"
        );
        let supervisor = world.access(account.id).await;
        assert!(supervisor.supervises(world.head(chat).await.inbox));

        // The user sees the same inboxes and chats, but has other rights.
        office.console(account.id).await;
        office.save_user(&owner, &saved, |user| user.role = Role::Admin).await;
        assert!(!world.app.hub.is_connected(account.id));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_does_not_end_what_somebody_accepted() {
    for office in offices().await {
        let world = &office.world;
        let owner = office.sign_in("owner").await;
        let ana = world.demo.ana;
        world.connect(ana).await;
        let chat = world.start(ana, "fox").await;
        let account = office.account(&owner, "ana").await;
        office
            .save_user(&owner, &account, |user| user.role = Role::Supervisor)
            .await;
        world.act(ana, chat, Event::End).await.expect("still theirs to end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_and_resets_are_in_the_log_and_it_is_read_in_pages() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        let inbox = office.inbox(&owner, "Orders").await;
        let invite = Invite {
            name: "Nora".into(),
            email: "nora@demo.test".into(),
            role: Role::Agent,
            inboxes: vec![inbox.id],
        };
        let link: OneTimeLink = office.post("/api/users", &owner, &invite).await.json();
        // The new member outdates an edit that began earlier.
        let stale = office.save_inbox(&owner, &inbox, |s| s.members.clear()).await;
        assert_eq!(stale.code(), Code::Conflict);
        for _ in 0..101 {
            office.world.advance(1);
            let reset = office
                .post(&format!("/api/users/{}/reset", link.user), &owner, &())
                .await;
            assert!(reset.status.is_success());
        }
        let newest = office.audit(&owner).await;
        assert_eq!(newest.len(), 100);
        assert!(newest.windows(2).all(|pair| pair[0].at > pair[1].at), "newest first");
        assert!(
            newest
                .iter()
                .all(|entry| entry.action == "user.reset" && entry.subject == "Nora")
        );
        let path = format!("/api/audit?before={}", newest[99].id);
        let older: Vec<AuditEntry> = office.get(&path, &owner).await.json();
        let [reset, invited] = older.as_slice() else {
            panic!("{older:?}")
        };
        assert_eq!(
            (reset.action.as_str(), invited.action.as_str()),
            ("user.reset", "user.invite")
        );
        let inboxes = ("inboxes".to_owned(), String::new(), "Orders".to_owned());
        assert!(invited.changes.contains(&inboxes), "{invited:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_who_makes_a_colleague_busy_is_in_the_log() {
    for office in offices().await {
        let world = &office.world;
        let owner = office.sign_in("owner").await;
        let boss = world.access(world.who("owner").await).await;
        for _ in 0..2 {
            presence::declare_for(&world.app, &boss, world.demo.ana, Availability::Busy)
                .await
                .expect("set");
        }
        assert_eq!(world.user(world.demo.ana).await.availability, Availability::Busy);
        let log = office.audit(&owner).await;
        let [entry] = log.as_slice() else { panic!("{log:?}") };
        let change = ("availability".to_owned(), "available".to_owned(), "busy".to_owned());
        assert_eq!((entry.subject.as_str(), &entry.changes), ("Ana Ruiz", &vec![change]));
    }
}
