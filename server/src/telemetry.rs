//! Logging and metrics. Neither contains texts of messages, tokens or query strings.

use std::{sync::OnceLock, time::Duration};

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::time::interval;
use tracing::Instrument;
use tracing_subscriber::{EnvFilter, fmt};

use crate::clock::Stopwatch;
use crate::{
    config::{Config, LogFormat},
    state::Shared,
    workers,
};

const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Starts logging to standard error. A second call has no effect.
pub fn init(config: &Config) {
    // The filter was validated with the configuration.
    let filter = EnvFilter::new(&config.log);
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let set = match config.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    if set.is_err() {
        tracing::debug!("log lines have a place already");
    }
}

/// Returns the handle to the metrics of this process. The first call installs the recorder.
pub fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder has the figures of this process");
        }
        handle
    })
}

/// Runs the worker that bounds the memory of the metrics.
pub async fn upkeep(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    let mut ticks = interval(UPKEEP_INTERVAL);
    loop {
        tokio::select! {
            _ = ticks.tick() => metrics().run_upkeep(),
            () = workers::stop(&mut shutdown) => return,
        }
    }
}

/// Middleware that logs and counts a request. It uses the route's pattern, because the real path may contain a token.
pub async fn observe(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    // Consoles read all the time, so only requests that may change something are logged at `info`.
    let reads = method.is_safe();
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let span = tracing::info_span!("request", %method, path);
    async move {
        let begun = Stopwatch::start();
        let response = next.run(request).await;
        let took = begun.elapsed();
        let status = response.status();
        let labels = [
            ("method", method.to_string()),
            ("path", path),
            ("status", status.as_u16().to_string()),
        ];
        metrics::counter!("http_requests_total", &labels).increment(1);
        metrics::histogram!("http_request_seconds", &labels).record(took);
        let ms = took.as_millis() as u64;
        if status.is_server_error() {
            tracing::error!(status = status.as_u16(), ms, "answered");
        } else if reads {
            tracing::debug!(status = status.as_u16(), ms, "answered");
        } else {
            tracing::info!(status = status.as_u16(), ms, "answered");
        }
        response
    }
    .instrument(span)
    .await
}
