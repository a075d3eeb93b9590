//! The creation of the first owner, with the token that the server printed at startup.

use causerie_shared::{
    api::{self, Organization, SessionInfo},
    refusal::Refusal,
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    outside::leave,
    sign::{SignCard, SubmitButton},
};
use crate::{
    i18n::{Key, t},
    navigation::place::Place,
    net::http,
    ui::{Field, FormError, PasswordField},
};

/// The set-up page. Redirects to sign-in if an owner exists.
#[component]
pub fn Setup() -> impl IntoView {
    let [token, organization, name, email, password] = [(); 5].map(|()| RwSignal::new(String::new()));
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<Refusal>);
    let short = RwSignal::new(None::<String>);
    spawn_local(async move {
        let found: Result<Organization, Refusal> = http::get("/api/organization").await;
        if found.is_ok_and(|found| !found.needs_setup) {
            leave(&Place::Login);
        }
    });

    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let problem = api::password_problem(&password.read_untracked());
        short.set(problem.map(|_| t(Key::PasswordRule).to_owned()));
        if problem.is_some() {
            return;
        }
        busy.set(true);
        let body = api::Setup {
            token: token.get_untracked().trim().to_owned(),
            organization: organization.get_untracked().trim().to_owned(),
            name: name.get_untracked().trim().to_owned(),
            email: email.get_untracked().trim().to_owned(),
            password: password.get_untracked(),
        };
        spawn_local(async move {
            match http::post::<_, SessionInfo>("/api/setup", &body).await {
                Ok(_) => leave(&Place::START),
                Err(refusal) => {
                    busy.try_set(false);
                    error.try_set(Some(refusal));
                }
            }
        });
    };
    view! {
        <SignCard title=t(Key::SetUp) subtitle=t(Key::SetUpText).to_owned()>
            <form class="form" on:submit=submit novalidate=true>
                <FormError error />
                <Field id="token" label=t(Key::SetUpToken) value=token autocomplete="off" help=t(Key::SetUpTokenHelp) large=true autofocus=true />
                <Field id="organization" label=t(Key::Organization) value=organization autocomplete="organization" large=true />
                <Field id="name" label=t(Key::YourName) value=name autocomplete="name" large=true />
                <Field id="email" label=t(Key::Email) value=email kind="email" autocomplete="username" large=true />
                <PasswordField
                    id="password" label=t(Key::Password) value=password autocomplete="new-password"
                    help=t(Key::PasswordRule) error=short large=true
                />
                <SubmitButton label=t(Key::CreateOwner) busy />
            </form>
        </SignCard>
    }
}
