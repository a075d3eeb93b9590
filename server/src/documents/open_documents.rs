//! The set of open documents. It drops the least recently used ones when they exceed a budget of memory.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use causerie_shared::document::DocumentId;
use tokio::sync::OwnedMutexGuard;

use super::open_document::OpenDocument;
use crate::{error::ServiceError, store::Store};

/// Budget for all open documents, estimated bytes.
const BUDGET: usize = 64 * 1024 * 1024;

type Slot = Arc<tokio::sync::Mutex<Option<OpenDocument>>>;

/// All open documents.
pub struct OpenDocuments {
    hot: Arc<Mutex<Hot>>,
}

struct Hot {
    budget: usize,
    /// Estimated bytes of all open documents.
    total: usize,
    /// Increases with each use.
    tick: u64,
    places: HashMap<DocumentId, Entry>,
    /// Documents by the tick of their last use.
    order: BTreeMap<u64, DocumentId>,
}

struct Entry {
    slot: Slot,
    weight: usize,
    used: u64,
}

/// A locked document.
pub struct Locked {
    guard: OwnedMutexGuard<Option<OpenDocument>>,
    id: DocumentId,
    hot: Arc<Mutex<Hot>>,
}

impl std::ops::Deref for Locked {
    type Target = OpenDocument;

    #[expect(
        clippy::expect_used,
        reason = "`lock` fills the slot before it hands the guard out, and nothing empties it"
    )]
    fn deref(&self) -> &OpenDocument {
        // `lock` fills the slot before it hands the guard out, and nothing empties it.
        self.guard.as_ref().expect("a locked document is loaded")
    }
}

impl std::ops::DerefMut for Locked {
    #[expect(
        clippy::expect_used,
        reason = "`lock` fills the slot before it hands the guard out, and nothing empties it"
    )]
    fn deref_mut(&mut self) -> &mut OpenDocument {
        self.guard.as_mut().expect("a locked document is loaded")
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        let weight = self.weight();
        grab(&self.hot).weigh(self.id, weight);
    }
}

impl Default for OpenDocuments {
    fn default() -> Self {
        Self::with_budget(BUDGET)
    }
}

impl OpenDocuments {
    /// Creates an empty set with a budget in bytes.
    pub fn with_budget(budget: usize) -> Self {
        let hot = Hot {
            budget,
            total: 0,
            tick: 0,
            places: HashMap::new(),
            order: BTreeMap::new(),
        };
        Self {
            hot: Arc::new(Mutex::new(hot)),
        }
    }

    /// Waits for the document's lock, and loads the document if it is not in memory or stale.
    pub async fn lock(&self, store: &Store, id: DocumentId) -> Result<Locked, ServiceError> {
        let slot = grab(&self.hot).slot(id);
        let mut guard = slot.lock_owned().await;
        if guard.as_ref().is_none_or(OpenDocument::is_stale) {
            *guard = Some(OpenDocument::load(store, id).await?);
        }
        Ok(Locked {
            guard,
            id,
            hot: Arc::clone(&self.hot),
        })
    }

    /// Returns the open documents, least recently used first.
    pub fn in_memory(&self) -> Vec<DocumentId> {
        grab(&self.hot).order.values().copied().collect()
    }
}

fn grab(hot: &Mutex<Hot>) -> MutexGuard<'_, Hot> {
    hot.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hot {
    fn slot(&mut self, id: DocumentId) -> Slot {
        self.tick += 1;
        let tick = self.tick;
        let place = self.places.entry(id).or_insert_with(|| Entry {
            slot: Slot::default(),
            weight: 0,
            used: tick,
        });
        self.order.remove(&place.used);
        place.used = tick;
        self.order.insert(tick, id);
        Arc::clone(&place.slot)
    }

    /// Updates the memory of a document after its use, and drops others if the total exceeds the budget.
    fn weigh(&mut self, id: DocumentId, weight: usize) {
        let Some(place) = self.places.get_mut(&id) else { return };
        self.total = self.total - place.weight + weight;
        place.weight = weight;
        if self.total <= self.budget {
            return;
        }
        let mut gone = vec![];
        for (used, id) in &self.order {
            if self.total <= self.budget {
                break;
            }
            // A task that holds or waits for the lock has a clone of the slot. Other documents can be loaded again.
            if let Some(place) = self.places.get(id)
                && Arc::strong_count(&place.slot) == 1
            {
                self.total -= place.weight;
                gone.push((*used, *id));
            }
        }
        for (used, id) in gone {
            self.order.remove(&used);
            self.places.remove(&id);
        }
    }
}
