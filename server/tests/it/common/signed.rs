//! Requests of signed-in users to the server of a line.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::ConnectInfo,
    http::{Method, Request, StatusCode, header},
};
use causerie_server::demo::PASSWORD;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::line::Line;

/// Sends a request with a session's cookie. Returns status, body and new cookie.
pub async fn ask(line: &Line, cookie: &str, method: Method, path: &str, body: Value) -> (StatusCode, Value, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::ORIGIN, "http://127.0.0.1:8080")
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/json")
        .extension(ConnectInfo(SocketAddr::from(([203, 0, 113, 9], 4711))))
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = line.router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let cookie = response.headers().get(header::SET_COOKIE);
    let cookie = cookie.map(|value| value.to_str().unwrap()).unwrap_or_default();
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null), cookie)
}

/// Signs in the demo's user whose e-mail address begins with `name`, and returns the cookie.
pub async fn sign_in(line: &Line, name: &str) -> String {
    let body = json!({ "email": format!("{name}@demo.test"), "password": PASSWORD, "stay": false });
    let (status, body, cookie) = ask(line, "", Method::POST, "/api/session", body).await;
    assert!(status.is_success(), "{body}");
    cookie
}
