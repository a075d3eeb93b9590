//! Deleting an inbox.

use axum::http::StatusCode;
use causerie_server::{access, realtime::catchup};
use causerie_shared::{
    api::settings::{DeleteInbox, InboxDetail, InboxKind, SaveAccount},
    conversation::transition::Event,
    frame::ServerFrame,
    refusal::Code,
    row::{Gone, Row},
};

use super::{offices, plain};

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_inbox_is_gone_and_its_history_stays() {
    for office in offices().await {
        let world = &office.world;
        let owner = office.sign_in("owner").await;
        let boss = world.who("owner").await;
        let inbox = office.inbox(&owner, "Orders").await;
        let path = format!("/api/inboxes/{}", inbox.id);
        let named = |name: &str| DeleteInbox { name: name.to_owned() };
        let advice = office.inbox(&owner, "Product advice").await;
        let into = office
            .save_inbox(&owner, &advice, |s| s.rules.overflow = Some(inbox.id))
            .await;
        assert!(into.status.is_success());

        let ana = world.demo.ana;
        world.connect(ana).await;
        let chat = world.start(ana, "fox").await;
        assert_eq!(
            office.delete(&path, &owner, &named("orders")).await.code(),
            Code::Invalid
        );
        let open = office.delete(&path, &owner, &named("Orders")).await;
        assert_eq!((open.status, open.code()), (StatusCode::CONFLICT, Code::Conflict));
        assert_eq!(open.refusal().numbers, Some((1, 0)));
        assert_eq!(office.inbox(&owner, "Orders").await.open, 1, "nothing was changed");
        world.act(ana, chat, Event::End).await.expect("ended");

        let cursor = world.app.hub.announced();
        let (mut owners, mut anas) = (office.console(boss).await, office.console(ana).await);
        let done = office.delete(&path, &owner, &named("Orders")).await;
        assert_eq!(done.status, StatusCode::NO_CONTENT);

        let (_, gone) = owners.rows();
        assert_eq!(gone, [Gone::Inbox(inbox.id)]);
        let revoked =
            |frame: &ServerFrame| matches!(frame, ServerFrame::Revoked { inboxes, .. } if *inboxes == [inbox.id]);
        assert!(anas.frames().iter().any(revoked), "Ana is no member any more");
        let mut db = world.app.store.read().await.unwrap();
        let access = world.access(boss).await;
        let (frames, _) = catchup::since(&mut db, &access, Some(cursor), true).await.unwrap();
        let [ServerFrame::Rows { gone, .. }] = frames.as_slice() else {
            panic!("{frames:?}")
        };
        assert_eq!(gone, &[Gone::Inbox(inbox.id)]);
        let (frames, _) = catchup::since(&mut db, &access, None, true).await.unwrap();
        let [ServerFrame::Rows { upserts, .. }] = frames.as_slice() else {
            panic!("{frames:?}")
        };
        assert!(
            !upserts
                .iter()
                .any(|row| matches!(row, Row::Inbox(row) if row.id == inbox.id))
        );
        assert!(
            access::readable(&mut db, &access, chat).await.unwrap().is_some(),
            "history"
        );
        let anas = world.access(ana).await;
        assert!(access::readable(&mut db, &anas, chat).await.unwrap().is_none());
        drop(db);

        assert_eq!(office.get(&path, &owner).await.code(), Code::NotFound);
        let all: Vec<InboxDetail> = office.get("/api/inboxes", &owner).await.json();
        let [rest] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!(rest.settings.rules.overflow, None, "nothing overflows into it any more");
        assert_eq!(office.audit(&owner).await.len(), 2);

        let account = &inbox.accounts[0];
        let config = format!("/widget/config?key={}", world.demo.orders.key);
        assert_eq!(office.get(&config, "").await.status, StatusCode::NOT_FOUND);
        let on = SaveAccount {
            name: account.row.name.clone(),
            enabled: true,
            origins: vec![],
        };
        let on = office
            .put(&format!("/api/accounts/{}", account.row.id), &owner, &on)
            .await;
        assert_eq!(on.code(), Code::Closed, "off for good");
        assert_eq!(office.get(&config, "").await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_a_deleted_inbox_is_free_again() {
    for office in offices().await {
        let owner = office.sign_in("owner").await;
        for _ in 0..2 {
            let inbox: InboxDetail = office
                .create(&owner, InboxKind::LiveChat, plain("Returns"))
                .await
                .json();
            let body = DeleteInbox { name: "Returns".into() };
            let path = format!("/api/inboxes/{}", inbox.id);
            assert_eq!(office.delete(&path, &owner, &body).await.status, StatusCode::NO_CONTENT);
            assert_eq!(office.delete(&path, &owner, &body).await.code(), Code::NotFound);
        }
    }
}
