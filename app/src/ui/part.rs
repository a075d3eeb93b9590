//! A part of the program that is loaded where it is shown: what stands there until it comes, and when it does not.

use std::future::Future;

use leptos::{prelude::*, task::spawn_local};

use super::{ErrorBox, Skeleton};
use crate::{
    i18n::{Key, t},
    part::NotLoaded,
    store::Store,
};

/// A part that was asked for; `Copy`.
pub struct Asked<P: 'static> {
    answer: RwSignal<Option<Result<P, NotLoaded>>>,
    /// How often it could not be loaded.
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
    /// Asks for it.
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

    /// What it answered, else what stands in its place: what waiting looks like, or what went wrong.
    pub fn get(self, not_loaded: Key) -> Result<P, AnyView> {
        match self.answer.get() {
            Some(Ok(part)) => Ok(part),
            Some(Err(NotLoaded)) => Err(self.failed(not_loaded)),
            None => Err(view! { <div class="late"><Skeleton rows=4 /></div> }.into_any()),
        }
    }

    /// Another try, or the page anew: where a newer console is in use the files of this one may be gone. Without a
    /// service worker nobody says that, so a second failure counts as much.
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
