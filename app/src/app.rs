//! The root component: it provides the store and the preferences, and the address decides what is shown.

use leptos::prelude::*;

use crate::{
    hooks::{Address, Announcer, Preferences, Sound},
    navigation::place::Place,
    pages::{Gate, Login},
    settings::SettingsHost,
    store::{Store, view::Session},
};

/// The console.
#[component]
pub fn App() -> impl IntoView {
    let store = Store::start();
    provide_context(store);
    provide_context(Announcer::new());
    provide_context(Sound::new());
    let preferences = Preferences::load();
    provide_context(preferences);
    provide_context(Address::follow());
    // The empty frame of index.html stays until the session has something to show.
    let session = store.session();
    Effect::new(move |_| {
        if session.get() != Session::Starting
            && let Some(boot) = document().get_element_by_id("boot")
        {
            boot.remove();
        }
    });
    // A change of the language renders all screens again, so that views need not track texts.
    move || {
        preferences.lang.track();
        view! { <Screens /> }
    }
}

/// Shows a page before sign-in or the console, depending on the address.
#[component]
fn Screens() -> impl IntoView {
    let address: Address = expect_context();
    let place = Memo::new(move |_| address.path.with(|path| Place::parse(path)));
    // One memo decides: an effect that reads a memo after another memo derived from it can miss a change. `None` is the
    // console, which stays mounted while its places change.
    let outside = Memo::new(move |_| place.with(|place| place.is_public().then(|| place.clone())));
    move || match outside.get() {
        None => view! { <Gate place /> }.into_any(),
        Some(Place::Setup | Place::Link(_)) => view! { <SettingsHost place /> }.into_any(),
        Some(Place::Login | Place::Folder { .. } | Place::Settings(_) | Place::Unknown) => {
            view! { <Login /> }.into_any()
        }
    }
}
