//! Signing in over HTTP, as the console does it.

use causerie_shared::{
    api::{ErrorBody, SessionInfo, SignIn},
    refusal::Refusal,
};
use reqwest::{Method, StatusCode, header};
use serde::{Serialize, de::DeserializeOwned};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async_with_config,
    tungstenite::{self, client::IntoClientRequest, http::HeaderValue},
};

/// An open socket, as both kinds of clients have it.
pub type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// A sign-in: the cookie and what came with it.
pub struct Session {
    pub cookie: String,
    pub info: SessionInfo,
}

/// Signs in, or gives the status of the refusal.
///
/// # Panics
/// When the server cannot be reached or answers nonsense.
pub async fn sign_in(host: &str, email: &str, password: &str) -> Result<Session, StatusCode> {
    let body = SignIn {
        email: email.into(),
        password: password.into(),
        stay: true,
    };
    let request = reqwest::Client::new().post(format!("http://{host}/api/session"));
    let request = request.header(header::ORIGIN, format!("http://{host}")).json(&body);
    let answer = request.send().await.expect("the server answers");
    if !answer.status().is_success() {
        return Err(answer.status());
    }
    let cookie = answer
        .headers()
        .get(header::SET_COOKIE)
        .expect("a cookie")
        .to_str()
        .expect("a readable cookie");
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    Ok(Session {
        cookie,
        info: answer.json().await.expect("a session"),
    })
}

/// Asks for something as whoever signed in; `body` is left out of a `GET`.
///
/// # Errors
/// The server's refusal.
///
/// # Panics
/// When the server cannot be reached or answers nonsense.
pub async fn ask<T: DeserializeOwned>(
    host: &str,
    session: &Session,
    method: Method,
    path: &str,
    body: &impl Serialize,
) -> Result<T, Refusal> {
    let mut request = reqwest::Client::new().request(method.clone(), format!("http://{host}{path}"));
    request = request
        .header(header::ORIGIN, format!("http://{host}"))
        .header(header::COOKIE, &session.cookie);
    if method != Method::GET {
        request = request.json(body);
    }
    let answer = request.send().await.expect("the server answers");
    if !answer.status().is_success() {
        let ErrorBody { error } = answer.json().await.expect("a refusal");
        return Err(error);
    }
    Ok(answer.json().await.expect("what was asked for"))
}

/// Opens a socket as a page of the server would.
///
/// # Panics
/// When the server does not take it.
pub async fn socket(host: &str, path: &str, cookie: Option<&str>) -> Socket {
    try_socket(host, path, cookie)
        .await
        .expect("the server takes the socket")
}

/// As [`socket`], for a server that may be gone.
///
/// # Errors
/// Whatever keeps the socket from being opened.
pub async fn try_socket(host: &str, path: &str, cookie: Option<&str>) -> Result<Socket, tungstenite::Error> {
    let cookie = cookie.map(|cookie| ("cookie", cookie));
    connect(host, path, cookie).await
}

/// As [`socket`], through a proxy that tells the address of the client.
///
/// # Panics
/// When the server does not take it.
pub async fn socket_from(host: &str, path: &str, address: &str) -> Socket {
    connect(host, path, Some(("x-forwarded-for", address)))
        .await
        .expect("the server takes the socket")
}

async fn connect(host: &str, path: &str, header: Option<(&'static str, &str)>) -> Result<Socket, tungstenite::Error> {
    let mut request = format!("ws://{host}{path}").into_client_request()?;
    let headers = request.headers_mut();
    let value = |text: &str| HeaderValue::from_str(text).expect("a header");
    headers.insert("origin", value(&format!("http://{host}")));
    if let Some((name, text)) = header {
        headers.insert(name, value(text));
    }
    // Small frames leave at once, as from a browser.
    Ok(connect_async_with_config(request, None, true).await?.0)
}
