//! The sign-in page.

use causerie_shared::{api::SignIn, refusal::Refusal};
use leptos::{prelude::*, task::spawn_local};

use super::sign::{SignCard, SubmitButton};
use crate::{
    hooks::Address,
    i18n::{Key, t, tf},
    navigation::place::Place,
    store::{Store, view::Session},
    ui::{Field, FormError, PasswordField},
};

/// The sign-in page. Redirects to set-up while no owner exists, and to the console after sign-in.
#[component]
pub fn Login() -> impl IntoView {
    let store: Store = expect_context();
    let organization = RwSignal::new(String::new());
    let address: Address = expect_context();
    spawn_local(async move {
        // Offline there is no name to show; submitting the form shows the error.
        if let Ok(found) = store.fetch_organization().await {
            if found.needs_setup {
                address.go(&Place::Setup.path(), true);
            } else {
                organization.set(found.name);
            }
        }
    });
    let session = store.session();
    Effect::new(move |_| {
        if session.get() == Session::SignedIn {
            address.go(&Place::START.path(), true);
        }
    });

    let subtitle = Signal::derive(move || {
        organization.with(|name| {
            if name.is_empty() {
                String::new()
            } else {
                tf(Key::ToOrganization, &[("name", name)])
            }
        })
    });
    view! {
        <SignCard title=t(Key::SignIn) subtitle hint=t(Key::NoAccount)>
            <SignInForm email=RwSignal::default() />
        </SignCard>
    }
}

/// E-mail and password; also used in the dialog after a session ended.
#[component]
pub fn SignInForm(email: RwSignal<String>) -> impl IntoView {
    let store: Store = expect_context();
    let password = RwSignal::new(String::new());
    let stay = RwSignal::new(true);
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<Refusal>);

    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        busy.set(true);
        let body = SignIn {
            email: email.get_untracked().trim().to_owned(),
            password: password.get_untracked(),
            stay: stay.get_untracked(),
        };
        spawn_local(async move {
            let answer = store.sign_in(body).await;
            // After a success the page no longer exists.
            busy.try_set(false);
            error.try_set(answer.err());
        });
    };
    view! {
        <form class="form" on:submit=submit novalidate=true>
            <FormError error />
            <Field id="email" label=t(Key::Email) value=email kind="email" autocomplete="username" large=true autofocus=true />
            <PasswordField id="password" label=t(Key::Password) value=password autocomplete="current-password" large=true />
            <label class="check">
                <input type="checkbox" prop:checked=move || stay.get() on:change=move |event| stay.set(event_target_checked(&event)) />
                <span>
                    {t(Key::StaySignedIn)}
                    <span class="field-help"><br />{t(Key::StaySignedInHelp)}</span>
                </span>
            </label>
            <SubmitButton label=t(Key::SignIn) busy />
        </form>
    }
}
