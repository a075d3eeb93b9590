//! Data fetched from the server, with a skeleton while it loads and an error with a retry button.

use causerie_shared::refusal::Refusal;
use leptos::{prelude::*, task::spawn_local};
use serde::de::DeserializeOwned;

use crate::{
    i18n::explain,
    net::http,
    ui::{ErrorBox, Skeleton},
};

/// The response to a request, once it has arrived; `Copy`.
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
    /// Sends the request.
    pub fn get(path: impl Into<String>) -> Self {
        let fetched = Self {
            answer: RwSignal::new(None),
            path: StoredValue::new(path.into()),
        };
        fetched.again();
        fetched
    }

    /// Sends the request again. The current data stays on screen until the response arrives.
    pub fn again(self) {
        // A page asks again after an answer that may come when it was left.
        let Some(path) = self.path.try_get_value() else { return };
        spawn_local(async move {
            let answer = http::get(&path).await;
            self.answer.try_set(Some(answer));
        });
    }

    /// Draws the data, a skeleton or an error.
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
