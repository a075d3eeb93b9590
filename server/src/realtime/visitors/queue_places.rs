//! Sends waiting visitors their place in the queue, or the opening time, whenever it may have changed.

use std::time::Duration;

use causerie_shared::widget::WidgetFrame;

use super::chat;
use crate::{
    state::{App, Shared},
    store::{StoreError, conversations, places},
    workers,
};

/// Pause in which several changes are combined.
const BATCH_PAUSE: Duration = Duration::from_millis(100);
/// Maximum place that is sent. Visitors further back get theirs when they move up.
const MAX_PLACE: i64 = 200;

/// Runs until the server stops.
pub async fn run(app: Shared) {
    let mut shutdown = app.shutdown.subscribe();
    loop {
        if let Err(error) = tell(&app).await {
            tracing::error!(%error, "could not send the places in the queue");
        }
        tokio::select! {
            () = app.visitors.places_changed.notified() => {}
            () = workers::stop(&mut shutdown) => return,
        }
        crate::clock::pause(BATCH_PAUSE).await;
    }
}

async fn tell(app: &App) -> Result<(), StoreError> {
    for inbox in app.visitors.take_moved() {
        let mut db = app.store.read().await?;
        let routing = places::routing_of(&mut db, inbox).await?;
        let opens_at = routing.and_then(|routing| routing.opens_at(app.clock.now()));
        let line = conversations::in_line(&mut db, inbox, MAX_PLACE).await?;
        for (index, head) in line.iter().enumerate() {
            let chat = chat::of(head, None, Some(index as u32 + 1), opens_at);
            app.visitors.send(head.contact, &WidgetFrame::Chat { chat });
        }
    }
    Ok(())
}
