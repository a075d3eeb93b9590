//! The panes of the open chat and its contact. Their code is a part of its own ([`crate::part`]), requested as soon as
//! the frame exists.

use causerie_shared::{ids::ConversationId, row::ConversationRow};
use leptos::prelude::*;

use crate::{
    chat::Chat,
    i18n::{Key, t},
    navigation::Navigation,
    part::part,
    profile::Pane,
    store::Store,
    ui::{Asked, Empty},
};

/// The panes part: functions that draw the panes.
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

/// Requests the panes for [`Thread`] and [`Profile`].
pub fn provide_panes() {
    provide_context(Asked::new(panes));
}

/// The open chat, or a hint to choose one.
#[component]
pub fn Thread() -> impl IntoView {
    let nav: Navigation = expect_context();
    let panes: Asked<Panes> = expect_context();
    move || match nav.open.get() {
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

/// The pane of the open chat's contact; empty if no chat is open.
#[component]
pub fn Profile() -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let panes: Asked<Panes> = expect_context();
    move || {
        let id = nav.open.get()?;
        // The chat pane shows the error.
        let panes = panes.ready()?;
        let head = store.head(id);
        let known = Memo::new(move |_| head.read().is_some());
        Some(move || known.get().then(|| (panes.contact)(id, head)))
    }
}
