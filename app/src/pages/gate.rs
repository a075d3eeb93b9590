//! The entry to the console: local data opens it at once; without a session it leads to sign-in.

use leptos::prelude::*;

use super::expired::Expired;
use crate::{
    hooks::Address,
    inbox::Frame,
    navigation::place::Place,
    store::{Store, view::Session},
};

/// The console for signed-in users.
#[component]
pub fn Gate(place: Memo<Place>) -> impl IntoView {
    let store: Store = expect_context();
    let session = store.session();
    let address: Address = expect_context();
    Effect::new(move |_| {
        if session.get() == Session::SignedOut {
            address.go(&Place::Login.path(), true);
        }
    });
    let inside = Memo::new(move |_| matches!(session.get(), Session::SignedIn | Session::Expired));
    // Another user draws the frame anew.
    let me = store.me();
    let user = Memo::new(move |_| me.read().as_ref().map(|me| me.id));
    move || {
        (inside.get() && user.get().is_some()).then(|| {
            view! {
                <Frame place />
                {move || (session.get() == Session::Expired).then(|| view! { <Expired /> })}
            }
        })
    }
}
