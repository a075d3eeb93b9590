//! Where the open chat and its contact are shown. What they show is a part of its own ([`crate::part`]): it is asked
//! for as soon as the frame is there.

use causerie_shared::{ids::ConversationId, row::ConversationRow};
use leptos::prelude::*;

use super::Desk;
use crate::{
    chat::Chat,
    i18n::{Key, t},
    part::part,
    profile::Pane,
    store::Store,
    ui::{Asked, Empty},
};

/// What the part of the desk holds; functions that draw where they are called.
#[derive(Debug, Clone, Copy)]
pub struct Panes {
    chat: fn(ConversationId) -> AnyView,
    contact: fn(ConversationId, Signal<Option<ConversationRow>>) -> AnyView,
}

part! {
    /// Loads the panes.
    fn panes() -> Panes, in desk, Panes {
        chat: |id| view! { <Chat id /> }.into_any(),
        contact: |id, head| view! { <Pane id head /> }.into_any(),
    }
}

/// Asks for the panes, for [`Thread`] and [`Profile`] below.
pub fn provide_panes() {
    provide_context(Asked::new(panes));
}

/// The open chat, or how to choose one.
#[component]
pub fn Thread() -> impl IntoView {
    let desk: Desk = expect_context();
    let panes: Asked<Panes> = expect_context();
    move || match desk.open.get() {
        Some(id) => match panes.get(Key::ChatNotLoaded) {
            Ok(panes) => (panes.chat)(id),
            Err(instead) => view! {
                <main class="pane thread" id="main" aria-label=t(Key::Conversation)>{instead}</main>
            }
            .into_any(),
        },
        None => view! {
            <main class="pane thread" id="main" aria-label=t(Key::Conversation)>
                <Empty title=t(Key::ChooseChat) text=t(Key::ChooseChatText) icon="chat" center=true>
                    <div class="empty-keys">
                        <kbd>"j"</kbd><span>{t(Key::KeyNext)}</span>
                        <kbd>"k"</kbd><span>{t(Key::KeyPrevious)}</span>
                        <kbd>"r"</kbd><span>{t(Key::KeyReply)}</span>
                    </div>
                </Empty>
            </main>
        }
        .into_any(),
    }
}

/// The pane of the open chat's contact; nothing without one.
#[component]
pub fn Profile() -> impl IntoView {
    let store: Store = expect_context();
    let desk: Desk = expect_context();
    let panes: Asked<Panes> = expect_context();
    move || {
        let id = desk.open.get()?;
        // The chat's pane says what went wrong.
        let panes = panes.get(Key::ChatNotLoaded).ok()?;
        let head = store.head(id);
        let known = Memo::new(move |_| head.read().is_some());
        Some(move || known.get().then(|| (panes.contact)(id, head)))
    }
}
