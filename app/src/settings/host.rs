//! The console's entry to the settings: loads the settings part and draws it.

use leptos::prelude::*;

use super::pages::Settings;
use crate::{i18n::Key, navigation::place::Place, pages::outside::Outside, part::part, ui::Asked};

/// The settings part: functions that draw its pages.
#[derive(Debug, Clone, Copy)]
struct SettingsPart {
    settings: fn(Memo<Place>) -> AnyView,
    /// Draws the rarely used pages without a sign-in.
    outside: fn(Place) -> AnyView,
}

part! {
    /// Loads the settings.
    fn settings() -> SettingsPart, in settings, SettingsPart {
        settings: |place| view! { <Settings place /> }.into_any(),
        outside: |place| view! { <Outside place /> }.into_any(),
    }
}

/// The settings, with a skeleton while they load and an error if they cannot.
#[component]
pub fn SettingsHost(place: Memo<Place>) -> impl IntoView {
    let part = Asked::new(settings);
    // A place without a sign-in stays the same for as long as this component lives.
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
