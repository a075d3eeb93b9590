//! Users: who they are, invitations, and links to set a new password. For owners and admins.

use causerie_shared::{
    api::{self, OneTimeLink},
    refusal::Refusal,
    user::Role,
};
use leptos::{prelude::*, task::spawn_local};

use super::{frame::SettingsPage, invite::InviteDialog, link::LinkBox};
use crate::{
    i18n::{Key, explain, t, tf},
    store::Store,
    ui::{Avatar, Empty, ErrorBox, Icon, Presence},
};

/// The word for a role.
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
    let store: Store = expect_context();
    let me = store.me();
    let manages = Memo::new(move |_| me.read().as_ref().is_some_and(|me| me.role.manages()));
    let inviting = RwSignal::new(false);
    let fresh = RwSignal::new(None::<(String, OneTimeLink)>);
    let rows = RwSignal::new(None::<Result<Vec<api::Account>, Refusal>>);
    let load = move || {
        spawn_local(async move {
            let answer = store.accounts_of_users().await;
            rows.try_set(Some(answer));
        });
    };
    if manages.get_untracked() {
        load();
    }
    let made = Callback::new(move |(name, link): (String, OneTimeLink)| {
        fresh.set(Some((tf(Key::InvitationFor, &[("name", &name)]), link)));
        inviting.set(false);
        load();
    });
    let invite = move || {
        view! {
            <button class="btn btn-primary" type="button" on:click=move |_| inviting.set(true)>
                <Icon name="user-plus" class="icon-16" />
                {t(Key::Invite)}
            </button>
        }
    };
    move || {
        if !manages.get() {
            // Only a direct address leads here: the page says who can help.
            return view! { <SettingsPage title=t(Key::Users)><Empty title=t(Key::NotAllowed) text=t(Key::AskAdmin) /></SettingsPage> }
                .into_any();
        }
        view! {
            <SettingsPage title=t(Key::Users) actions=invite().into_any()>
                <section class="settings-section" data-wide="">
                    {move || fresh.get().map(|(title, link)| view! { <LinkBox title link /> })}
                    {move || match rows.get() {
                        None => view! { <p role="status">{t(Key::Loading)}</p> }.into_any(),
                        Some(Err(refusal)) => view! { <ErrorBox text=explain(&refusal) retry=move |()| load() /> }.into_any(),
                        Some(Ok(rows)) => view! { <UserTable rows fresh /> }.into_any(),
                    }}
                </section>
                {move || inviting.get().then(|| view! { <InviteDialog closed=move |()| inviting.set(false) made /> })}
            </SettingsPage>
        }
        .into_any()
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
    let store: Store = expect_context();
    let live = store.user(row.id);
    let presence = Memo::new(move |_| live.read().as_ref().map(Presence::of));
    let error = RwSignal::new(None::<Refusal>);
    let (id, name) = (row.id, row.name.clone());
    let reset = {
        let name = name.clone();
        move |_| {
            let name = name.clone();
            spawn_local(async move {
                match store.reset_link(id).await {
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
                        <bdi>{row.name}</bdi>
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
