//! The dialog for a session that ended during work: sign in again, nothing is lost
//! (`docs/ux.md#empty-and-waiting-panes`).

use leptos::prelude::*;

use super::login::SignInForm;
use crate::{
    i18n::{Key, t},
    store::Store,
    ui::Dialog,
};

/// A sign-in dialog over the console. Unsent text is kept.
#[component]
pub fn Expired() -> impl IntoView {
    let store: Store = expect_context();
    let email = store
        .me()
        .with_untracked(|me| me.as_ref().map(|me| me.email.clone()).unwrap_or_default());
    view! {
        <Dialog labelled_by="expired-title">
            <h2 class="dialog-title" id="expired-title">{t(Key::SignInAgain)}</h2>
            <p class="dialog-text">{t(Key::SignInAgainText)}</p>
            <SignInForm email=RwSignal::new(email) />
        </Dialog>
    }
}
