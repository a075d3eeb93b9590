//! What consoles know: the hub tells them of changes, rooms hold the documents.

pub mod access;
pub mod catchup;
pub mod counts;
pub mod ephemera;
pub mod hub;
pub mod news;
pub mod outgrown;
pub mod push;
pub mod room;
pub mod rooms;

use std::{sync::Arc, time::Duration};

pub use hub::{Hub, Outgoing, SocketId};
pub use news::News;
pub use rooms::Rooms;

use crate::{
    state::{App, Shared},
    store::{
        StoreError,
        feed::{self, FeedEntry},
    },
};

/// How long a gap in the feed may last before the missing entries are read from the database.
const GAP: Duration = Duration::from_secs(1);

/// Announces feed entries that were written outside the desk, with their rows as they are now.
pub async fn announce(app: &App, entries: Vec<FeedEntry>) -> Result<(), StoreError> {
    let mut db = app.store.read().await?;
    let mut all = News::default();
    for entry in entries {
        all.load(&mut db, entry).await?;
    }
    app.hub.announce(all, &app.visitors);
    Ok(())
}

/// Starts the workers that keep counters fresh and fill gaps in the feed.
pub fn start(app: &Shared) {
    tokio::spawn(counts::run(Arc::clone(app)));
    tokio::spawn(fill_gaps(Arc::clone(app)));
}

/// An announcement that never came (its task died between commit and announcement) must not hold up the
/// others: what is missing is read from the feed.
async fn fill_gaps(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    let mut stuck_at = None;
    loop {
        tokio::select! {
            () = tokio::time::sleep(GAP) => {}
            _ = shutdown.changed() => return,
        }
        let waiting_for = app.hub.gap();
        if waiting_for.is_some() && waiting_for == stuck_at {
            match missing(&app).await {
                Ok(entries) => {
                    if let Err(error) = announce(&app, entries).await {
                        tracing::error!(%error, "the feed's gap could not be filled");
                    }
                }
                Err(error) => tracing::error!(%error, "the feed could not be read"),
            }
        }
        stuck_at = waiting_for;
    }
}

async fn missing(app: &App) -> Result<Vec<FeedEntry>, StoreError> {
    feed::after(&mut *app.store.read().await?, app.hub.announced(), 1000).await
}
