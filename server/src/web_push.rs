//! Web Push: what happens to chats reaches people whose console is not in front of them (`docs/ux.md#web-push`).
//!
//! Whoever publishes a change only puts it into a bounded queue; one worker finds out whom it concerns, and each
//! delivery is a task of its own.

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

pub use self::{
    quiet::{is_quiet, zone_exists},
    seal::{auth_secret, public_key},
    words::Kind,
};
use self::{send::Parcel, vapid::Vapid, words::Words};
use crate::{
    safe_http,
    state::{App, Shared},
    store::{self, StoreError, push::Subscription},
    sync::{CommitEvents, commit_events::Mention},
    workers,
};

/// How long a push service may take to answer.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);
/// Occasions that may wait for the worker. More are dropped: whoever looks into the console sees them anyway.
const QUEUE: usize = 4096;
/// Requests to push services at the same time.
const AT_ONCE: usize = 32;
/// Deliveries that have not ended. More are dropped.
const DELIVERIES: usize = 4096;

/// Something that may be worth a push.
#[derive(Debug, Clone)]
pub(crate) enum Occasion {
    Changed(Box<JourneyRow>),
    Named(Mention),
}

/// One thing that one user is told.
#[derive(Debug, Clone)]
struct Notice {
    user: UserId,
    kind: Kind,
    words: Words,
    /// Where a click leads: a path of the console.
    path: String,
    conversation: Option<ConversationId>,
    /// Worth nothing after this.
    until: Millis,
    /// Only as long as the chat has this version: somebody is asked and has not answered.
    fence: Option<i64>,
}

/// What is needed to push.
struct Tools {
    vapid: Vapid,
    client: reqwest::Client,
}

/// The queue to the worker, and its tools.
pub struct Pushes {
    queue: mpsc::Sender<Occasion>,
    queued: Mutex<mpsc::Receiver<Occasion>>,
    tools: OnceCell<Tools>,
    /// Room for requests, and for deliveries: one waits between its attempts.
    places: Semaphore,
    deliveries: Arc<Semaphore>,
}

/// Nothing can be pushed.
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
        let (queue, queued) = mpsc::channel(QUEUE);
        Self {
            queue,
            queued: Mutex::new(queued),
            tools: OnceCell::new(),
            places: Semaphore::new(AT_ONCE),
            deliveries: Arc::new(Semaphore::new(DELIVERIES)),
        }
    }
}

impl Pushes {
    /// After a commit: notes what may be worth a push. Never waits.
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
                    client: safe_http::client(&app.config, PATIENCE)?,
                })
            })
            .await
    }
}

/// The public key with which browsers subscribe, base64url.
pub async fn key(app: &App) -> Result<String, StoreError> {
    Ok(Vapid::load(app).await?.public)
}

/// The worker.
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

/// Begins a delivery, unless too many have not ended yet.
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

/// What goes to which of the user's devices: nothing if they do not want to be told of it now.
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

/// Sends a test to all of the user's devices, once, and returns when their services have answered.
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
