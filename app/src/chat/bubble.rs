//! A message (`ux.md` §4.4).

use causerie_shared::{
    ids::{ContactId, ConversationId, IntentId},
    message::{Author, Delivery},
};
use leptos::{prelude::*, task::spawn_local};

use super::{
    files::{FileBubble, is_picture},
    group::Place,
};
use crate::{
    format,
    hooks::copy,
    i18n::{Key, t, tf},
    store::view::{MessageBubble, Stage},
    ui::{Avatar, Confirm, Icon},
};

/// One message with its state.
#[component]
pub fn MessageView(
    chat: ConversationId,
    message: MessageBubble,
    place: Place,
    contact: ContactId,
    name: Memo<String>,
) -> impl IntoView {
    let incoming = message.author == Author::Contact;
    let failed = match &message.stage {
        Stage::Failed(reason) => Some(reason.clone()),
        Stage::Incoming | Stage::Unsent | Stage::Held | Stage::Sent(_) => None,
    };
    let is_failed = failed.is_some();
    let held = message.stage == Stage::Held;
    let with_avatar = incoming && matches!(place, Place::Single | Place::Last);
    let text = message.body.clone();
    let pictures = message.files.iter().all(is_picture);
    // The state stands once: with the text, else with the last file.
    let last = message.files.len().saturating_sub(1);
    let meta = move |shown: bool, message: &MessageBubble| {
        shown.then(|| view! { <Meta at=message.at stage=message.stage.clone() /> })
    };
    let files = message
        .files
        .iter()
        .enumerate()
        .map(|(index, file)| {
            let state = meta(text.is_empty() && index == last, &message);
            view! { <FileBubble file=file.clone()>{state}</FileBubble> }
        })
        .collect_view();
    let body = (!text.is_empty() || message.files.is_empty()).then(|| {
        view! {
            <div class="bubble">
                <div class="bubble-body" dir="auto">
                    {if message.redacted {
                        view! { <span class="bubble-gone">{t(Key::MessageRemoved)}</span> }.into_any()
                    } else {
                        view! { <span class="bubble-text">{text.clone()}</span> }.into_any()
                    }}
                    {meta(true, &message)}
                </div>
            </div>
        }
    });
    // Pictures come above their caption, other files below the text.
    let content = if pictures {
        (files, body).into_any()
    } else {
        (body, files).into_any()
    };
    view! {
        <article
            class="msg" role="article" tabindex="-1"
            data-side=if incoming { "in" } else { "out" }
            data-group=place.as_str()
            data-state=is_failed.then_some("failed")
        >
            <AuthorName author=message.author name />
            {with_avatar.then(|| view! { <Avatar name seed=contact.to_u128() size=28 /> })}
            <Remove chat message=message.clone() />
            <div class="msg-col">
                {content}
                {held.then(|| view! { <HeldNote intent=message.id.into() name /> })}
                {failed.map(|reason| view! { <FailedNote reason text=message.body.clone() /> })}
            </div>
        </article>
    }
}

/// Takes text and files of a message away for everybody: the agent their own, supervisors any.
#[component]
fn Remove(chat: ConversationId, message: MessageBubble) -> impl IntoView {
    let store: crate::store::Store = expect_context();
    let open = RwSignal::new(false);
    let allowed = store.me().with_untracked(|me| {
        me.as_ref()
            .is_some_and(|me| me.role.supervises() || message.author == Author::Agent(me.id))
    });
    // What the server has not got yet is taken back, not removed.
    (allowed && !message.redacted && message.position.is_some()).then(|| {
        view! {
            <button class="icon-btn msg-remove" type="button" aria-label=t(Key::RemoveMessage) on:click=move |_| open.set(true)>
                <Icon name="trash" class="icon-16" />
            </button>
            {move || open.get().then(|| view! {
                <Confirm
                    title=t(Key::RemoveMessageTitle).to_owned() text=t(Key::RemoveMessageText) act=t(Key::Remove) open
                    done=Callback::new(move |()| store.redact(chat, message.id))
                />
            })}
        }
    })
}

/// Who wrote it, for screen readers: sides and colours say it to others.
#[component]
fn AuthorName(author: Author, name: Memo<String>) -> impl IntoView {
    let store: crate::store::Store = expect_context();
    let user = author.user().map(|id| store.user(id));
    let me = store.me();
    let who = move || match author {
        Author::Contact => name.get(),
        Author::Bot => t(Key::StatusBot).to_owned(),
        Author::Elsewhere => t(Key::Elsewhere).to_owned(),
        Author::System => t(Key::System).to_owned(),
        Author::Agent(id) if me.read().as_ref().is_some_and(|me| me.id == id) => t(Key::You).to_owned(),
        Author::Agent(_) => user
            .and_then(|user| user.get())
            .map_or_else(|| t(Key::SomeAgent).to_owned(), |user| user.name),
    };
    view! { <span class="sr-only">{who}</span> }
}

/// Time and state.
#[component]
fn Meta(at: causerie_shared::Millis, stage: Stage) -> impl IntoView {
    let (state, icon, word) = match stage {
        Stage::Incoming => (None, None, None),
        Stage::Unsent | Stage::Held => (Some("queued"), Some("clock"), Some(t(Key::StateQueued))),
        Stage::Failed(_) => (Some("failed"), Some("alert"), Some(t(Key::StateFailed))),
        Stage::Sent(delivery) => match delivery {
            Delivery::Queued | Delivery::Sent => (Some("sent"), Some("check"), Some(t(Key::StateSent))),
            Delivery::Delivered => (Some("delivered"), Some("check-check"), Some(t(Key::StateDelivered))),
            Delivery::Read => (Some("read"), Some("check-check"), Some(t(Key::StateRead))),
            Delivery::Failed => (Some("failed"), Some("alert"), Some(t(Key::StateFailed))),
            Delivery::Unconfirmed => (Some("unconfirmed"), Some("info"), Some(t(Key::StateUnconfirmed))),
        },
    };
    view! {
        <span class="meta" data-state=state>
            <time>{format::time(at)}</time>
            {icon.map(|name| view! { <Icon name /> })}
            {word.map(|word| view! { <span class="sr-only">{word}</span> })}
        </span>
    }
}

/// The chat went on while the reply waited for the line: the agent decides.
#[component]
fn HeldNote(intent: IntentId, name: Memo<String>) -> impl IntoView {
    let store: crate::store::Store = expect_context();
    view! {
        <p class="msg-note">
            <Icon name="warning" />
            <span>{move || tf(Key::HeldBecause, &[("name", &name.get())])}</span>
            <button class="text-btn" type="button" on:click=move |_| store.send_anyway(intent)>{t(Key::SendAnyway)}</button>
            <button class="text-btn" type="button" on:click=move |_| store.discard(intent)>{t(Key::Discard)}</button>
        </p>
    }
}

#[component]
fn FailedNote(reason: Option<String>, text: String) -> impl IntoView {
    let copied = RwSignal::new(false);
    let why = match reason {
        Some(reason) => tf(Key::NotSentBecause, &[("reason", &reason)]),
        None => t(Key::NotSent).to_owned(),
    };
    let copy_text = move |_| {
        let text = text.clone();
        spawn_local(async move {
            if copy(&text).await {
                copied.try_set(true);
            }
        });
    };
    view! {
        <p class="msg-note">
            <span class="msg-error">{why}</span>
            <button class="text-btn" type="button" on:click=copy_text>
                {move || if copied.get() { t(Key::Copied) } else { t(Key::Copy) }}
            </button>
        </p>
    }
}
