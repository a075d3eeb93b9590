//! HTTP sign-in and requests, and sockets, as the console uses them.

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

/// An open socket, as [`crate::client`] and [`crate::visitor`] use it.
pub type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// A sign-in: its cookie, and what the server answered.
pub struct Session {
    pub cookie: String,
    pub info: SessionInfo,
}

/// Signs in, or returns the status of the refusal.
///
/// # Panics
/// Panics if the server cannot be reached or its answer cannot be read.
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

/// Sends a request with a session. A `GET` has no `body`.
///
/// # Errors
/// Returns the server's refusal.
///
/// # Panics
/// Panics if the server cannot be reached or its answer cannot be read.
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

/// Opens a socket, as a page of the server would.
///
/// # Panics
/// Panics if the server does not accept the socket.
pub async fn socket(host: &str, path: &str, cookie: Option<&str>) -> Socket {
    try_socket(host, path, cookie)
        .await
        .expect("the server takes the socket")
}

/// Opens a socket as [`socket`] does, to a server that may be gone.
///
/// # Errors
/// Returns an error if the socket cannot be opened.
pub async fn try_socket(host: &str, path: &str, cookie: Option<&str>) -> Result<Socket, tungstenite::Error> {
    let cookie = cookie.map(|cookie| ("cookie", cookie));
    connect(host, path, cookie).await
}

/// Opens a socket as [`socket`] does, as if through a proxy that names the client's `address`.
///
/// # Panics
/// Panics if the server does not accept the socket.
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
    // Small frames leave at once (`TCP_NODELAY`), as from a browser.
    Ok(connect_async_with_config(request, None, true).await?.0)
}
