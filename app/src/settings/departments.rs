//! Departments: groups of users, each with an inbox of its own.

use causerie_shared::{
    api::settings::{Department, SaveDepartment},
    ids::{DepartmentId, UserId},
    refusal::{Code, Refusal},
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    Here,
    conflict::{ConflictBox, Difference},
    fetched::Fetched,
    form::{ErrorSummary, Form, Problem, SaveBar},
    frame::SettingsPage,
    here::why,
    parts::Tick,
    route::Route,
};
use crate::{
    format,
    i18n::{Key, t, tf},
    net::http,
    ui::{Confirm, Empty, Field, Icon},
};

const ADDRESS: &str = "/api/departments";

fn member_names(here: Here, members: &[UserId]) -> String {
    let mut names: Vec<String> = members.iter().map(|id| here.user_name(*id)).collect();
    names.sort();
    names.join(", ")
}

/// The list of departments.
#[component]
pub fn Departments() -> impl IntoView {
    let here: Here = expect_context();
    let rows = Fetched::<Vec<Department>>::get(ADDRESS);
    let create = view! {
        <button class="btn btn-primary" type="button" on:click=move |_| here.go(&Route::NewDepartment)>
            <Icon name="plus" class="icon-16" />
            {t(Key::CreateDepartment)}
        </button>
    };
    view! {
        <SettingsPage title=t(Key::Departments) actions=create.into_any()>
            <section class="settings-section" data-wide="">
                <p class="section-help">{t(Key::DepartmentsHelp)}</p>
                {rows.view(move |rows| if rows.is_empty() {
                    view! { <Empty title=t(Key::NoDepartments) text=t(Key::NoDepartmentsText) icon="users" /> }.into_any()
                } else {
                    view! { <DepartmentTable rows /> }.into_any()
                })}
            </section>
        </SettingsPage>
    }
}

#[component]
fn DepartmentTable(rows: Vec<Department>) -> impl IntoView {
    let here: Here = expect_context();
    let line = move |row: Department| {
        let count = u32::try_from(row.members.len()).unwrap_or(u32::MAX);
        // Drawn alone: a colleague who changes must not draw the whole table anew, under a click.
        let names = move || member_names(here, &row.members);
        view! {
            <tr>
                <td>
                    <a class="cell-link" href=Route::Department(row.id).path()><bdi>{row.name}</bdi></a>
                    <br />
                    <span class="cell-sub">{names}</span>
                </td>
                <td class="cell-quiet" data-label=t(Key::Members)>
                    {if count == 0 {
                        view! { <span class="warn-text"><Icon name="warning" class="icon-14" />{t(Key::NoMembers)}</span> }.into_any()
                    } else {
                        format::number(count).into_any()
                    }}
                </td>
                <td><a class="link" href=Route::Inbox(row.inbox).path()>{t(Key::OpenInbox)}</a></td>
            </tr>
        }
    };
    view! {
        <div class="table-card">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">{t(Key::Department)}</th>
                        <th scope="col">{t(Key::Members)}</th>
                        <th scope="col"><span class="sr-only">{t(Key::Actions)}</span></th>
                    </tr>
                </thead>
                <tbody>{rows.into_iter().map(line).collect_view()}</tbody>
            </table>
        </div>
    }
}

/// The page of a department, or of a new one.
#[component]
pub fn DepartmentPage(id: Option<DepartmentId>) -> impl IntoView {
    let Some(id) = id else {
        return view! { <Editor department=None /> }.into_any();
    };
    let rows = Fetched::<Vec<Department>>::get(ADDRESS);
    let loaded = Memo::new(move |_| matches!(*rows.answer.read(), Some(Ok(_))));
    let draw = move || {
        let answer = if loaded.get() {
            rows.answer.get_untracked()
        } else {
            None
        };
        let found = answer
            .and_then(Result::ok)
            .map(|all| all.into_iter().find(|row| row.id == id));
        if let Some(Some(department)) = found {
            return view! { <Editor department=Some(department) /> }.into_any();
        }
        view! {
            <SettingsPage title=t(Key::Department) crumb=(Route::Departments, t(Key::Departments))>
                {rows.view(|_| view! { <Empty title=t(Key::RefusedNotFound) /> }.into_any())}
            </SettingsPage>
        }
        .into_any()
    };
    draw.into_any()
}

async fn save_as(id: Option<DepartmentId>, body: &SaveDepartment) -> Result<Department, Refusal> {
    match id {
        None => http::post(ADDRESS, body).await,
        Some(id) => http::put(&format!("{ADDRESS}/{id}"), body).await,
    }
}

async fn newer(id: Option<DepartmentId>, version: Option<i64>) -> Option<Department> {
    let rows: Vec<Department> = http::get(ADDRESS).await.ok()?;
    rows.into_iter()
        .find(|row| Some(row.id) == id && Some(row.version) != version)
}

#[component]
fn Editor(department: Option<Department>) -> impl IntoView {
    let here: Here = expect_context();
    let id = department.as_ref().map(|department| department.id);
    let name = RwSignal::new(department.as_ref().map(|known| known.name.clone()).unwrap_or_default());
    let members = RwSignal::new(
        department
            .as_ref()
            .map(|known| known.members.clone())
            .unwrap_or_default(),
    );
    let known = RwSignal::new(department);
    let problems = Signal::derive(move || {
        let empty = name.read().trim().is_empty();
        empty
            .then(|| Problem::new("", "department-name", t(Key::NameNeeded)))
            .into_iter()
            .collect()
    });
    let between = move |other: Option<&Department>| {
        let (theirs, seats) = other.map_or((String::new(), String::new()), |other| {
            (other.name.clone(), member_names(here, &other.members))
        });
        let name = Difference::of(t(Key::Name), name.read().trim(), theirs);
        let members = Difference::of(t(Key::Members), member_names(here, &members.read()), seats);
        [name, members].into_iter().flatten().collect::<Vec<_>>()
    };
    let changes = Signal::derive(move || {
        between(known.read().as_ref())
            .into_iter()
            .map(|change| change.field)
            .collect::<Vec<_>>()
    });
    let form = Form::new(problems, changes);
    let theirs = RwSignal::new(None::<Department>);
    let save = move || {
        if form.busy.get_untracked() || !form.check(None) {
            return;
        }
        form.busy.set(true);
        let body = SaveDepartment {
            version: known.with_untracked(|known| known.as_ref().map(|known| known.version)),
            name: name.read_untracked().trim().to_owned(),
            members: members.get_untracked(),
        };
        spawn_local(async move {
            match save_as(id, &body).await {
                Ok(new) if id.is_none() => here.go(&Route::Department(new.id)),
                Ok(new) => {
                    known.try_set(Some(new));
                    form.done(None);
                }
                Err(refusal) if refusal.code == Code::Conflict => match newer(id, body.version).await {
                    None => form.done(Some(Refusal {
                        code: Code::Invalid,
                        ..refusal
                    })),
                    some => {
                        theirs.try_set(some);
                        form.busy.try_set(false);
                    }
                },
                Err(refusal) => form.done(Some(refusal)),
            }
        });
    };
    let discard = move || {
        let before = known.get_untracked();
        name.set(before.as_ref().map(|known| known.name.clone()).unwrap_or_default());
        members.set(before.map(|known| known.members).unwrap_or_default());
        form.done(None);
        form.saved.set(false);
    };
    let take = move |mine: bool| {
        known.set(theirs.get_untracked());
        theirs.set(None);
        if mine { save() } else { discard() }
    };
    let title = Signal::derive(move || {
        known
            .read()
            .as_ref()
            .map_or_else(|| t(Key::CreateDepartment).to_owned(), |known| known.name.clone())
    });
    view! {
        <SettingsPage
            title crumb=(Route::Departments, t(Key::Departments))
            foot=view! { <SaveBar form discard=move |()| discard() save=move |()| save() /> }.into_any()
        >
            <form novalidate=true on:focusout=move |event| form.left(&event) on:submit=move |event| { event.prevent_default(); save(); }>
                <ConflictBox
                    between=Signal::derive(move || theirs.read().is_some().then(|| between(theirs.read().as_ref())))
                    keep_mine=move |()| take(true) take_theirs=move |()| take(false)
                />
                <ErrorSummary form show=|_| () />
                <section class="settings-section form">
                    <Field id="department-name" label=t(Key::Name) value=name autocomplete="off" error=form.error("department-name") />
                    <MemberChoice members />
                </section>
            </form>
            {id.map(|id| view! { <DeleteCard id name=title /> })}
        </SettingsPage>
    }
}

#[component]
fn MemberChoice(members: RwSignal<Vec<UserId>>) -> impl IntoView {
    let here: Here = expect_context();
    let people = Memo::new(move |_| {
        here.about.with(|about| {
            let active = about.users.iter().filter(|user| user.active);
            active.map(|user| (user.id, user.name.clone())).collect::<Vec<_>>()
        })
    });
    let tick = move |(id, name): (UserId, String)| {
        let set = move |on: bool| {
            members.update(|members| {
                members.retain(|other| *other != id);
                if on {
                    members.push(id);
                }
            });
        };
        view! { <Tick label=name on=Signal::derive(move || members.read().contains(&id)) set /> }
    };
    view! {
        <fieldset class="field ticks">
            <legend class="field-label">{t(Key::Members)}</legend>
            <p class="field-help">{t(Key::MembersHelp)}</p>
            {move || people.get().into_iter().map(tick).collect_view()}
        </fieldset>
    }
}

#[component]
fn DeleteCard(id: DepartmentId, name: Signal<String>) -> impl IntoView {
    let here: Here = expect_context();
    let asked = RwSignal::new(false);
    let refusal = RwSignal::new(None::<Refusal>);
    let delete = Callback::new(move |()| {
        spawn_local(async move {
            match http::delete(&format!("{ADDRESS}/{id}")).await {
                Ok(()) => here.go(&Route::Departments),
                Err(error) => drop(refusal.try_set(Some(error))),
            }
        });
    });
    view! {
        <section class="settings-section card danger-card">
            <h2 class="section-title">{t(Key::DeleteDepartment)}</h2>
            <p class="section-help">{t(Key::DeleteDepartmentHelp)}</p>
            {move || refusal.get().map(|refusal| view! { <p class="form-error" role="alert">{why(&refusal)}</p> })}
            <button class="btn btn-danger" type="button" prop:disabled=move || !here.online() on:click=move |_| asked.set(true)>
                {t(Key::DeleteDepartment)}
            </button>
            {move || asked.get().then(|| view! {
                <Confirm
                    title=tf(Key::DeleteInboxTitle, &[("name", &name.get_untracked())]) text=t(Key::DeleteDepartmentHelp)
                    act=t(Key::DeleteDepartment) word=name.get_untracked() open=asked done=delete
                />
            })}
        </section>
    }
}
