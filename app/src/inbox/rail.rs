//! The navigation: folders with live folder counters, at the side, or at the bottom on a phone.

use causerie_shared::window::Folder;
use leptos::prelude::*;

use crate::{
    format,
    i18n::{Key, Plural, t, tn},
    navigation::{Navigation, folder_name, place::Place},
    store::Store,
    ui::{Icon, Logo},
};

fn icon(folder: Folder) -> &'static str {
    match folder {
        Folder::Queue => "queue",
        Folder::Engaged => "engaged",
        Folder::Mine => "mine",
        Folder::All => "all",
        Folder::History => "history",
    }
}

/// The navigation rail.
#[component]
pub fn Rail() -> impl IntoView {
    let nav: Navigation = expect_context();
    let more = RwSignal::new(false);
    let store: Store = expect_context();
    let me = store.me();
    let supervises = Memo::new(move |_| me.read().as_ref().is_some_and(|me| me.role.supervises()));
    // Close the "More" sheet after any navigation.
    Effect::new(move |_| {
        nav.place.track();
        more.set(false);
    });
    view! {
        <nav
            class="rail" aria-label=t(Key::Folders)
            on:keydown=move |event| {
                if event.key() == "Escape" {
                    more.set(false);
                }
            }
        >
            <a class="rail-logo" href=Place::START.path() aria-label="Causerie">
                <Logo />
            </a>
            {[Folder::Queue, Folder::Engaged, Folder::Mine].map(|folder| view! { <FolderLink folder /> })}
            <div class="rail-rest" id="rail-rest" data-open=move || more.get().then_some("")>
                {move || supervises.get().then(|| view! { <FolderLink folder=Folder::All /> })}
                <FolderLink folder=Folder::History />
                <span class="rail-line"></span>
                <button
                    class="rail-item" type="button" aria-pressed=move || nav.panel.get().to_string()
                    on:click=move |_| {
                        nav.panel.update(|on| *on = !*on);
                        more.set(false);
                    }
                >
                    <Icon name="users" />
                    <span class="rail-label">{t(Key::ChannelsAndUsers)}</span>
                </button>
                <span class="rail-space"></span>
                <SettingsLink />
            </div>
            <button
                class="rail-item rail-more" type="button" aria-controls="rail-rest"
                aria-expanded=move || more.get().to_string()
                on:click=move |_| more.update(|more| *more = !*more)
            >
                <Icon name="more" />
                <span class="rail-label">{t(Key::More)}</span>
            </button>
        </nav>
    }
}

#[component]
fn FolderLink(folder: Folder) -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let total = store.total(folder);
    let current = move || (nav.place.read().folder() == Some(folder)).then_some("page");
    let hot = move || (folder == Folder::Engaged && total.get() > 0).then_some("");
    view! {
        <a
            class="rail-item" href=Place::Folder { folder, conversation: None }.path()
            aria-current=current
            aria-description=move || tn(Plural::Chats, total.get())
        >
            <Icon name=icon(folder) />
            <span class="rail-label">{folder_name(folder)}</span>
            <span class="rail-count" aria-hidden="true" data-hot=hot data-zero=move || (total.get() == 0).then_some("")>
                {move || format::compact(total.get())}
            </span>
        </a>
    }
}

#[component]
fn SettingsLink() -> impl IntoView {
    let nav: Navigation = expect_context();
    let here = move || matches!(*nav.place.read(), Place::Settings(_));
    view! {
        <a class="rail-item" href=Place::Settings(String::new()).path() aria-current=move || here().then_some("page")>
            <Icon name="settings" />
            <span class="rail-label">{t(Key::Settings)}</span>
        </a>
    }
}
