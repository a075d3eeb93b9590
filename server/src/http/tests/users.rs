use std::time::Duration;

use axum::http::StatusCode;
use causerie_shared::{
    api::{Account, Invite, OneTimeLink},
    ids::InboxId,
    inbox::{InboxRow, Rules},
    refusal::Code,
    user::Role,
};

use super::Server;
use crate::store::{feed, places};

fn invite(email: &str, role: Role, inboxes: Vec<InboxId>) -> Invite {
    Invite {
        name: "Carla".into(),
        email: email.into(),
        role,
        inboxes,
    }
}

#[tokio::test]
async fn agents_and_supervisors_cannot_list_or_invite_or_reset() {
    let server = Server::start().await;
    let owner = server.add_user("owner@demo.test", Role::Owner).await;
    for (email, role) in [("ana@demo.test", Role::Agent), ("sup@demo.test", Role::Supervisor)] {
        server.add_user(email, role).await;
        let cookie = server.sign_in(email).await;
        let list = server.get("/api/users", &cookie).await;
        assert_eq!((list.status, list.code()), (StatusCode::FORBIDDEN, Code::Forbidden));
        let invited = server
            .post("/api/users", &cookie, &invite("carla@demo.test", Role::Agent, vec![]))
            .await;
        assert_eq!(invited.code(), Code::Forbidden);
        let reset = server.post(&format!("/api/users/{owner}/reset"), &cookie, &()).await;
        assert_eq!(reset.code(), Code::Forbidden);
    }
}

#[tokio::test]
async fn only_an_owner_makes_or_resets_an_owner() {
    let server = Server::start().await;
    let owner = server.add_user("owner@demo.test", Role::Owner).await;
    server.add_user("admin@demo.test", Role::Admin).await;
    let admin = server.sign_in("admin@demo.test").await;
    let made = server
        .post("/api/users", &admin, &invite("carla@demo.test", Role::Owner, vec![]))
        .await;
    assert_eq!(made.code(), Code::Forbidden);
    let reset = server.post(&format!("/api/users/{owner}/reset"), &admin, &()).await;
    assert_eq!(reset.code(), Code::Forbidden);
    let by_owner = server.sign_in("owner@demo.test").await;
    let reset = server.post(&format!("/api/users/{owner}/reset"), &by_owner, &()).await;
    assert_eq!(reset.status, StatusCode::OK);
}

#[tokio::test]
async fn an_invited_user_is_a_member_and_colleagues_are_told() {
    let server = Server::start().await;
    server.add_user("owner@demo.test", Role::Owner).await;
    let owner = server.sign_in("owner@demo.test").await;
    let inbox = InboxId::from_u128(7);
    let row = InboxRow {
        id: inbox,
        name: "Sales".into(),
        rules: Rules::default(),
        members: vec![],
    };
    let mut tx = server.app.store.begin_ordered().await.unwrap();
    places::insert_inbox(&mut tx, &row).await.unwrap();
    let before = feed::newest(&mut tx).await.unwrap();
    tx.commit().await.unwrap();

    let unknown = invite("carla@demo.test", Role::Agent, vec![InboxId::from_u128(8)]);
    assert_eq!(server.post("/api/users", &owner, &unknown).await.code(), Code::Invalid);
    let wanted = invite("carla@demo.test", Role::Agent, vec![inbox, inbox]);
    let link: OneTimeLink = server.post("/api/users", &owner, &wanted).await.json();
    let twice = server
        .post("/api/users", &owner, &invite("CARLA@demo.test", Role::Agent, vec![]))
        .await;
    assert_eq!((twice.status, twice.code()), (StatusCode::CONFLICT, Code::Conflict));

    let accounts: Vec<Account> = server.get("/api/users", &owner).await.json();
    let carla = accounts.iter().find(|account| account.id == link.user).unwrap();
    assert!(carla.invited && carla.active);
    assert_eq!(carla.inboxes, [inbox]);
    let told = feed::after(&mut server.app.store.read().await.unwrap(), before, 10)
        .await
        .unwrap();
    let told: Vec<_> = told.into_iter().map(|entry| entry.row_id).collect();
    assert_eq!(told, [link.user.to_string(), inbox.to_string()]);
}

#[tokio::test]
async fn nonsense_is_refused_with_a_reason() {
    let server = Server::start().await;
    server.add_user("owner@demo.test", Role::Owner).await;
    let owner = server.sign_in("owner@demo.test").await;
    for email in ["", "carla", "carla@", "carla@demo", "a b@demo.test"] {
        let reply = server
            .post("/api/users", &owner, &invite(email, Role::Agent, vec![]))
            .await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::UNPROCESSABLE_ENTITY, Code::Invalid),
            "{email}"
        );
    }
    let nobody = server.post("/api/users/nobody/reset", &owner, &()).await;
    assert_eq!(nobody.code(), Code::NotFound);
}

#[tokio::test]
async fn an_invitation_is_sent_even_if_its_sender_hangs_up() {
    let server = Server::start().await;
    server.add_user("owner@demo.test", Role::Owner).await;
    let cookie = server.sign_in("owner@demo.test").await;
    let body = invite("carla@demo.test", Role::Agent, vec![]);
    let sent = server.post("/api/users", &cookie, &body);
    // The client is gone before the answer: the server drops the request after its first step.
    assert!(futures_util::future::poll_immediate(sent).await.is_none());
    let invited = async {
        loop {
            let users: Vec<Account> = server.get("/api/users", &cookie).await.json();
            if users.iter().any(|user| user.email == "carla@demo.test") {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), invited)
        .await
        .expect("the invitation is carried out");
}
