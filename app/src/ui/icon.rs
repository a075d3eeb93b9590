//! Icons of the sprite.

use leptos::prelude::*;

/// The product's logo.
#[component]
pub fn Logo() -> impl IntoView {
    view! { <svg aria-hidden="true"><use_ href=sprite("logo")></use_></svg> }
}

/// Returns the address of an icon in the sprite.
pub fn sprite(name: &str) -> String {
    format!("/app/icons.svg#{name}")
}

/// A decorative icon: its meaning is always also in a text or an accessible name.
#[component]
pub fn Icon(
    /// The icon's name in the sprite.
    #[prop(into)]
    name: Signal<&'static str>,
    /// Additional classes.
    #[prop(default = "")]
    class: &'static str,
) -> impl IntoView {
    view! {
        <svg class=format!("icon {class}") aria-hidden="true">
            <use_ href=move || sprite(name.get())></use_>
        </svg>
    }
}
