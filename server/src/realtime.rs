//! Synchronization with consoles: the hub publishes changes to their sockets, and rooms keep open documents in memory.

pub mod catchup;
pub mod console_socket;
pub mod counts;
pub mod document_push;
pub mod ephemera;
pub mod hub;
mod nodes;
pub mod visitors;

use std::time::Duration;

pub use hub::{Hub, Mailbox, Outgoing, SocketId};

use crate::{
    state::{App, Shared},
    store::{
        StoreError,
        feed::{self},
    },
    workers::{self, Supervisor},
};

/// Feed entries that are kept. A client that missed more gets a `Reset`.
const MAX_FEED_ENTRIES: i64 = 100_000;
/// How often older entries are removed.
const TRIM_INTERVAL: Duration = Duration::from_secs(600);
/// Entries that one transaction removes.
const TRIM_BATCH: i64 = 5_000;
/// Minimum time between two sends of deferred list rows.
const DEFERRED_INTERVAL: Duration = Duration::from_millis(200);

/// Adds the workers that refresh counters, send deferred rows, recheck access to documents, trim the feed, and follow
/// other nodes.
pub fn add_workers(workers: &mut Supervisor, link: Option<crate::store::nodes::NodeSession>) {
    workers.add("folder_counts", counts::run);
    workers.add("deferred_rows", flush_deferred);
    workers.add("document_access", recheck);
    workers.add("feed_trim", trims);
    nodes::add_workers(workers, link);
}

/// Sends deferred frames: at once if none were sent for [`DEFERRED_INTERVAL`], otherwise together with later ones.
async fn flush_deferred(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    loop {
        app.hub.flush_deferred();
        crate::clock::pause(DEFERRED_INTERVAL).await;
        tokio::select! {
            () = app.hub.late.notified() => {}
            () = workers::stop(&mut shutdown) => return,
        }
    }
}

/// Rechecks access to profile and notes of a contact after a console lost access to a chat with them. The document is
/// opened again if the user may read another chat with the contact, and revoked otherwise.
async fn recheck(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    loop {
        for (socket, access, document) in app.hub.take_rechecks() {
            if let Err(error) = catchup::open(&app, socket, &access, document, None, 0).await {
                tracing::error!(%error, %document, "could not check whether a document may still be read");
                app.hub.close(socket);
            }
        }
        tokio::select! {
            () = app.hub.recheck.notified() => {}
            () = workers::stop(&mut shutdown) => return,
        }
    }
}

async fn trims(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    let mut due = tokio::time::interval(TRIM_INTERVAL);
    loop {
        tokio::select! {
            _ = due.tick() => {}
            () = workers::stop(&mut shutdown) => return,
        }
        // This call also drops the sent versions of documents that no socket follows any more.
        app.hub.followed();
        if let Err(error) = trim(&app, MAX_FEED_ENTRIES).await {
            tracing::error!(%error, "the feed could not be trimmed");
        }
    }
}

/// Removes all feed entries but the newest `keep`, in batches.
pub async fn trim(app: &App, keep: i64) -> Result<(), StoreError> {
    loop {
        let mut tx = app.store.begin().await?;
        let gone = feed::trim(&mut tx, keep, TRIM_BATCH).await?;
        tx.commit().await?;
        if gone == 0 {
            return Ok(());
        }
    }
}
