//! The addresses for tests accept requests only from this machine.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode},
};
use serde_json::json;

use crate::common::line::Line;

const OWN_ACCOUNT: [u8; 4] = [127, 0, 0, 1];

async fn reset(line: &Line, peer: Option<[u8; 4]>, headers: &[(&str, &str)]) -> StatusCode {
    let mut request = Request::builder().method(Method::POST).uri("/test/reset");
    if let Some(peer) = peer {
        request = request.extension(ConnectInfo(SocketAddr::from((peer, 4711))));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    line.send(request.body(Body::empty()).unwrap()).await.0
}

#[tokio::test]
async fn nobody_but_a_program_on_this_machine_uses_them() {
    for line in Line::each("whatsapp", "1", "http://127.0.0.1:1").await {
        for headers in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("x-forwarded-for", "127.0.0.1")],
            &[("X-Forwarded-Proto", "https")],
            &[("forwarded", "for=127.0.0.1")],
            &[("x-real-ip", "127.0.0.1")],
            &[("via", "1.1 proxy")],
            &[("host", "evil.example:8080")],
            &[("host", "chat.example.org"), ("origin", "http://127.0.0.1:8080")],
        ] {
            let status = reset(&line, Some(OWN_ACCOUNT), headers).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{headers:?}");
        }
        for peer in [Some([203, 0, 113, 9]), Some([10, 0, 0, 1]), None] {
            assert_eq!(reset(&line, peer, &[]).await, StatusCode::FORBIDDEN, "{peer:?}");
        }
        for headers in [
            &[][..],
            &[("host", "127.0.0.1:8080")],
            &[("host", "localhost:8080")],
            &[("host", "[::1]:8080"), ("origin", "http://127.0.0.1:8080")],
        ] {
            let status = reset(&line, Some(OWN_ACCOUNT), headers).await;
            assert_eq!(status, StatusCode::NO_CONTENT, "{headers:?}");
        }
        assert_eq!(line.conversations().await, Vec::<serde_json::Value>::new());
        assert_eq!(
            line.call(Method::GET, "/test/nothing", Default::default()).await,
            (StatusCode::NOT_FOUND, json!("")),
            "an address that there is not"
        );
    }
}
