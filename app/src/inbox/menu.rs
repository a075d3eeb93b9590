//! The profile menu: availability, theme, language, account, sign-out.

use causerie_shared::user::{Availability, UserRow};
use leptos::{html, prelude::*, task::spawn_local};

use crate::{
    hooks::{Preferences, Theme},
    i18n::{Key, Lang, Plural, explain, t, tn},
    navigation::place::Place,
    store::Store,
    ui::{Avatar, Dialog, Icon, focus, menu_items, menu_keys},
};
use causerie_shared::refusal::Refusal;

/// The menu of the profile button. It is a popover, so the browser opens it and closes it on Escape.
#[component]
pub fn ProfileMenu(
    #[prop(into)] name: Signal<String>,
    seed: u128,
    row: Option<Signal<Option<UserRow>>>,
) -> impl IntoView {
    let store: Store = expect_context();
    let menu = NodeRef::<html::Div>::new();
    let leaving = RwSignal::new(false);
    let me = store.me();
    let email = move || me.read().as_ref().map(|me| me.email.clone());
    let close = move || {
        if let Some(menu) = menu.get_untracked()
            && let Err(error) = menu.hide_popover()
        {
            crate::hooks::warn("the menu did not close", &error);
        }
    };
    let opened = move |_| {
        if let Some(menu) = menu.get_untracked()
            && menu.matches(":popover-open").unwrap_or(false)
            && let Some(first) = menu_items(&menu).first()
        {
            focus(first);
        }
    };
    view! {
        <div class="menu menu-top-end" id="profile-menu" popover="auto" node_ref=menu on:toggle=opened>
            <div class="menu-head">
                <Avatar name seed size=40 />
                <div>
                    <p class="menu-name truncate"><bdi>{name}</bdi></p>
                    <p class="menu-sub truncate">{email}</p>
                </div>
            </div>
            <div role="menu" aria-label=t(Key::ProfileMenu) on:keydown=move |event| menu_keys(&event)>
                <div class="menu-group" role="group" aria-label=t(Key::Availability)>
                    {[Availability::Available, Availability::Busy].map(|choice| view! {
                        <AvailabilityItem choice row chosen=Callback::new(move |()| close()) />
                    })}
                </div>
                <ThemeGroup />
                <LanguageGroup />
                <div class="menu-group" role="none">
                    <a class="menu-item" role="menuitem" href=Place::Settings("account".into()).path() on:click=move |_| close()>
                        <Icon name="settings" />
                        <span>{t(Key::Account)}</span>
                    </a>
                    <button
                        class="menu-item" type="button" role="menuitem"
                        on:click=move |_| {
                            close();
                            leaving.set(true);
                        }
                    >
                        <Icon name="sign-out" />
                        <span>{t(Key::SignOut)}</span>
                    </button>
                </div>
            </div>
        </div>
        {move || leaving.get().then(|| view! { <SignOut leaving /> })}
    }
}

#[component]
fn AvailabilityItem(
    choice: Availability,
    row: Option<Signal<Option<UserRow>>>,
    #[prop(into)] chosen: Callback<()>,
) -> impl IntoView {
    let store: Store = expect_context();
    let label = match choice {
        Availability::Available => t(Key::Available),
        Availability::Busy => t(Key::Busy),
    };
    let checked = move || row.is_some_and(|row| row.read().as_ref().is_some_and(|user| user.availability == choice));
    view! {
        <button
            class="menu-item" type="button" role="menuitemradio"
            aria-checked=move || checked().to_string()
            on:click=move |_| {
                store.set_availability(choice);
                chosen.run(());
            }
        >
            <span class="dot" data-state=choice.as_str()></span>
            <span>{label}</span>
            <Icon name="check" />
        </button>
    }
}

#[component]
fn ThemeGroup() -> impl IntoView {
    let preferences: Preferences = expect_context();
    let words = |theme: Theme| match theme {
        Theme::System => (t(Key::ThemeSystem), "theme"),
        Theme::Light => (t(Key::ThemeLight), "sun"),
        Theme::Dark => (t(Key::ThemeDark), "moon"),
    };
    view! {
        <div class="menu-group" role="group" aria-label=t(Key::Theme)>
            <span class="menu-label" aria-hidden="true">{t(Key::Theme)}</span>
            <div class="seg" role="none">
                {Theme::ALL.map(|theme| {
                    let (label, icon) = words(theme);
                    view! {
                        <button
                            class="seg-item" type="button" role="menuitemradio"
                            aria-checked=move || (preferences.theme.get() == theme).to_string()
                            on:click=move |_| preferences.set_theme(theme)
                        >
                            <Icon name=icon />
                            {label}
                        </button>
                    }
                })}
            </div>
        </div>
    }
}

#[component]
fn LanguageGroup() -> impl IntoView {
    let preferences: Preferences = expect_context();
    view! {
        <div class="menu-group" role="group" aria-label=t(Key::Language)>
            <span class="menu-label" aria-hidden="true">{t(Key::Language)}</span>
            <div class="seg" role="none">
                {Lang::ALL.map(|lang| view! {
                    <button
                        class="seg-item" type="button" role="menuitemradio" lang=lang.tag()
                        aria-checked=move || (preferences.lang.get() == lang).to_string()
                        on:click=move |_| preferences.set_lang(lang)
                    >
                        {lang.name()}
                    </button>
                })}
            </div>
        </div>
    }
}

/// Signs out: at once if everything was sent, otherwise after a dialog that shows what would be lost.
#[component]
fn SignOut(leaving: RwSignal<bool>) -> impl IntoView {
    let store: Store = expect_context();
    let unsent = store.unsent();
    let error = RwSignal::new(None::<Refusal>);
    let leave = move || {
        spawn_local(async move {
            match store.sign_out().await {
                Ok(()) => {
                    leaving.try_set(false);
                }
                Err(refusal) => {
                    error.try_set(Some(refusal));
                }
            }
        });
    };
    let lost = u32::try_from(unsent.get_untracked()).unwrap_or(u32::MAX);
    if lost == 0 {
        leave();
    }
    move || {
        if lost == 0 && error.read().is_none() {
            return ().into_any();
        }
        view! {
            <Dialog labelled_by="sign-out-title" closed=move |()| leaving.set(false)>
                <h2 class="dialog-title" id="sign-out-title">{t(Key::SignOutTitle)}</h2>
                <p class="dialog-text">
                    {move || match error.get() {
                        Some(error) => explain(&error),
                        None => tn(Plural::UnsentLost, lost),
                    }}
                </p>
                <div class="dialog-acts">
                    <button type="button" class="btn" on:click=move |_| leaving.set(false)>{t(Key::Stay)}</button>
                    <button type="button" class="btn btn-danger" on:click=move |_| leave()>{t(Key::SignOutAnyway)}</button>
                </div>
            </Dialog>
        }
        .into_any()
    }
}
