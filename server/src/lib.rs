//! The server: HTTP by axum, the domain's rules from `causerie_shared`, and one database.

pub mod access;
pub mod accounts;
pub mod audit;
pub mod blobs;
pub mod channels;
pub mod clock;
pub mod commit_events;
pub mod config;
pub mod contacts;
pub mod conversations;
pub mod delivery;
pub mod demo;
pub mod documents;
pub mod error;
pub mod files;
pub mod grants;
pub mod hours;
pub mod http;
pub mod inbound;
pub mod limits;
pub mod moderation;
pub mod passwords;
pub mod presence;
pub mod realtime;
pub mod routing;
pub mod safe_http;
pub mod secrets;
pub mod settings;
pub mod setup;
pub mod state;
pub mod store;
pub mod telemetry;
pub mod timers;
pub mod web_push;
pub mod workers;

use std::sync::Arc;

pub use crate::state::{App, Shared};
use crate::{clock::Clock, config::Config, error::ServiceError, store::Store, workers::Supervisor};

/// Opens the database, starts the workers and returns the running application. `http::router::build` makes its
/// HTTP service.
pub async fn build(config: Config, clock: Clock) -> Result<Shared, ServiceError> {
    let store = Store::open(&config.database_url).await?;
    let app: Shared = Arc::new(App::new(config, store, clock).await?);
    // The node must hold its lock before it has a socket: other nodes count the sockets of a node without a lock as
    // closed.
    let link = app.store.node_session(app.node).await?;
    crate::presence::recover(&app).await?;
    if app.config.demo {
        crate::demo::fill(&app).await?;
    }
    let mut workers = Supervisor::new(&app);
    crate::realtime::add_workers(&mut workers, link);
    workers.add("dispatcher", crate::routing::run);
    workers.add("timers", crate::timers::run);
    workers.add("inbound", crate::inbound::run);
    crate::delivery::add_worker(&mut workers);
    workers.add("templates", crate::accounts::templates::run);
    workers.add("telegram_polling", crate::inbound::polling::run);
    workers.add("web_push", crate::web_push::run);
    workers.add("queue_places", crate::realtime::visitors::queue_places::run);
    workers.add("metrics", crate::telemetry::upkeep);
    workers.start();
    Ok(app)
}
