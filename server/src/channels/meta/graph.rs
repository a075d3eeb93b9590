//! Calls to the Graph API.

use axum::http::Method;
use serde_json::Value;

use super::VERSION;
use crate::channels::{
    Credentials,
    step::{Body, Call},
};

/// Host for tokens of Facebook login.
pub const FACEBOOK: &str = "https://graph.facebook.com";
/// Host for tokens of Instagram login.
pub const INSTAGRAM: &str = "https://graph.instagram.com";

/// Returns the address of a path below the account's host and version.
pub fn address(credentials: &Credentials, host: &str, path: &str) -> String {
    let base = if credentials.base_url.is_empty() {
        host
    } else {
        credentials.base_url.trim_end_matches('/')
    };
    let version = if credentials.version.is_empty() {
        VERSION
    } else {
        &credentials.version
    };
    format!("{base}/{version}/{path}")
}

/// Returns a call with the account's token.
pub fn call(credentials: &Credentials, method: Method, host: &str, path: &str, body: Body) -> Box<Call> {
    Box::new(Call {
        method,
        url: address(credentials, host, path),
        bearer: Some(credentials.token.clone()),
        body,
    })
}

/// Returns a `POST` of JSON.
pub fn post(credentials: &Credentials, host: &str, path: &str, json: Value) -> Box<Call> {
    call(credentials, Method::POST, host, path, Body::Json(json))
}

/// Returns a `GET`.
pub fn get(credentials: &Credentials, host: &str, path: &str) -> Box<Call> {
    call(credentials, Method::GET, host, path, Body::None)
}
