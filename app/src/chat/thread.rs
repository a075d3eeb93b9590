//! The pane of the open chat.

use causerie_shared::{
    conversation::State,
    ids::ConversationId,
    row::{ConversationRow, Post},
    window::Folder,
};
use leptos::prelude::*;

use super::{
    bar::BottomBar,
    discussion::{Discussion, count},
    head::ThreadHead,
    log::Log,
};
use crate::{
    i18n::{Key, t, tf},
    navigation::Navigation,
    store::{Store, view::NoticeBody},
    ui::{Empty, Icon, Tab, TabBar},
};

const CHAT: &str = "tab-chat";
const DISCUSSION: &str = "tab-discussion";

/// The open chat, or a note that it is gone if the store has no row for it.
#[component]
pub fn Chat(id: ConversationId) -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let head = store.head(id);
    let known = Memo::new(move |_| head.read().is_some());
    let name = Memo::new(move |before: Option<&String>| {
        head.read()
            .as_ref()
            .map(|head| head.contact_name.clone())
            .or_else(|| before.cloned())
            .unwrap_or_default()
    });
    follow_my_chat(store, nav, id);
    // The toast disappears, but the reason why the chat is gone has to stay visible here.
    let notices = store.notices();
    let taken = Memo::new(move |before: Option<&Option<String>>| {
        let now = notices.with(|all| {
            all.iter().find_map(|notice| match &notice.body {
                NoticeBody::Taken { conversation, name, .. } | NoticeBody::Transfer { conversation, name, .. }
                    if *conversation == id =>
                {
                    Some(name.clone())
                }
                NoticeBody::Taken { .. }
                | NoticeBody::Transfer { .. }
                | NoticeBody::Ended { .. }
                | NoticeBody::CameBack { .. }
                | NoticeBody::Refused { .. }
                | NoticeBody::Invited { .. }
                | NoticeBody::Interrupted { .. }
                | NoticeBody::Storage { .. } => None,
            })
        });
        now.or_else(|| before.cloned().flatten())
    });
    let tab = RwSignal::new(CHAT);
    let discussion = store.discussion(id);
    let discussed = Memo::new(move |_| {
        let head = head.read();
        discussion.with(|bubbles| head.as_ref().map_or(0, |head| count(head, bubbles)))
    });
    let tabs = || {
        vec![
            Tab {
                id: CHAT,
                label: t(Key::Chat),
            },
            Tab {
                id: DISCUSSION,
                label: t(Key::InternalDiscussion),
            },
        ]
    };
    view! {
        <main class="pane thread" id="main" aria-label=move || tf(Key::ConversationWith, &[("name", &name.get())])>
            {move || if known.get() {
                view! {
                    <ThreadHead id head name />
                    <PostLine head />
                    <TabBar
                        label=t(Key::Views) tabs=tabs() chosen=tab
                        count=Callback::new(move |id| if id == DISCUSSION { discussed.get() } else { 0 })
                    />
                    <div class="thread-body" role="tabpanel" id="tab-chat-panel" aria-labelledby=CHAT hidden=move || tab.get() != CHAT>
                        <Log id head name />
                        <BottomBar id head name />
                    </div>
                    <div
                        class="thread-body" role="tabpanel" id="tab-discussion-panel" aria-labelledby=DISCUSSION
                        hidden=move || tab.get() != DISCUSSION
                    >
                        {move || (tab.get() == DISCUSSION).then(|| view! { <Discussion id head /> })}
                    </div>
                }
                .into_any()
            } else {
                let text = match taken.get() {
                    Some(name) => tf(Key::TookIt, &[("name", &name)]),
                    None => t(Key::ChatGoneText).to_owned(),
                };
                view! {
                    <Empty title=t(Key::ChatGone) text icon="chat" center=true>
                        <button type="button" class="btn" on:click=move |_| nav.back()>{t(Key::BackToList)}</button>
                    </Empty>
                }
                .into_any()
            }}
        </main>
    }
}

/// The post that the comments belong to, with a button that filters the list by this post.
#[component]
fn PostLine(head: Signal<Option<ConversationRow>>) -> impl IntoView {
    let nav: Navigation = expect_context();
    let post = Memo::new(move |_| head.read().as_ref().and_then(|head| head.post.clone()));
    move || {
        let Post { id, title, url } = post.get()?;
        let link = url.filter(|url| url.starts_with("https://")).map(|url| {
            view! { <a class="link" href=url target="_blank" rel="noopener noreferrer">{t(Key::OpenPost)}</a> }
        });
        Some(view! {
            <p class="post-line">
                <Icon name="file" />
                <span class="truncate" dir="auto" title=title.clone()>{title.clone()}</span>
                {link}
                <button class="text-btn" type="button" on:click=move |_| nav.filter.update(|filter| filter.post = Some(id))>
                    {t(Key::OnlyThisPost)}
                </button>
            </p>
        })
    }
}

/// Moves to the folder Mine when the open chat becomes the user's, from the queue or from an offer.
fn follow_my_chat(store: Store, nav: Navigation, id: ConversationId) {
    let (head, me) = (store.head(id), store.me());
    let mine = Memo::new(move |_| {
        let me = me.read().as_ref().map(|me| me.id);
        head.read()
            .as_ref()
            .is_some_and(|head| matches!(head.state, State::Assigned { agent, .. } if Some(agent) == me))
    });
    Effect::new(move |_| {
        let passing = matches!(nav.folder.get_untracked(), Folder::Queue | Folder::Engaged);
        if mine.get() && passing {
            nav.open_in(Folder::Mine, id);
        }
    });
}
