//! The server: HTTP by axum, the domain's rules from `causerie_shared`, and one database.

pub mod blobs;
pub mod channels;
pub mod clock;
pub mod config;
pub mod demo;
pub mod desk;
pub mod error;
pub mod http;
pub mod passwords;
pub mod router;
pub mod routing;
pub mod safe_http;
pub mod settings;
pub mod setup;
pub mod state;
pub mod store;
pub mod sync;
pub mod telemetry;
pub mod timers;
pub mod web_push;
pub mod workers;

use std::sync::Arc;

use clock::Clock;
use config::Config;
use desk::ServiceError;
pub use state::{App, Shared};
use store::Store;
use workers::Supervisor;

/// Opens the database, starts the workers and returns the running application. `router::build` makes its HTTP
/// service.
pub async fn build(config: Config, clock: Clock) -> Result<Shared, ServiceError> {
    let store = Store::open(&config.database_url).await?;
    let app: Shared = Arc::new(App::new(config, store, clock).await?);
    // The node must hold its lock before it has a socket: other nodes count the sockets of a node without a lock as
    // closed.
    let link = app.store.node_session(app.node).await?;
    desk::presence::recover(&app).await?;
    if app.config.demo {
        demo::fill(&app).await?;
    }
    let mut workers = Supervisor::new(&app);
    sync::add_workers(&mut workers, link);
    workers.add("dispatcher", routing::run);
    workers.add("timers", timers::run);
    workers.add("inbound", channels::inbound::run);
    channels::outbox::add_worker(&mut workers);
    workers.add("templates", channels::templates::run);
    workers.add("telegram_polling", channels::telegram::polling::run);
    workers.add("web_push", web_push::run);
    workers.add("queue_places", http::widget::places::run);
    workers.add("metrics", telemetry::upkeep);
    workers.start();
    Ok(app)
}
