//! What all settings pages share: navigation at the side, a head, a body.

use leptos::prelude::*;

use crate::{
    i18n::{Key, t},
    inbox::Desk,
    pages::Place,
    store::Store,
    ui::Icon,
};

/// A settings page. `actions` stand at the end of the head.
#[component]
pub fn SettingsPage(
    title: &'static str,
    #[prop(optional)] actions: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    let store: Store = expect_context();
    let me = store.me();
    let manages = Memo::new(move |_| me.read().as_ref().is_some_and(|me| me.role.manages()));
    view! {
        <div class="settings">
            <nav class="settings-nav" aria-label=t(Key::Settings)>
                {move || manages.get().then(|| view! {
                    <p class="settings-group">{t(Key::Team)}</p>
                    <SettingsLink place=Place::Users icon="users" label=t(Key::Users) />
                })}
                <p class="settings-group">{t(Key::YourOwn)}</p>
                <SettingsLink place=Place::Account icon="key" label=t(Key::Account) />
            </nav>
            <main class="settings-main" id="main" aria-label=title>
                <header class="settings-head">
                    <h1 class="pane-title">{title}</h1>
                    <span class="spacer"></span>
                    {actions}
                </header>
                <div class="settings-body">{children()}</div>
            </main>
        </div>
    }
}

#[component]
fn SettingsLink(place: Place, icon: &'static str, label: &'static str) -> impl IntoView {
    let desk: Desk = expect_context();
    let href = place.path();
    view! {
        <a class="settings-link" href=href aria-current=move || (*desk.place.read() == place).then_some("page")>
            <Icon name=icon />
            {label}
        </a>
    }
}
