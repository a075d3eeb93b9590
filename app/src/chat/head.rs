//! The chat's header: the contact, the channel, the status, and the buttons *Transfer* and *End chat*.

use causerie_shared::{conversation::State, ids::ConversationId, row::ConversationRow};
use leptos::{html, prelude::*, task::spawn_local};

use super::colleagues::Colleagues;
use crate::{
    actions::{
        assign::may_give,
        ending::{end_chat, may_end},
    },
    i18n::{Key, t},
    navigation::{Asking, Navigation},
    net::http,
    store::Store,
    ui::{ChannelIcon, Icon, StatusTag, channel_name, focus},
};

/// The header of the open chat.
#[component]
pub fn ThreadHead(id: ConversationId, head: Signal<Option<ConversationRow>>, name: Memo<String>) -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let Some(first) = head.get_untracked() else {
        return ().into_any();
    };
    let status = Memo::new(move |_| {
        head.read()
            .as_ref()
            .map_or_else(|| first.state.status(), |head| head.state.status())
    });
    let me = store.me();
    let ends = Memo::new(move |_| {
        me.read()
            .as_ref()
            .zip(head.read().as_ref())
            .is_some_and(|(me, head)| may_end(&head.state, me))
    });
    let gives = Memo::new(move |_| {
        let (me, head) = (me.read(), head.read());
        let both = me.as_ref().zip(head.as_ref());
        both.is_some_and(|(me, head)| matches!(head.state, State::Assigned { .. }) && may_give(&head.state, me))
    });
    let busy = store.busy(id);
    let contact = first.contact;
    // The merged contacts of this contact; the profile uses the answer, too.
    spawn_local(async move {
        let answer = http::get(&format!("/api/contacts/{contact}/same")).await;
        // The user may have opened another chat, or closed this one, before the answer.
        if nav.open.try_get_untracked() == Some(Some(id)) {
            nav.person.set(answer.ok());
        }
    });
    let blocked = move || nav.person_of(contact).filter(|person| person.contact.blocked);
    // On the phone a new screen takes the focus, so that screen readers begin with its name.
    let title = NodeRef::<html::H1>::new();
    title.on_load(move |title| {
        if nav.phone.get_untracked() {
            focus(&title);
        }
    });
    view! {
        <header class="thread-head">
            <button class="icon-btn thread-back" type="button" aria-label=t(Key::Back) on:click=move |_| nav.back()>
                <Icon name="back" />
            </button>
            <div
                class="thread-who"
                on:click=move |_| {
                    if nav.phone.get_untracked() {
                        nav.toggle_profile();
                    }
                }
            >
                <h1 class="thread-name truncate" tabindex="-1" node_ref=title><bdi>{name}</bdi></h1>
                <p class="thread-facts">
                    {move || blocked().map(|_| view! { <span class="tag" data-status="failed">{t(Key::Blocked)}</span> })}
                    <span class="thread-channel"><ChannelIcon channel=first.channel />{channel_name(first.channel)}</span>
                    <StatusTag status />
                    <span class="thread-number">{format!("#{}", first.number)}</span>
                </p>
            </div>
            <Colleagues id />
            {move || gives.get().then(|| view! {
                <button
                    class="icon-btn" type="button" aria-label=t(Key::Transfer) title=t(Key::Transfer)
                    on:click=move |_| nav.asking.set(Some(Asking::Give(id)))
                >
                    <Icon name="transfer" />
                </button>
            })}
            {move || ends.get().then(|| view! {
                <button
                    class="btn" type="button" aria-disabled=move || busy.get().then_some("true")
                    on:click=move |_| {
                        end_chat(store, nav, id);
                    }
                >
                    {t(Key::EndChat)}
                </button>
            })}
            <button
                class="icon-btn" type="button" aria-label=t(Key::Contact)
                aria-pressed=move || (!nav.phone.get() && nav.profile_shown()).to_string()
                on:click=move |_| nav.toggle_profile()
            >
                <Icon name="panel" />
            </button>
        </header>
    }
    .into_any()
}
