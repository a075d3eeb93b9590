//! The page of a user: name, role, permissions, add-ons, capacity, password reset and deactivation.

use causerie_shared::{
    api::{Account, OneTimeLink, settings::SaveUser},
    ids::UserId,
    inbox::CAPACITY,
    refusal::{Code, Refusal},
    user::{Grants, Role},
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    Here,
    conflict::{ConflictBox, Difference},
    fetched::Fetched,
    form::{ErrorSummary, Form, Problem, SaveBar},
    frame::SettingsPage,
    invite::ROLES,
    link::LinkBox,
    parts::{Choice, NumberField, Tick, whole},
    route::Route,
    users::role_name,
};
use crate::{
    i18n::{Key, t, tf},
    net::http,
    ui::{Confirm, Empty, Field, FormError},
};

/// A permission or add-on, with its texts and its field in the grants.
struct Grant {
    name: Key,
    help: Key,
    of: fn(&mut Grants) -> &mut bool,
}

const PERMISSIONS: [Grant; 4] = [
    Grant {
        name: Key::GrantInboxes,
        help: Key::GrantInboxesHelp,
        of: |grants| &mut grants.inbox_management,
    },
    Grant {
        name: Key::GrantAll,
        help: Key::GrantAllHelp,
        of: |grants| &mut grants.all_inboxes,
    },
    Grant {
        name: Key::GrantReports,
        help: Key::GrantReportsHelp,
        of: |grants| &mut grants.reports,
    },
    Grant {
        name: Key::GrantExport,
        help: Key::GrantExportHelp,
        of: |grants| &mut grants.export,
    },
];
const ADD_ONS: [Grant; 2] = [
    Grant {
        name: Key::AddonLiveChat,
        help: Key::AddonHelp,
        of: |grants| &mut grants.live_chat,
    },
    Grant {
        name: Key::AddonContactCenter,
        help: Key::AddonHelp,
        of: |grants| &mut grants.contact_center,
    },
];

/// The values of the form's fields.
#[derive(Clone, Copy)]
struct Draft {
    name: RwSignal<String>,
    role: RwSignal<Role>,
    grants: RwSignal<Grants>,
    capacity: RwSignal<String>,
}

impl Draft {
    fn of(user: &Account) -> Self {
        Self {
            name: RwSignal::new(user.name.clone()),
            role: RwSignal::new(user.role),
            grants: RwSignal::new(user.grants.clone()),
            capacity: RwSignal::new(user.capacity.to_string()),
        }
    }

    fn show(self, user: &Account) {
        self.name.set(user.name.clone());
        self.role.set(user.role);
        self.grants.set(user.grants.clone());
        self.capacity.set(user.capacity.to_string());
    }

    /// Returns what to save over `user`, and the problems of the fields.
    fn read(self, user: &Account) -> (SaveUser, Vec<Problem>) {
        let mut wrong = vec![];
        let name = self.name.read().trim().to_owned();
        if name.is_empty() {
            wrong.push(Problem::new("", "user-name", t(Key::NameNeeded)));
        }
        let capacity = whole(&self.capacity.read(), CAPACITY);
        if capacity.is_none() {
            wrong.push(Problem::new("", "user-capacity", t(Key::CapacityRange)));
        }
        let save = SaveUser {
            version: user.version,
            name,
            role: self.role.get(),
            grants: self.grants.get(),
            capacity: capacity.unwrap_or(u32::MAX),
            active: user.active,
        };
        (save, wrong)
    }
}

/// Returns the fields that differ.
fn differences(mine: &SaveUser, theirs: &Account) -> Vec<Difference> {
    let (mut ours, mut others) = (mine.grants.clone(), theirs.grants.clone());
    let word = |on: &bool| t(if *on { Key::On } else { Key::Off });
    let grants = PERMISSIONS.iter().chain(&ADD_ONS);
    let grants = grants.map(|grant| {
        Difference::of(
            t(grant.name),
            word((grant.of)(&mut ours)),
            word((grant.of)(&mut others)),
        )
    });
    [
        Difference::of(t(Key::Name), mine.name.clone(), theirs.name.clone()),
        Difference::of(t(Key::Role), role_name(mine.role), role_name(theirs.role)),
        Difference::of(t(Key::Capacity), mine.capacity.to_string(), theirs.capacity.to_string()),
    ]
    .into_iter()
    .chain(grants)
    .flatten()
    .collect()
}

async fn fetch(id: UserId) -> Result<Option<Account>, Refusal> {
    let users: Vec<Account> = http::get("/api/users").await?;
    Ok(users.into_iter().find(|user| user.id == id))
}

/// The page of a user.
#[component]
pub fn UserPage(id: UserId) -> impl IntoView {
    let users = Fetched::<Vec<Account>>::get("/api/users");
    let loaded = Memo::new(move |_| matches!(*users.answer.read(), Some(Ok(_))));
    move || {
        let answer = if loaded.get() {
            users.answer.get_untracked()
        } else {
            None
        };
        let found = answer
            .and_then(Result::ok)
            .map(|all| all.into_iter().find(|user| user.id == id));
        match found {
            Some(Some(user)) => view! { <Editor user /> }.into_any(),
            Some(None) => view! {
                <SettingsPage title=t(Key::User) crumb=(Route::Users, t(Key::Users))>
                    <Empty title=t(Key::RefusedNotFound) />
                </SettingsPage>
            }
            .into_any(),
            None => view! {
                <SettingsPage title=t(Key::User) crumb=(Route::Users, t(Key::Users))>{users.view(|_| ().into_any())}</SettingsPage>
            }
            .into_any(),
        }
    }
}

#[component]
fn Editor(user: Account) -> impl IntoView {
    let id = user.id;
    let draft = Draft::of(&user);
    let user = RwSignal::new(user);
    let read = Memo::new(move |_| user.with(|user| draft.read(user)));
    let changes = Signal::derive(move || {
        let fields = user.with(|user| differences(&read.read().0, user));
        fields.into_iter().map(|change| change.field).collect::<Vec<_>>()
    });
    let form = Form::new(Signal::derive(move || read.read().1.clone()), changes);
    let theirs = RwSignal::new(None::<Account>);
    let send = move |body: SaveUser| {
        form.busy.set(true);
        spawn_local(async move {
            match http::put::<_, Account>(&format!("/api/users/{id}"), &body).await {
                Ok(new) => {
                    user.try_set(new);
                    form.done(None);
                }
                Err(refusal) if refusal.code == Code::Conflict => match fetch(id).await {
                    Ok(Some(newer)) if newer.version != body.version => {
                        theirs.try_set(Some(newer));
                        form.busy.try_set(false);
                    }
                    Ok(_) => form.done(Some(Refusal {
                        code: Code::Invalid,
                        ..refusal
                    })),
                    Err(error) => form.done(Some(error)),
                },
                Err(refusal) => form.done(Some(refusal)),
            }
        });
    };
    let save = move || {
        if !form.busy.get_untracked() && form.check(None) {
            send(read.get_untracked().0);
        }
    };
    let discard = move || {
        user.with_untracked(|user| draft.show(user));
        form.done(None);
        form.saved.set(false);
    };
    let between = Signal::derive(move || Some(differences(&read.read().0, theirs.read().as_ref()?)));
    let take = move |mine: bool| {
        if let Some(new) = theirs.get_untracked() {
            user.set(new);
            theirs.set(None);
            if mine { save() } else { discard() }
        }
    };
    // Only saved values are sent with it: this button must not save a half-edited form.
    let activate = Callback::new(move |active: bool| {
        let body = user.with_untracked(|user| SaveUser {
            version: user.version,
            name: user.name.clone(),
            role: user.role,
            grants: user.grants.clone(),
            capacity: user.capacity,
            active,
        });
        send(body);
    });
    view! {
        <SettingsPage
            title=Signal::derive(move || user.read().name.clone()) crumb=(Route::Users, t(Key::Users))
            foot=view! { <SaveBar form discard=move |()| discard() save=move |()| save() /> }.into_any()
        >
            <form novalidate=true on:focusout=move |event| form.left(&event) on:submit=move |event| { event.prevent_default(); save(); }>
                <ConflictBox between keep_mine=move |()| take(true) take_theirs=move |()| take(false) />
                <ErrorSummary form show=|_| () />
                <Fields draft form user />
            </form>
            <Access user activate />
        </SettingsPage>
    }
}

#[component]
fn Fields(draft: Draft, form: Form, user: RwSignal<Account>) -> impl IntoView {
    let owner = user.with_untracked(|user| user.role == Role::Owner);
    let roles = if owner { vec![Role::Owner] } else { ROLES.to_vec() };
    let roles: Vec<_> = roles
        .into_iter()
        .map(|role| (role.as_str().to_owned(), role_name(role).to_owned()))
        .collect();
    let ticks = move |grants: &'static [Grant]| {
        let tick = |grant: &'static Grant| {
            let on = Signal::derive(move || *(grant.of)(&mut draft.grants.get()));
            let set = move |on| draft.grants.update(|grants| *(grant.of)(grants) = on);
            view! { <Tick label=t(grant.name) help=t(grant.help) on set /> }
        };
        grants.iter().map(tick).collect_view()
    };
    view! {
        <section class="settings-section form">
            <Field id="user-name" label=t(Key::Name) value=draft.name autocomplete="off" error=form.error("user-name") />
            <p class="field-help">{move || user.read().email.clone()}</p>
            <Choice
                id="user-role" label=t(Key::Role) choices=roles help=t(Key::RoleHelp)
                value=Signal::derive(move || draft.role.get().as_str().to_owned())
                chosen=move |key: String| {
                    if let Some(role) = Role::from_key(&key) {
                        draft.role.set(role);
                    }
                }
            />
            <NumberField
                id="user-capacity" label=t(Key::Capacity) value=draft.capacity unit=t(Key::UnitChats) help=t(Key::CapacityHelp)
                error=form.error("user-capacity")
            />
            <fieldset class="field ticks">
                <legend class="field-label">{t(Key::AddOns)}</legend>
                {ticks(&ADD_ONS)}
            </fieldset>
            <fieldset class="field ticks">
                <legend class="field-label">{t(Key::Permissions)}</legend>
                {ticks(&PERMISSIONS)}
            </fieldset>
        </section>
    }
}

/// The section for a password reset and for deactivating the user.
#[component]
fn Access(user: RwSignal<Account>, activate: Callback<bool>) -> impl IntoView {
    let here: Here = expect_context();
    let fresh = RwSignal::new(None::<(String, OneTimeLink)>);
    let error = RwSignal::new(None::<Refusal>);
    let asked = RwSignal::new(false);
    let reset = move |_| {
        let (id, name) = user.with_untracked(|user| (user.id, user.name.clone()));
        spawn_local(async move {
            match http::post::<_, OneTimeLink>(&format!("/api/users/{id}/reset"), &()).await {
                Ok(link) => drop(fresh.try_set(Some((tf(Key::ResetFor, &[("name", &name)]), link)))),
                Err(refusal) => drop(error.try_set(Some(refusal))),
            }
        });
    };
    let offline = move || !here.online();
    let me = here.about.with_untracked(|about| about.me.id);
    let fixed = user.with_untracked(|user| user.id == me || user.role == Role::Owner);
    view! {
        <section class="settings-section card">
            <h2 class="section-title">{t(Key::Password)}</h2>
            <p class="section-help">{t(Key::ResetHelp)}</p>
            {move || fresh.get().map(|(title, link)| view! { <LinkBox title link /> })}
            <FormError error />
            <button class="btn" type="button" prop:disabled=offline on:click=reset>{t(Key::ResetLink)}</button>
        </section>
        {(!fixed).then(|| view! {
            <section class="settings-section card" class:danger-card=move || user.read().active>
                <h2 class="section-title">{move || t(if user.read().active { Key::Deactivate } else { Key::Inactive })}</h2>
                <p class="section-help">{move || t(if user.read().active { Key::DeactivateHelp } else { Key::ActivateHelp })}</p>
                {move || if user.read().active {
                    view! { <button class="btn btn-danger" type="button" prop:disabled=offline on:click=move |_| asked.set(true)>{t(Key::Deactivate)}</button> }.into_any()
                } else {
                    view! { <button class="btn btn-primary" type="button" prop:disabled=offline on:click=move |_| activate.run(true)>{t(Key::Activate)}</button> }.into_any()
                }}
                {move || asked.get().then(|| view! {
                    <Confirm
                        title=tf(Key::DeactivateTitle, &[("name", &user.with_untracked(|user| user.name.clone()))])
                        text=t(Key::DeactivateHelp) act=t(Key::Deactivate) open=asked done=Callback::new(move |()| activate.run(false))
                    />
                })}
            </section>
        })}
    }
}
