//! The blacklist, newest first. For owners and admins, who can unblock contacts.

use causerie_shared::{api::blocked::Blocked, ids::ContactId, inbox::Channel, refusal::Refusal};
use leptos::{prelude::*, task::spawn_local};

use super::{Here, fetched::Fetched, frame::SettingsPage, here::why, route::Route};
use crate::{
    format,
    i18n::{Key, t, tf},
    net::http,
    ui::{ChannelIcon, Empty},
};

/// The blacklist page.
#[component]
pub fn BlockedPeople() -> impl IntoView {
    let rows = Fetched::<Vec<Blocked>>::get("/api/blocked");
    let problem = RwSignal::new(None::<Refusal>);
    let unblock = Callback::new(move |contact: ContactId| {
        spawn_local(async move {
            let answer = http::delete(&format!("/api/blocked/{contact}")).await;
            problem.try_set(answer.err());
            rows.again();
        });
    });
    view! {
        <SettingsPage title=t(Key::BlockedPeople)>
            <section class="settings-section" data-wide="" aria-live="polite">
                <p class="section-help">{t(Key::BlockingText)}</p>
                {move || problem.get().map(|refusal| view! { <p class="form-error" role="alert">{why(&refusal)}</p> })}
                {rows.view(move |rows| if rows.is_empty() {
                    view! { <Empty title=t(Key::NobodyBlocked) text=t(Key::NobodyBlockedText) icon="ban" /> }.into_any()
                } else {
                    view! { <BlockedTable rows unblock /> }.into_any()
                })}
            </section>
        </SettingsPage>
    }
}

#[component]
fn BlockedTable(rows: Vec<Blocked>, unblock: Callback<ContactId>) -> impl IntoView {
    let lines = rows
        .into_iter()
        .map(|row| view! { <BlockedLine row unblock /> }.into_any());
    let lines: Vec<AnyView> = lines.collect();
    view! {
        <div class="table-card">
            <table class="table blocked-table">
                <thead>
                    <tr>
                        <th scope="col">{t(Key::Contact)}</th>
                        <th scope="col">{t(Key::Reason)}</th>
                        <th scope="col">{t(Key::Blocked)}</th>
                        <th scope="col">{t(Key::NotTaken)}</th>
                        <th scope="col"><span class="sr-only">{t(Key::Actions)}</span></th>
                    </tr>
                </thead>
                <tbody>{lines}</tbody>
            </table>
        </div>
    }
}

#[component]
fn BlockedLine(row: Blocked, unblock: Callback<ContactId>) -> impl IntoView {
    let here: Here = expect_context();
    let contact = row.contact;
    let label = tf(Key::UnblockName, &[("name", &row.name)]);
    // A visitor's id on the web is meaningless to people.
    let ids = if row.channel == Channel::Web {
        String::new()
    } else {
        row.ids.join(", ")
    };
    let reason = if row.reason.is_empty() {
        "–".to_owned()
    } else {
        row.reason
    };
    view! {
        <tr>
            <td>
                <span class="cell-who">
                    <ChannelIcon channel=row.channel />
                    <span>
                        <a class="cell-link" href=Route::Contact(contact).path()><bdi>{row.name}</bdi></a>
                        <br />
                        <span class="cell-sub">{ids}</span>
                    </span>
                </span>
            </td>
            <td class="cell-quiet blocked-why" data-label=t(Key::Reason) dir="auto">{reason}</td>
            <td class="cell-quiet" data-label=t(Key::Blocked)>
                {format::short(row.at, here.now())}" · "{move || here.user_name(row.by)}
            </td>
            <td class="cell-quiet tnum" data-label=t(Key::NotTaken)>{format::number(u32::try_from(row.dropped).unwrap_or(u32::MAX))}</td>
            <td>
                <button class="btn" type="button" aria-label=label prop:disabled=move || !here.online() on:click=move |_| unblock.run(contact)>
                    {t(Key::Unblock)}
                </button>
            </td>
        </tr>
    }
}
