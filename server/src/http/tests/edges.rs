use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
};
use causerie_shared::{
    api::{COMPACT, ErrorBody, SessionInfo, SignIn},
    refusal::Code,
    user::Role,
};

use super::{Server, request};

async fn post_raw(server: &Server, path: &str, mime: &str, body: impl Into<Body>) -> super::Reply {
    let request = request(Method::POST, path, "").header(header::CONTENT_TYPE, mime);
    server.send(request.body(body.into()).unwrap()).await
}

#[tokio::test]
async fn a_change_from_a_foreign_page_or_from_no_page_is_refused() {
    let server = Server::start().await;
    server.add_user("ana@demo.test", Role::Agent).await;
    let cookie = server.sign_in("ana@demo.test").await;
    for origin in [
        Some("http://evil.example"),
        Some("null"),
        Some("http://127.0.0.1:8081"),
        None,
    ] {
        let mut request = Request::delete("/api/session").header(header::COOKIE, &cookie);
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        let reply = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::FORBIDDEN, Code::BadOrigin),
            "{origin:?}"
        );
    }
    assert_eq!(
        server.get("/api/session", &cookie).await.status,
        StatusCode::OK,
        "still signed in"
    );

    let twin = Request::delete("/api/session")
        .header(header::COOKIE, &cookie)
        .header(header::ORIGIN, "http://localhost:8080");
    assert_eq!(
        server.send(twin.body(Body::empty()).unwrap()).await.status,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn a_body_that_is_not_what_was_asked_for_has_a_code() {
    let server = Server::start().await;
    let json = "application/json";
    for (mime, body) in [(json, "{"), (json, ""), (json, r#"{"email":1}"#), ("text/plain", "{}")] {
        let reply = post_raw(&server, "/api/session", mime, body).await;
        assert_eq!(
            (reply.status, reply.code()),
            (StatusCode::BAD_REQUEST, Code::Malformed),
            "{body}"
        );
    }
    let secret = post_raw(&server, "/api/session", json, r#"{"email":"a","password":["hunter2"]}"#).await;
    assert!(
        !String::from_utf8_lossy(&secret.body).contains("hunter2"),
        "an error repeated a password"
    );
    let large = post_raw(&server, "/api/session", json, vec![b' '; 64 * 1024 + 1]).await;
    assert_eq!(
        (large.status, large.code()),
        (StatusCode::PAYLOAD_TOO_LARGE, Code::TooLarge)
    );
}

#[tokio::test]
async fn the_console_asks_and_is_answered_in_postcard_also_when_it_is_refused() {
    let server = Server::start().await;
    server.add_user("ana@demo.test", Role::Agent).await;
    let sign_in = |password: &str| {
        let body = SignIn {
            email: "ana@demo.test".into(),
            password: password.into(),
            stay: false,
        };
        let request = request(Method::POST, "/api/session", "")
            .header(header::CONTENT_TYPE, COMPACT)
            .header(header::ACCEPT, COMPACT);
        server.send(request.body(postcard::to_allocvec(&body).unwrap().into()).unwrap())
    };
    let refused = sign_in("wrong").await;
    assert_eq!(refused.header(header::CONTENT_TYPE), COMPACT);
    let error: ErrorBody = postcard::from_bytes(&refused.body).unwrap();
    assert_eq!(error.error.code, Code::BadCredentials);
    let info: SessionInfo = postcard::from_bytes(&sign_in(super::PASSWORD).await.body).unwrap();
    assert_eq!(info.me.email, "ana@demo.test");

    for body in [&b""[..], &[255; 40], &[0; 4096]] {
        let garbage = post_raw(&server, "/api/session", COMPACT, body).await;
        assert_eq!(
            (garbage.status, garbage.code()),
            (StatusCode::BAD_REQUEST, Code::Malformed)
        );
    }
    let large = post_raw(&server, "/api/session", COMPACT, vec![0; 64 * 1024 + 1]).await;
    assert_eq!(large.code(), Code::TooLarge);
}

#[tokio::test]
async fn unknown_addresses_and_methods_have_a_code() {
    let server = Server::start().await;
    let missing = server.get("/api/nothing", "").await;
    assert_eq!(
        (missing.status, missing.code()),
        (StatusCode::NOT_FOUND, Code::NotFound)
    );
    let method = server.delete("/api/organization", "").await;
    assert_eq!(method.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(method.code(), Code::Invalid);
    assert_eq!(server.get("/nothing", "").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn there_are_no_addresses_for_tests_unless_they_are_switched_on() {
    // Without the feature `test-api`, the switch has no effect.
    for on in [false, cfg!(not(feature = "test-api"))] {
        let server = Server::with(|config| config.test_api = on).await;
        for (method, path) in [
            (Method::POST, "/test/reset"),
            (Method::GET, "/test/conversations"),
            (Method::POST, "/test/accounts"),
        ] {
            let local = ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 4711)));
            let request = Request::builder().method(method).uri(path).extension(local);
            let reply = server.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
        }
    }
}

#[tokio::test]
async fn health_is_for_everyone_and_figures_for_this_machine() {
    let server = Server::start().await;
    assert_eq!(server.get("/health/live", "").await.status, StatusCode::OK);
    assert_eq!(server.get("/health/ready", "").await.status, StatusCode::OK);
    assert_eq!(server.get("/metrics", "").await.status, StatusCode::NOT_FOUND);

    let local = ConnectInfo(std::net::SocketAddr::from(([127, 0, 0, 1], 4711)));
    let figures = Request::get("/metrics").extension(local).body(Body::empty()).unwrap();
    let figures = server.send(figures).await;
    assert!(
        String::from_utf8_lossy(&figures.body).contains("http_requests_total{"),
        "{:?}",
        figures.body
    );
    let forwarded = Request::get("/metrics")
        .extension(local)
        .header("x-forwarded-for", "203.0.113.9");
    let forwarded = server.send(forwarded.body(Body::empty()).unwrap()).await;
    assert_eq!(
        forwarded.status,
        StatusCode::NOT_FOUND,
        "through a proxy that is not listed"
    );
}

#[tokio::test]
async fn not_ready_once_the_database_is_gone() {
    let server = Server::start().await;
    server.app.store.close().await;
    assert_eq!(
        server.get("/health/ready", "").await.status,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(server.get("/health/live", "").await.status, StatusCode::OK);
    let failed = server.get("/api/organization", "").await;
    assert_eq!(
        (failed.status, failed.code()),
        (StatusCode::INTERNAL_SERVER_ERROR, Code::Internal)
    );
}
