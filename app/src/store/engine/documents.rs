//! The constructors of documents are in the program part `desk`. It is loaded as soon as the console runs; until then
//! no document is read from the disk.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use leptos::task::spawn_local;

use super::Engine;
use crate::{
    part::{NotLoaded, part},
    store::core::{DOCUMENTS, Documents},
};

/// How long after a failure the part is requested again, in milliseconds.
const AGAIN_MS: u32 = 3_000;

part! {
    /// Loads the constructors of documents.
    fn documents() -> Documents, in desk, DOCUMENTS
}

/// Starts to load the part `desk` before there is a store. A failure shows when the store asks for it.
pub async fn prefetch() {
    documents().await.ok();
}

impl Engine {
    /// Loads the constructors of documents, and tries again until that succeeds.
    pub(super) async fn ask_for_documents(self: Rc<Self>) {
        match documents().await {
            Ok(documents) => {
                self.documents.set(Some(documents));
                let waiting = self.waiting.take();
                if !waiting.is_empty() {
                    self.load(waiting);
                }
            }
            Err(NotLoaded) => {
                Timeout::new(AGAIN_MS, move || spawn_local(self.ask_for_documents())).forget();
            }
        }
    }
}
