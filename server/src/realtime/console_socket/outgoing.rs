//! The writing half of a console's socket.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message};
use causerie_shared::{
    frame::{ServerFrame, encode},
    refusal::Refusal,
};
use futures_util::SinkExt;
use tokio::time::timeout;

use super::Sink;
use crate::{
    realtime::{Mailbox, Outgoing},
    state::Shared,
};

/// Interval of pings. The server sends them, because browsers throttle the timers of hidden tabs.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// How long sending one batch may take before the connection is closed.
const SEND_TIMEOUT: Duration = Duration::from_secs(15);
/// Maximum number of frames in a batch.
const MAX_BATCH: usize = 32;

/// Sends the hub's frames and regular pings. Frames that are waiting are sent as a batch.
#[expect(
    clippy::let_underscore_must_use,
    reason = "the peer may be gone, so a failure is ignored"
)]
pub(crate) async fn write(app: Shared, mut sink: Sink, mut outgoing: Mailbox) {
    let mut shutdown = app.shutdown.subscribe();
    let mut ping = tokio::time::interval(PING_INTERVAL);
    let mut batch = Vec::with_capacity(MAX_BATCH);
    loop {
        tokio::select! {
            more = outgoing.take(&mut batch, MAX_BATCH) => if !more {
                // The hub closed the mailbox: it was too slow, or the grants changed. The client resumes from its
                // cursor.
                break;
            },
            _ = ping.tick() => batch.push(Outgoing::Frame(encode(&ServerFrame::Ping { now: app.clock.now() }).into())),
            _ = shutdown.changed() => break,
        }
        match timeout(SEND_TIMEOUT, send(&mut sink, &mut batch)).await {
            Ok(Ok(None)) => {}
            Ok(Ok(Some(refusal))) => return goodbye(&mut sink, refusal).await,
            Ok(Err(_)) | Err(_) => return,
        }
    }
    // The peer may be gone, so a failure is ignored.
    let _: Result<_, _> = timeout(SEND_TIMEOUT, sink.send(close("come back"))).await;
}

/// Sends the batch. Stops at the hub's request to close, and returns its refusal.
async fn send(sink: &mut Sink, batch: &mut Vec<Outgoing>) -> Result<Option<Refusal>, axum::Error> {
    metrics::counter!("causerie_frames_sent_total").increment(batch.len() as u64);
    for next in batch.drain(..) {
        match next {
            Outgoing::Frame(bytes) => sink.feed(Message::Binary(bytes)).await?,
            Outgoing::Close(refusal) => return Ok(Some(refusal)),
        }
    }
    sink.flush().await?;
    Ok(None)
}

fn close(reason: &'static str) -> Message {
    Message::Close(Some(CloseFrame {
        code: 1012,
        reason: reason.into(),
    }))
}

#[expect(
    clippy::let_underscore_must_use,
    reason = "the peer may be gone, so a failure is ignored"
)]
pub(crate) async fn goodbye(sink: &mut Sink, refusal: Refusal) {
    let bye = encode(&ServerFrame::Bye(refusal));
    // The peer may be gone; the connection ends either way.
    let _: Result<_, _> = timeout(SEND_TIMEOUT, async {
        sink.send(Message::Binary(bye.into())).await?;
        sink.send(close("bye")).await
    })
    .await;
}
