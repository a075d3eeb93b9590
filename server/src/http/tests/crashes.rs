use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
};
use causerie_shared::{
    api::crashes::{CrashRow, MAX_REPORT, Part},
    refusal::Code,
    user::Role,
};
use serde_json::{Value, json};

use super::{Reply, Server, request};

const STACK: &str = "RuntimeError: unreachable\ncauserie-app-0123456789abcdef_bg.wasm:wasm-function[7]:0x2a";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

fn crash() -> Value {
    json!({ "build": "0123456789abcdef", "part": "main", "stack": STACK, "route": "/app/mine" })
}

/// Returns the crash with another value of a field.
fn with(field: &str, value: impl Into<Value>) -> Value {
    let mut crash = crash();
    crash[field] = value.into();
    crash
}

async fn send(server: &Server, cookie: &str, body: impl Into<Body>) -> Reply {
    let request = request(Method::POST, "/api/crash", cookie)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, FIREFOX);
    server.send(request.body(body.into()).unwrap()).await
}

async fn report(server: &Server, cookie: &str, crash: &Value) -> StatusCode {
    send(server, cookie, crash.to_string()).await.status
}

/// Returns the crashes as the owner sees them.
async fn crashes(server: &Server) -> Vec<CrashRow> {
    let cookie = server.sign_in("owner@demo.test").await;
    server.get("/api/crashes", &cookie).await.json()
}

async fn owned() -> Server {
    let server = Server::start().await;
    server.add_user("owner@demo.test", Role::Owner).await;
    server
}

#[tokio::test]
async fn equal_crashes_are_one_line_with_the_last_route_and_the_last_one_is_first() {
    let server = owned().await;
    assert_eq!(report(&server, "", &crash()).await, StatusCode::NO_CONTENT);
    server.advance(10);
    assert_eq!(
        report(&server, "", &with("part", "settings")).await,
        StatusCode::NO_CONTENT
    );
    server.advance(10);
    let elsewhere = with("route", "/app/mine/01K6YV3Q4N0000000000000000");
    assert_eq!(report(&server, "", &elsewhere).await, StatusCode::NO_CONTENT);

    let rows = crashes(&server).await;
    let again = CrashRow {
        build: "0123456789abcdef".into(),
        part: Part::Main,
        stack: STACK.into(),
        route: "/app/mine/01K6YV3Q4N0000000000000000".into(),
        engine: "Firefox 140".into(),
        first_seen: super::START,
        last_seen: super::START + 20_000,
        count: 2,
    };
    assert_eq!(rows[0], again);
    assert_eq!((rows.len(), rows[1].part, rows[1].count), (2, Part::Settings, 1));

    let local = ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4711)));
    let figures = Request::get("/metrics").extension(local).body(Body::empty()).unwrap();
    let figures = server.send(figures).await;
    assert!(String::from_utf8_lossy(&figures.body).contains("causerie_crashes_total"));
}

#[tokio::test]
async fn owners_and_admins_read_crashes_and_nobody_else() {
    let server = owned().await;
    report(&server, "", &crash()).await;
    for (name, role, allowed) in [
        ("admin@demo.test", Role::Admin, true),
        ("sup@demo.test", Role::Supervisor, false),
        ("ana@demo.test", Role::Agent, false),
    ] {
        server.add_user(name, role).await;
        let cookie = server.sign_in(name).await;
        assert_eq!(
            report(&server, &cookie, &crash()).await,
            StatusCode::NO_CONTENT,
            "{name}"
        );
        let answer = server.get("/api/crashes", &cookie).await;
        if allowed {
            assert_eq!(answer.json::<Vec<CrashRow>>().len(), 1, "{name}");
        } else {
            assert_eq!(
                (answer.status, answer.code()),
                (StatusCode::FORBIDDEN, Code::Forbidden),
                "{name}"
            );
        }
    }
    let stranger = server.get("/api/crashes", "").await;
    assert_eq!(
        (stranger.status, stranger.code()),
        (StatusCode::UNAUTHORIZED, Code::Unauthorized)
    );
    assert_eq!(crashes(&server).await[0].count, 4);
}

#[tokio::test]
async fn a_report_that_is_not_one_is_refused_and_nothing_is_kept() {
    let server = owned().await;
    let long = |length| "x".repeat(length);
    let malformed = [
        "{".into(),
        String::new(),
        "[]".into(),
        with("message", "hello").to_string(),
        with("part", "elsewhere").to_string(),
        with("stack", 7).to_string(),
        json!({ "build": "1", "part": "main", "stack": STACK }).to_string(),
    ];
    for body in malformed {
        let answer = send(&server, "", body.clone()).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::BAD_REQUEST, Code::Malformed),
            "{body}"
        );
        assert!(
            !String::from_utf8_lossy(&answer.body).contains("elsewhere"),
            "{:?}",
            answer.body
        );
    }
    let invalid = [
        with("build", ""),
        with("build", "<b>"),
        with("build", long(65)),
        with("stack", " \n\u{7}"),
        with("route", ""),
        with("route", "https://evil.example/app"),
        with("route", format!("/app/{}", long(296))),
    ];
    server.advance(600);
    for crash in invalid {
        let answer = send(&server, "", crash.to_string()).await;
        assert_eq!(
            (answer.status, answer.code()),
            (StatusCode::UNPROCESSABLE_ENTITY, Code::Invalid),
            "{crash}"
        );
    }
    server.advance(600);
    let plain = request(Method::POST, "/api/crash", "").header(header::CONTENT_TYPE, "text/plain");
    let plain = server.send(plain.body(crash().to_string().into()).unwrap()).await;
    assert_eq!(plain.code(), Code::Malformed);
    let foreign = Request::post("/api/crash").header(header::ORIGIN, "https://evil.example");
    let foreign = server.send(foreign.body(crash().to_string().into()).unwrap()).await;
    assert_eq!(foreign.code(), Code::BadOrigin);
    assert!(crashes(&server).await.is_empty());
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_one_that_says_so_is_not_read() {
    let server = owned().await;
    let fits = with("stack", "x".repeat(MAX_REPORT - with("stack", "").to_string().len()));
    assert_eq!(fits.to_string().len(), MAX_REPORT);
    assert_eq!(report(&server, "", &fits).await, StatusCode::NO_CONTENT);
    let over = send(&server, "", format!("{fits} ")).await;
    assert_eq!(
        (over.status, over.code()),
        (StatusCode::PAYLOAD_TOO_LARGE, Code::TooLarge)
    );

    // Reading this body would never end.
    let endless = Body::from_stream(futures_util::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = request(Method::POST, "/api/crash", "")
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, MAX_REPORT + 1);
    let unread = server.send(request.body(endless).unwrap()).await;
    assert_eq!(unread.code(), Code::TooLarge);
    assert_eq!(crashes(&server).await.len(), 1);
}

#[tokio::test]
async fn control_characters_queries_and_secrets_of_links_are_not_kept() {
    let server = owned().await;
    let token = "0123456789abcdef".repeat(4);
    let stack = format!("\u{0}{STACK}\r\n\u{1b}[31m");
    for route in [format!("/app/link/{token}?a=b#c"), "/app/se\u{0}ttings#secret".into()] {
        let mut crash = with("stack", stack.clone());
        crash["route"] = route.into();
        assert_eq!(report(&server, "", &crash).await, StatusCode::NO_CONTENT);
        server.advance(1);
    }
    let rows = crashes(&server).await;
    assert_eq!((rows.len(), rows[0].route.as_str()), (1, "/app/settings"));
    assert_eq!(rows[0].stack, format!("{STACK}\n[31m"));

    let mut crash = with("stack", "other");
    crash["route"] = format!("/app/link/{token}").into();
    report(&server, "", &crash).await;
    assert_eq!(crashes(&server).await[0].route, "/app/link/…");
}

#[tokio::test]
async fn an_address_without_a_sign_in_and_a_user_have_limits_of_their_own() {
    let server = owned().await;
    let cookie = server.sign_in("owner@demo.test").await;
    let mut sent = 0;
    while report(&server, "", &crash()).await == StatusCode::NO_CONTENT {
        sent += 1;
        assert!(sent < 100, "there is no limit");
    }
    let refused = send(&server, "", crash().to_string()).await;
    assert_eq!(
        (refused.status, refused.code()),
        (StatusCode::TOO_MANY_REQUESTS, Code::RateLimited)
    );
    assert!(refused.header(header::RETRY_AFTER).parse::<u32>().unwrap() > 0);
    // A session that has ended counts as none.
    assert_eq!(
        report(&server, "causerie_session=gone", &crash()).await,
        StatusCode::TOO_MANY_REQUESTS
    );
    assert_eq!(report(&server, &cookie, &crash()).await, StatusCode::NO_CONTENT);
    server.advance(300);
    assert_eq!(report(&server, "", &crash()).await, StatusCode::NO_CONTENT);
    assert_eq!(crashes(&server).await[0].count, sent + 2);
}
