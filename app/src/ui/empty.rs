//! Empty panes, skeletons and errors.

use leptos::prelude::*;

use super::Icon;
use crate::i18n::{Key, t};

/// An empty pane: its meaning, with the next step as children.
#[component]
pub fn Empty(
    title: &'static str,
    #[prop(into, optional)] text: Option<String>,
    #[prop(optional)] icon: Option<&'static str>,
    #[prop(optional)] center: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty" class:empty-center=center>
            {icon.map(|name| view! { <Icon name /> })}
            <p class="empty-title">{title}</p>
            {text.map(|text| view! { <p>{text}</p> })}
            {children.map(|children| children())}
        </div>
    }
}

/// Placeholder rows while data loads and no local copy exists.
#[component]
pub fn Skeleton(rows: usize) -> impl IntoView {
    view! {
        <div aria-busy="true">
            <span class="sr-only" role="status">{t(Key::Loading)}</span>
            {(0..rows)
                .map(|_| view! {
                    <div class="skel-row" aria-hidden="true">
                        <i class="skel"></i>
                        <i class="skel"></i>
                        <i class="skel"></i>
                        <i class="skel"></i>
                    </div>
                })
                .collect_view()}
        </div>
    }
}

/// An error in its own pane, with its cause and a retry button; the rest of the page stays.
#[component]
pub fn ErrorBox(
    #[prop(into)] text: String,
    #[prop(into)] retry: Callback<()>,
    /// The button's label, if it is not "Retry".
    #[prop(default = t(Key::Retry))]
    label: &'static str,
) -> impl IntoView {
    view! {
        <div class="error-box" role="alert">
            <p>{text}</p>
            <button type="button" class="btn" on:click=move |_| retry.run(())>{label}</button>
        </div>
    }
}
