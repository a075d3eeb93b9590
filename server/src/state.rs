//! What every handler and worker shares.

use std::sync::Arc;

use causerie_shared::ids::InboxId;
use tokio::sync::{Notify, Semaphore, watch};

use crate::{
    blobs::Blobs,
    channels::{client::Client, intake::Intake, secrets::Vault},
    clock::Clock,
    config::Config,
    http::{limits::Limits, widget::hub::VisitorHub},
    routing::Wakes,
    store::{Store, StoreError, feed},
    sync::{Hub, OpenDocuments},
    web_push::Pushes,
    workers::Workers,
};

/// Comments that are hidden or deleted at a provider at the same time.
const MODERATED_AT_ONCE: usize = 32;

/// The application; handlers take `State<Shared>`.
pub type Shared = Arc<App>;

/// Everything that lives as long as the server.
pub struct App {
    pub config: Config,
    pub store: Store,
    pub clock: Clock,
    /// This server among those on the database.
    pub node: i64,
    /// Consoles that are connected.
    pub hub: Hub,
    /// Visitors that are connected.
    pub visitors: VisitorHub,
    /// Documents in memory.
    pub documents: OpenDocuments,
    /// The bytes of files.
    pub blobs: Blobs,
    pub limits: Limits,
    /// Speaks to providers.
    pub client: Client,
    /// Encrypts the secrets of accounts.
    pub vault: Vault,
    /// Bodies of webhooks that wait to be stored.
    pub intake: Intake,
    /// Wakes the worker for webhooks.
    pub hooked: Notify,
    /// Wakes the worker that sends to providers.
    pub outbox_changed: Notify,
    /// Wakes the worker that asks providers for templates.
    pub templates_changed: Notify,
    /// Wakes the worker that asks Telegram for updates, when an account may have to be asked or not any more.
    pub polling_changed: Notify,
    /// Room for commands that wait for a provider's answer.
    pub moderation: Arc<Semaphore>,
    /// What is pushed to people's devices.
    pub web_pushes: Pushes,
    /// Inboxes that the dispatcher has to look at.
    pub wakes: Wakes,
    /// Wakes the timer worker when an earlier timer was set.
    pub timers_changed: Notify,
    /// Which workers do not run.
    pub workers: Workers,
    /// Turns `true` when the server is about to stop: sockets say goodbye and close.
    pub shutdown: watch::Sender<bool>,
}

impl App {
    /// Prepares the shared state; no worker runs yet.
    pub async fn new(config: Config, store: Store, clock: Clock) -> Result<Self, StoreError> {
        let newest = feed::newest(&mut *store.read().await?).await?;
        let client = Client::new(&config).map_err(|error| StoreError::Folder(std::io::Error::other(error)))?;
        let blobs = Blobs::open(&config).map_err(|error| StoreError::Folder(std::io::Error::other(error)))?;
        let vault = Vault::open(&config.data).map_err(StoreError::Folder)?;
        Ok(Self {
            config,
            store,
            clock,
            // Positive, for it is half of an advisory lock's key.
            node: (crate::clock::random_u128() >> 66) as i64,
            hub: Hub::new(newest),
            visitors: VisitorHub::default(),
            documents: OpenDocuments::default(),
            blobs,
            limits: Limits::default(),
            client,
            vault,
            intake: Intake::default(),
            hooked: Notify::new(),
            outbox_changed: Notify::new(),
            templates_changed: Notify::new(),
            polling_changed: Notify::new(),
            moderation: Arc::new(Semaphore::new(MODERATED_AT_ONCE)),
            web_pushes: Pushes::default(),
            wakes: Wakes::default(),
            timers_changed: Notify::new(),
            workers: Workers::default(),
            shutdown: watch::Sender::new(false),
        })
    }

    /// Asks the dispatcher to look at an inbox. `freed`: someone became eligible, so rounds that are
    /// over may begin anew (`docs/domain.md#routing-modes`).
    pub fn dispatch(&self, inbox: InboxId, freed: bool) {
        self.wakes.add(inbox, freed);
    }
}
