//! What consoles know: the hub tells them of changes, documents hold the documents.

pub mod access;
pub mod catchup;
pub mod commit_events;
pub mod counts;
pub mod document_push;
pub mod ephemera;
pub mod epochs;
pub mod grants;
pub mod hub;
mod nodes;
pub mod open_document;
pub mod open_documents;
pub mod quarantine;

use std::time::Duration;

pub use commit_events::CommitEvents;
pub use hub::{Hub, Mailbox, Outgoing, SocketId};
pub use open_documents::OpenDocuments;

use crate::{
    state::{App, Shared},
    store::{
        StoreError,
        feed::{self, FeedEntry},
    },
    workers::{self, Supervisor},
};

/// Feed entries that are kept: a client that missed more begins anew (`Reset`).
const KEEP: i64 = 100_000;
/// How often older ones are removed.
const TRIM: Duration = Duration::from_secs(600);
/// Entries that are removed in one transaction.
const TRIM_BATCH: i64 = 5_000;
/// Rows of the list that can wait are sent at most this often.
const LATE: Duration = Duration::from_millis(200);

/// Announces feed entries that were written outside the desk, with their rows as they are now.
pub async fn announce(app: &App, entries: Vec<FeedEntry>) -> Result<(), StoreError> {
    let mut db = app.store.read().await?;
    let mut all = CommitEvents::default();
    for entry in entries {
        all.load(&mut db, entry).await?;
    }
    app.hub.announce(all, &app.visitors);
    Ok(())
}

/// Adds the workers that keep counters fresh, read what other nodes wrote, and trim the feed.
pub fn add_workers(workers: &mut Supervisor, link: Option<crate::store::nodes::NodeSession>) {
    workers.add("folder_counts", counts::run);
    workers.add("deferred_rows", flush_deferred);
    workers.add("document_access", recheck);
    workers.add("feed_trim", trims);
    nodes::add_workers(workers, link);
}

/// Sends what could wait: at once when nothing was sent for a while, together when much happens.
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

/// Profile and notes of a contact of whom a chat went away: opened anew if another chat may be seen, revoked if not.
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
        // What nobody follows any more is forgotten.
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
