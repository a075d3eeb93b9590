//! Static files: the console, the widget and the demo's web page, from the build's folder `dist`.

mod embedded;
mod policy;

use axum::{
    Router,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use serde::Deserialize;

use crate::{
    config::Config,
    demo::ORDERS_KEY,
    http::error::ApiError,
    state::Shared,
    store::{places, settings},
};

/// Returns the routes of the console and, if it is enabled, of the demo.
pub fn routes(config: &Config) -> Router<Shared> {
    let routes = Router::new()
        .route("/app", get(|| async { Redirect::permanent("/app/") }))
        .route("/app/", get(console_page))
        .route("/app/{*path}", get(console));
    if !config.demo {
        return routes;
    }
    routes
        .route("/demo", get(demo_page))
        .route("/demo/", get(|| async { Redirect::permanent("/demo") }))
        .route("/demo/{*path}", get(demo))
}

async fn console_page(State(app): State<Shared>, headers: HeaderMap) -> Response {
    page(&app.config, &headers)
}

/// Serves a file of the console, or the console's page for an address inside the console.
async fn console(State(app): State<Shared>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    let last = path.rsplit('/').next().unwrap_or_default();
    if !last.contains('.') || path == "index.html" {
        return page(&app.config, &headers);
    }
    // These are other parts of the build, and a file that only the server needs.
    if path.starts_with("widget/") || path.starts_with("demo/") || path == embedded::MANIFEST {
        return StatusCode::NOT_FOUND.into_response();
    }
    policy::harmless(embedded::file(&path, &headers))
}

fn page(config: &Config, headers: &HeaderMap) -> Response {
    let Some(manifest) = embedded::manifest() else {
        let text = "The console is not part of this build: build it first (make console), then the server.";
        return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    policy::console(embedded::file("index.html", headers), config, &manifest)
}

/// `GET /widget/{file}`: the loader and the parts of the panel.
pub async fn widget(Path(path): Path<String>, headers: HeaderMap) -> Response {
    if path.ends_with(".html") {
        return StatusCode::NOT_FOUND.into_response();
    }
    policy::shared(embedded::file(&format!("widget/{path}"), &headers))
}

/// The part of the panel's query that the server needs; the panel reads the rest.
#[derive(Debug, Deserialize)]
pub struct PanelQuery {
    #[serde(default)]
    key: String,
}

/// `GET /widget/panel?key=…`: the panel's page, which only the account's own pages may frame.
pub async fn panel(
    State(app): State<Shared>,
    Query(query): Query<PanelQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let account = places::account_by_key(&mut *app.store.read().await?, &query.key).await?;
    let Some(account) = account.filter(|account| account.row.enabled) else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let response = embedded::file("widget/panel.html", &headers);
    Ok(policy::panel(response, &app.config, &account.config.origins))
}

/// The query that chooses one of the demo's widgets.
#[derive(Debug, Deserialize)]
struct DemoQuery {
    #[serde(default)]
    inbox: String,
}

/// `GET /demo`: a fictional shop with the widget; with `?inbox=orders`, the widget of the orders inbox.
async fn demo_page(State(app): State<Shared>, Query(query): Query<DemoQuery>) -> Result<Response, ApiError> {
    let key = settings::get(&mut *app.store.read().await?, settings::DEMO_KEY).await?;
    let key = if query.inbox == "orders" {
        key.map(|_| ORDERS_KEY.to_owned())
    } else {
        key
    };
    let (Some(page), Some(key)) = (embedded::text("demo/index.html"), key) else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let page = page
        .replace("{{origin}}", &app.config.public_url)
        .replace("{{key}}", &escape(&key));
    Ok(policy::harmless(
        (
            [(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))],
            Html(page),
        )
            .into_response(),
    ))
}

async fn demo(Path(path): Path<String>, headers: HeaderMap) -> Response {
    if path.ends_with(".html") {
        return StatusCode::NOT_FOUND.into_response();
    }
    policy::harmless(embedded::file(&format!("demo/{path}"), &headers))
}

/// Escapes a text for an HTML attribute.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}
