//! The root of the settings: the address decides which page is shown.

use leptos::prelude::*;

use super::{
    account::Account,
    accounts::Accounts,
    audit::Audit,
    blocked::BlockedPeople,
    contact::ContactPage,
    crashes::Crashes,
    departments::{DepartmentPage, Departments},
    frame::{NoAccess, SettingsPage},
    guard::{self, LeaveDialog},
    here::Here,
    inboxes::{InboxPage, Inboxes, NewInbox},
    notifications::Notifications,
    route::Route,
    user::UserPage,
    users::Users,
};
use crate::{
    i18n::{Key, t},
    navigation::place::Place,
    ui::Empty,
};

/// All settings pages; empty if nobody is signed in.
#[component]
pub fn Settings(place: Memo<Place>) -> impl IntoView {
    Here::new(place).map(|here| view! { <Pages here /> })
}

#[component]
#[expect(clippy::wildcard_enum_match_arm, reason = "all other routes are shown as they are")]
fn Pages(here: Here) -> impl IntoView {
    provide_context(here);
    guard::watch(here);
    // A single memo decides: an effect that reads a memo after another memo derived from it can miss the change.
    let shown = Memo::new(move |_| {
        let route = match here.route() {
            Route::Start if here.manages_inboxes() => Route::Inboxes,
            Route::Start => Route::Account,
            route => route,
        };
        let allowed = match route.section() {
            Route::Inboxes => here.manages_inboxes(),
            Route::Users | Route::Departments | Route::Audit | Route::Crashes | Route::Accounts | Route::Blocked => {
                here.manages()
            }
            _ => true,
        };
        (route, allowed)
    });
    view! {
        {move || match shown.get() {
            (route, true) => page(route),
            (route, false) => view! { <NoAccess route /> }.into_any(),
        }}
        <LeaveDialog />
    }
}

fn page(route: Route) -> AnyView {
    match route {
        Route::Inboxes => view! { <Inboxes /> }.into_any(),
        Route::NewInbox => view! { <NewInbox /> }.into_any(),
        Route::Inbox(id) => view! { <InboxPage id /> }.into_any(),
        Route::Users => view! { <Users /> }.into_any(),
        Route::User(id) => view! { <UserPage id /> }.into_any(),
        Route::Departments => view! { <Departments /> }.into_any(),
        Route::NewDepartment => view! { <DepartmentPage id=None /> }.into_any(),
        Route::Department(id) => view! { <DepartmentPage id=Some(id) /> }.into_any(),
        Route::Audit => view! { <Audit /> }.into_any(),
        Route::Crashes => view! { <Crashes /> }.into_any(),
        Route::Accounts => view! { <Accounts /> }.into_any(),
        Route::Account => view! { <Account /> }.into_any(),
        Route::Notifications => view! { <Notifications /> }.into_any(),
        Route::Blocked => view! { <BlockedPeople /> }.into_any(),
        Route::Contact(id) => view! { <ContactPage id blocks=false /> }.into_any(),
        Route::Block(id) => view! { <ContactPage id blocks=true /> }.into_any(),
        Route::Start | Route::Unknown => view! {
            <SettingsPage title=t(Key::Settings)>
                <Empty title=t(Key::NoSuchPage) text=t(Key::NoSuchPageText) />
            </SettingsPage>
        }
        .into_any(),
    }
}
