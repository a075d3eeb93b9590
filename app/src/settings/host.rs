//! What the console knows of the settings: how to load them, and where they are drawn.

use leptos::prelude::*;

use super::pages::Settings;
use crate::{
    i18n::Key,
    pages::{Outside, Place},
    part::part,
    ui::Asked,
};

/// What the settings' part holds; functions that draw where they are called.
#[derive(Debug, Clone, Copy)]
struct SettingsPart {
    settings: fn(Memo<Place>) -> AnyView,
    /// The pages before a sign-in that are seldom seen.
    outside: fn(Place) -> AnyView,
}

part! {
    /// Loads the settings.
    fn settings() -> SettingsPart, in settings, SettingsPart {
        settings: |place| view! { <Settings place /> }.into_any(),
        outside: |place| view! { <Outside place /> }.into_any(),
    }
}

/// The settings, what stands there while they load, and what when they cannot.
#[component]
pub fn SettingsHost(place: Memo<Place>) -> impl IntoView {
    let part = Asked::new(settings);
    // A place before the sign-in keeps this component only while it stays the same.
    let outside = place.get_untracked();
    view! {
        <div class="settings-host">
            {move || match part.get(Key::SettingsNotLoaded) {
                Ok(part) if outside.is_outside() => (part.outside)(outside.clone()),
                Ok(part) => (part.settings)(place),
                Err(instead) => instead,
            }}
        </div>
    }
}
