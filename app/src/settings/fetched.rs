//! Something asked of the server: what stands there until it comes, and when it does not.

use causerie_shared::refusal::Refusal;
use leptos::{prelude::*, task::spawn_local};
use serde::de::DeserializeOwned;

use crate::{
    i18n::explain,
    net::http,
    ui::{ErrorBox, Skeleton},
};

/// An answer that may still be on its way; `Copy`.
pub struct Fetched<T: 'static> {
    pub answer: RwSignal<Option<Result<T, Refusal>>>,
    path: StoredValue<String>,
}

impl<T> Clone for Fetched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Fetched<T> {}

impl<T: DeserializeOwned + Clone + Send + Sync + 'static> Fetched<T> {
    /// Asks for it.
    pub fn get(path: impl Into<String>) -> Self {
        let fetched = Self {
            answer: RwSignal::new(None),
            path: StoredValue::new(path.into()),
        };
        fetched.again();
        fetched
    }

    /// Asks once more; what is shown stays until the answer is there.
    pub fn again(self) {
        let path = self.path.get_value();
        spawn_local(async move {
            let answer = http::get(&path).await;
            self.answer.try_set(Some(answer));
        });
    }

    /// Draws the answer.
    pub fn view(self, draw: impl Fn(T) -> AnyView + Send + 'static) -> AnyView {
        let draw = move || match self.answer.get() {
            None => waiting(),
            Some(Ok(value)) => draw(value),
            Some(Err(refusal)) => failed(
                &refusal,
                Callback::new(move |()| {
                    self.answer.set(None);
                    self.again();
                }),
            ),
        };
        draw.into_any()
    }
}

fn waiting() -> AnyView {
    view! { <div class="late"><Skeleton rows=4 /></div> }.into_any()
}

fn failed(refusal: &Refusal, retry: Callback<()>) -> AnyView {
    view! { <ErrorBox text=explain(refusal) retry /> }.into_any()
}
