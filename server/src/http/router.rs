//! The server's routes.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::StatusCode,
    middleware::{from_fn, from_fn_with_state},
    response::Redirect,
    routing::{delete, get, post, put},
};
use causerie_shared::refusal::Code;

use crate::{
    http::{
        accounts, assets, audit, blocked, channels, crashes, departments, detach, error::ApiError, files, health,
        hooks, inboxes, json, notify, origin, persons, signins, socket, users, widget,
    },
    state::Shared,
    telemetry,
};

/// Largest JSON body, bytes. Uploads are streamed and have their own limit.
const MAX_BODY: usize = 64 * 1024;

/// Returns the router with all routes and middleware.
pub fn build(app: Shared) -> Router {
    // Installs the recorder now, so that metrics count from the start and not from the first scrape.
    telemetry::metrics();
    let router = Router::new()
        .nest("/api", api(&app))
        .nest("/widget", widget_routes())
        .nest("/hooks", hook_routes())
        .merge(assets::routes(&app.config))
        .route("/", get(|| async { Redirect::to("/app/") }))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(from_fn(telemetry::observe));
    #[cfg(feature = "test-api")]
    let router = if app.config.test_api {
        router.nest("/test", crate::http::test_api::routes(&app))
    } else {
        router
    };
    router.with_state(app)
}

fn api(app: &Shared) -> Router<Shared> {
    Router::new()
        .route("/organization", get(accounts::organization))
        .route("/setup", post(accounts::set_up))
        .route("/links/{token}", get(accounts::link).post(accounts::accept))
        .route(
            "/session",
            get(signins::current).post(signins::sign_in).delete(signins::sign_out),
        )
        .route("/sessions", get(signins::list))
        .route("/sessions/{id}", delete(signins::end_one))
        .route("/password", post(signins::change_password))
        .route(
            "/me/notifications",
            get(notify::preferences).put(notify::set_preferences),
        )
        .route("/me/push", get(notify::push).post(notify::subscribe))
        .route("/me/push/test", post(notify::test))
        .route("/me/push/{id}", delete(notify::unsubscribe))
        .route("/users", get(users::list).post(users::invite))
        .route("/users/{id}", put(users::save))
        .route("/users/{id}/reset", post(users::reset))
        .route("/inboxes", get(inboxes::list).post(inboxes::create))
        .route(
            "/inboxes/{id}",
            get(inboxes::get).put(inboxes::save).delete(inboxes::delete),
        )
        .route("/accounts/{id}", put(inboxes::save_account))
        .route("/channels", get(channels::list).post(channels::connect))
        .route("/channels/forms", get(channels::forms))
        .route("/channels/{id}", put(channels::save).delete(channels::remove))
        .route("/channels/{id}/check", post(channels::check))
        .route("/channels/{id}/templates", get(channels::templates))
        .route("/blocked", get(blocked::list).post(blocked::block))
        .route("/blocked/{contact}", delete(blocked::unblock))
        .route("/departments", get(departments::list).post(departments::create))
        .route("/departments/{id}", put(departments::save).delete(departments::delete))
        .route("/contacts/{id}", delete(persons::forget))
        .route(
            "/contacts/{id}/same",
            get(persons::same).post(persons::merge).delete(persons::separate),
        )
        .route("/contacts/{id}/candidates", get(persons::candidates))
        .route("/contacts/{id}/blocked", get(blocked::of))
        .route("/audit", get(audit::list))
        .route("/crash", post(crashes::report))
        .route("/crashes", get(crashes::list))
        .route("/files", post(files::upload))
        .route("/files/{id}", get(files::download))
        .route("/socket", get(socket::upgrade))
        .fallback(|| async { ApiError::new(Code::NotFound, "there is no such address") })
        .method_not_allowed_fallback(|| async { ApiError::method_not_allowed() })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(app.clone(), origin::layer))
        .layer(from_fn(json::negotiate))
        .layer(from_fn(detach::layer))
}

/// The routes for providers. They have neither cookies nor an origin; signatures and secrets authenticate them.
fn hook_routes() -> Router<Shared> {
    Router::new()
        .route("/files/{id}/{pass}", get(hooks::file))
        .route("/{key}", get(hooks::handshake).post(hooks::receive))
        .layer(DefaultBodyLimit::max(hooks::MAX_HOOK))
        .layer(from_fn(detach::layer))
}

/// The routes for visitors. The widget runs on other web sites, so each account has its own list of origins.
fn widget_routes() -> Router<Shared> {
    Router::new()
        .route("/config", get(widget::config))
        .route("/socket", get(widget::socket))
        .route("/files", post(widget::upload))
        .route("/files/{id}", get(widget::download))
        .route("/panel", get(assets::panel))
        .route("/{*path}", get(assets::widget))
}
