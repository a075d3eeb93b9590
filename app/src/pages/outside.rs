//! Rarely used pages without a sign-in: set-up and one-time links. They are in the settings part, which the console
//! loads for them too.

use leptos::prelude::*;

use super::{accept::Accept, setup::Setup};
use crate::navigation::place::Place;

/// The page of a place.
#[component]
pub fn Outside(place: Place) -> impl IntoView {
    match place {
        Place::Setup => view! { <Setup /> }.into_any(),
        Place::Link(token) => view! { <Accept token /> }.into_any(),
        Place::Login | Place::Folder { .. } | Place::Settings(_) | Place::Unknown => ().into_any(),
    }
}

/// Goes to a place of the console by loading the page again, because another user is signed in.
pub fn leave(place: &Place) {
    if let Err(error) = window().location().replace(&place.path()) {
        crate::hooks::warn("the page stays", &error);
    }
}
