//! A box with a one-time link to copy.

use causerie_shared::api::OneTimeLink;
use leptos::{prelude::*, task::spawn_local};

use crate::{
    format,
    hooks::copy,
    i18n::{Key, t, tf},
    ui::Icon,
};

/// Shows a link once, right after it was created.
#[component]
pub fn LinkBox(
    /// The purpose of the link, e.g. "Invitation for Noor".
    title: String,
    link: OneTimeLink,
) -> impl IntoView {
    let copied = RwSignal::new(false);
    let url = link.url.clone();
    let copy_link = move |_| {
        let url = url.clone();
        spawn_local(async move {
            if copy(&url).await {
                copied.try_set(true);
            }
        });
    };
    view! {
        <div class="once" role="status">
            <p><b>{title}</b>" "{tf(Key::LinkOnce, &[("time", &format::date_time(link.expires_at))])}</p>
            <div class="once-link">
                <input class="input" readonly=true aria-label=t(Key::OneTimeLink) prop:value=link.url />
                <button class="btn" type="button" on:click=copy_link>
                    <Icon name="copy" class="icon-16" />
                    {move || if copied.get() { t(Key::Copied) } else { t(Key::Copy) }}
                </button>
            </div>
        </div>
    }
}
