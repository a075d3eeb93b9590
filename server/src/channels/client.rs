//! Makes the calls that adapters ask for. What it logs is metadata: method, host, status, duration.

use std::time::Instant;

use bytes::{Bytes, BytesMut};
use reqwest::multipart::{Form, Part};

use super::outgoing::{Answer, Body, Call};
use crate::{config::Config, outgoing};

/// Largest answer that is no medium, bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// Speaks HTTP to providers.
pub struct Client {
    http: reqwest::Client,
}

impl Client {
    /// A client that reaches public addresses, and those that the operator allowed.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(config: &Config) -> Result<Self, reqwest::Error> {
        Ok(Self {
            http: outgoing::client(config)?,
        })
    }

    /// Makes a call; the answer's body is at most 4 MiB, or `max` bytes of a medium.
    pub async fn call(&self, config: &Config, call: &Call, max: Option<usize>) -> Answer {
        let none = |maybe_sent| Answer {
            status: 0,
            maybe_sent,
            retry_after: None,
            body: Bytes::new(),
        };
        let Ok(url) = outgoing::check(config, &call.url) else {
            return none(false);
        };
        let host = url.host_str().unwrap_or_default().to_owned();
        let began = Instant::now();
        let mut request = self.http.request(call.method.clone(), url);
        if let Some(token) = &call.bearer {
            request = request.bearer_auth(token);
        }
        request = match &call.body {
            Body::None => request,
            Body::Json(json) => request
                .header(reqwest::header::CONTENT_TYPE, "application/json")
                .body(json.to_string()),
            Body::Form(fields) => {
                let mut form = Form::new();
                for (name, value) in fields {
                    form = form.text(name.clone(), value.clone());
                }
                request.multipart(form)
            }
            Body::Multipart { fields, file } => {
                let mut form = Form::new();
                for (name, value) in fields {
                    form = form.text(name.clone(), value.clone());
                }
                let (field, name, mime, bytes) = file;
                let part = Part::stream(bytes.clone()).file_name(name.clone());
                let Ok(part) = part.mime_str(mime) else {
                    return none(false);
                };
                request.multipart(form.part(field.clone(), part))
            }
        };
        let answer = match request.send().await {
            Ok(response) => read(response, max.unwrap_or(MAX_ANSWER)).await,
            // Refused before anything was sent, or broken off somewhere on the way.
            Err(error) => none(!error.is_connect() && !error.is_builder()),
        };
        tracing::debug!(
            method = %call.method,
            host,
            status = answer.status,
            millis = began.elapsed().as_millis() as u64,
            "a provider was called"
        );
        answer
    }
}

async fn read(mut response: reqwest::Response, max: usize) -> Answer {
    let status = response.status().as_u16();
    let retry_after = response
        .headers()
        .get(reqwest::header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= max => body.extend_from_slice(&chunk),
            Ok(None) => {
                return Answer {
                    status,
                    maybe_sent: true,
                    retry_after,
                    body: body.freeze(),
                };
            }
            // Too large, or broken off.
            Ok(Some(_)) | Err(_) => {
                return Answer {
                    status: 0,
                    maybe_sent: true,
                    retry_after,
                    body: Bytes::new(),
                };
            }
        }
    }
}
