//! The log of messages. It stays at the end while the user is there (`docs/ux.md#following-the-log`).

use std::time::Duration;

use causerie_shared::{ids::ConversationId, message::Author, row::ConversationRow};
use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{HtmlElement, KeyboardEvent, ResizeObserver};

use super::{
    bubble::MessageView,
    group::{Item, arrange},
};
use crate::{
    format,
    hooks::Announcer,
    i18n::{Key, Plural, t, tf, tn},
    store::{
        Store,
        view::{Bubble, Connection, Stage},
    },
    ui::{Avatar, Icon, SystemLine, focus, key_of, keyed},
};

/// The log follows new messages within this distance from the end, in px.
const FOLLOW: i32 = 80;
/// The button to the end appears beyond this distance from it, in px.
const FAR: i32 = 240;
/// Older messages are fetched within this distance from the beginning, in px.
const EARLIER: i32 = 400;
/// Number of bubbles in the first frame: more than the tallest screen shows.
const FIRST: usize = 40;
/// How long the end of a chat has to be in view before the chat counts as read.
const READ: Duration = Duration::from_secs(1);

/// The scroll position of a log.
#[derive(Clone, Copy)]
struct Scroll {
    log: NodeRef<html::Div>,
    /// Distance from the end, in px.
    from_end: RwSignal<i32>,
    /// Height of the whole content at the last measurement, in px.
    height: StoredValue<i32>,
    follows: StoredValue<bool>,
}

impl Scroll {
    fn new() -> Self {
        Self {
            log: NodeRef::new(),
            from_end: RwSignal::new(0),
            height: StoredValue::new(0),
            follows: StoredValue::new(true),
        }
    }

    /// The log's element. `None` once the chat is closed: an animation frame may come after that, and reading the
    /// reference then would end the program.
    fn log(self) -> Option<web_sys::HtmlDivElement> {
        self.log.try_get_untracked().flatten()
    }

    fn measure(self) {
        let Some(log) = self.log() else { return };
        let from_end = log.scroll_height() - log.client_height() - log.scroll_top();
        self.height.set_value(log.scroll_height());
        self.follows.set_value(from_end <= FOLLOW);
        if self.from_end.get_untracked() != from_end {
            self.from_end.set(from_end);
        }
    }

    fn to_end(self) {
        if let Some(log) = self.log() {
            log.set_scroll_top(log.scroll_height());
            self.measure();
        }
    }

    /// Restores the position after the content changed: stays at the end, or keeps the messages in view in place if
    /// older ones were inserted above (`above`).
    fn settle(self, above: bool) {
        let Some(log) = self.log() else { return };
        if self.follows.get_value() {
            self.to_end();
        } else {
            let grown = log.scroll_height() - self.height.get_value();
            // Browsers keep the position themselves, except at the very top.
            if above && grown > 0 && log.scroll_top() < 2 {
                log.set_scroll_top(log.scroll_top() + grown);
            }
            self.measure();
        }
    }
}

/// The log of a chat.
#[component]
pub fn Log(id: ConversationId, head: Signal<Option<ConversationRow>>, name: Memo<String>) -> impl IntoView {
    let store: Store = expect_context();
    let Some(first) = head.get_untracked() else {
        return ().into_any();
    };
    let (bubbles, typing, loading) = (store.bubbles(id), store.typing(id), store.loading(id));
    // The "New" line stays where it was when the chat was opened.
    let over = first.state.status().is_final();
    let seen = (!over && first.unread > 0 && first.seen > 0).then_some(first.seen);
    let scroll = Scroll::new();
    let whole = newest_first(scroll, bubbles);
    let items = Memo::new(move |_| {
        bubbles.with(|bubbles| {
            let hidden = if whole.get() {
                0
            } else {
                bubbles.len().saturating_sub(FIRST)
            };
            arrange(&bubbles[hidden..], seen, format::local_day)
        })
    });
    keep_place(scroll, bubbles, typing);
    mark_read(store, id, head, scroll);
    announce(bubbles, name);

    let (more, contact) = (store.has_earlier(id), first.contact);
    let scrolled = move |_| {
        scroll.measure();
        if more.get_untracked() && scroll.log().is_some_and(|log| log.scroll_top() < EARLIER) {
            store.earlier(id);
        }
    };
    let unseen = Memo::new(move |_| head.read().as_ref().map_or(0, |head| head.unread));
    view! {
        <div class="log-wrap">
            <div
                class="log" role="log" aria-label=t(Key::Messages) aria-live="off" tabindex="0"
                node_ref=scroll.log on:scroll=scrolled on:keydown=move |event| log_keys(&event)
            >
                <div class="log-inner">
                    {move || loading.get().then(|| view! { <p class="system" role="status">{t(Key::Loading)}</p> })}
                    {keyed(
                        move || items.get(),
                        |item| key_of(&item.key(format::local_day)),
                        move |item| draw(item, id, store, contact, name),
                    )}
                    <Queued id bubbles />
                    {move || typing.get().then(|| view! { <TypingBubble contact=contact.to_u128() name /> })}
                </div>
            </div>
            {move || (scroll.from_end.get() > FAR).then(|| view! {
                <button class="jump" type="button" on:click=move |_| scroll.to_end()>
                    <Icon name="arrow-down" class="icon-16" />
                    {match unseen.get() {
                        0 => t(Key::Latest).to_owned(),
                        n => tn(Plural::NewMessages, n),
                    }}
                </button>
            })}
        </div>
    }
    .into_any()
}

fn draw(
    item: Item,
    chat: ConversationId,
    store: Store,
    contact: causerie_shared::ids::ContactId,
    name: Memo<String>,
) -> AnyView {
    match item {
        Item::Day(at) => {
            let today = Memo::new(move |_| format::local_day(store.now().get()));
            let label = move || {
                today.track();
                format::day(at, store.now().get_untracked())
            };
            view! { <div class="day" role="separator"><span>{label}</span></div> }.into_any()
        }
        Item::New => view! { <div class="new-line" role="separator"><span>{t(Key::New)}</span></div> }.into_any(),
        Item::Line(line) => view! { <SystemLine line /> }.into_any(),
        Item::Message(message, place) => view! { <MessageView chat message place contact name /> }.into_any(),
    }
}

fn unsent(bubbles: &[Bubble]) -> usize {
    bubbles
        .iter()
        .filter(|bubble| matches!(bubble, Bubble::Message(message) if message.stage == Stage::Unsent))
        .count()
}

/// Shows how many replies wait for the connection, with a button that takes the newest back.
#[component]
fn Queued(id: ConversationId, bubbles: Signal<Vec<Bubble>>) -> impl IntoView {
    let store: Store = expect_context();
    let online = store.online();
    let waiting = Memo::new(move |_| bubbles.with(|bubbles| u32::try_from(unsent(bubbles)).unwrap_or(u32::MAX)));
    move || {
        (online.get() != Connection::Online && waiting.get() > 0).then(|| {
            view! {
                <div class="msg" data-side="out">
                    <p class="msg-note" role="status">
                        <Icon name="clock" />
                        {tn(Plural::RepliesQueued, waiting.get())}
                        <button class="text-btn" type="button" on:click=move |_| drop(store.take_back_last(id))>
                            {t(Key::TakeBack)}
                        </button>
                    </p>
                </div>
            }
        })
    }
}

#[component]
fn TypingBubble(contact: u128, name: Memo<String>) -> impl IntoView {
    view! {
        <article class="msg" role="article" tabindex="-1" data-side="in" data-group="single">
            <Avatar name seed=contact size=28 />
            <div class="msg-col">
                <div class="bubble">
                    <span class="typing" role="img" aria-label=move || tf(Key::IsTyping, &[("name", &name.get())])>
                        <i></i>
                        <i></i>
                        <i></i>
                    </span>
                </div>
            </div>
        </article>
    }
}

/// Whether the whole chat is rendered. The first frame contains only the end of the chat, which is the visible part.
fn newest_first(scroll: Scroll, bubbles: Signal<Vec<Bubble>>) -> RwSignal<bool> {
    let whole = RwSignal::new(false);
    Effect::new(move |_| {
        if !whole.get() && bubbles.with(|bubbles| !bubbles.is_empty()) {
            // Wait until the current frame is painted.
            request_animation_frame(move || {
                // The chat may have been closed meanwhile, hence `try_set`.
                set_timeout(
                    move || {
                        whole.try_set(true);
                    },
                    Duration::ZERO,
                );
            });
        } else if whole.get() {
            request_animation_frame(move || scroll.settle(true));
        }
    });
    whole
}

/// Adjusts the scroll position after each change of the content and of the pane's size.
fn keep_place(scroll: Scroll, bubbles: Signal<Vec<Bubble>>, typing: Signal<bool>) {
    Effect::new(move |before: Option<(Option<u128>, usize)>| {
        typing.track();
        let (oldest, own_unsent) = bubbles.with(|bubbles| (bubbles.first().map(Bubble::key), unsent(bubbles)));
        let above = before.is_some_and(|(was, _)| was != oldest);
        if before.is_some_and(|(_, unsent)| own_unsent > unsent) {
            scroll.follows.set_value(true);
        }
        request_animation_frame(move || scroll.settle(above));
        (oldest, own_unsent)
    });
    scroll.log.on_load(move |log| {
        let resized = Closure::<dyn FnMut()>::new(move || scroll.settle(false));
        let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) else {
            return;
        };
        observer.observe(&log);
        let kept = StoredValue::new_local((observer, resized));
        on_cleanup(move || kept.with_value(|(observer, _)| observer.disconnect()));
    });
}

/// Sends a read receipt when the end of the chat has been in view for a second on a visible page.
fn mark_read(store: Store, id: ConversationId, head: Signal<Option<ConversationRow>>, scroll: Scroll) {
    let (me, now) = (store.me(), store.now());
    let unread = Memo::new(move |_| {
        let me = me.read().as_ref().map(|me| me.id);
        head.read()
            .as_ref()
            .filter(|head| head.unread > 0 && head.state.agent() == me)
            .map(|head| head.position)
    });
    let told = StoredValue::new(None::<i64>);
    let since = StoredValue::new(None::<(i64, i64)>);
    Effect::new(move |_| {
        let now = now.get();
        let Some(position) = unread.get() else { return };
        if document().hidden() || scroll.from_end.get_untracked() > FOLLOW || told.get_value() == Some(position) {
            since.set_value(None);
            return;
        }
        match since.get_value() {
            // The clock follows the server's and may have been set back.
            Some((waiting_for, from)) if waiting_for == position && now >= from => {
                if now - from >= READ.as_millis() as i64 {
                    told.set_value(Some(position));
                    store.seen(id, position);
                }
            }
            Some(_) | None => since.set_value(Some((position, now))),
        }
    });
}

/// Announces messages of the contact that arrive while the chat is open.
fn announce(bubbles: Signal<Vec<Bubble>>, name: Memo<String>) {
    let announcer: Announcer = expect_context();
    Effect::new(move |before: Option<Option<i64>>| {
        let newest = bubbles.with(|bubbles| {
            let of_contact = bubbles.iter().filter_map(|bubble| match bubble {
                Bubble::Message(message) if message.author == Author::Contact => Some((message.position?, message)),
                Bubble::Message(_) | Bubble::Line(_) => None,
            });
            // Messages can arrive out of order, so the newest is the one with the highest position.
            let newest = of_contact.max_by_key(|(position, _)| *position);
            newest.map(|(position, message)| (position, message.body.clone()))
        });
        let position = newest.as_ref().map(|(position, _)| *position);
        if let (Some(Some(before)), Some((position, text))) = (before, newest)
            && position > before
        {
            announcer.polite(format!("{}: {text}", name.get_untracked()));
        }
        position
    });
}

/// Moves the focus between messages with the arrow keys.
fn log_keys(event: &KeyboardEvent) {
    let back = match event.key().as_str() {
        "ArrowUp" => true,
        "ArrowDown" => false,
        _ => return,
    };
    let Some(from) = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok()) else {
        return;
    };
    let Some(log) = event
        .current_target()
        .and_then(|log| log.dyn_into::<HtmlElement>().ok())
    else {
        return;
    };
    let Ok(messages) = log.query_selector_all(".msg") else {
        return;
    };
    let all: Vec<HtmlElement> = (0..messages.length())
        .filter_map(|index| messages.get(index)?.dyn_into().ok())
        .collect();
    let at = all.iter().position(|message| *message == from);
    let next = match (at, back) {
        (None, true) => all.last(),
        (None, false) => return,
        (Some(at), true) => at.checked_sub(1).and_then(|at| all.get(at)),
        (Some(at), false) => all.get(at + 1),
    };
    if let Some(next) = next {
        event.prevent_default();
        focus(next);
    }
}
