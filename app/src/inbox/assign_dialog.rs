//! Assigns a chat to an agent or another inbox: the possible receivers, and the dialogs (`docs/ux.md#assignment`).

use causerie_shared::{
    conversation::State,
    ids::{ConversationId, InboxId},
};
use leptos::prelude::*;

use crate::{
    actions::assign::{Candidate, candidates_for, may_give, other_inboxes},
    i18n::{Key, t, tf},
    navigation::Asking,
    navigation::Navigation,
    store::Store,
    ui::{Avatar, Dialog, Icon, Presence, key_of, keyed},
};

/// The open dialog, if there is one.
#[component]
pub fn Giving() -> impl IntoView {
    let nav: Navigation = expect_context();
    move || match nav.asking.get() {
        Some(Asking::Give(id)) => view! { <Give id /> }.into_any(),
        Some(Asking::Move(id, inbox)) => view! { <Leave id inbox /> }.into_any(),
        None => ().into_any(),
    }
}

#[component]
fn Give(id: ConversationId) -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let (head, me) = (store.head(id), store.me());
    // Close the dialog when a colleague was faster or the chat is over.
    let open = Memo::new(move |_| {
        let (head, me) = (head.read(), me.read());
        head.as_ref()
            .zip(me.as_ref())
            .is_some_and(|(head, me)| may_give(&head.state, me))
    });
    Effect::new(move |_| {
        if !open.get() {
            nav.asking.set(None);
        }
    });
    let assigned = head.with_untracked(|head| {
        head.as_ref()
            .is_some_and(|head| matches!(head.state, State::Assigned { .. }))
    });
    let name = head.with_untracked(|head| head.as_ref().map(|head| head.contact_name.clone()));
    let (agents, inboxes) = (candidates_for(store, head), other_inboxes(store, head));
    view! {
        <Dialog labelled_by="give-title" closed=move |()| nav.asking.set(None)>
            <h2 class="dialog-title" id="give-title">{t(if assigned { Key::TransferChat } else { Key::AssignChat })}</h2>
            <p class="dialog-text"><bdi>{name}</bdi></p>
            <div class="picks" role="group" aria-label=t(Key::Agents)>
                <p class="picks-title" aria-hidden="true">{t(Key::Agents)}</p>
                {keyed(
                    agents,
                    |one| key_of(&(one.user.id, one.load(), one.why_not)),
                    move |one| view! { <Pick id one /> }.into_any(),
                )}
                {move || agents().is_empty().then(|| view! { <p class="dialog-text">{t(Key::NobodyElse)}</p> })}
            </div>
            <div class="picks" role="group" aria-label=t(Key::Inboxes)>
                {move || inboxes().into_iter().map(|inbox| view! {
                    <button class="pick" type="button" on:click=move |_| nav.asking.set(Some(Asking::Move(id, inbox.id)))>
                        <Icon name="queue" /><span class="truncate">{inbox.name}</span>
                    </button>
                }.into_any()).collect_view()}
            </div>
            <div class="dialog-acts">
                <button type="button" class="btn" on:click=move |_| nav.asking.set(None)>{t(Key::Cancel)}</button>
            </div>
        </Dialog>
    }
}

#[component]
fn Pick(id: ConversationId, one: Candidate) -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let (user, presence, why_not) = (one.user.id, Presence::of(&one.user), one.why_not);
    let load = one.load();
    view! {
        <button
            class="pick" type="button" aria-disabled=why_not.map(|_| "true")
            on:click=move |_| {
                if why_not.is_none() {
                    store.assign(id, user);
                    nav.asking.set(None);
                }
            }
        >
            <Avatar name=Signal::stored(one.user.name.clone()) seed=user.to_u128() size=28 presence=Signal::stored(Some(presence)) />
            <span class="truncate"><bdi>{one.user.name}</bdi></span>
            <span class="pick-why">{why_not.unwrap_or(presence.name())}</span>
            <span class="pick-load">{load}</span>
        </button>
    }
}

/// Confirms moving a chat to another inbox, because the chat leaves at once.
#[component]
fn Leave(id: ConversationId, inbox: InboxId) -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let name = store.inbox(inbox).get_untracked().map(|inbox| inbox.name);
    let name = name.unwrap_or_default();
    view! {
        <Dialog labelled_by="leave-title" closed=move |()| nav.asking.set(None)>
            <h2 class="dialog-title" id="leave-title">{tf(Key::MoveTitle, &[("inbox", &name)])}</h2>
            <p class="dialog-text">{t(Key::MoveText)}</p>
            <div class="dialog-acts">
                <button type="button" class="btn" on:click=move |_| nav.asking.set(None)>{t(Key::Cancel)}</button>
                <button type="button" class="btn btn-primary" on:click=move |_| {
                    store.move_to(id, inbox);
                    nav.asking.set(None);
                }>{t(Key::Move)}</button>
            </div>
        </Dialog>
    }
}
