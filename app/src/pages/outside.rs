//! Pages that are seen once in a long time and without a sign-in: set-up, and one-time links. They are part of the
//! settings' program (`bin/settings.rs`), which the console loads for them too.

use leptos::prelude::*;

use super::{Accept, Place, Setup};
use crate::hooks::Preferences;

/// The page of a place.
#[component]
pub fn Outside(place: Place) -> impl IntoView {
    let preferences = Preferences::load();
    provide_context(preferences);
    // Another language draws everything anew.
    move || {
        preferences.lang.track();
        match &place {
            Place::Setup => view! { <Setup /> }.into_any(),
            Place::Link(token) => view! { <Accept token=token.clone() /> }.into_any(),
            Place::Login | Place::Folder { .. } | Place::Settings(_) | Place::Unknown => ().into_any(),
        }
    }
}

/// Goes to a place of the console, which starts anew: somebody else is signed in, or another language was chosen.
pub fn leave(place: &Place) {
    if let Err(error) = window().location().replace(&place.path()) {
        crate::hooks::warn("the page stays", &error);
    }
}
