//! The audit log, newest entry first.

use causerie_shared::{api::settings::AuditEntry, refusal::Refusal};
use leptos::{prelude::*, task::spawn_local};

use super::{frame::SettingsPage, here::why};
use crate::{
    format,
    i18n::{Key, t},
    net::http,
    ui::{Empty, ErrorBox, Skeleton},
};

/// Number of entries in a response; fewer mean that there are no more.
const PAGE: usize = 100;

/// The audit page.
#[component]
pub fn Audit() -> impl IntoView {
    let entries = RwSignal::new(Vec::<AuditEntry>::new());
    // `busy`: a request is running. `more`: older entries may exist.
    let (busy, more) = (RwSignal::new(true), RwSignal::new(true));
    let refusal = RwSignal::new(None::<Refusal>);
    let load = move || {
        busy.set(true);
        refusal.set(None);
        let before =
            entries.with_untracked(|known| known.last().map(|last| format!("?before={}", http::segment(&last.id))));
        spawn_local(async move {
            match http::get::<Vec<AuditEntry>>(&format!("/api/audit{}", before.unwrap_or_default())).await {
                Ok(older) => {
                    more.try_set(older.len() >= PAGE);
                    entries.try_update(|known| known.extend(older));
                }
                Err(error) => drop(refusal.try_set(Some(error))),
            }
            busy.try_set(false);
        });
    };
    load();
    let none = move || entries.read().is_empty();
    view! {
        <SettingsPage title=t(Key::AuditLog)>
            <section class="settings-section" data-wide="">
                <p class="section-help">{t(Key::AuditHelp)}</p>
                {move || (none() && !busy.get() && refusal.read().is_none()).then(|| view! {
                    <Empty title=t(Key::NoChangesYet) text=t(Key::NoChangesYetText) icon="history" />
                })}
                {move || (!none()).then(|| view! {
                    <ol class="table-card audit">{move || entries.get().into_iter().map(|entry| view! { <Entry entry /> }).collect_view()}</ol>
                })}
                {move || refusal.get().map(|refusal| view! { <ErrorBox text=why(&refusal) retry=move |()| load() /> })}
                {move || (busy.get() && none()).then(|| view! { <div class="late"><Skeleton rows=4 /></div> })}
                {move || (more.get() && !none()).then(|| view! {
                    <button class="btn" type="button" prop:disabled=move || busy.get() on:click=move |_| load()>{t(Key::LoadMore)}</button>
                })}
            </section>
        </SettingsPage>
    }
}

#[component]
fn Entry(entry: AuditEntry) -> impl IntoView {
    let changes = entry.changes.into_iter().map(|(field, before, after)| {
        let nothing = |text: String| if text.is_empty() { "–".to_owned() } else { text };
        view! {
            <li><span class="audit-field">{field}</span>" "<del>{nothing(before)}</del>" → "<ins>{nothing(after)}</ins></li>
        }
    });
    view! {
        <li class="audit-entry">
            <p class="audit-head">
                <b><bdi>{entry.actor}</bdi></b>
                <code>{entry.action}</code>
                <bdi>{entry.subject}</bdi>
                <span class="spacer"></span>
                <time class="cell-sub">{format::date_time(entry.at)}</time>
            </p>
            <ul class="audit-changes">{changes.collect_view()}</ul>
        </li>
    }
}
