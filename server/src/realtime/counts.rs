//! The worker that sends folder counters to consoles after a change, at most every 50 ms.

use std::{collections::HashMap, time::Duration};

use causerie_shared::{ids::UserId, window::Counts};

use crate::{
    state::{App, Shared},
    store::{StoreError, windows},
    workers,
};

/// Pause after a change, so that a burst of changes causes one refresh.
const BATCH_PAUSE: Duration = Duration::from_millis(50);

pub(crate) async fn run(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    loop {
        if let Err(error) = refresh(&app).await {
            tracing::error!(%error, "the counters could not be read");
        }
        tokio::select! {
            () = app.hub.counts_changed.notified() => {}
            () = workers::stop(&mut shutdown) => return,
        }
        crate::clock::pause(BATCH_PAUSE).await;
    }
}

async fn refresh(app: &App) -> Result<(), StoreError> {
    let recounts = app.hub.take_recounts();
    if recounts.is_empty() {
        return Ok(());
    }
    let mut known: HashMap<UserId, Counts> = HashMap::new();
    let mut db = app.store.read().await?;
    for (socket, access) in recounts {
        let counts = match known.get(&access.user) {
            Some(counts) => *counts,
            None => {
                let counts = windows::counts(&mut db, &access).await?;
                known.insert(access.user, counts);
                counts
            }
        };
        app.hub.tell_counts(socket, counts);
    }
    Ok(())
}
