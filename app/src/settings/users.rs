//! The users, their invitations, and links to set a new password. For owners and admins.

use causerie_shared::{
    api::{self, OneTimeLink},
    refusal::Refusal,
    user::Role,
};
use leptos::{prelude::*, task::spawn_local};

use super::{Here, fetched::Fetched, frame::SettingsPage, invite::InviteDialog, link::LinkBox, route::Route};
use crate::{
    i18n::{Key, explain, t, tf},
    net::http,
    ui::{Avatar, Icon, Presence},
};

/// Returns the name of a role.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Owner => t(Key::RoleOwner),
        Role::Admin => t(Key::RoleAdmin),
        Role::Supervisor => t(Key::RoleSupervisor),
        Role::Agent => t(Key::RoleAgent),
    }
}

/// The users page.
#[component]
pub fn Users() -> impl IntoView {
    let here: Here = expect_context();
    let inviting = RwSignal::new(false);
    let fresh = RwSignal::new(None::<(String, OneTimeLink)>);
    let rows = Fetched::<Vec<api::Account>>::get("/api/users");
    let made = Callback::new(move |(name, link): (String, OneTimeLink)| {
        fresh.set(Some((tf(Key::InvitationFor, &[("name", &name)]), link)));
        inviting.set(false);
        rows.again();
    });
    let invite = view! {
        <button class="btn btn-primary" type="button" prop:disabled=move || !here.online() on:click=move |_| inviting.set(true)>
            <Icon name="user-plus" class="icon-16" />
            {t(Key::Invite)}
        </button>
    };
    view! {
        <SettingsPage title=t(Key::Users) actions=invite.into_any()>
            <section class="settings-section" data-wide="">
                {move || fresh.get().map(|(title, link)| view! { <LinkBox title link /> })}
                {rows.view(move |rows| view! { <UserTable rows fresh /> }.into_any())}
            </section>
            {move || inviting.get().then(|| view! { <InviteDialog closed=move |()| inviting.set(false) made /> })}
        </SettingsPage>
    }
}

#[component]
fn UserTable(rows: Vec<api::Account>, fresh: RwSignal<Option<(String, OneTimeLink)>>) -> impl IntoView {
    view! {
        <div class="table-card">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{t(Key::User)}</th>
                        <th scope="col">{t(Key::Role)}</th>
                        <th scope="col">{t(Key::Availability)}</th>
                        <th scope="col"><span class="sr-only">{t(Key::Actions)}</span></th>
                    </tr>
                </thead>
                <tbody>{rows.into_iter().map(|row| view! { <UserLine row fresh /> }).collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn UserLine(row: api::Account, fresh: RwSignal<Option<(String, OneTimeLink)>>) -> impl IntoView {
    let here: Here = expect_context();
    let presence = Memo::new(move |_| {
        here.about
            .with(|about| about.users.iter().find(|user| user.id == row.id).map(Presence::of))
    });
    let error = RwSignal::new(None::<Refusal>);
    let (id, name) = (row.id, row.name.clone());
    let reset = {
        let name = name.clone();
        move |_| {
            let name = name.clone();
            spawn_local(async move {
                match http::post(&format!("/api/users/{id}/reset"), &()).await {
                    Ok(link) => drop(fresh.try_set(Some((tf(Key::ResetFor, &[("name", &name)]), link)))),
                    Err(refusal) => drop(error.try_set(Some(refusal))),
                }
            });
        }
    };
    let state = move || {
        if row.invited {
            t(Key::Invited)
        } else if !row.active {
            t(Key::Inactive)
        } else {
            presence.get().unwrap_or(Presence::Disconnected).name()
        }
    };
    view! {
        <tr>
            <td>
                <span class="cell-who">
                    <Avatar name=row.name.clone() seed=id.to_u128() size=32 presence />
                    <span>
                        <a class="cell-link" href=Route::User(id).path()><bdi>{row.name}</bdi></a>
                        <br />
                        <span class="cell-sub">{row.email}</span>
                    </span>
                </span>
            </td>
            <td class="cell-quiet" data-label=t(Key::Role)>{role_name(row.role)}</td>
            <td class="cell-quiet" data-label=t(Key::Availability)>{state}</td>
            <td>
                <button class="btn btn-ghost" type="button" on:click=reset>
                    <Icon name="link" class="icon-16" />
                    {t(Key::ResetLink)}
                    <span class="sr-only">" "{name}</span>
                </button>
                {move || error.get().map(|error| view! { <p class="field-error" role="alert">{explain(&error)}</p> })}
            </td>
        </tr>
    }
}
