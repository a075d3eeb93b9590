//! Web push: notifies users about chats when they are not looking at the console (`docs/ux.md#web-push`).
//!
//! Publishing a commit only adds its events to a bounded queue. One worker finds the users whom an event concerns, and
//! each delivery runs as its own task.

mod occasion;
mod quiet;
mod seal;
mod send;
mod vapid;
mod words;

use std::{fmt, sync::Arc};

use causerie_shared::{
    Millis,
    ids::{ConversationId, UserId},
    row::JourneyRow,
};
use tokio::{
    sync::{Mutex, OnceCell, Semaphore, mpsc},
    task::JoinHandle,
};

use crate::{
    commit_events::{CommitEvents, Mention},
    safe_http,
    state::{App, Shared},
    store::{self, StoreError, push::Subscription},
    workers,
};
pub use quiet::{is_quiet, zone_exists};
pub use seal::{auth_secret, public_key};
use send::Parcel;
use vapid::Vapid;
pub use words::Kind;
use words::Words;

/// How long a push service may take to answer.
const REQUEST_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(15);
/// Events that may wait for the worker. Further ones are dropped; the console shows them anyway.
const MAX_QUEUED: usize = 4096;
/// Concurrent requests to push services.
const MAX_CONCURRENT: usize = 32;
/// Deliveries that may be in progress, including pauses between attempts. Further ones are dropped.
const DELIVERIES: usize = 4096;

/// An event that may cause a push.
#[derive(Debug, Clone)]
pub(crate) enum Occasion {
    Changed(Box<JourneyRow>),
    Named(Mention),
}

/// A notification for one user.
#[derive(Debug, Clone)]
struct Notice {
    user: UserId,
    kind: Kind,
    words: Words,
    /// Path in the console that a click opens.
    path: String,
    conversation: Option<ConversationId>,
    /// Time after which the notification is useless.
    until: Millis,
    /// The chat's version for which the notification is valid: an offer or transfer request is useless once answered.
    fence: Option<i64>,
}

/// The key pair and the HTTP client for pushes.
struct Tools {
    vapid: Vapid,
    client: reqwest::Client,
}

/// The worker's queue, its limits and its tools.
pub struct Pushes {
    queue: mpsc::Sender<Occasion>,
    queued: Mutex<mpsc::Receiver<Occasion>>,
    tools: OnceCell<Tools>,
    /// Limits requests. A delivery holds no permit of it between attempts.
    places: Semaphore,
    deliveries: Arc<Semaphore>,
}

/// Why a push cannot be prepared or sent.
#[derive(Debug)]
pub enum PushError {
    Store(StoreError),
    Client(reqwest::Error),
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Client(error) => write!(f, "TLS cannot be set up: {error}"),
        }
    }
}

impl std::error::Error for PushError {}

impl From<StoreError> for PushError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<reqwest::Error> for PushError {
    fn from(error: reqwest::Error) -> Self {
        Self::Client(error)
    }
}

impl Default for Pushes {
    fn default() -> Self {
        let (queue, queued) = mpsc::channel(MAX_QUEUED);
        Self {
            queue,
            queued: Mutex::new(queued),
            tools: OnceCell::new(),
            places: Semaphore::new(MAX_CONCURRENT),
            deliveries: Arc::new(Semaphore::new(DELIVERIES)),
        }
    }
}

impl Pushes {
    /// Queues the events of a commit that may cause a push. Never blocks.
    pub fn observe(&self, events: &CommitEvents) {
        let changes = events.changes().iter().filter(|row| occasion::matters(row));
        let changes = changes.map(|row| Occasion::Changed(Box::new(row.clone())));
        let mentions = events.mentions().iter().cloned().map(Occasion::Named);
        for occasion in changes.chain(mentions) {
            if self.queue.try_send(occasion).is_err() {
                metrics::counter!("pushes_dropped_total").increment(1);
            }
        }
    }

    async fn tools(&self, app: &App) -> Result<&Tools, PushError> {
        self.tools
            .get_or_try_init(|| async {
                Ok(Tools {
                    vapid: Vapid::load(app).await?,
                    client: safe_http::client(&app.config, REQUEST_TIMEOUT)?,
                })
            })
            .await
    }
}

/// Returns the public key with which browsers subscribe, in base64url.
pub async fn key(app: &App) -> Result<String, StoreError> {
    Ok(Vapid::load(app).await?.public)
}

/// Runs the worker until the server stops.
pub async fn run(app: Shared) {
    let mut queued = app.web_pushes.queued.lock().await;
    let mut shutdown = app.shutdown.subscribe();
    loop {
        let occasion = tokio::select! {
            occasion = queued.recv() => occasion,
            () = workers::stop(&mut shutdown) => return,
        };
        let Some(occasion) = occasion else { return };
        if let Err(error) = tell(&app, occasion).await {
            tracing::error!(%error, "a push could not be prepared");
        }
    }
}

async fn tell(app: &Shared, occasion: Occasion) -> Result<(), PushError> {
    let mut db = app.store.read().await?;
    if !store::push::is_used(&mut db).await? {
        return Ok(());
    }
    let notices = occasion::notices(app, &mut db, occasion).await?;
    drop(db);
    for notice in notices {
        for (device, parcel) in parcels(app, &notice).await? {
            start_delivery(app, device, parcel);
        }
    }
    Ok(())
}

/// Starts a delivery, unless [`DELIVERIES`] are in progress.
fn start_delivery(app: &Shared, device: Subscription, parcel: Parcel) -> Option<JoinHandle<()>> {
    let Ok(permit) = Arc::clone(&app.web_pushes.deliveries).try_acquire_owned() else {
        metrics::counter!("pushes_dropped_total").increment(1);
        return None;
    };
    let app = Arc::clone(app);
    Some(tokio::spawn(async move {
        send::deliver(app, device, parcel).await;
        drop(permit);
    }))
}

/// Returns the push for each of the user's devices. Empty if the user switched this kind off or has quiet hours; a test
/// is always sent.
async fn parcels(app: &App, notice: &Notice) -> Result<Vec<(Subscription, Parcel)>, PushError> {
    let now = app.clock.now();
    let mut db = app.store.read().await?;
    let devices = store::push::of_user(&mut db, notice.user, now).await?;
    if devices.is_empty() {
        return Ok(vec![]);
    }
    let preferences = store::preferences::get(&mut db, notice.user).await?;
    let asked_for = notice.kind == Kind::Test;
    let quiet = preferences.quiet.as_ref().is_some_and(|quiet| is_quiet(quiet, now));
    if !asked_for && (quiet || !notice.kind.wanted(&preferences)) {
        return Ok(vec![]);
    }
    let badge = store::push::badge(&mut db, notice.user).await?;
    let parcels = devices.into_iter().map(|device| {
        let text = words::payload(notice, preferences.private, &device.lang, badge, &app.config.public_url);
        let parcel = Parcel {
            kind: notice.kind,
            text,
            until: notice.until,
            conversation: notice.conversation,
            fence: notice.fence,
        };
        (device, parcel)
    });
    Ok(parcels.collect())
}

/// Sends a test to all of the user's devices, once each, and returns when their push services have answered.
pub async fn test(app: &Shared, user: UserId) -> Result<(), PushError> {
    let notice = Notice {
        user,
        kind: Kind::Test,
        words: Words::Test,
        path: "/app/".into(),
        conversation: None,
        until: app.clock.now(),
        fence: None,
    };
    let mut sent = vec![];
    for (device, parcel) in parcels(app, &notice).await? {
        sent.extend(start_delivery(app, device, parcel));
    }
    for task in sent {
        if let Err(error) = task.await {
            tracing::error!(%error, "a push failed");
        }
    }
    Ok(())
}
