//! "Not delivered": intents that the server refused for good, with their texts (`docs/ux.md#not-delivered`).

use causerie_shared::refusal::Code;
use leptos::{prelude::*, task::spawn_local};

use crate::{
    format,
    hooks::copy,
    i18n::{Key, explain, t},
    store::{Store, view::Undelivered},
    ui::{Icon, keyed},
};

/// Whether sending again could succeed.
fn worth_a_retry(code: Code) -> bool {
    matches!(
        code,
        Code::Internal | Code::RateLimited | Code::Conflict | Code::StaleEpoch | Code::Quarantined
    )
}

/// The tray at the bottom of the list; hidden while empty.
#[component]
pub fn UndeliveredTray() -> impl IntoView {
    let store: Store = expect_context();
    let items = store.undelivered();
    let open = RwSignal::new(true);
    let some = Memo::new(move |_| !items.read().is_empty());
    move || {
        some.get().then(|| {
            view! {
                <section class="undelivered" aria-label=t(Key::NotDelivered)>
                    <button
                        class="undelivered-head" type="button"
                        aria-expanded=move || open.get().to_string()
                        on:click=move |_| open.update(|open| *open = !*open)
                    >
                        <Icon name="alert" />
                        <span>{t(Key::NotDelivered)}</span>
                        <span class="undelivered-count">{move || items.read().len()}</span>
                        <Icon name="chevron-down" />
                    </button>
                    <div hidden=move || !open.get()>
                        {keyed(
                            move || items.get(),
                            |item| item.intent.to_u128(),
                            |item| view! { <Item item /> }.into_any(),
                        )}
                    </div>
                </section>
            }
        })
    }
}

#[component]
fn Item(item: Undelivered) -> impl IntoView {
    let store: Store = expect_context();
    let copied = RwSignal::new(false);
    let intent = item.intent;
    // The receiver, and why the text was not delivered.
    let name = item
        .conversation
        .and_then(|id| store.head(id).get_untracked())
        .map(|head| head.contact_name);
    let why = match name {
        Some(name) => format!("{name}: {}", explain(&item.refusal)),
        None => explain(&item.refusal),
    };
    let text = item.text.clone().unwrap_or_default();
    let copy_text = {
        let text = text.clone();
        move |_| {
            let text = text.clone();
            spawn_local(async move {
                if copy(&text).await {
                    copied.try_set(true);
                }
            });
        }
    };
    view! {
        <div class="undelivered-item">
            <span class="undelivered-why">{why}</span>
            <time>{format::time(item.at)}</time>
            <p class="undelivered-text" dir="auto">{text.clone()}</p>
            <p class="undelivered-acts">
                {worth_a_retry(item.refusal.code).then(|| view! {
                    <button class="text-btn" type="button" on:click=move |_| store.retry(intent)>{t(Key::Retry)}</button>
                })}
                {(!text.is_empty()).then(|| view! {
                    <button class="text-btn" type="button" on:click=copy_text>
                        {move || if copied.get() { t(Key::Copied) } else { t(Key::Copy) }}
                    </button>
                })}
                <button class="text-btn" type="button" on:click=move |_| store.discard(intent)>{t(Key::Discard)}</button>
            </p>
        </div>
    }
}
