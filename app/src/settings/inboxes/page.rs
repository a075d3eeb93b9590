//! The page of an inbox: several tabs over one draft, saved as a whole.

use causerie_shared::{
    api::settings::{InboxDetail, SaveInbox},
    ids::InboxId,
    refusal::{Code, Refusal},
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    agents::AgentManagement,
    draft::{AGENTS, Draft, HOURS, INACTIVITY, OVERVIEW},
    hours::BusinessHours,
    inactivity::InactivityAction,
    lists::Lists,
    overview::Overview,
    words::differences,
};
use crate::{
    i18n::{Key, t},
    net::http,
    settings::{
        Here,
        conflict::{ConflictBox, Difference},
        fetched::Fetched,
        form::{ErrorSummary, Form, SaveBar},
        frame::SettingsPage,
        route::Route,
        zones,
    },
    ui::{Tab, TabBar},
};

fn address(id: InboxId) -> String {
    format!("/api/inboxes/{id}")
}

/// The page of an inbox.
#[component]
pub fn InboxPage(id: InboxId) -> impl IntoView {
    let inbox = Fetched::<InboxDetail>::get(address(id));
    let loaded = Memo::new(move |_| matches!(*inbox.answer.read(), Some(Ok(_))));
    move || {
        if loaded.get()
            && let Some(Ok(detail)) = inbox.answer.get_untracked()
        {
            return view! { <Editor detail /> }.into_any();
        }
        view! {
            <SettingsPage title=t(Key::Inbox) crumb=(Route::Inboxes, t(Key::Inboxes))>
                {inbox.view(|_| ().into_any())}
            </SettingsPage>
        }
        .into_any()
    }
}

#[component]
fn Editor(detail: InboxDetail) -> impl IntoView {
    let here: Here = expect_context();
    let id = detail.id;
    let zone = zones::own();
    let draft = Draft::of(&detail.settings, &zone);
    let lists = Lists::load(here);
    let detail = RwSignal::new(detail);
    let read = Memo::new(move |_| draft.read());
    let changes = Signal::derive(move || {
        let (mine, wrong) = &*read.read();
        let fields = detail.with(|detail| differences(mine, &detail.settings, &lists.read()));
        let mut names: Vec<String> = fields.into_iter().map(|change| change.field).collect();
        if names.is_empty() && !wrong.is_empty() {
            names.push(t(Key::NotRightYet).to_owned());
        }
        names
    });
    let form = Form::new(Signal::derive(move || read.read().1.clone()), changes);
    // The settings that somebody else saved meanwhile.
    let theirs = RwSignal::new(None::<InboxDetail>);
    let save = move || {
        if form.busy.get_untracked() || !form.check(None) {
            return;
        }
        form.busy.set(true);
        let body = SaveInbox {
            version: detail.with_untracked(|detail| detail.version),
            settings: read.get_untracked().0,
        };
        spawn_local(async move {
            match http::put::<_, InboxDetail>(&address(id), &body).await {
                Ok(new) => {
                    detail.try_set(new);
                    form.done(None);
                }
                Err(refusal) => form.done(conflicting(id, body.version, refusal, theirs).await),
            }
        });
    };
    let discard = move || {
        detail.with_untracked(|detail| draft.show(&detail.settings, &zones::own()));
        form.done(None);
        form.saved.set(false);
    };
    let between = Signal::derive(move || -> Option<Vec<Difference>> {
        let theirs = theirs.read();
        Some(differences(&read.read().0, &theirs.as_ref()?.settings, &lists.read()))
    });
    // Either way the next save is based on their version.
    let take = move |mine: bool| {
        if let Some(new) = theirs.get_untracked() {
            detail.set(new);
            theirs.set(None);
            if mine { save() } else { discard() }
        }
    };
    let tab = RwSignal::new(OVERVIEW);
    view! {
        <SettingsPage
            title=Signal::derive(move || detail.read().settings.name.clone())
            crumb=(Route::Inboxes, t(Key::Inboxes))
            tabs=view! { <Tabs tab form /> }.into_any()
            foot=view! { <SaveBar form discard=move |()| discard() save=move |()| save() /> }.into_any()
        >
            <form novalidate=true on:focusout=move |event| form.left(&event) on:submit=move |event| { event.prevent_default(); save(); }>
                <ConflictBox between keep_mine=move |()| take(true) take_theirs=move |()| take(false) />
                <ErrorSummary form show=move |page| tab.set(page) />
                <div role="tabpanel" id=move || format!("{}-panel", tab.get()) aria-labelledby=move || tab.get()>
                    {move || match tab.get() {
                        AGENTS => view! { <AgentManagement draft form lists own=Some(id) /> }.into_any(),
                        INACTIVITY => view! { <InactivityAction draft form /> }.into_any(),
                        HOURS => view! { <BusinessHours draft form /> }.into_any(),
                        _ => view! { <Overview draft form detail /> }.into_any(),
                    }}
                </div>
            </form>
        </SettingsPage>
    }
}

/// Handles a refused save. If the version has changed, the newer settings are shown beside the user's own.
async fn conflicting(
    id: InboxId,
    version: i64,
    refusal: Refusal,
    theirs: RwSignal<Option<InboxDetail>>,
) -> Option<Refusal> {
    if refusal.code != Code::Conflict {
        return Some(refusal);
    }
    match http::get::<InboxDetail>(&address(id)).await {
        Ok(newer) if newer.version != version => {
            theirs.try_set(Some(newer));
            None
        }
        // Not the version but something else conflicts, for example the name.
        Ok(_) => Some(Refusal {
            code: Code::Invalid,
            ..refusal
        }),
        Err(error) => Some(error),
    }
}

#[component]
fn Tabs(tab: RwSignal<&'static str>, form: Form) -> impl IntoView {
    let tabs = vec![
        Tab {
            id: OVERVIEW,
            label: t(Key::Overview),
        },
        Tab {
            id: AGENTS,
            label: t(Key::AgentManagement),
        },
        Tab {
            id: INACTIVITY,
            label: t(Key::InactivityAction),
        },
        Tab {
            id: HOURS,
            label: t(Key::BusinessHours),
        },
    ];
    // A tab's corner shows the number of its problems, even while the tab is hidden.
    let count = Callback::new(move |id: &'static str| {
        if !form.insisted.get() {
            return 0;
        }
        let wrong = form.problems.read().iter().filter(|problem| problem.page == id).count();
        u32::try_from(wrong).unwrap_or(u32::MAX)
    });
    view! { <div class="settings-tabs"><TabBar label=t(Key::Settings) tabs chosen=tab count /></div> }
}
