//! Icons of the sprite.

use leptos::prelude::*;

/// The product's sign.
#[component]
pub fn Logo() -> impl IntoView {
    view! { <svg aria-hidden="true"><use_ href=sprite("logo")></use_></svg> }
}

/// Address of an icon in the sprite.
pub fn sprite(name: &str) -> String {
    format!("/app/icons.svg#{name}")
}

/// An icon; decoration only, so what it means always stands beside it or in an accessible name.
#[component]
pub fn Icon(
    /// Its name in the sprite.
    #[prop(into)]
    name: Signal<&'static str>,
    /// More classes.
    #[prop(default = "")]
    class: &'static str,
) -> impl IntoView {
    view! {
        <svg class=format!("icon {class}") aria-hidden="true">
            <use_ href=move || sprite(name.get())></use_>
        </svg>
    }
}
