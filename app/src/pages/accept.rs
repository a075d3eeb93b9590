//! The page of a one-time link: accepts an invitation or sets a new password.

use causerie_shared::{
    api::{AcceptLink, LinkInfo, LinkKind, SessionInfo, password_problem},
    refusal::Refusal,
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    outside::leave,
    sign::{SignCard, SubmitButton},
};
use crate::{
    i18n::{Key, explain, t, tf},
    navigation::place::Place,
    net::http,
    ui::{FormError, PasswordField},
};

/// The page of an invitation or reset link.
#[component]
pub fn Accept(token: String) -> impl IntoView {
    let path = format!("/api/links/{}", http::segment(&token));
    let found = RwSignal::new(None::<Result<LinkInfo, Refusal>>);
    spawn_local({
        let path = path.clone();
        async move {
            found.try_set(Some(http::get(&path).await));
        }
    });
    move || match found.get() {
        None => view! { <p class="sr-only" role="status">{t(Key::Loading)}</p> }.into_any(),
        Some(Err(refusal)) => view! {
            <SignCard title=t(Key::LinkDead) subtitle=explain(&refusal)>
                <p class="sign-hint">
                    <button class="link" type="button" on:click=move |_| leave(&Place::Login)>{t(Key::SignIn)}</button>
                </p>
            </SignCard>
        }
        .into_any(),
        Some(Ok(info)) => view! { <NewPassword path=path.clone() info /> }.into_any(),
    }
}

#[component]
fn NewPassword(path: String, info: LinkInfo) -> impl IntoView {
    let password = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<Refusal>);
    let short = RwSignal::new(None::<String>);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let problem = password_problem(&password.read_untracked());
        short.set(problem.map(|_| t(Key::PasswordRule).to_owned()));
        if problem.is_some() {
            return;
        }
        busy.set(true);
        let path = path.clone();
        let body = AcceptLink {
            password: password.get_untracked(),
        };
        spawn_local(async move {
            match http::post::<_, SessionInfo>(&path, &body).await {
                Ok(_) => leave(&Place::START),
                Err(refusal) => {
                    busy.try_set(false);
                    error.try_set(Some(refusal));
                }
            }
        });
    };
    let (title, subtitle) = match info.kind {
        LinkKind::Invitation => (
            t(Key::Welcome),
            tf(
                Key::InvitedAs,
                &[("name", &info.name), ("organization", &info.organization)],
            ),
        ),
        LinkKind::Reset => (
            t(Key::NewPassword),
            tf(Key::ToOrganization, &[("name", &info.organization)]),
        ),
    };
    view! {
        <SignCard title subtitle>
            <form class="form" on:submit=submit novalidate=true>
                <FormError error />
                // Password managers store the password under this name.
                <input class="sr-only" type="email" autocomplete="username" tabindex="-1" aria-hidden="true" readonly=true prop:value=info.email.clone() />
                <PasswordField
                    id="password" label=t(Key::Password) value=password autocomplete="new-password"
                    help=t(Key::PasswordRule) error=short large=true
                />
                <SubmitButton label=t(Key::SetPassword) busy />
            </form>
        </SignCard>
    }
}
