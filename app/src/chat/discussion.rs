//! The internal discussion about a chat: a note-coloured pane without bubbles (`docs/ux.md#discussion-pane`).

use causerie_shared::{ids::ConversationId, message::Author, row::ConversationRow};
use leptos::{html, prelude::*};

use super::{
    discussion_pen::DiscussionComposer,
    files::FileBubble,
    group::{Item, arrange},
    mention,
};
use crate::{
    format,
    i18n::{Key, t},
    store::{
        Store,
        view::{Bubble, MessageBubble, Stage},
    },
    ui::{Avatar, Empty, Icon, key_of, keyed},
};

/// The pane: the discussion's messages, and the composer until the chat ends.
#[component]
pub fn Discussion(id: ConversationId, head: Signal<Option<ConversationRow>>) -> impl IntoView {
    let store: Store = expect_context();
    let bubbles = store.discussion(id);
    let over = Memo::new(move |_| head.read().as_ref().is_none_or(|head| head.state.status().is_final()));
    let items = Memo::new(move |_| bubbles.with(|bubbles| arrange(bubbles, None, format::local_day)));
    let log = NodeRef::<html::Div>::new();
    // The newest message is at the bottom; scroll to it when it arrives.
    Effect::new(move |_| {
        bubbles.track();
        request_animation_frame(move || {
            // The discussion may have been closed before the frame.
            if let Some(log) = log.try_get_untracked().flatten() {
                log.set_scroll_top(log.scroll_height());
            }
        });
    });
    view! {
        <div class="talk">
            <div class="log" role="log" aria-label=t(Key::InternalDiscussion) aria-live="off" tabindex="0" node_ref=log>
                <div class="log-inner">
                    {move || bubbles.read().is_empty().then(|| view! {
                        <Empty title=t(Key::NoDiscussion) text=t(Key::NoDiscussionText) />
                    })}
                    {keyed(
                        move || items.get(),
                        |item| key_of(&item.key(format::local_day)),
                        draw,
                    )}
                </div>
            </div>
            {move || if over.get() {
                view! { <div class="bar"><Icon name="done" /><p class="bar-text">{t(Key::DiscussionClosed)}</p></div> }.into_any()
            } else {
                view! { <DiscussionComposer id head /> }.into_any()
            }}
        </div>
    }
}

fn draw(item: Item) -> AnyView {
    let store: Store = expect_context();
    match item {
        Item::Day(at) => {
            let label = format::day(at, store.now().get_untracked());
            view! { <div class="day" role="separator"><span>{label}</span></div> }.into_any()
        }
        Item::Message(message, _) => view! { <Said message /> }.into_any(),
        // The discussion has no unread separator, and system lines are shown in the chat only.
        Item::New | Item::Line(_) => ().into_any(),
    }
}

/// One message of the discussion with its author and time.
#[component]
fn Said(message: MessageBubble) -> impl IntoView {
    let store: Store = expect_context();
    let Some(user) = message.author.user() else {
        return view! { <p class="said-line"><Icon name="info" />{message.body}" · "{format::time(message.at)}</p> }
            .into_any();
    };
    let row = store.user(user);
    let name = Signal::derive(move || {
        row.read()
            .as_ref()
            .map_or_else(|| t(Key::SomeAgent).to_owned(), |user| user.name.clone())
    });
    let waits = matches!(message.stage, Stage::Unsent | Stage::Held);
    view! {
        <article class="said" role="article" tabindex="-1">
            <Avatar name seed=user.to_u128() size=28 />
            <div class="said-body">
                <p class="said-head">
                    <b><bdi>{name}</bdi></b>
                    <time>{format::time(message.at)}</time>
                    {waits.then(|| view! { <Icon name="clock" /><span class="sr-only">{t(Key::StateQueued)}</span> })}
                </p>
                <p class="said-text" dir="auto">{mention::marked(store, &message.body)}</p>
                {message.files.into_iter().map(|file| view! { <FileBubble file>{None::<()>}</FileBubble> }).collect_view()}
            </div>
        </article>
    }
    .into_any()
}

/// The number of messages including the user's unsent ones; the server's count if it is higher, as before the document
/// is loaded.
pub fn count(head: &ConversationRow, bubbles: &[Bubble]) -> u32 {
    let written = bubbles
        .iter()
        .filter(|bubble| matches!(bubble, Bubble::Message(message) if message.author != Author::System))
        .count();
    head.discussed.max(u32::try_from(written).unwrap_or(u32::MAX))
}
