//! The live connection with consoles and visitors: the hub that publishes commits to their sockets, catch-up, document
//! pushes, and the other nodes.

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
    commit_events::CommitEvents,
    state::{App, Shared},
    store::{
        StoreError,
        feed::{self, FeedEntry},
    },
    workers::{self, Supervisor},
};

/// Feed entries that are kept. A client that missed more gets a `Reset`.
const KEEP: i64 = 100_000;
/// How often older entries are removed.
const TRIM: Duration = Duration::from_secs(600);
/// Entries that one transaction removes.
const TRIM_BATCH: i64 = 5_000;
/// Minimum time between two sends of deferred list rows.
const LATE: Duration = Duration::from_millis(200);

/// Publishes feed entries that no [`CommitEvents`] collected, with the current content of their rows.
pub async fn announce(app: &App, entries: Vec<FeedEntry>) -> Result<(), StoreError> {
    let mut db = app.store.read().await?;
    let mut all = CommitEvents::default();
    for entry in entries {
        all.load(&mut db, entry).await?;
    }
    app.hub.announce(all, &app.visitors);
    Ok(())
}

/// Adds the workers that refresh counters, send deferred rows, recheck access to documents, trim the feed, and follow
/// other nodes.
pub fn add_workers(workers: &mut Supervisor, link: Option<crate::store::nodes::NodeSession>) {
    workers.add("folder_counts", counts::run);
    workers.add("deferred_rows", flush_deferred);
    workers.add("document_access", recheck);
    workers.add("feed_trim", trims);
    nodes::add_workers(workers, link);
}

/// Sends deferred frames: at once if none were sent for [`LATE`], otherwise together with later ones.
async fn flush_deferred(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    loop {
        app.hub.flush_deferred();
        tokio::time::sleep(LATE).await;
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
                tracing::error!(%error, %document, "it is not known whether a document may still be seen");
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
    let mut due = tokio::time::interval(TRIM);
    loop {
        tokio::select! {
            _ = due.tick() => {}
            () = workers::stop(&mut shutdown) => return,
        }
        // This call also drops the sent versions of documents that no socket follows any more.
        app.hub.followed();
        if let Err(error) = trim(&app, KEEP).await {
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
