//! The wizard for a new inbox: name and type, agent management, inactivity.

use causerie_shared::api::settings::{InboxDetail, InboxKind, NewInbox as Body};
use leptos::{prelude::*, task::spawn_local};

use super::{
    agents::AgentManagement,
    draft::{AGENTS, Draft, INACTIVITY, OVERVIEW},
    inactivity::InactivityAction,
    lists::Lists,
    widget::{Snippet, origins},
};
use crate::{
    i18n::{Key, t, tf},
    net::http,
    settings::{
        Here,
        form::{ErrorSummary, Form, Problem},
        frame::SettingsPage,
        parts::Below,
        route::Route,
        zones,
    },
    ui::{Empty, Field, Icon},
};

const STEPS: [(&str, Key); 3] = [
    (OVERVIEW, Key::NameAndType),
    (AGENTS, Key::AgentManagement),
    (INACTIVITY, Key::InactivityAction),
];

/// The fields of the wizard besides the settings.
#[derive(Clone, Copy)]
struct Start {
    kind: RwSignal<InboxKind>,
    origins: RwSignal<String>,
}

/// The wizard, followed by the page with the widget's snippet.
#[component]
pub fn NewInbox() -> impl IntoView {
    let created = RwSignal::new(None::<InboxDetail>);
    move || match created.get() {
        None => view! { <Wizard created /> }.into_any(),
        Some(detail) => view! { <Created detail /> }.into_any(),
    }
}

#[component]
fn Wizard(created: RwSignal<Option<InboxDetail>>) -> impl IntoView {
    let here: Here = expect_context();
    let draft = Draft::new(&zones::own());
    let lists = Lists::load(here);
    let start = Start {
        kind: RwSignal::new(InboxKind::LiveChat),
        origins: RwSignal::default(),
    };
    let read = Memo::new(move |_| {
        let (settings, mut wrong) = draft.read();
        let sites = origins(&start.origins.read());
        if start.kind.get() == InboxKind::LiveChat
            && let Err(text) = &sites
        {
            wrong.push(Problem::new(OVERVIEW, "origins", text.clone()));
        }
        (settings, sites.unwrap_or_default(), wrong)
    });
    let untouched = draft.read().0;
    let changes = Signal::derive(move || {
        let changed = read.read().0 != untouched || !start.origins.read().is_empty();
        changed.then(|| t(Key::CreateInbox).to_owned()).into_iter().collect()
    });
    let form = Form::new(Signal::derive(move || read.read().2.clone()), changes);
    let step = RwSignal::new(0_usize);
    let save = move || {
        form.busy.set(true);
        let (settings, origins, _) = read.get_untracked();
        let kind = start.kind.get_untracked();
        let origins = match kind {
            InboxKind::LiveChat => origins,
            InboxKind::Messaging => vec![],
        };
        spawn_local(async move {
            let answer = http::post::<_, InboxDetail>(
                "/api/inboxes",
                &Body {
                    kind,
                    settings,
                    origins,
                },
            )
            .await;
            match answer {
                Ok(detail) => {
                    here.guard.dirty.try_set(false);
                    created.try_set(Some(detail));
                }
                Err(refusal) => form.done(Some(refusal)),
            }
        });
    };
    // Enter has the same effect as the button.
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let at = step.get_untracked();
        let last = at + 1 == STEPS.len();
        if form.busy.get_untracked() || !here.about.with_untracked(|about| about.online || !last) {
            return;
        }
        if !form.check((!last).then_some(STEPS[at].0)) {
            return;
        }
        if last { save() } else { step.set(at + 1) }
    };
    let show = move |page| step.set(STEPS.iter().position(|(name, _)| *name == page).unwrap_or_default());
    view! {
        <SettingsPage title=t(Key::CreateInbox) crumb=(Route::Inboxes, t(Key::Inboxes))>
            <Steps step />
            <form novalidate=true on:focusout=move |event| form.left(&event) on:submit=submit>
                <ErrorSummary form show />
                {move || match STEPS[step.get()].0 {
                    AGENTS => view! { <AgentManagement draft form lists own=None /> }.into_any(),
                    INACTIVITY => view! { <InactivityAction draft form /> }.into_any(),
                    _ => view! { <NameAndType draft start form /> }.into_any(),
                }}
                <WizardFoot step form />
            </form>
        </SettingsPage>
    }
}

#[component]
fn WizardFoot(step: RwSignal<usize>, form: Form) -> impl IntoView {
    let here: Here = expect_context();
    let last = move || step.get() + 1 == STEPS.len();
    view! {
        <div class="form-actions wizard-foot">
            <button class="btn" type="button" prop:disabled=move || step.get() == 0 on:click=move |_| step.update(|step| *step = step.saturating_sub(1))>
                {t(Key::Back)}
            </button>
            <span class="spacer"></span>
            {move || (last() && !here.online()).then(|| view! { <span class="save-offline">{t(Key::SavingNeedsLine)}</span> })}
            <button
                class="btn btn-primary" type="submit"
                aria-disabled=move || (form.busy.get() || last() && !here.online()).then_some("true")
            >
                {move || if last() { t(Key::Save) } else { t(Key::Next) }}
            </button>
        </div>
    }
}

#[component]
fn Steps(step: RwSignal<usize>) -> impl IntoView {
    view! {
        <ol class="steps" aria-label=t(Key::Steps)>
            {STEPS
                .iter()
                .enumerate()
                .map(|(n, (_, name))| view! {
                    <li class="step" aria-current=move || (step.get() == n).then_some("step") data-done=move || (step.get() > n).then_some("")>
                        <span class="step-number" aria-hidden="true">{(n + 1).to_string()}</span>
                        {t(*name)}
                    </li>
                })
                .collect_view()}
        </ol>
    }
}

#[component]
fn NameAndType(draft: Draft, start: Start, form: Form) -> impl IntoView {
    let kinds = [
        (InboxKind::LiveChat, "web", Key::KindLiveChat, Key::KindLiveChatHelp),
        (InboxKind::Messaging, "chat", Key::KindMessaging, Key::KindMessagingHelp),
    ];
    let live = Memo::new(move |_| start.kind.get() == InboxKind::LiveChat);
    let error = form.error("origins");
    view! {
        <section class="settings-section form">
            <Field id="inbox-name" label=t(Key::InboxName) value=draft.name autocomplete="off" error=form.error("inbox-name") />
            <fieldset class="field">
                <legend class="field-label">{t(Key::InboxType)}</legend>
                <div class="cards">
                    {kinds.map(|(kind, icon, name, help)| view! {
                        <label class="choice">
                            <input type="radio" name="kind" prop:checked=move || start.kind.get() == kind on:change=move |_| start.kind.set(kind) />
                            <Icon name=icon />
                            <span><b>{t(name)}</b><br /><span class="cell-sub">{t(help)}</span></span>
                        </label>
                    })}
                </div>
            </fieldset>
            {move || live.get().then(|| view! {
                <div class="field">
                    <label class="field-label" for="origins">{t(Key::AllowedOrigins)}</label>
                    <textarea
                        class="input mono" id="origins" rows="3" prop:value=move || start.origins.get()
                        aria-invalid=move || error.get().is_some().then_some("true")
                        on:input=move |event| start.origins.set(event_target_value(&event))
                    ></textarea>
                    <Below id="origins" help=Some(t(Key::AllowedOriginsHelp)) error />
                </div>
            })}
        </section>
    }
}

/// The page after the inbox was created, with the next steps.
#[component]
fn Created(detail: InboxDetail) -> impl IntoView {
    let title = tf(Key::InboxCreated, &[("name", &detail.settings.name)]);
    let snippets: Vec<String> = detail
        .accounts
        .iter()
        .filter_map(|account| account.snippet.clone())
        .collect();
    let none = snippets.is_empty();
    view! {
        <SettingsPage title=title.clone() crumb=(Route::Inboxes, t(Key::Inboxes))>
            <section class="settings-section card form">
                <p class="form-ok" role="status"><Icon name="check" class="icon-16" />{title}</p>
                {snippets.into_iter().map(|text| view! { <Snippet text /> }).collect_view()}
                {none.then(|| view! { <Empty title=t(Key::NoAccounts) text=t(Key::NoAccountsText) /> })}
                <div class="form-actions"><a class="btn" href=Route::Inbox(detail.id).path()>{t(Key::OpenInbox)}</a></div>
            </section>
        </SettingsPage>
    }
}
