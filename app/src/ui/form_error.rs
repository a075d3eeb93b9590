//! The error of a form.

use causerie_shared::refusal::Refusal;
use leptos::prelude::*;

use super::Icon;
use crate::i18n::explain;

/// A form's error, announced by screen readers when it appears.
#[component]
pub fn FormError(#[prop(into)] error: Signal<Option<Refusal>>) -> impl IntoView {
    view! {
        {move || error.get().map(|error| view! {
            <p class="form-error" role="alert"><Icon name="alert" />{explain(&error)}</p>
        })}
    }
}
