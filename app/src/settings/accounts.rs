//! Messaging accounts of channels other than the web: their health, connecting, renewing and removing them.

mod editor;

use causerie_shared::{
    api::{
        channels::{ChannelCheck, ChannelDetails, ChannelForm, ChannelRow, RemoveChannel, SaveChannel},
        settings::InboxDetail,
    },
    ids::AccountId,
    refusal::Refusal,
};
use leptos::{prelude::*, task::spawn_local};

use super::{Here, fetched::Fetched, frame::SettingsPage, here::why};
use crate::{
    format,
    hooks::copy,
    i18n::{Key, Plural, t, tf, tn},
    net::http,
    ui::{ChannelIcon, Confirm, Empty, Icon, channel_name},
};
use editor::{Editor, Target};

/// State shared by the sections of the page; `Copy`.
#[derive(Clone, Copy)]
struct Known {
    rows: Fetched<Vec<ChannelRow>>,
    forms: Fetched<Vec<ChannelForm>>,
    inboxes: Fetched<Vec<InboxDetail>>,
    /// The account that is edited, or a new one.
    editing: RwSignal<Option<Target>>,
    /// The result of a token check. It outlives the rows, which are fetched again after the check.
    checked: RwSignal<Option<(AccountId, ChannelCheck)>>,
}

/// The accounts page.
#[component]
pub fn Accounts() -> impl IntoView {
    let here: Here = expect_context();
    let known = Known {
        rows: Fetched::get("/api/channels"),
        forms: Fetched::get("/api/channels/forms"),
        inboxes: Fetched::get("/api/inboxes"),
        editing: RwSignal::new(None),
        checked: RwSignal::new(None),
    };
    provide_context(known);
    let connect = view! {
        <button
            class="btn btn-primary" type="button" prop:disabled=move || !here.online()
            on:click=move |_| known.editing.set(Some(Target::New))
        >
            <Icon name="plus" class="icon-16" />
            {t(Key::ConnectAccount)}
        </button>
    };
    view! {
        <SettingsPage title=t(Key::MessagingAccounts) actions=connect.into_any()>
            <section class="accounts">
                {known.rows.view(|rows| if rows.is_empty() {
                    view! { <Empty title=t(Key::NoMessagingAccounts) text=t(Key::NoMessagingAccountsText) icon="chat" /> }.into_any()
                } else {
                    rows.into_iter().map(|row| view! { <AccountCard row /> }.into_any()).collect::<Vec<_>>().into_any()
                })}
            </section>
            {move || known.editing.get().map(|target| view! { <Editor target /> })}
        </SettingsPage>
    }
}

/// Returns whether the account works, as a name for the style and as a text.
fn health(row: &ChannelRow) -> (&'static str, &'static str) {
    match (row.enabled, row.trouble) {
        (false, _) => ("disconnected", t(Key::Paused)),
        (true, true) => ("busy", t(Key::NeedsToken)),
        (true, false) => ("available", t(Key::Connected)),
    }
}

#[component]
fn AccountCard(row: ChannelRow) -> impl IntoView {
    let known: Known = expect_context();
    let here: Here = expect_context();
    let (id, name) = (row.id, row.name.clone());
    let path = format!("/api/channels/{id}");
    let (state, word) = health(&row);
    let problem = RwSignal::new(None::<Refusal>);
    let removing = RwSignal::new(false);
    let check = {
        let path = path.clone();
        move |_| {
            let path = format!("{path}/check");
            spawn_local(async move {
                match http::post(&path, &()).await {
                    Ok(answer) => drop(known.checked.try_set(Some((id, answer)))),
                    Err(refusal) => drop(problem.try_set(Some(refusal))),
                }
                known.rows.again();
            });
        }
    };
    let pause = {
        let (path, row) = (path.clone(), row.clone());
        move |_| {
            let path = path.clone();
            let body = SaveChannel {
                name: row.name.clone(),
                inbox: row.inbox,
                enabled: !row.enabled,
                fields: vec![],
            };
            spawn_local(async move {
                match http::put::<_, ChannelRow>(&path, &body).await {
                    Ok(_) => known.rows.again(),
                    Err(refusal) => drop(problem.try_set(Some(refusal))),
                }
            });
        }
    };
    let remove = {
        let name = name.clone();
        Callback::new(move |()| {
            let (path, body) = (path.clone(), RemoveChannel { name: name.clone() });
            spawn_local(async move {
                match http::delete_with(&path, &body).await {
                    Ok(()) => known.rows.again(),
                    Err(refusal) => drop(problem.try_set(Some(refusal))),
                }
            });
        })
    };
    let edit = {
        let row = row.clone();
        move |_| known.editing.set(Some(Target::Account(Box::new(row.clone()))))
    };
    let off = move || !here.online();
    let pause_word = if row.enabled { t(Key::Pause) } else { t(Key::Resume) };
    view! {
        <article class="card account" aria-label=row.name.clone()>
            <header class="account-head">
                <ChannelIcon channel=row.channel />
                <div>
                    <h2 class="section-title truncate"><bdi>{row.name.clone()}</bdi></h2>
                    <p class="section-help">{format!("{} · {}", channel_name(row.channel), tn(Plural::People, row.people))}</p>
                </div>
                <span class="account-state"><span class="dot" data-state=state aria-hidden="true"></span>{word}</span>
            </header>
            {row.details.clone().map(|details| view! { <Details details=*details /> })}
            {move || known.checked.get().filter(|(of, _)| *of == id).map(|(_, check)| view! {
                <p class=if check.ok { "section-help" } else { "form-error" } role="status">
                    {if check.ok { tf(Key::CheckFine, &[("what", &check.words)]) } else { check.words }}
                </p>
            })}
            {move || problem.get().map(|refusal| view! { <p class="form-error" role="alert">{why(&refusal)}</p> })}
            {row.details.is_some().then(|| view! {
                <div class="account-acts">
                    <button class="btn" type="button" prop:disabled=off on:click=check>{t(Key::CheckToken)}</button>
                    <button class="btn" type="button" prop:disabled=off on:click=edit>{t(Key::EditAccount)}</button>
                    <button class="btn" type="button" prop:disabled=off on:click=pause>{pause_word}</button>
                    <button class="btn btn-danger" type="button" prop:disabled=off on:click=move |_| removing.set(true)>{t(Key::Remove)}</button>
                </div>
            })}
            {move || removing.get().then(|| view! {
                <Confirm
                    title=tf(Key::RemoveAccountTitle, &[("name", &name)]) text=t(Key::RemoveAccountText) act=t(Key::Remove)
                    word=name.clone() open=removing done=remove
                />
            })}
        </article>
    }
}

/// What to enter at the provider, with the last webhook and recent errors.
#[component]
fn Details(details: ChannelDetails) -> impl IntoView {
    let heard = match details.last_webhook {
        Some(at) => tf(Key::LastWebhook, &[("time", &format::date_time(at))]),
        None => t(Key::NoWebhook).to_owned(),
    };
    let waiting = (details.waiting > 0).then(|| tf(Key::WaitToBeSent, &[("n", &format::number(details.waiting))]));
    let errors = details
        .errors
        .into_iter()
        .map(|(at, words)| view! { <li>{format!("{} · {words}", format::date_time(at))}</li> }.into_any());
    let errors: Vec<AnyView> = errors.collect();
    let polling = details.polling;
    view! {
        <div class="account-facts">
        {(!polling).then(|| view! { <Copied label=t(Key::CallbackAddress) text=details.callback /> })}
        {(!polling && !details.verify_token.is_empty()).then(|| view! { <Copied label=t(Key::VerifyToken) text=details.verify_token /> })}
        {(!polling && !details.subscribe.is_empty()).then(|| view! {
            <Copied label=t(Key::SubscribeTo) text=details.subscribe.join(", ") />
        })}
        </div>
        {polling.then(|| view! { <p class="section-help">{t(Key::Polling)}</p> })}
        <p class="section-help">{heard}{waiting.map(|words| format!(" · {words}"))}</p>
        {(!errors.is_empty()).then(|| view! { <details class="account-errors"><summary>{t(Key::LastErrors)}</summary><ul>{errors}</ul></details> })}
    }
}

/// A text to enter elsewhere, with a copy button.
#[component]
fn Copied(label: &'static str, text: String) -> impl IntoView {
    let copied = RwSignal::new(false);
    let shown = text.clone();
    let take = move |_| {
        let text = text.clone();
        spawn_local(async move {
            if copy(&text).await {
                copied.try_set(true);
            }
        });
    };
    view! {
        <div class="field">
            <span class="field-label">{label}</span>
            <div class="once-link">
                <input class="input" readonly=true aria-label=label prop:value=shown />
                <button class="btn" type="button" on:click=take>
                    <Icon name="copy" class="icon-16" />
                    {move || if copied.get() { t(Key::Copied) } else { t(Key::Copy) }}
                </button>
            </div>
        </div>
    }
}
