//! How documents are made lies in the part of the desk: it is asked for as soon as the console runs, and until it is
//! there no document is read from the disk.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use leptos::task::spawn_local;

use super::Engine;
use crate::{
    part::{NotLoaded, part},
    store::core::{DOCUMENTS, Documents},
};

/// After a failure it is asked for again this much later.
const AGAIN_MS: u32 = 3_000;

part! {
    /// Loads what makes documents.
    fn documents() -> Documents, in desk, DOCUMENTS
}

/// Begins to load the part of the desk before there is a store; whether it came is seen there.
pub async fn prefetch() {
    documents().await.ok();
}

impl Engine {
    /// Asks until it is there.
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
