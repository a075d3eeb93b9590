//! The profile pane: the chat's agent, the contact, and two tabs.

use causerie_shared::{ids::ConversationId, row::ConversationRow};
use leptos::{html, prelude::*};

use super::{assignee::Assignee, info::Info, notes::Notes, timeline::Timeline};
use crate::{
    format,
    i18n::{Key, t, tf},
    navigation::Navigation,
    store::Store,
    ui::{Avatar, Tab, TabBar, channel_name, focus},
};

/// The pane of a chat's contact.
#[component]
pub fn Pane(id: ConversationId, head: Signal<Option<ConversationRow>>) -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let Some(first) = head.get_untracked() else {
        return ().into_any();
    };
    let (contact, channel) = (first.contact, first.channel);
    let name = Memo::new(move |_| {
        head.read()
            .as_ref()
            .map_or_else(|| first.contact_name.clone(), |head| head.contact_name.clone())
    });
    let journey = RwSignal::new(false);
    let seen = move || {
        let at = head.read().as_ref().map_or(0, |head| head.active_at);
        tf(
            Key::SeenAt,
            &[("time", &format::short(at, store.now().get_untracked()))],
        )
    };
    // When the profile opens as a screen, its title takes the focus.
    let title = NodeRef::<html::H1>::new();
    Effect::new(move |_| {
        if nav.profile_screen.get()
            && nav.phone.get_untracked()
            && let Some(title) = title.get()
        {
            focus(&title);
        }
    });
    view! {
        <aside class="pane profile" aria-label=t(Key::Contact)>
            <Assignee id head />
            <div class="profile-who">
                <Avatar name seed=contact.to_u128() size=48 channel />
                <div>
                    <h1 class="profile-name truncate" tabindex="-1" node_ref=title><bdi>{name}</bdi></h1>
                    <p class="profile-sub truncate">{channel_name(channel)}" · "{seen}</p>
                </div>
            </div>
            {move || if journey.get() {
                view! { <Timeline id open=journey /> }.into_any()
            } else {
                view! { <Tabs id head journey /> }.into_any()
            }}
        </aside>
    }
    .into_any()
}

#[component]
fn Tabs(id: ConversationId, head: Signal<Option<ConversationRow>>, journey: RwSignal<bool>) -> impl IntoView {
    let store: Store = expect_context();
    let Some(contact) = head.with_untracked(|head| Some(head.as_ref()?.contact)) else {
        return ().into_any();
    };
    let notes = store.notes(contact);
    let tab = RwSignal::new("tab-info");
    view! {
        <TabBar
            label=t(Key::Contact)
            tabs=vec![Tab { id: "tab-info", label: t(Key::Info) }, Tab { id: "tab-notes", label: t(Key::Notes) }]
            chosen=tab
            count=Callback::new(move |tab| if tab == "tab-notes" { u32::try_from(notes.read().len()).unwrap_or(u32::MAX) } else { 0 })
        />
        {move || if tab.get() == "tab-info" {
            view! {
                <div class="scroll" role="tabpanel" id="tab-info-panel" aria-labelledby="tab-info" tabindex="0">
                    <Info id head journey />
                </div>
            }
            .into_any()
        } else {
            view! {
                <div class="scroll" role="tabpanel" id="tab-notes-panel" aria-labelledby="tab-notes" tabindex="0">
                    <Notes contact />
                </div>
            }
            .into_any()
        }}
    }
    .into_any()
}
