//! The dialog that invites a user: name, e-mail, role, inboxes.

use causerie_shared::{
    api::{Invite, OneTimeLink, settings::InboxDetail},
    contact::{Detail, is_plausible},
    ids::InboxId,
    refusal::Refusal,
    user::Role,
};
use leptos::{prelude::*, task::spawn_local};

use super::{Here, fetched::Fetched, parts::Tick, users::role_name};
use crate::{
    i18n::{Key, t},
    net::http,
    ui::{Dialog, Field, FormError, Icon},
};

/// The roles that can be assigned. The only owner is created at set-up.
pub const ROLES: [Role; 3] = [Role::Agent, Role::Supervisor, Role::Admin];

/// The dialog; `made` gets the user's name and the link.
#[component]
pub fn InviteDialog(
    #[prop(into)] closed: Callback<()>,
    #[prop(into)] made: Callback<(String, OneTimeLink)>,
) -> impl IntoView {
    let here: Here = expect_context();
    let [name, email] = [(); 2].map(|()| RwSignal::new(String::new()));
    let role = RwSignal::new(Role::Agent);
    let chosen = RwSignal::new(Vec::<InboxId>::new());
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<Refusal>);
    let (no_name, no_email) = (RwSignal::new(None::<String>), RwSignal::new(None::<String>));
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (its_name, its_email) = (
            name.get_untracked().trim().to_owned(),
            email.get_untracked().trim().to_owned(),
        );
        no_name.set(its_name.is_empty().then(|| t(Key::NameNeeded).to_owned()));
        no_email.set((!is_plausible(Detail::Email, &its_email)).then(|| t(Key::NotAnEmail).to_owned()));
        if no_name.read_untracked().is_some() || no_email.read_untracked().is_some() {
            return;
        }
        busy.set(true);
        let body = Invite {
            name: its_name.clone(),
            email: its_email,
            role: role.get_untracked(),
            inboxes: chosen.get_untracked(),
        };
        spawn_local(async move {
            match http::post::<_, OneTimeLink>("/api/users", &body).await {
                Ok(link) => drop(made.try_run((its_name, link))),
                Err(refusal) => {
                    busy.try_set(false);
                    error.try_set(Some(refusal));
                }
            }
        });
    };
    view! {
        <Dialog labelled_by="invite-title" closed>
            <h2 class="dialog-title" id="invite-title">{t(Key::InviteTitle)}</h2>
            <p class="dialog-text">{t(Key::InviteText)}</p>
            <form class="form" on:submit=submit novalidate=true>
                <FormError error />
                <Field id="invite-name" label=t(Key::Name) value=name autocomplete="off" error=no_name autofocus=true />
                <Field id="invite-email" label=t(Key::Email) value=email kind="email" autocomplete="off" error=no_email />
                <RoleSelect role />
                <InboxChoice chosen />
                <div class="dialog-acts">
                    <button class="btn" type="button" on:click=move |_| closed.run(())>{t(Key::Cancel)}</button>
                    <button class="btn btn-primary" type="submit" prop:disabled=move || busy.get() || !here.online()>{t(Key::CreateLink)}</button>
                </div>
            </form>
        </Dialog>
    }
}

#[component]
fn RoleSelect(role: RwSignal<Role>) -> impl IntoView {
    let choose = move |event| {
        if let Some(chosen) = Role::from_key(&event_target_value(&event)) {
            role.set(chosen);
        }
    };
    view! {
        <div class="field">
            <label class="field-label" for="invite-role">{t(Key::Role)}</label>
            <div class="select">
                <select class="input" id="invite-role" on:change=choose>
                    {ROLES.map(|role| view! { <option value=role.as_str()>{role_name(role)}</option> })}
                </select>
                <Icon name="chevron-down" class="icon-16" />
            </div>
        </div>
    }
}

/// The choice of inboxes of which the new user becomes a member.
#[component]
fn InboxChoice(chosen: RwSignal<Vec<InboxId>>) -> impl IntoView {
    let inboxes = Fetched::<Vec<InboxDetail>>::get("/api/inboxes");
    let toggle = move |id: InboxId, on: bool| {
        chosen.update(|chosen| {
            chosen.retain(|other| *other != id);
            if on {
                chosen.push(id);
            }
        });
    };
    view! {
        <fieldset class="field">
            <legend class="field-label">{t(Key::Inboxes)}</legend>
            {inboxes.view(move |inboxes| {
                let tick = |inbox: InboxDetail| {
                    let id = inbox.id;
                    view! { <Tick label=inbox.settings.name on=Signal::derive(move || chosen.read().contains(&id)) set=move |on| toggle(id, on) /> }
                };
                inboxes.into_iter().map(tick).collect_view().into_any()
            })}
        </fieldset>
    }
}
