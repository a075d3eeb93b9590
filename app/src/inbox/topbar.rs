//! The top bar with the profile button.

use leptos::prelude::*;

use super::menu::ProfileMenu;
use crate::{
    i18n::{Key, t, tf},
    navigation::Navigation,
    store::{Store, view::Connection},
    ui::{Avatar, Icon, Presence},
};

/// The title, and the signed-in user's menu.
#[component]
pub fn TopBar() -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let title = move || {
        if nav.place.read().folder().is_some() {
            t(Key::Conversations)
        } else {
            t(Key::Settings)
        }
    };
    let me = store.me();
    let seed = me.with_untracked(|me| me.as_ref().map_or(0, |me| me.id.to_u128()));
    let id = me.with_untracked(|me| me.as_ref().map(|me| me.id));
    let row = id.map(|id| store.user(id));
    let name = Signal::derive(move || me.read().as_ref().map(|me| me.name.clone()).unwrap_or_default());
    let online = store.online();
    // This device's own connection decides, because the server reports a lost one only after the grace period.
    let presence = Memo::new(move |_| {
        let user = row.and_then(|row| row.get());
        match (online.get(), user) {
            (Connection::Online, Some(user)) => Presence::of(&causerie_shared::user::UserRow {
                connected: true,
                ..user
            }),
            (Connection::Online | Connection::Reconnecting | Connection::Offline { .. }, _) => Presence::Disconnected,
        }
    });
    let load = Memo::new(move |_| {
        row.and_then(|row| row.get()).map(|user| {
            tf(
                Key::LoadChats,
                &[("have", &user.load.to_string()), ("limit", &user.capacity.to_string())],
            )
        })
    });
    let described = move || match load.get() {
        Some(load) => format!("{}, {load}", presence.get().name()),
        None => presence.get().name().to_owned(),
    };
    view! {
        <header class="topbar">
            <p class="topbar-title">{title}</p>
            <button class="profile-btn" type="button" aria-haspopup="menu" popovertarget="profile-menu" aria-description=described>
                <Avatar name seed size=28 presence=Signal::derive(move || Some(presence.get())) />
                <span class="sr-only">{t(Key::ProfileMenu)}</span>
                <span class="profile-state" aria-hidden="true">{move || presence.get().name()}</span>
                <span class="profile-load" aria-hidden="true">{move || load.get()}</span>
                <Icon name="chevron-down" class="icon-16" />
            </button>
            <ProfileMenu name seed row />
        </header>
    }
}
