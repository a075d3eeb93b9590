//! The composer of the internal discussion: its own draft and button, and colleagues invited by `@` and name.

use causerie_shared::{ids::ConversationId, row::ConversationRow, user::UserRow};
use leptos::{html, prelude::*};
use web_sys::KeyboardEvent;

use super::{composer::refused, mention};
use crate::{
    hooks::primary,
    i18n::{Key, t, tf},
    store::Store,
    ui::{Icon, Presence, PresenceDot, focus, key_of, keyed},
};

/// The largest number of colleagues offered at once.
const MOST: usize = 6;

/// The text of a discussion message and the mention being typed; `Copy`.
#[derive(Clone, Copy)]
struct Pen {
    store: Store,
    id: ConversationId,
    head: Signal<Option<ConversationRow>>,
    text: RwSignal<String>,
    problem: RwSignal<Option<String>>,
    /// Colleagues whose name begins with the text after the last `@`.
    offered: Memo<Vec<UserRow>>,
    chosen: RwSignal<usize>,
}

impl Pen {
    fn new(store: Store, id: ConversationId, head: Signal<Option<ConversationRow>>) -> Self {
        let text = RwSignal::new(store.discussion_draft(id).get_untracked());
        let (users, me) = (store.users(), store.me());
        let inbox = head.get_untracked().map(|head| store.inbox(head.inbox));
        let offered = Memo::new(move |_| {
            let text = text.read();
            let Some((_, name)) = mention::typed(&text) else {
                return vec![];
            };
            let me = me.read().as_ref().map(|me| me.id);
            let inbox = inbox.and_then(|inbox| inbox.get());
            let fits = |user: &&UserRow| {
                let member = inbox
                    .as_ref()
                    .is_some_and(|inbox| inbox.members.iter().any(|member| member.user == user.id));
                member && user.active && Some(user.id) != me && starts_with(&user.name, name)
            };
            users.with(|users| users.iter().filter(fits).take(MOST).cloned().collect())
        });
        Self {
            store,
            id,
            head,
            text,
            problem: RwSignal::new(None),
            offered,
            chosen: RwSignal::new(0),
        }
    }

    fn typed(self, text: String) {
        self.store.set_discussion_draft(self.id, text.clone());
        self.text.set(text);
        self.problem.set(None);
        self.chosen.set(0);
    }

    /// Completes the mention being typed with a colleague's name.
    fn take(self, name: &str) {
        let text = self.text.with_untracked(|text| {
            let at = mention::typed(text).map_or(text.len(), |(at, _)| at);
            format!("{}@{name} ", &text[..at])
        });
        self.typed(text);
    }

    fn post(self) {
        let text = self.text.get_untracked();
        let users = self.store.users().get_untracked();
        match self.store.discuss(self.id, text.clone(), vec![]) {
            Ok(_) => {
                let here = self.head.get_untracked().map(|head| head.invited).unwrap_or_default();
                for (_, _, user) in mention::found(&text, &users) {
                    if !here.contains(&user) {
                        self.store.invite_to(self.id, user);
                    }
                }
                self.text.set(String::new());
            }
            Err(error) => self.problem.set(refused(&error)),
        }
    }

    fn key(self, event: &KeyboardEvent) {
        if event.is_composing() || event.key_code() == 229 {
            return;
        }
        let offered = self.offered.get_untracked();
        let at = self.chosen.get_untracked().min(offered.len().saturating_sub(1));
        match (event.key().as_str(), offered.get(at)) {
            ("ArrowDown", Some(_)) => self.chosen.set((at + 1) % offered.len()),
            ("ArrowUp", Some(_)) => self.chosen.set((at + offered.len() - 1) % offered.len()),
            ("Enter" | "Tab", Some(user)) if !event.shift_key() => self.take(&user.name),
            ("Enter", None) if !event.shift_key() && (primary(event) || !event.alt_key()) => self.post(),
            _ => return,
        }
        event.prevent_default();
    }
}

/// Whether `name` is longer than `typed` and begins with it, ignoring ASCII case. Every name matches an empty `typed`.
fn starts_with(name: &str, typed: &str) -> bool {
    name.get(..typed.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(typed))
        && !name.eq_ignore_ascii_case(typed)
        || typed.is_empty()
}

/// The composer, shown until the chat ends.
#[component]
pub fn DiscussionComposer(id: ConversationId, head: Signal<Option<ConversationRow>>) -> impl IntoView {
    let store: Store = expect_context();
    let pen = Pen::new(store, id, head);
    let inbox = head.get_untracked().map(|head| store.inbox(head.inbox));
    let readers = move || {
        let inbox = inbox
            .and_then(|inbox| inbox.get())
            .map(|inbox| inbox.name)
            .unwrap_or_default();
        tf(Key::DiscussionReaders, &[("inbox", &inbox)])
    };
    let field = NodeRef::<html::Textarea>::new();
    let take = move |name: &str| {
        pen.take(name);
        if let Some(field) = field.get_untracked() {
            focus(&field);
        }
    };
    view! {
        <form
            class="composer" aria-label=t(Key::InternalDiscussion)
            on:submit=move |event| {
                event.prevent_default();
                pen.post();
            }
        >
            <p class="channel-line" id="discussion-line" role="status" data-kind=move || pen.problem.read().is_some().then_some("warn")>
                {move || match pen.problem.get() {
                    Some(text) => view! { <Icon name="alert" /><span>{text}</span> }.into_any(),
                    None => view! {
                        <Icon name="lock" />
                        <span class="truncate">{readers}</span>
                        <span class="channel-from">{t(Key::MentionInvites)}</span>
                    }
                    .into_any(),
                }}
            </p>
            <div class="composer-box">
                <div class="mention-list" role="listbox" id="mention-list" aria-label=t(Key::MentionInvites) hidden=move || pen.offered.read().is_empty()>
                    {keyed(
                        move || pen.offered.get().into_iter().enumerate().collect(),
                        |(index, user)| key_of(&(index, user.id)),
                        move |(index, user)| view! { <Offered pen index user take=Callback::new(move |name: String| take(&name)) /> }.into_any(),
                    )}
                </div>
                <textarea
                    class="composer-input" rows="1" dir="auto" aria-label=t(Key::DiscussionMessage)
                    placeholder=t(Key::WriteToAgents) aria-describedby="discussion-line"
                    aria-controls="mention-list" aria-autocomplete="list"
                    aria-activedescendant=move || (!pen.offered.read().is_empty()).then(|| format!("mention-{}", pen.chosen.get()))
                    node_ref=field
                    prop:value=move || pen.text.get()
                    on:input=move |event| pen.typed(event_target_value(&event))
                    on:keydown=move |event| pen.key(&event)
                ></textarea>
                <button class="btn btn-primary composer-send" type="submit">
                    <span>{t(Key::Post)}</span>
                    <Icon name="arrow-up" />
                </button>
            </div>
        </form>
    }
}

/// One colleague in the list of mentions.
#[component]
fn Offered(pen: Pen, index: usize, user: UserRow, take: Callback<String>) -> impl IntoView {
    let name = user.name.clone();
    view! {
        <div
            class="menu-item" role="option" id=format!("mention-{index}")
            aria-selected=move || (pen.chosen.get() == index).to_string()
            // The box keeps the focus.
            on:mousedown=move |event| event.prevent_default()
            on:click=move |_| take.run(name.clone())
        >
            <PresenceDot state=Signal::stored(Presence::of(&user)) />
            <span>{user.name}</span>
        </div>
    }
}
