//! The board's column of agents and their loads, on which chats can be dropped.

use causerie_shared::{
    conversation::State,
    ids::{InboxId, UserId},
    row::ConversationRow,
    user::UserRow,
};
use leptos::prelude::*;

use crate::{
    actions::assign::candidates_for,
    format,
    i18n::{Key, t, tf},
    navigation::Navigation,
    store::Store,
    ui::{Avatar, Icon, Presence, key_of, keyed},
};

/// An agent, and how much of their load consists of pending offers and requests.
struct Agent {
    user: UserRow,
    offered: u32,
    inboxes: String,
}

/// Sorts connected users first, and otherwise keeps the order.
pub fn connected_first(users: Vec<UserRow>) -> Vec<UserRow> {
    let (mut here, away): (Vec<UserRow>, Vec<UserRow>) = users.into_iter().partition(|user| user.connected);
    here.extend(away);
    here
}

/// The number of pending offers and transfer requests of a user.
fn offered(heads: &[ConversationRow], user: UserId) -> u32 {
    let asked = |head: &&ConversationRow| match head.state {
        State::Assigning { agent: asked, .. } | State::Transferring { to: asked, .. } => asked == user,
        State::Bot { .. }
        | State::Waiting { .. }
        | State::Assigned { .. }
        | State::Ended { .. }
        | State::Failed { .. } => false,
    };
    heads.iter().filter(asked).count() as u32
}

/// The agents of the inboxes that the board shows.
#[component]
pub fn Agents(heads: Memo<Vec<ConversationRow>>) -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let (users, inboxes) = (store.users(), store.inboxes());
    let agents = move || {
        let shown: Option<InboxId> = nav.filter.get().inbox;
        inboxes.with(|all| {
            let agent = |user: UserRow| {
                let of = all
                    .iter()
                    .filter(|inbox| inbox.members.iter().any(|member| member.user == user.id));
                let here = of.clone().any(|inbox| shown.is_none_or(|shown| shown == inbox.id));
                let inboxes = of.map(|inbox| inbox.name.as_str()).collect::<Vec<_>>().join(", ");
                let offered = heads.with(|heads| offered(heads, user.id));
                (here && user.active).then_some(Agent { user, offered, inboxes })
            };
            connected_first(users.get())
                .into_iter()
                .filter_map(agent)
                .collect::<Vec<_>>()
        })
    };
    let places = move || {
        let (have, limit) = agents().iter().fold((0, 0), |(have, limit), agent| {
            (have + agent.user.load, limit + agent.user.capacity)
        });
        tf(
            Key::PlacesTaken,
            &[("have", &have.to_string()), ("limit", &limit.to_string())],
        )
    };
    // The dragged chat decides which agents can take it.
    let dragged = Signal::derive(move || {
        let id = nav.dragged.get()?;
        heads.with(|heads| heads.iter().find(|head| head.id == id).cloned())
    });
    let able = candidates_for(store, dragged);
    let takes = move |user: UserId| able().iter().any(|one| one.user.id == user && one.why_not.is_none());
    view! {
        <section class="board-column board-agents" aria-label=t(Key::Agents)>
            <h2 class="board-title"><Icon name="person" />{t(Key::Agents)}<span class="pane-count">{places}</span></h2>
            <ul class="people">
                {keyed(
                    agents,
                    |agent| key_of(&(agent.user.id, agent.user.load, agent.user.capacity, agent.offered, Presence::of(&agent.user).name())),
                    move |agent| {
                        let id = agent.user.id;
                        let over = move |event: web_sys::DragEvent| {
                            if takes(id) {
                                event.prevent_default();
                            }
                        };
                        let drop = move |event: web_sys::DragEvent| {
                            event.prevent_default();
                            if let Some(chat) = nav.dragged.get_untracked() {
                                store.assign(chat, id);
                            }
                            nav.dragged.set(None);
                        };
                        let state = move || dragged.read().is_some().then(|| if takes(id) { "yes" } else { "no" });
                        view! {
                            <li class="person" data-drop=state on:dragover=over on:drop=drop>
                                <PersonLoad user=agent.user offered=agent.offered sub=agent.inboxes />
                            </li>
                        }
                        .into_any()
                    },
                )}
            </ul>
        </section>
    }
}

/// A user's name, presence and load.
#[component]
pub fn PersonLoad(
    user: UserRow,
    /// The part of the load that consists of pending offers and requests.
    #[prop(optional)]
    offered: u32,
    sub: String,
) -> impl IntoView {
    let presence = Presence::of(&user);
    let share = |n: u32| format!("{}%", 100 * n.min(user.capacity) / user.capacity.max(1));
    let taken = user.load.saturating_sub(offered);
    let store: Store = expect_context();
    let (free, since) = (user.connected && user.load == 0, user.idle_since);
    let idle = move || {
        free.then(|| {
            let time = format::elapsed(store.now().get() - since);
            format!(" · {}", tf(Key::IdleFor, &[("time", &time)]))
        })
    };
    view! {
        <Avatar name=Signal::stored(user.name.clone()) seed=user.id.to_u128() size=28 presence=Signal::stored(Some(presence)) />
        <span class="person-who">
            <b class="truncate" data-off=(!user.connected).then_some("")><bdi>{user.name}</bdi></b>
            <span class="offer-sub truncate">{sub}{idle}</span>
        </span>
        <i
            class="load" style=("--n", user.capacity.max(1).to_string()) style=("--have", share(taken)) style=("--asked", share(user.load))
            data-full=(user.load >= user.capacity).then_some("") aria-hidden="true"
        ></i>
        <span class="person-state" data-state=presence.as_str()>{presence.name()}</span>
        <span class="assign-load">{format!("{}/{}", user.load, user.capacity)}</span>
    }
}
