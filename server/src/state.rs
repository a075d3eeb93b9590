//! The state that handlers and workers share.

use std::sync::Arc;

use causerie_shared::ids::InboxId;
use tokio::sync::{Notify, Semaphore, watch};

use crate::{
    blobs::Blobs,
    channels::client::Client,
    clock::Clock,
    config::Config,
    conversations::provider_events::ApplyComment,
    documents::OpenDocuments,
    inbound::{self, intake::Intake},
    limits::Limits,
    realtime::{Hub, visitors::hub::VisitorHub},
    routing::Wakes,
    secrets::Vault,
    store::{Store, StoreError, feed},
    web_push::Pushes,
    workers::Workers,
};

/// Concurrent calls that hide or delete comments at providers.
const MODERATED_AT_ONCE: usize = 32;

/// The shared application state; handlers take `State<Shared>`.
pub type Shared = Arc<App>;

/// The server's state, which lives as long as the process.
pub struct App {
    pub config: Config,
    pub store: Store,
    pub clock: Clock,
    /// Id of this node among the servers on the database.
    pub node: i64,
    /// Connected consoles.
    pub hub: Hub,
    /// Connected visitors.
    pub visitors: VisitorHub,
    /// Open documents.
    pub documents: OpenDocuments,
    /// The bytes of files.
    pub blobs: Blobs,
    pub limits: Limits,
    /// HTTP client for providers.
    pub client: Client,
    /// Encrypts the secrets of accounts.
    pub vault: Vault,
    /// Applies a comment that waited for its thread.
    pub apply_comment: ApplyComment,
    /// Bodies of webhooks that are not stored yet.
    pub intake: Intake,
    /// Wakes the worker that processes stored webhooks.
    pub hooked: Notify,
    /// Wakes the worker that sends to providers.
    pub outbox_changed: Notify,
    /// Wakes the worker that fetches templates from providers.
    pub templates_changed: Notify,
    /// Wakes the worker that polls Telegram, when the set of polled accounts may have changed.
    pub polling_changed: Notify,
    /// Limits commands that wait for a provider's answer.
    pub moderation: Arc<Semaphore>,
    /// Web pushes to users' devices.
    pub web_pushes: Pushes,
    /// Inboxes that the dispatcher has to examine.
    pub wakes: Wakes,
    /// Wakes the timer worker when an earlier timer was set.
    pub timers_changed: Notify,
    /// The workers that are down.
    pub workers: Workers,
    /// Becomes `true` when the server is about to stop. Sockets then send a last frame and close.
    pub shutdown: watch::Sender<bool>,
}

impl App {
    /// Creates the shared state without starting any worker.
    pub async fn new(config: Config, store: Store, clock: Clock) -> Result<Self, StoreError> {
        let newest = feed::newest(&mut *store.read().await?).await?;
        let client = Client::new(&config).map_err(|error| StoreError::Folder(std::io::Error::other(error)))?;
        let blobs = Blobs::open(&config).map_err(|error| StoreError::Folder(std::io::Error::other(error)))?;
        let vault = Vault::open(&config.data).map_err(StoreError::Folder)?;
        Ok(Self {
            config,
            store,
            clock,
            // Positive, because it is the key of an advisory lock, and negative keys are those of cluster locks.
            node: (crate::clock::random_u128() >> 66) as i64,
            hub: Hub::new(newest),
            visitors: VisitorHub::default(),
            documents: OpenDocuments::default(),
            blobs,
            limits: Limits::default(),
            client,
            vault,
            apply_comment: inbound::apply_comment,
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

    /// Asks the dispatcher to examine an inbox. `freed`: an agent became eligible, so finished rounds may start again
    /// (`docs/domain.md#routing-modes`).
    pub fn dispatch(&self, inbox: InboxId, freed: bool) {
        self.wakes.add(inbox, freed);
    }
}
