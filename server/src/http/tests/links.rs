use axum::http::StatusCode;
use causerie_shared::{
    api::{AcceptLink, Invite, LinkInfo, LinkKind, OneTimeLink, Organization, SessionInfo, Setup},
    ids::UserId,
    refusal::Code,
    user::Role,
};

use super::{PASSWORD, Reply, Server};
use crate::http::accounts::setup_token;

const NEW: &str = "chosen-by-myself";

async fn accept(server: &Server, link: &OneTimeLink, password: &str) -> Reply {
    let body = AcceptLink {
        password: password.into(),
    };
    server.post(&path(link), "", &body).await
}

fn path(link: &OneTimeLink) -> String {
    format!("/api/links/{}", link.url.rsplit('/').next().unwrap())
}

async fn reset(server: &Server, user: UserId, cookie: &str) -> Reply {
    server.post(&format!("/api/users/{user}/reset"), cookie, &()).await
}

#[tokio::test]
async fn an_invitation_works_once_and_signs_in() {
    let server = Server::start().await;
    server.add_user("owner@demo.test", Role::Owner).await;
    let owner = server.sign_in("owner@demo.test").await;
    let invite = Invite {
        name: " Carla ".into(),
        email: "Carla@demo.test".into(),
        role: Role::Agent,
        inboxes: vec![],
    };
    let reply = server.post("/api/users", &owner, &invite).await;
    assert_eq!(reply.status, StatusCode::CREATED);
    let link: OneTimeLink = reply.json();
    assert!(link.url.starts_with("http://127.0.0.1:8080/app/link/"), "{}", link.url);

    let info: LinkInfo = server.get(&path(&link), "").await.json();
    assert_eq!(
        (info.kind, info.name.as_str(), info.email.as_str()),
        (LinkKind::Invitation, "Carla", "carla@demo.test")
    );
    assert_eq!(
        accept(&server, &link, "short").await.code(),
        Code::Invalid,
        "and the link is not used up"
    );
    let accepted = accept(&server, &link, NEW).await;
    let session: SessionInfo = server.get("/api/session", &accepted.cookie()).await.json();
    assert_eq!(session.me.id, link.user);

    let again = accept(&server, &link, "somebody-else-chose").await;
    assert_eq!((again.status, again.code()), (StatusCode::GONE, Code::BadLink));
    assert_eq!(server.get(&path(&link), "").await.code(), Code::BadLink);
    assert_eq!(
        server.try_sign_in("carla@demo.test", NEW, false).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_reset_ends_all_sign_ins_and_expires_after_a_day() {
    let server = Server::start().await;
    server.add_user("owner@demo.test", Role::Owner).await;
    let ana = server.add_user("ana@demo.test", Role::Agent).await;
    let (owner, old) = (
        server.sign_in("owner@demo.test").await,
        server.sign_in("ana@demo.test").await,
    );

    let first: OneTimeLink = reset(&server, ana, &owner).await.json();
    let second: OneTimeLink = reset(&server, ana, &owner).await.json();
    assert_eq!(
        accept(&server, &first, NEW).await.code(),
        Code::BadLink,
        "a newer link replaced it"
    );
    assert_eq!(server.get("/api/session", &old).await.status, StatusCode::OK);
    assert_eq!(accept(&server, &second, NEW).await.status, StatusCode::OK);
    assert_eq!(server.get("/api/session", &old).await.code(), Code::Unauthorized);
    assert_eq!(
        server.try_sign_in("ana@demo.test", PASSWORD, false).await.code(),
        Code::BadCredentials
    );

    let third: OneTimeLink = reset(&server, ana, &owner).await.json();
    server.advance(24 * 3600);
    assert_eq!(accept(&server, &third, "too-late-for-this").await.code(), Code::BadLink);
}

#[tokio::test]
async fn the_first_owner_is_created_once_with_the_printed_token() {
    let server = Server::start().await;
    let token = setup_token(&server.app).await.unwrap().unwrap();
    let organization: Organization = server.get("/api/organization", "").await.json();
    assert!(organization.needs_setup);

    let set_up = |token: &str, email: &str| Setup {
        token: token.into(),
        organization: "Lumbre".into(),
        name: "Olga".into(),
        email: email.into(),
        password: NEW.into(),
    };
    let wrong = server.post("/api/setup", "", &set_up("guess", "thief@demo.test")).await;
    assert_eq!(wrong.code(), Code::BadLink);
    let reply = server.post("/api/setup", "", &set_up(&token, "olga@demo.test")).await;
    let session: SessionInfo = server.get("/api/session", &reply.cookie()).await.json();
    assert_eq!(
        (session.me.role, session.me.organization.as_str()),
        (Role::Owner, "Lumbre")
    );

    let again = server.post("/api/setup", "", &set_up(&token, "second@demo.test")).await;
    assert_eq!(again.code(), Code::BadLink);
    assert_eq!(setup_token(&server.app).await.unwrap(), None);
    let organization: Organization = server.get("/api/organization", "").await.json();
    assert_eq!(
        (organization.name.as_str(), organization.needs_setup),
        ("Lumbre", false)
    );
}
