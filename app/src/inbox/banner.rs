//! The banner above everything: the line to the server, and a new version (`ux.md` §4.7).

use leptos::prelude::*;

use crate::{
    format,
    hooks::Sound,
    i18n::{Key, t, tf},
    store::{Store, view::Connection},
    ui::Icon,
};

/// At most one banner: what matters most.
#[component]
pub fn Banners() -> impl IntoView {
    let store: Store = expect_context();
    let (online, update, outdated, full) = (
        store.online(),
        store.update_ready(),
        store.read_only(),
        store.storage_full(),
    );
    let blocked = expect_context::<Sound>().blocked;
    let reload = move || {
        if let Err(error) = window().location().reload() {
            crate::hooks::warn("the page did not reload", &error);
        }
    };
    move || {
        if outdated.get() {
            return view! {
                <div class="banner" data-kind="error" role="status">
                    <Icon name="warning" />
                    <span>{t(Key::Outdated)}</span>
                    <button type="button" on:click=move |_| reload()>{t(Key::Reload)}</button>
                </div>
            }
            .into_any();
        }
        match online.get() {
            Connection::Offline { as_of } => {
                let text = match as_of {
                    Some(at) => tf(
                        Key::OfflineAsOf,
                        &[("time", &format::short(at, store.now().get_untracked()))],
                    ),
                    None => t(Key::OfflineNothing).to_owned(),
                };
                view! {
                    <div class="banner" data-kind="offline" role="status">
                        <Icon name="offline" />
                        <span>{text}</span>
                        <button type="button" on:click=move |_| store.reconnect()>{t(Key::TryNow)}</button>
                    </div>
                }
                .into_any()
            }
            Connection::Reconnecting => view! {
                <div class="banner" data-kind="reconnecting" role="status">
                    <Icon name="refresh" />
                    <span>{t(Key::Reconnecting)}</span>
                </div>
            }
            .into_any(),
            Connection::Online if full.get() || blocked.get() => {
                // The one that a click mends comes first.
                let text = if blocked.get() {
                    Key::SoundsBlocked
                } else {
                    Key::StorageFull
                };
                view! {
                    <div class="banner" data-kind="offline" role="status">
                        <Icon name="warning" />
                        <span>{t(text)}</span>
                    </div>
                }
                .into_any()
            }
            Connection::Online => update
                .get()
                .then(|| {
                    view! {
                        <div class="banner" data-kind="update" role="status">
                            <Icon name="refresh" />
                            <span>{t(Key::NewVersion)}</span>
                            <button type="button" on:click=move |_| store.apply_update()>{t(Key::Reload)}</button>
                        </div>
                    }
                })
                .into_any(),
        }
    }
}
