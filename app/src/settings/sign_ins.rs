//! The user's sessions on all devices, with a button to end each.

use causerie_shared::{api::SignInRow, ids::SessionId, refusal::Refusal};
use leptos::{prelude::*, task::spawn_local};

use super::{Here, fetched::Fetched};
use crate::{
    format,
    i18n::{Key, t, tf},
    net::http,
    ui::{FormError, Icon},
};

/// The list of sessions, fetched each time it is drawn.
#[component]
pub fn SignIns() -> impl IntoView {
    let rows = Fetched::<Vec<SignInRow>>::get("/api/sessions");
    let refusal = RwSignal::new(None::<Refusal>);
    let end = Callback::new(move |id: SessionId| {
        spawn_local(async move {
            let answer = http::delete(&format!("/api/sessions/{id}")).await;
            refusal.try_set(answer.err());
            rows.again();
        });
    });
    view! {
        <section class="settings-section" data-wide="">
            <h2 class="section-title">{t(Key::SignIns)}</h2>
            <p class="section-help">{t(Key::SignInsHelp)}</p>
            <FormError error=refusal />
            {rows.view(move |rows| view! {
                <div class="table-card">
                    <table class="table">
                        <thead>
                            <tr>
                                <th scope="col">{t(Key::Device)}</th>
                                <th scope="col">{t(Key::SignedInAt)}</th>
                                <th scope="col">{t(Key::LastSeen)}</th>
                                <th scope="col"><span class="sr-only">{t(Key::Actions)}</span></th>
                            </tr>
                        </thead>
                        <tbody>{rows.into_iter().map(|row| view! { <SignInLine row end /> }).collect_view()}</tbody>
                    </table>
                </div>
            }
            .into_any())}
        </section>
    }
}

#[component]
fn SignInLine(row: SignInRow, end: Callback<SessionId>) -> impl IntoView {
    let here: Here = expect_context();
    let now = here.now();
    let device = device(&row.user_agent);
    let id = row.id;
    view! {
        <tr>
            <td>
                <span class="cell-who">
                    <Icon name="device" />
                    <span>
                        {device.clone()}
                        {row.current.then(|| view! { " " <span class="tag" data-status="assigned">{t(Key::ThisDevice)}</span> })}
                        <br />
                        <span class="cell-sub">{row.ip}</span>
                    </span>
                </span>
            </td>
            <td class="cell-quiet" data-label=t(Key::SignedInAt)>{format::short(row.created_at, now)}</td>
            <td class="cell-quiet" data-label=t(Key::LastSeen)>{format::short(row.seen_at, now)}</td>
            <td>
                {(!row.current).then(|| view! {
                    <button class="btn btn-ghost" type="button" on:click=move |_| end.run(id)>
                        {t(Key::EndSignIn)}
                        <span class="sr-only">" "{tf(Key::OnDevice, &[("device", &device)])}</span>
                    </button>
                })}
            </td>
        </tr>
    }
}

/// Returns the usual names of browser and system for a user agent.
pub fn device(agent: &str) -> String {
    const BROWSERS: [(&str, &str); 6] = [
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("HeadlessChrome/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    const SYSTEMS: [(&str, &str); 6] = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let known = |table: &[(&str, &'static str)]| {
        table
            .iter()
            .find(|(sign, _)| agent.contains(sign))
            .map(|(_, name)| *name)
    };
    match (known(&BROWSERS), known(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} · {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) if agent.is_empty() => t(Key::UnknownDevice).to_owned(),
        (None, None) => agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_as_people_call_it() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
        assert_eq!(device(chrome), "Chrome · Linux");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1";
        assert_eq!(device(phone), "Safari · iPhone");
        assert_eq!(device("curl/8.5.0"), "curl/8.5.0");
    }
}
