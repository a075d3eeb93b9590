//! The user's own password and sessions.

use causerie_shared::{
    api::{ChangePassword, password_problem},
    refusal::Refusal,
};
use leptos::{prelude::*, task::spawn_local};

use super::{Here, frame::SettingsPage, sign_ins::SignIns};
use crate::{
    i18n::{Key, t},
    net::http,
    ui::{FormError, Icon, PasswordField},
};

/// The account page.
#[component]
pub fn Account() -> impl IntoView {
    // Changing the password ends the other sessions, so their list is fetched again.
    let changed = RwSignal::new(0_u32);
    view! {
        <SettingsPage title=t(Key::Account)>
            <section class="settings-section">
                <h2 class="section-title">{t(Key::Password)}</h2>
                <p class="section-help">{t(Key::PasswordHelp)}</p>
                <PasswordForm changed />
            </section>
            {move || {
                changed.track();
                view! { <SignIns /> }
            }}
        </SettingsPage>
    }
}

#[component]
fn PasswordForm(changed: RwSignal<u32>) -> impl IntoView {
    let here: Here = expect_context();
    let email = here.about.with_untracked(|about| about.me.email.clone());
    let [current, new] = [(); 2].map(|()| RwSignal::new(String::new()));
    let busy = RwSignal::new(false);
    let saved = RwSignal::new(false);
    let short = RwSignal::new(None::<String>);
    let error = RwSignal::new(None::<Refusal>);
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        saved.set(false);
        let problem = password_problem(&new.read_untracked());
        short.set(problem.map(|_| t(Key::PasswordRule).to_owned()));
        if problem.is_some() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let body = ChangePassword {
                current: current.get_untracked(),
                new: new.get_untracked(),
            };
            let answer = http::send("/api/password", &body).await;
            busy.try_set(false);
            if answer.is_ok() {
                current.try_set(String::new());
                new.try_set(String::new());
                saved.try_set(true);
                changed.try_update(|changed| *changed += 1);
            }
            error.try_set(answer.err());
        });
    };
    view! {
        <form class="form card" on:submit=submit novalidate=true>
            <FormError error />
            // Password managers store the new password under this name.
            <input class="sr-only" type="email" autocomplete="username" tabindex="-1" aria-hidden="true" readonly=true prop:value=email />
            <PasswordField id="current-password" label=t(Key::CurrentPassword) value=current autocomplete="current-password" />
            <PasswordField
                id="new-password" label=t(Key::NewPassword) value=new autocomplete="new-password"
                help=t(Key::PasswordRule) error=short
            />
            <div class="form-actions">
                <button class="btn btn-primary" type="submit" prop:disabled=move || busy.get() || !here.online()>{t(Key::ChangePassword)}</button>
                <span class="form-ok" role="status">
                    {move || saved.get().then(|| view! { <Icon name="check" class="icon-16" />{t(Key::Saved)} })}
                </span>
            </div>
        </form>
    }
}
