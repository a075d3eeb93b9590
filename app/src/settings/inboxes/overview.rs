//! The first tab of an inbox: name, channels, and deletion.

use causerie_shared::{
    api::settings::{DeleteInbox, InboxDetail},
    refusal::{Code, Refusal},
};
use leptos::{prelude::*, task::spawn_local};

use super::{draft::Draft, widget::AccountCard};
use crate::{
    i18n::{Key, Plural, t, tf, tn},
    net::http,
    settings::{Here, form::Form, here::why, route::Route},
    ui::{Confirm, Empty, Field},
};

/// Name, accounts, deletion.
#[component]
pub fn Overview(draft: Draft, form: Form, detail: RwSignal<InboxDetail>) -> impl IntoView {
    let accounts = detail.with_untracked(|detail| detail.accounts.clone());
    view! {
        <section class="settings-section form">
            <Field id="inbox-name" label=t(Key::InboxName) value=draft.name autocomplete="off" error=form.error("inbox-name") />
            {move || detail.read().department.map(|id| view! {
                <p class="field-help">
                    {t(Key::InboxOfDepartment)}" "
                    <a class="link" href=Route::Department(id).path()>{t(Key::OpenDepartment)}</a>
                </p>
            })}
        </section>
        {if accounts.is_empty() {
            view! { <section class="settings-section card"><Empty title=t(Key::NoAccounts) text=t(Key::NoAccountsText) /></section> }.into_any()
        } else {
            accounts.into_iter().map(|account| view! { <AccountCard account /> }).collect_view().into_any()
        }}
        <DeleteCard detail />
    }
}

#[component]
fn DeleteCard(detail: RwSignal<InboxDetail>) -> impl IntoView {
    let here: Here = expect_context();
    let asked = RwSignal::new(false);
    let refusal = RwSignal::new(None::<Refusal>);
    let delete = Callback::new(move |()| {
        let (id, name) = detail.with_untracked(|detail| (detail.id, detail.settings.name.clone()));
        spawn_local(async move {
            match http::delete_with(&format!("/api/inboxes/{id}"), &DeleteInbox { name }).await {
                Ok(()) => here.go(&Route::Inboxes),
                // Open chats are not a newer version: show the server's text, which names their number.
                Err(error) if error.code == Code::Conflict => {
                    refusal.try_set(Some(Refusal {
                        code: Code::Invalid,
                        ..error
                    }));
                }
                Err(error) => drop(refusal.try_set(Some(error))),
            }
        });
    });
    let open = Memo::new(move |_| detail.read().open);
    view! {
        <section class="settings-section card danger-card">
            <h2 class="section-title">{t(Key::DeleteInbox)}</h2>
            <p class="section-help">{t(Key::DeleteInboxHelp)}</p>
            {move || (open.get() > 0).then(|| view! { <p class="section-help warn-text">{tn(Plural::OpenChatsFirst, open.get())}</p> })}
            {move || refusal.get().map(|refusal| view! { <p class="form-error" role="alert">{why(&refusal)}</p> })}
            <button
                class="btn btn-danger" type="button" prop:disabled=move || !here.online()
                on:click=move |_| {
                    refusal.set(None);
                    asked.set(true);
                }
            >
                {t(Key::DeleteInbox)}
            </button>
            {move || asked.get().then(|| {
                let name = detail.with_untracked(|detail| detail.settings.name.clone());
                view! {
                    <Confirm
                        title=tf(Key::DeleteInboxTitle, &[("name", &name)]) text=t(Key::DeleteInboxHelp) act=t(Key::DeleteForGood)
                        word=name open=asked done=delete
                    />
                }
            })}
        </section>
    }
}
