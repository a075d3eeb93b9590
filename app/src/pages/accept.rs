//! A one-time link: an invitation is accepted, or a new password is set.

use causerie_shared::{
    api::{LinkInfo, LinkKind, password_problem},
    refusal::Refusal,
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    Place,
    sign::{FormError, SignCard, SubmitButton},
};
use crate::{
    hooks::Address,
    i18n::{Key, explain, t, tf},
    store::Store,
    ui::PasswordField,
};

/// The page behind an invitation or reset link.
#[component]
pub fn Accept(token: String) -> impl IntoView {
    let store: Store = expect_context();
    let found = RwSignal::new(None::<Result<LinkInfo, Refusal>>);
    spawn_local({
        let token = token.clone();
        async move {
            found.try_set(Some(store.link_info(token).await));
        }
    });
    move || match found.get() {
        None => view! { <p class="sr-only" role="status">{t(Key::Loading)}</p> }.into_any(),
        Some(Err(refusal)) => view! {
            <SignCard title=t(Key::LinkDead) subtitle=explain(&refusal)>
                <p class="sign-hint"><a class="link" href=Place::Login.path()>{t(Key::SignIn)}</a></p>
            </SignCard>
        }
        .into_any(),
        Some(Ok(info)) => view! { <NewPassword token=token.clone() info /> }.into_any(),
    }
}

#[component]
fn NewPassword(token: String, info: LinkInfo) -> impl IntoView {
    let store: Store = expect_context();
    let password = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<Refusal>);
    let short = RwSignal::new(None::<String>);
    let address: Address = expect_context();
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let problem = password_problem(&password.read_untracked());
        short.set(problem.map(|_| t(Key::PasswordRule).to_owned()));
        if problem.is_some() {
            return;
        }
        busy.set(true);
        let token = token.clone();
        spawn_local(async move {
            match store.accept_link(token, password.get_untracked()).await {
                Ok(()) => address.go(&Place::START.path(), true),
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
                // Password managers file the password under this name.
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
