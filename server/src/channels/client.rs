//! The HTTP client for the calls that adapters name. Its logs hold only metadata: method, host, status, duration.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use reqwest::multipart::{Form, Part};
use tokio::sync::Semaphore;

use super::{
    Adapter, Credentials,
    inbound_event::Problem,
    step::{Body, Call, Next, Outcome, ProviderResponse, SendRequest},
};
use crate::{
    clock::Stopwatch,
    config::Config,
    safe_http,
    state::{App, Shared},
};

/// How long a whole answer may take: the call may be a long poll, or fetch a large medium.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// Largest answer that is not a medium, in bytes.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
/// Maximum number of best-effort calls at the same time.
const MAX_BEST_EFFORT_CALLS: usize = 32;

/// Maximum number of calls to send one part.
const MAX_CALLS: usize = 4;

/// The HTTP client for providers.
pub struct Client {
    http: reqwest::Client,
    courtesies: Arc<Semaphore>,
}

impl Client {
    /// Creates a client that reaches public addresses and the hosts that the operator allowed.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(config: &Config) -> Result<Self, reqwest::Error> {
        Ok(Self {
            http: safe_http::client(config, CALL_TIMEOUT)?,
            courtesies: Arc::new(Semaphore::new(MAX_BEST_EFFORT_CALLS)),
        })
    }

    /// Makes a call. The answer's body may have `max` bytes, or 4 MiB without `max`; a larger one counts as no answer.
    pub async fn call(&self, config: &Config, call: &Call, max: Option<usize>) -> ProviderResponse {
        let none = |maybe_sent| ProviderResponse {
            status: 0,
            maybe_sent,
            retry_after: None,
            body: Bytes::new(),
        };
        let Ok(url) = safe_http::check(config, &call.url) else {
            return none(false);
        };
        let host = url.host_str().unwrap_or_default().to_owned();
        let began = Stopwatch::start();
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
            Ok(response) => read(response, max.unwrap_or(MAX_ANSWER_BYTES)).await,
            // A request that failed to connect was not sent; any other may have reached the provider.
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

/// Makes a best-effort call in the background and ignores its answer. It is dropped when 32 others
/// wait for their providers.
pub fn courtesy(app: &Shared, call: Call) {
    let Ok(permit) = Arc::clone(&app.client.courtesies).try_acquire_owned() else {
        metrics::counter!("causerie_courtesies_dropped_total").increment(1);
        return;
    };
    let app = Arc::clone(app);
    tokio::spawn(async move {
        app.client.call(&app.config, &call, None).await;
        drop(permit);
    });
}

/// Makes the calls of a send request, and returns the outcome.
pub async fn send(
    app: &App,
    adapter: &'static dyn Adapter,
    credentials: &Credentials,
    outgoing: &SendRequest<'_>,
) -> Outcome {
    let mut answers = vec![];
    for _ in 0..MAX_CALLS {
        match adapter.send(credentials, outgoing, &answers) {
            Next::Call(call) => answers.push(app.client.call(&app.config, &call, None).await),
            Next::Done(outcome) => return outcome,
        }
    }
    Outcome::Final(Problem {
        code: "calls".to_owned(),
        words: "The provider asked for too many calls.".to_owned(),
    })
}

async fn read(mut response: reqwest::Response, max: usize) -> ProviderResponse {
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
                return ProviderResponse {
                    status,
                    maybe_sent: true,
                    retry_after,
                    body: body.freeze(),
                };
            }
            // The body is too large, or the connection broke.
            Ok(Some(_)) | Err(_) => {
                return ProviderResponse {
                    status: 0,
                    maybe_sent: true,
                    retry_after,
                    body: Bytes::new(),
                };
            }
        }
    }
}
