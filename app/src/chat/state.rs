//! A message's delivery state, and the actions that its author has on it (`docs/ux.md#bubbles`).

use causerie_shared::{
    Millis,
    ids::{ConversationId, IntentId},
    message::{Author, Delivery},
};
use leptos::{prelude::*, task::spawn_local};

use crate::{
    format,
    hooks::copy,
    i18n::{Key, t, tf},
    store::{
        Store,
        view::{MessageBubble, Stage},
    },
    ui::Icon,
};

/// A message's time and delivery state; `edited` adds that the text was edited.
#[component]
pub fn Meta(at: Millis, stage: Stage, edited: bool) -> impl IntoView {
    let sent = |delivery: Delivery| match delivery {
        Delivery::Queued => (Some("queued"), Some("clock"), Some(t(Key::StateQueued))),
        Delivery::Sent => (Some("sent"), Some("check"), Some(t(Key::StateSent))),
        Delivery::Delivered => (Some("delivered"), Some("check-check"), Some(t(Key::StateDelivered))),
        Delivery::Read => (Some("read"), Some("check-check"), Some(t(Key::StateRead))),
        Delivery::Failed => (Some("failed"), Some("alert"), Some(t(Key::StateFailed))),
        Delivery::Unconfirmed => (Some("unconfirmed"), Some("info"), Some(t(Key::StateUnconfirmed))),
    };
    let (state, icon, word) = match stage {
        Stage::Incoming => (None, None, None),
        Stage::Unsent | Stage::Held => sent(Delivery::Queued),
        Stage::Failed(_) => sent(Delivery::Failed),
        Stage::Unconfirmed(_) => sent(Delivery::Unconfirmed),
        Stage::Sent(delivery) => sent(delivery),
    };
    view! {
        <span class="meta" data-state=state>
            {edited.then(|| t(Key::Edited))}
            <time>{format::time(at)}</time>
            {icon.map(|name| view! { <Icon name /> })}
            {word.map(|word| view! { <span class="sr-only">{word}</span> })}
        </span>
    }
}

/// The note below a message that is held, failed or unconfirmed; `None` for other messages.
pub fn note(chat: ConversationId, message: &MessageBubble, name: Memo<String>) -> Option<AnyView> {
    match &message.stage {
        Stage::Incoming | Stage::Unsent | Stage::Sent(_) => None,
        Stage::Held => Some(view! { <HeldNote intent=message.id.into() name /> }.into_any()),
        Stage::Failed(reason) => Some(troubled(chat, message, reason, Key::NotSent, Key::NotSentBecause)),
        Stage::Unconfirmed(reason) => Some(troubled(
            chat,
            message,
            reason,
            Key::Unconfirmed,
            Key::UnconfirmedBecause,
        )),
    }
}

/// The note of a stale reply: the chat changed while the reply waited for the connection, so the agent decides.
#[component]
fn HeldNote(intent: IntentId, name: Memo<String>) -> impl IntoView {
    let store: Store = expect_context();
    view! {
        <p class="msg-note">
            <Icon name="warning" />
            <span>{move || tf(Key::HeldBecause, &[("name", &name.get())])}</span>
            <button class="text-btn" type="button" on:click=move |_| store.send_anyway(intent)>{t(Key::SendAnyway)}</button>
            <button class="text-btn" type="button" on:click=move |_| store.discard(intent)>{t(Key::Discard)}</button>
        </p>
    }
}

/// The note of a failed or unconfirmed message: the reason, and Retry, Copy and Discard. Discarding a failed message
/// redacts it.
fn troubled(
    chat: ConversationId,
    message: &MessageBubble,
    reason: &Option<String>,
    plain: Key,
    because: Key,
) -> AnyView {
    let store: Store = expect_context();
    let (id, text) = (message.id, message.body.clone());
    let unsure = matches!(message.stage, Stage::Unconfirmed(_));
    let mine = store
        .me()
        .with_untracked(|me| me.as_ref().is_some_and(|me| message.author == Author::Agent(me.id)));
    let copied = RwSignal::new(false);
    let why = match reason {
        Some(reason) => tf(because, &[("reason", reason)]),
        None => t(plain).to_owned(),
    };
    let copy_text = move |_| {
        let text = text.clone();
        spawn_local(async move {
            if copy(&text).await {
                copied.try_set(true);
            }
        });
    };
    let leave = move |_| {
        if unsure {
            store.give_up(chat, id);
        } else {
            store.redact(chat, id);
        }
    };
    view! {
        <p class="msg-note">
            <span class="msg-error">{why}</span>
            {mine.then(|| view! {
                <button class="text-btn" type="button" on:click=move |_| store.resend(chat, id)>{t(Key::Retry)}</button>
            })}
            <button class="text-btn" type="button" on:click=copy_text>
                {move || if copied.get() { t(Key::Copied) } else { t(Key::Copy) }}
            </button>
            {mine.then(|| view! { <button class="text-btn" type="button" on:click=leave>{t(Key::Discard)}</button> })}
        </p>
    }
    .into_any()
}
