//! Labelled form fields.

use leptos::prelude::*;

use super::Icon;
use crate::i18n::{Key, t};

/// Help and error of a field, which refers to them by id.
fn notes(id: &'static str, help: Option<&'static str>, error: Signal<Option<String>>) -> impl IntoView {
    view! {
        {help.map(|help| view! { <p class="field-help" id=format!("{id}-help")>{help}</p> })}
        {move || error.get().map(|error| view! {
            <p class="field-error" id=format!("{id}-error")><Icon name="alert" class="icon-14" />{error}</p>
        })}
    }
}

fn described(id: &'static str, help: bool, error: bool) -> Option<String> {
    match (help, error) {
        (_, true) => Some(format!("{id}-error")),
        (true, false) => Some(format!("{id}-help")),
        (false, false) => None,
    }
}

/// A text field: label above, help and error below.
#[component]
pub fn Field(
    id: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    /// `text` or `email`.
    #[prop(default = "text")]
    kind: &'static str,
    #[prop(default = "on")] autocomplete: &'static str,
    #[prop(optional)] help: Option<&'static str>,
    #[prop(into, optional)] error: Signal<Option<String>>,
    /// Whether the field is larger, as on the sign-in page.
    #[prop(optional)]
    large: bool,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    view! {
        <div class="field">
            <div class="field-top"><label class="field-label" for=id>{label}</label></div>
            <input
                class="input" class:input-lg=large id=id type=kind autocomplete=autocomplete autofocus=autofocus
                required=true
                prop:value=move || value.get()
                aria-invalid=move || error.get().is_some().then_some("true")
                aria-describedby=move || described(id, help.is_some(), error.get().is_some())
                on:input=move |event| value.set(event_target_value(&event))
            />
            {notes(id, help, error)}
        </div>
    }
}

/// A password field with a button that shows the password.
#[component]
pub fn PasswordField(
    id: &'static str,
    label: &'static str,
    value: RwSignal<String>,
    /// `current-password` or `new-password`.
    autocomplete: &'static str,
    #[prop(optional)] help: Option<&'static str>,
    #[prop(into, optional)] error: Signal<Option<String>>,
    #[prop(optional)] large: bool,
) -> impl IntoView {
    let shown = RwSignal::new(false);
    view! {
        <div class="field">
            <div class="field-top"><label class="field-label" for=id>{label}</label></div>
            <div class="field-wrap">
                <input
                    class="input" class:input-lg=large id=id autocomplete=autocomplete required=true
                    type=move || if shown.get() { "text" } else { "password" }
                    prop:value=move || value.get()
                    aria-invalid=move || error.get().is_some().then_some("true")
                    aria-describedby=move || described(id, help.is_some(), error.get().is_some())
                    on:input=move |event| value.set(event_target_value(&event))
                />
                // The button's label must not contain "Password", which stays the name of the field alone.
                <button
                    type="button" class="icon-btn"
                    aria-label=t(Key::ShowTyped)
                    aria-pressed=move || shown.get().to_string()
                    on:click=move |_| shown.update(|shown| *shown = !*shown)
                >
                    <Icon name=Signal::derive(move || if shown.get() { "eye-off" } else { "eye" }) />
                </button>
            </div>
            {notes(id, help, error)}
        </div>
    }
}
