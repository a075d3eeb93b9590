use axum::http::{StatusCode, header};
use causerie_shared::{
    api::{ChangePassword, SessionInfo, SignInRow},
    refusal::Code,
    user::Role,
};

use super::{PASSWORD, Server};

#[tokio::test]
async fn the_right_password_signs_in_and_the_cookie_is_for_the_server_only() {
    let server = Server::start().await;
    let ana = server.add_user("ana@demo.test", Role::Agent).await;
    let reply = server.try_sign_in(" Ana@Demo.test ", PASSWORD, false).await;
    assert_eq!(reply.status, StatusCode::OK);
    let cookie = reply.header(header::SET_COOKIE);
    assert!(cookie.starts_with("causerie_session="), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"),
        "forgotten when the browser closes: {cookie}"
    );

    let info: SessionInfo = server.get("/api/session", &reply.cookie()).await.json();
    assert_eq!((info.me.id, info.me.email.as_str()), (ana, "ana@demo.test"));
    assert_eq!(info, reply.json());
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_host_and_scheme() {
    let server = Server::with(|config| {
        config.public_url = "https://chat.example.org".into();
        config.origins = vec![super::ORIGIN.into()];
    })
    .await;
    server.add_user("ana@demo.test", Role::Agent).await;
    let reply = server.try_sign_in("ana@demo.test", PASSWORD, true).await;
    let cookie = reply.header(header::SET_COOKIE);
    assert!(cookie.starts_with("__Host-causerie_session="), "{cookie}");
    assert!(
        cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=2592000; Secure"),
        "{cookie}"
    );
    assert_eq!(server.get("/api/session", &reply.cookie()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_email_look_the_same() {
    let server = Server::start().await;
    server.add_user("ana@demo.test", Role::Agent).await;
    let wrong = server.try_sign_in("ana@demo.test", "not-the-password", false).await;
    let unknown = server.try_sign_in("nobody@demo.test", PASSWORD, false).await;
    assert_eq!(
        (wrong.status, wrong.code()),
        (StatusCode::UNAUTHORIZED, Code::BadCredentials)
    );
    assert_eq!((wrong.status, wrong.body), (unknown.status, unknown.body));
    assert!(wrong.headers.get(header::SET_COOKIE).is_none());
}

#[tokio::test]
async fn guessing_is_slowed_down_for_one_email_and_grows_back() {
    let server = Server::start().await;
    server.add_user("ana@demo.test", Role::Agent).await;
    server.add_user("ben@demo.test", Role::Agent).await;
    for _ in 0..10 {
        assert_eq!(
            server.try_sign_in("ana@demo.test", "guess-guess", false).await.code(),
            Code::BadCredentials
        );
    }
    let limited = server.try_sign_in("ana@demo.test", PASSWORD, false).await;
    assert_eq!(
        (limited.status, limited.code()),
        (StatusCode::TOO_MANY_REQUESTS, Code::RateLimited)
    );
    assert_eq!(limited.header(header::RETRY_AFTER), "30");
    assert_eq!(
        server.try_sign_in("ben@demo.test", PASSWORD, false).await.status,
        StatusCode::OK
    );
    server.advance(30);
    assert_eq!(
        server.try_sign_in("ana@demo.test", PASSWORD, false).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn without_a_valid_sign_in_nothing_is_answered() {
    let server = Server::start().await;
    for path in [
        "/api/session",
        "/api/sessions",
        "/api/users",
        "/api/files/01K6Z3Y0000000000000000000",
    ] {
        for cookie in ["", "causerie_session=", "causerie_session=0000"] {
            let reply = server.get(path, cookie).await;
            assert_eq!(
                (reply.status, reply.code()),
                (StatusCode::UNAUTHORIZED, Code::Unauthorized),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn a_sign_in_ends_a_day_after_its_last_use() {
    let server = Server::start().await;
    server.add_user("ana@demo.test", Role::Agent).await;
    let cookie = server.sign_in("ana@demo.test").await;
    server.advance(20 * 3600);
    assert_eq!(server.get("/api/session", &cookie).await.status, StatusCode::OK);
    server.advance(20 * 3600);
    assert_eq!(
        server.get("/api/session", &cookie).await.status,
        StatusCode::OK,
        "its use moved its end"
    );
    server.advance(24 * 3600);
    assert_eq!(server.get("/api/session", &cookie).await.code(), Code::Unauthorized);
}

#[tokio::test]
async fn signing_out_ends_this_sign_in_only() {
    let server = Server::start().await;
    server.add_user("ana@demo.test", Role::Agent).await;
    let (here, there) = (
        server.sign_in("ana@demo.test").await,
        server.sign_in("ana@demo.test").await,
    );
    let reply = server.delete("/api/session", &here).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert!(reply.header(header::SET_COOKIE).contains("Max-Age=0"));
    assert_eq!(server.get("/api/session", &here).await.code(), Code::Unauthorized);
    assert_eq!(server.get("/api/session", &there).await.status, StatusCode::OK);
}

#[tokio::test]
async fn own_sign_ins_are_listed_and_can_be_ended_others_cannot() {
    let server = Server::start().await;
    server.add_user("ana@demo.test", Role::Agent).await;
    server.add_user("ben@demo.test", Role::Agent).await;
    let (here, there) = (
        server.sign_in("ana@demo.test").await,
        server.sign_in("ana@demo.test").await,
    );
    let ben = server.sign_in("ben@demo.test").await;
    let rows: Vec<SignInRow> = server.get("/api/sessions", &here).await.json();
    assert_eq!((rows.len(), rows.iter().filter(|row| row.current).count()), (2, 1));
    assert_eq!(rows[0].ip, "203.0.113.9");

    let other = rows.iter().find(|row| !row.current).unwrap().id;
    let path = format!("/api/sessions/{other}");
    assert_eq!(server.delete(&path, &ben).await.code(), Code::NotFound);
    assert_eq!(server.get("/api/session", &there).await.status, StatusCode::OK);
    assert_eq!(server.delete(&path, &here).await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get("/api/session", &there).await.code(), Code::Unauthorized);
    assert_eq!(
        server.delete("/api/sessions/nonsense", &here).await.code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_all_other_sign_ins() {
    let server = Server::start().await;
    server.add_user("ana@demo.test", Role::Agent).await;
    let (here, there) = (
        server.sign_in("ana@demo.test").await,
        server.sign_in("ana@demo.test").await,
    );
    let change = |current: &str, new: &str| ChangePassword {
        current: current.into(),
        new: new.into(),
    };
    let short = server.post("/api/password", &here, &change(PASSWORD, "short")).await;
    assert_eq!(
        (short.status, short.code()),
        (StatusCode::UNPROCESSABLE_ENTITY, Code::Invalid)
    );
    let wrong = server
        .post("/api/password", &here, &change("not-the-password", "a-new-password"))
        .await;
    assert_eq!(wrong.code(), Code::BadCredentials);
    assert_eq!(server.get("/api/session", &there).await.status, StatusCode::OK);

    let done = server
        .post("/api/password", &here, &change(PASSWORD, "a-new-password"))
        .await;
    assert_eq!(done.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get("/api/session", &here).await.status, StatusCode::OK);
    assert_eq!(server.get("/api/session", &there).await.code(), Code::Unauthorized);
    assert_eq!(
        server.try_sign_in("ana@demo.test", PASSWORD, false).await.code(),
        Code::BadCredentials
    );
    assert_eq!(
        server
            .try_sign_in("ana@demo.test", "a-new-password", false)
            .await
            .status,
        StatusCode::OK
    );
}
