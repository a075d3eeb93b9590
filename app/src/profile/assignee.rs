//! The chat's agent, and the choice of another (`docs/ux.md#assignment`).

use causerie_shared::{conversation::State, ids::ConversationId, row::ConversationRow};
use leptos::prelude::*;

use crate::{
    actions::assign::{candidates_for, may_give, other_inboxes},
    i18n::{Key, t},
    navigation::{Asking, Navigation},
    store::Store,
    ui::{Avatar, Icon, Presence},
};

/// The chat's agent and their load; for users who may give the chat away, a drop-down to do so.
#[component]
pub fn Assignee(id: ConversationId, head: Signal<Option<ConversationRow>>) -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    // An ended chat shows its last agent, without the load, which no longer includes the chat.
    let agent = Memo::new(move |_| {
        head.read().as_ref().and_then(|head| match &head.state {
            State::Ended { last_agent, .. } => last_agent.map(|agent| (agent, false)),
            State::Bot { .. }
            | State::Waiting { .. }
            | State::Assigning { .. }
            | State::Assigned { .. }
            | State::Transferring { .. }
            | State::Failed { .. } => head.state.agent().map(|agent| (agent, true)),
        })
    });
    let me = store.me();
    let gives = Memo::new(move |_| {
        let (me, head) = (me.read(), head.read());
        let both = me.as_ref().zip(head.as_ref());
        both.is_some_and(|(me, head)| may_give(&head.state, me))
    });
    view! {
        <div class="profile-assign">
            <button class="icon-btn profile-close" type="button" aria-label=t(Key::Close) on:click=move |_| nav.close_profile()>
                <Icon name="back" />
            </button>
            <span>{t(Key::AssignedTo)}</span>
            <span class="assign-value" data-choice=move || gives.get().then_some("")>
                {move || match agent.get() {
                    None => view! { <span class="truncate">{t(Key::Nobody)}</span> }.into_any(),
                    Some((id, holds)) => {
                        let user = store.user(id);
                        let name = Signal::derive(move || user.read().as_ref().map_or_else(String::new, |user| user.name.clone()));
                        let load = move || user.read().as_ref().filter(|_| holds).map(|user| format!("{}/{}", user.load, user.capacity));
                        view! {
                            <Avatar name seed=id.to_u128() size=20 />
                            <span class="truncate"><bdi>{name}</bdi></span>
                            <span class="assign-load">{load}</span>
                        }
                        .into_any()
                    }
                }}
                {move || gives.get().then(|| view! { <Choice id head /> })}
            </span>
        </div>
    }
}

/// Returns a presence dot as a character, for options that hold only text.
fn dot(presence: Presence) -> &'static str {
    match presence {
        Presence::Available => "●",
        Presence::Busy => "■",
        Presence::Disconnected => "○",
    }
}

/// A native `select`, laid invisibly over the value: agents of the inbox, then inboxes.
#[component]
fn Choice(id: ConversationId, head: Signal<Option<ConversationRow>>) -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let (agents, inboxes) = (candidates_for(store, head), other_inboxes(store, head));
    let holder = head
        .with_untracked(|head| head.as_ref().and_then(|head| head.state.agent()))
        .and_then(|agent| store.user(agent).get_untracked())
        .map_or_else(|| t(Key::Nobody).to_owned(), |user| user.name);
    let choose = move |event: web_sys::Event| {
        let value = event_target_value(&event);
        // The choice is only a request to the server; the old value stays until the server agrees.
        if let Some(list) = event.target() {
            let list: web_sys::HtmlSelectElement = wasm_bindgen::JsCast::unchecked_into(list);
            list.set_value("");
        }
        if let Some(user) = value.strip_prefix("u:").and_then(|user| user.parse().ok()) {
            store.assign(id, user);
        } else if let Some(inbox) = value.strip_prefix("i:").and_then(|inbox| inbox.parse().ok()) {
            nav.asking.set(Some(Asking::Move(id, inbox)));
        }
    };
    view! {
        <Icon name="chevron-down" class="icon-16" />
        <select class="assign-select" aria-label=t(Key::Assignee) on:change=choose>
            <option value="" selected>{holder}</option>
            <optgroup label=t(Key::Agents)>
                {move || agents().into_iter().map(|one| {
                    let presence = Presence::of(&one.user);
                    let why = one.why_not.map(|why| format!(" · {why}")).unwrap_or_default();
                    let text = format!("{} {} · {}{why}", dot(presence), one.user.name, one.load());
                    view! { <option value=format!("u:{}", one.user.id) disabled=one.why_not.is_some()>{text}</option> }.into_any()
                }).collect_view()}
            </optgroup>
            <optgroup label=t(Key::Inboxes)>
                {move || inboxes().into_iter().map(|inbox| view! {
                    <option value=format!("i:{}", inbox.id)>{inbox.name}</option>
                }.into_any()).collect_view()}
            </optgroup>
        </select>
    }
}
