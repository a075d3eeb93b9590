use axum::http::StatusCode;
use causerie_shared::{
    api::settings::{InboxAccount, InboxDetail, InboxKind, SaveAccount},
    frame::ServerFrame,
    inbox::{
        Channel, Member, Mode,
        hours::{Hours, Interval},
        inactivity::{Inactivity, TimeOut},
    },
    refusal::Code,
    row::Row,
    timer::TimerKind,
};

use super::{Office, offices, plain};
use causerie_server::store::timers;

fn key(account: &InboxAccount) -> String {
    let snippet = account.snippet.as_deref().expect("a snippet");
    let (_, rest) = snippet.split_once("data-key=\"").expect("a key");
    rest.split('"').next().expect("a key").to_owned()
}

/// Whether the account's widget gets its configuration.
async fn drawn(office: &Office, account: &InboxAccount) -> bool {
    let path = format!("/widget/config?key={}", key(account));
    office.get(&path, "").await.status.is_success()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_chat_comes_with_a_widget_that_works_at_once() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        let ana = office.world.demo.ana;
        let mut settings = plain("  Returns ");
        settings.members = vec![Member { user: ana, capacity: 2 }];
        settings.rules.mode = Mode::Broadcast;
        let reply = office.create(&owner, InboxKind::LiveChat, settings).await;
        assert_eq!(reply.status, StatusCode::CREATED);
        let inbox: InboxDetail = reply.json();
        assert_eq!((inbox.settings.name.as_str(), inbox.open), ("Returns", 0));
        let [account] = inbox.accounts.as_slice() else {
            panic!("{:?}", inbox.accounts)
        };
        let snippet = account.snippet.as_deref().expect("a snippet");
        assert!(
            snippet.contains("src=\"http://127.0.0.1:8080/widget/loader.js\""),
            "{snippet}"
        );
        assert_eq!(account.origins, ["https://shop.example.org"]);
        assert_eq!((account.row.channel, account.row.enabled), (Channel::Web, true));
        assert!(drawn(&office, account).await);
        assert!(office.world.access(ana).await.is_member(inbox.id));

        let stored: InboxDetail = office.get(&format!("/api/inboxes/{}", inbox.id), &owner).await.json();
        assert_eq!(stored, inbox);
        let entry = office.audit(&owner).await.swap_remove(0);
        assert_eq!(
            (entry.action.as_str(), entry.subject.as_str(), entry.actor.as_str()),
            ("inbox.create", "Returns", "Olivia Owen")
        );
        let change = |field: &str, after: &str| (field.to_owned(), String::new(), after.to_owned());
        assert!(entry.changes.contains(&change("name", "Returns")), "{entry:?}");
        assert!(entry.changes.contains(&change("members", "Ana Ruiz (2)")), "{entry:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_for_messaging_has_no_account_yet() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        let reply = office.create(&owner, InboxKind::Messaging, plain("WhatsApp")).await;
        assert!(reply.json::<InboxDetail>().accounts.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_see_everything_begin_anew_when_an_inbox_is_made() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        let boss = office.world.who("owner").await;
        let (mut owners, mut anas) = (office.console(boss).await, office.console(office.world.demo.ana).await);
        let inbox: InboxDetail = office
            .create(&owner, InboxKind::LiveChat, plain("Returns"))
            .await
            .json();
        let revoked = |frame: &ServerFrame| matches!(frame, ServerFrame::Revoked { .. });
        assert!(owners.frames().iter().any(revoked), "their copy lacks the inbox");
        assert!(!anas.frames().iter().any(revoked), "nothing changed for Ana");
        assert!(office.world.access(boss).await.sees_inbox(inbox.id));
        assert!(!office.world.access(office.world.demo.ana).await.sees_inbox(inbox.id));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_and_supervisors_change_no_inbox_unless_they_may() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        let inbox = office.inbox(&owner, "Orders").await;
        let account = inbox.accounts[0].clone();
        for name in ["ana", "sup"] {
            let cookie = office.sign_in(name).await;
            let path = format!("/api/inboxes/{}", inbox.id);
            let switch = SaveAccount {
                name: account.row.name.clone(),
                enabled: false,
                origins: vec![],
            };
            let answers = [
                office.get("/api/inboxes", &cookie).await,
                office.get(&path, &cookie).await,
                office.create(&cookie, InboxKind::LiveChat, plain("Mine")).await,
                office.save_inbox(&cookie, &inbox, |s| s.name = "Mine".into()).await,
                office
                    .put(&format!("/api/accounts/{}", account.row.id), &cookie, &switch)
                    .await,
                office.get("/api/departments", &cookie).await,
                office.get("/api/audit", &cookie).await,
            ];
            for answer in answers {
                assert_eq!((answer.status, answer.code()), (StatusCode::FORBIDDEN, Code::Forbidden));
            }
        }
        assert_eq!(office.inbox(&owner, "Orders").await, inbox);

        let ana = office.account(&owner, "ana").await;
        let reply = office
            .save_user(&owner, &ana, |user| user.grants.inbox_management = true)
            .await;
        assert!(reply.status.is_success());
        let cookie = office.sign_in("ana").await;
        let reply = office
            .save_inbox(&cookie, &inbox, |s| s.name = "Big orders".into())
            .await;
        assert_eq!(reply.json::<InboxDetail>().settings.name, "Big orders");
        assert_eq!(office.get("/api/departments", &cookie).await.code(), Code::Forbidden);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_edit_at_once_the_second_is_told() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        let inbox = office.inbox(&owner, "Orders").await;
        let first = office.save_inbox(&owner, &inbox, |s| s.rules.queue_secs = 60).await;
        let first: InboxDetail = first.json();
        let second = office.save_inbox(&owner, &inbox, |s| s.name = "Sales".into()).await;
        assert_eq!((second.status, second.code()), (StatusCode::CONFLICT, Code::Conflict));
        assert_eq!(office.inbox(&owner, "Orders").await, first, "nothing half-done");
        assert_eq!(office.audit(&owner).await.len(), 1);

        let again = office.save_inbox(&owner, &first, |s| s.name = "Sales".into()).await;
        let again: InboxDetail = again.json();
        assert_eq!(again.settings.rules.queue_secs, 60);
        let same: InboxDetail = office.save_inbox(&owner, &again, |_| {}).await.json();
        assert_eq!(same.version, again.version, "nothing changed");
        assert_eq!(office.audit(&owner).await.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_reaches_consoles_and_chats_that_wait() {
    for office in offices().await {
        let world = &office.world;
        let owner = office.sign_in("owner").await;
        let chat = world.ask("fox", "Hello").await;
        assert!(world.head(chat).await.ring.is_none(), "nobody is there to ask");
        let mut ana = office.console(world.demo.ana).await;
        let inbox = office.inbox(&owner, "Product advice").await;
        let edit = |s: &mut causerie_shared::api::settings::InboxSettings| {
            s.rules.mode = Mode::Broadcast;
            s.inactivity = Some(Inactivity {
                minutes: 5,
                action: TimeOut::Close,
                message: "unused".into(),
            });
        };
        let saved: InboxDetail = office.save_inbox(&owner, &inbox, edit).await.json();
        let rule = saved.settings.inactivity.expect("a rule");
        assert!(rule.message.is_empty(), "what is never sent is not kept");
        assert_eq!(saved.open, 1);

        assert!(world.head(chat).await.ring.is_some(), "the queue timer runs");
        let (rows, _) = ana.rows();
        let named =
            |row: &Row| matches!(row, Row::Inbox(row) if row.id == inbox.id && row.rules.mode == Mode::Broadcast);
        assert!(rows.iter().any(named), "{rows:?}");
        let seen = |row: &Row| matches!(row, Row::Head(head) if head.id == chat);
        assert!(rows.iter().any(seen), "members see the queue of a broadcast inbox");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn business_hours_are_kept_and_watched() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        let inbox = office.inbox(&owner, "Orders").await;
        let hours = Hours {
            zone: "Europe/Madrid".into(),
            week: std::array::from_fn(|_| vec![Interval { from: 540, to: 840 }, Interval { from: 960, to: 1200 }]),
            exceptions: vec![],
        };
        let saved = office
            .save_inbox(&owner, &inbox, |s| s.hours = Some(hours.clone()))
            .await;
        assert_eq!(saved.json::<InboxDetail>().settings.hours, Some(hours));
        let mut db = office.world.app.store.read().await.unwrap();
        let timer = timers::due_of(&mut db, TimerKind::Hours, &inbox.id.to_string()).await;
        drop(db);
        assert!(timer.unwrap().is_some(), "its next opening is waited for");
        let entry = office.audit(&owner).await.swap_remove(0);
        let (field, before, after) = &entry.changes[0];
        assert_eq!((field.as_str(), before.as_str()), ("hours", ""));
        assert!(
            after.starts_with("Europe/Madrid; Mon 09:00–14:00, 16:00–20:00; Tue"),
            "{after}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_widget_is_switched_off_and_on_again() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        let account = office.inbox(&owner, "Orders").await.accounts.swap_remove(0);
        let mut console = office.console(office.world.demo.ana).await;
        let path = format!("/api/accounts/{}", account.row.id);
        let mut body = SaveAccount {
            name: "Shop".into(),
            enabled: false,
            origins: vec!["https://shop.example.org".into(), "https://shop.example.org:443".into()],
        };
        let off: InboxAccount = office.put(&path, &owner, &body).await.json();
        assert_eq!((off.row.enabled, off.row.name.as_str()), (false, "Shop"));
        assert_eq!(off.origins, ["https://shop.example.org"]);
        assert!(!drawn(&office, &account).await);
        let (rows, _) = console.rows();
        assert!(rows.contains(&Row::Account(off.row)), "{rows:?}");

        body.enabled = true;
        let on: InboxAccount = office.put(&path, &owner, &body).await.json();
        assert!(on.row.enabled && drawn(&office, &account).await);
        let actions: Vec<_> = office
            .audit(&owner)
            .await
            .into_iter()
            .map(|entry| entry.action)
            .collect();
        assert_eq!(actions.len(), 2);
        for action in ["account.disable", "account.enable"] {
            assert!(actions.iter().any(|known| known == action), "{actions:?}");
        }

        body.origins = vec!["shop.example.org/path".into()];
        assert_eq!(office.put(&path, &owner, &body).await.code(), Code::Invalid);
        let unknown = office.put("/api/accounts/nothing", &owner, &body).await;
        assert_eq!(unknown.code(), Code::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_is_still_connected_begins_no_chat_on_a_widget_that_is_off() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        let account = office.inbox(&owner, "Orders").await.accounts.swap_remove(0);
        let body = SaveAccount {
            name: account.row.name.clone(),
            enabled: false,
            origins: vec![],
        };
        let path = format!("/api/accounts/{}", account.row.id);
        assert!(office.put(&path, &owner, &body).await.status.is_success());
        let incoming = causerie_server::contacts::messages::NewMessage {
            account: office.world.demo.orders.clone(),
            external: "fox".into(),
            cid: "1".into(),
            text: "Hello".into(),
            files: vec![],
            name: None,
            email: None,
            said: None,
            origin: causerie_shared::row::Origin::default(),
        };
        let refused = causerie_server::contacts::messages::receive(&office.world.app, incoming).await;
        assert_eq!(refused.expect_err("refused").into_refusal().code, Code::NotFound);
        assert_eq!(office.inbox(&owner, "Orders").await.open, 0);
    }
}
