//! Erases everything about a contact from every copy, on the contact's request
//! (`docs/domain.md#forgetting-a-contact`). For owners and admins.

use leptos::{prelude::*, task::spawn_local};

use super::Known;
use crate::{
    i18n::{Key, t, tf},
    net::http,
    settings::Here,
    ui::Confirm,
};

/// The section of the page.
#[component]
pub fn ForgettingSection(name: String) -> impl IntoView {
    let known: Known = expect_context();
    let here: Here = expect_context();
    let asked = RwSignal::new(false);
    let forget = Callback::new(move |()| {
        spawn_local(async move {
            let answer = http::delete(&format!("/api/contacts/{}", known.contact)).await;
            known.problem.try_set(answer.err());
            known.person.again();
        });
    });
    here.manages().then(|| {
        view! {
            <section class="settings-section">
                <h2 class="section-title">{t(Key::ForgetContact)}</h2>
                <p class="section-help">{t(Key::ForgetContactText)}</p>
                <button
                    class="btn btn-danger" type="button" prop:disabled=move || !here.online() on:click=move |_| asked.set(true)
                >
                    {t(Key::Forget)}
                </button>
                {move || asked.get().then(|| view! {
                    <Confirm
                        title=tf(Key::ForgetContactTitle, &[("name", &name)]) text=t(Key::ForgetContactText)
                        act=t(Key::Forget) word=name.clone() open=asked done=forget
                    />
                })}
            </section>
        }
    })
}
