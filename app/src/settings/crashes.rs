//! Crashes of the console, latest report first.

use causerie_shared::api::crashes::CrashRow;
use leptos::prelude::*;

use super::{fetched::Fetched, frame::SettingsPage};
use crate::{
    format,
    i18n::{Key, Plural, t, tf, tn},
    ui::Empty,
};

/// The crashes page.
#[component]
pub fn Crashes() -> impl IntoView {
    let crashes = Fetched::<Vec<CrashRow>>::get("/api/crashes");
    view! {
        <SettingsPage title=t(Key::Crashes)>
            <section class="settings-section" data-wide="">
                <p class="section-help">{t(Key::CrashesHelp)}</p>
                {crashes.view(|rows| {
                    if rows.is_empty() {
                        return view! { <Empty title=t(Key::NoCrashes) text=t(Key::NoCrashesText) icon="done" /> }.into_any();
                    }
                    let rows = rows.into_iter().map(|row| view! { <Crash row /> });
                    view! { <ol class="table-card audit">{rows.collect_view()}</ol> }.into_any()
                })}
            </section>
        </SettingsPage>
    }
}

#[component]
fn Crash(row: CrashRow) -> impl IntoView {
    let seen = (row.count > 1).then(|| tf(Key::FirstSeen, &[("time", &format::date_time(row.first_seen))]));
    let facts = [Some(tf(Key::Build, &[("build", &row.build)])), Some(row.engine), seen];
    let facts: Vec<String> = facts.into_iter().flatten().filter(|fact| !fact.is_empty()).collect();
    view! {
        <li class="audit-entry">
            <p class="audit-head">
                <code>{row.part.as_str()}</code>
                <bdi>{row.route}</bdi>
                <span class="spacer"></span>
                <b>{tn(Plural::Crashes, row.count)}</b>
                <time class="cell-sub">{format::date_time(row.last_seen)}</time>
            </p>
            <p class="audit-changes">{facts.join(" · ")}</p>
            <details class="crash">
                <summary>{t(Key::CrashStack)}</summary>
                <pre tabindex="0">{row.stack}</pre>
            </details>
        </li>
    }
}
