//! Parts of the program that are loaded where they are shown, with a placeholder and an error.

use std::future::Future;

use leptos::{prelude::*, task::spawn_local};

use super::{ErrorBox, Skeleton};
use crate::{
    i18n::{Key, t},
    part::NotLoaded,
    store::Store,
};

/// A requested part; `Copy`.
pub struct Asked<P: 'static> {
    answer: RwSignal<Option<Result<P, NotLoaded>>>,
    /// How many times loading failed.
    failures: RwSignal<u32>,
    ask: Callback<()>,
    store: Store,
}

impl<P> Clone for Asked<P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P> Copy for Asked<P> {}

impl<P: Copy + Send + Sync + 'static> Asked<P> {
    /// Requests the part.
    pub fn new<F>(part: fn() -> F) -> Self
    where
        F: Future<Output = Result<P, NotLoaded>> + 'static,
    {
        let answer = RwSignal::new(None);
        let failures = RwSignal::new(0);
        let ask = Callback::new(move |()| {
            spawn_local(async move {
                let found = part().await;
                if found.is_err() {
                    failures.try_update(|failures| *failures += 1);
                }
                answer.try_set(Some(found));
            });
        });
        ask.run(());
        Self {
            answer,
            failures,
            ask,
            store: expect_context(),
        }
    }

    /// Returns the part, or what to show instead: a skeleton or an error.
    pub fn get(self, not_loaded: Key) -> Result<P, AnyView> {
        match self.answer.get() {
            Some(Ok(part)) => Ok(part),
            Some(Err(NotLoaded)) => Err(self.failed(not_loaded)),
            None => Err(view! { <div class="late"><Skeleton rows=4 /></div> }.into_any()),
        }
    }

    /// The part once it is there, for a place that shows nothing instead.
    pub fn ready(self) -> Option<P> {
        self.answer.get()?.ok()
    }

    /// Shows the error with a retry button, or one that reloads the page: after an update, this version's files may be
    /// gone. Without a service worker nothing announces the update, so a second failure counts as one.
    fn failed(self, not_loaded: Key) -> AnyView {
        let anew = self.store.update_ready().get() || self.failures.get() > 1;
        let retry = move |()| {
            if anew {
                self.store.apply_update();
            } else {
                self.answer.set(None);
                self.ask.run(());
            }
        };
        let label = t(if anew { Key::Reload } else { Key::Retry });
        view! { <ErrorBox text=t(not_loaded) retry label /> }.into_any()
    }
}
