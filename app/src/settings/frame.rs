//! The layout of all settings pages: navigation at the side, a head, a body, a foot.

use causerie_shared::user::Role;
use leptos::{html, prelude::*};

use super::{here::Here, route::Route};
use crate::{
    i18n::{Key, t, tf},
    ui::{Empty, Icon},
};

/// A settings page. `crumb` leads up, `actions` are at the end of the head, `tabs` below the head, `foot` at the
/// bottom.
#[component]
pub fn SettingsPage(
    #[prop(into)] title: Signal<String>,
    #[prop(optional)] crumb: Option<(Route, &'static str)>,
    #[prop(optional)] actions: Option<AnyView>,
    #[prop(optional)] tabs: Option<AnyView>,
    #[prop(optional)] foot: Option<AnyView>,
    children: Children,
) -> impl IntoView {
    Effect::new(move |_| document().set_title(&format!("{} · {}", title.get(), t(Key::Settings))));
    view! {
        <div class="settings">
            <SettingsNav />
            <main class="settings-main" id="main" aria-label=move || title.get()>
                <header class="settings-head">
                    {crumb.map(|(route, label)| view! {
                        <a class="settings-crumb" href=route.path()>{label}</a>
                        <Icon name="chevron-right" class="icon-14" />
                    })}
                    <h1 class="pane-title truncate">{move || title.get()}</h1>
                    <span class="spacer"></span>
                    {actions}
                </header>
                {tabs}
                <div class="settings-body">{children()}</div>
                {foot}
            </main>
        </div>
    }
}

#[component]
fn SettingsNav() -> impl IntoView {
    let here: Here = expect_context();
    let manages = Memo::new(move |_| here.manages());
    let manages_inboxes = Memo::new(move |_| here.manages_inboxes());
    view! {
        <nav class="settings-nav" aria-label=t(Key::Settings)>
            {move || manages.get().then(|| view! {
                <p class="settings-group">{t(Key::Team)}</p>
                <SettingsLink route=Route::Users icon="person" label=t(Key::Users) />
                <SettingsLink route=Route::Departments icon="users" label=t(Key::Departments) />
                <SettingsLink route=Route::Accounts icon="chat" label=t(Key::MessagingAccounts) />
                <SettingsLink route=Route::Blocked icon="ban" label=t(Key::BlockedPeople) />
                <SettingsLink route=Route::Audit icon="history" label=t(Key::AuditLog) />
                <SettingsLink route=Route::Crashes icon="warning" label=t(Key::Crashes) />
            })}
            {move || manages_inboxes.get().then(|| view! {
                <p class="settings-group">{t(Key::Conversations)}</p>
                <SettingsLink route=Route::Inboxes icon="queue" label=t(Key::Inboxes) />
            })}
            <p class="settings-group">{t(Key::YourOwn)}</p>
            <SettingsLink route=Route::Account icon="key" label=t(Key::Account) />
            <SettingsLink route=Route::Notifications icon="engaged" label=t(Key::Notifications) />
        </nav>
    }
}

#[component]
#[expect(clippy::wildcard_enum_match_arm, reason = "all other routes are shown as they are")]
fn SettingsLink(route: Route, icon: &'static str, label: &'static str) -> impl IntoView {
    let here: Here = expect_context();
    let current = move || {
        let shown = match here.route() {
            Route::Start if here.manages_inboxes() => Route::Inboxes,
            Route::Start => Route::Account,
            shown => shown.section(),
        };
        (shown == route).then_some("page")
    };
    // On the phone the row of links is wider than the screen.
    let link = NodeRef::<html::A>::new();
    Effect::new(move |_| {
        if let Some(link) = link.get()
            && current().is_some()
        {
            link.scroll_into_view_with_bool(false);
        }
    });
    view! {
        <a class="settings-link" href=route.path() aria-current=current node_ref=link>
            <Icon name=icon />
            {label}
        </a>
    }
}

/// Shown only for a typed address: names the people who can help.
#[component]
#[expect(clippy::wildcard_enum_match_arm, reason = "all other routes are shown as they are")]
pub fn NoAccess(route: Route) -> impl IntoView {
    let here: Here = expect_context();
    let title = match route.section() {
        Route::Users => Key::Users,
        Route::Departments => Key::Departments,
        Route::Audit => Key::AuditLog,
        Route::Crashes => Key::Crashes,
        Route::Accounts => Key::MessagingAccounts,
        Route::Blocked => Key::BlockedPeople,
        _ => Key::Inboxes,
    };
    let names = move |role: Role| {
        here.about.with(|about| {
            let named = about.users.iter().filter(|user| user.role == role && user.active);
            named.map(|user| user.name.clone()).collect::<Vec<_>>()
        })
    };
    let text = move || {
        let people = [names(Role::Owner), names(Role::Admin)].concat();
        if people.is_empty() {
            t(Key::AskAdmin).to_owned()
        } else {
            tf(Key::AskThem, &[("names", &people.join(", "))])
        }
    };
    view! {
        <SettingsPage title=t(title)>
            {move || view! { <Empty title=t(Key::NotAllowedHere) text=text() icon="lock" /> }}
        </SettingsPage>
    }
}
