//! Crashes of the console: its page reports them, owners and admins read them.

use axum::{
    body::to_bytes,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
};
use causerie_shared::{
    api::crashes::{CrashReport, CrashRow, MAX_REPORT},
    refusal::Code,
};

use crate::{
    access::may_manage,
    http::{
        auth::{self, Client, Signed},
        error::ApiError,
        headers,
        json::Json,
    },
    limits::Limit,
    state::Shared,
    store::crashes,
};

/// Maximum number of crashes in one response.
const MAX_CRASHES: i64 = 200;
/// Maximum length of a build's name, in characters.
const MAX_BUILD: usize = 64;
/// Maximum length of a route, in characters.
const MAX_ROUTE: usize = 300;
/// Maximum length of a path segment that is kept. Ids have 26 characters; the token of a one-time link has 64.
const MAX_SEGMENT: usize = 40;

/// `POST /api/crash`: stores a crash. It needs no session, because the console may crash before signing in.
pub async fn report(
    State(app): State<Shared>,
    client: Client,
    headers: HeaderMap,
    request: Request,
) -> Result<StatusCode, ApiError> {
    let key = match auth::signed(&app, &headers).await {
        Ok((_, user)) => user.id.to_string(),
        Err(error) if error.refusal().code == Code::Unauthorized => client.ip.to_string(),
        Err(error) => return Err(error),
    };
    let now = app.clock.now();
    app.limits.take(Limit::Crash, &key, now)?;
    let report = check(read(request).await?)?;
    let engine = headers::engine(&client.user_agent);

    let mut tx = app.store.begin().await?;
    crashes::add(&mut tx, &report, &engine, now).await?;
    tx.commit().await?;
    metrics::counter!("causerie_crashes_total").increment(1);
    let (build, part) = (&report.build, report.part.as_str());
    tracing::warn!(build, part, engine, "a console crashed");
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/crashes`.
pub async fn list(State(app): State<Shared>, signed: Signed) -> Result<Json<Vec<CrashRow>>, ApiError> {
    may_manage(&signed.user)?;
    let mut db = app.store.read().await?;
    Ok(Json(crashes::list(&mut db, app.clock.now(), MAX_CRASHES).await?))
}

/// Reads a report. A body whose declared length is too large is not read; any other body is read up to the limit.
async fn read(request: Request) -> Result<CrashReport, ApiError> {
    let too_large = || ApiError::new(Code::TooLarge, "the body is larger than 8 KiB");
    let (parts, body) = request.into_parts();
    let value = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    if value(header::CONTENT_TYPE) != Some("application/json") {
        return Err(ApiError::new(
            Code::Malformed,
            "the body must be sent as application/json",
        ));
    }
    let said: Option<usize> = value(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    if said.is_some_and(|length| length > MAX_REPORT) {
        return Err(too_large());
    }
    let body = to_bytes(body, MAX_REPORT).await.map_err(|_| too_large())?;
    // The parser's own text may repeat what was sent.
    serde_json::from_slice(&body).map_err(|error| {
        let text = if error.is_data() {
            "the body has an unknown field, lacks one or has one of the wrong kind"
        } else {
            "the body is not JSON"
        };
        ApiError::new(Code::Malformed, text)
    })
}

/// Returns the report without control characters, queries and tokens of one-time links.
fn check(report: CrashReport) -> Result<CrashReport, ApiError> {
    let invalid = |text: &str| Err(ApiError::new(Code::Invalid, text));
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if report.build.is_empty() || report.build.len() > MAX_BUILD || !report.build.chars().all(is_name) {
        return invalid("build: 1 to 64 letters, digits, dots, dashes and underscores");
    }
    let stack: String = report.stack.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    if stack.trim().is_empty() {
        return invalid("stack: must not be empty");
    }
    let path = report.route.split(['?', '#']).next().unwrap_or_default();
    if !path.starts_with("/app") || path.chars().count() > MAX_ROUTE {
        return invalid("route: a path below /app of at most 300 characters");
    }
    let segments = path.split('/').map(|segment| {
        if segment.chars().count() > MAX_SEGMENT {
            return "…".to_owned();
        }
        segment.chars().filter(|c| !c.is_control()).collect()
    });
    Ok(CrashReport {
        stack: stack.trim().to_owned(),
        route: segments.collect::<Vec<String>>().join("/"),
        ..report
    })
}
