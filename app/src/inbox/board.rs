//! The supervisors' folder as a board: waiting chats, pending offers and requests, and agents with free capacity
//! (`docs/domain.md#board`).

use causerie_shared::{
    conversation::{State, Status},
    ids::{ConversationId, UserId},
    row::ConversationRow,
    window::{Folder, List},
};
use leptos::prelude::*;

use super::{agents::Agents, filters::Filters};
use crate::{
    format::{self, kind::preview_words},
    i18n::{Key, Plural, t, tf, tn},
    navigation::{Asking, Navigation, folder_name},
    store::Store,
    ui::{Avatar, Icon, TimerRing, channel_name, key_of, keyed, status_icon, status_name},
};

/// Maximum number of chats to fetch for the board.
const MOST: u32 = 1_000;
/// Maximum number of cards in a column.
const CARDS: usize = 50;

/// Switches between list and board.
#[component]
pub fn BoardSwitch() -> impl IntoView {
    let nav: Navigation = expect_context();
    view! {
        <div class="seg board-switch" role="group" aria-label=t(Key::Views)>
            {[(false, Key::List), (true, Key::Board)].map(|(board, name)| view! {
                <button
                    class="seg-item" type="button" aria-pressed=move || (nav.board.get() == board).to_string()
                    on:click=move |_| nav.board.set(board)
                >
                    {t(name)}
                </button>
            })}
        </div>
    }
}

/// The board, shown instead of list and chat.
#[component]
pub fn Board() -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let (all, total) = (store.board(), store.total(Folder::All));
    Effect::new(move |_| store.look(List::of(Folder::All), 0, total.get().clamp(1, MOST)));
    let heads = Memo::new(move |_| {
        let filter = nav.filter.get();
        let now = store.now().get_untracked();
        all.with(|all| {
            let shown = all.iter().filter(|head| filter.passes(head, now));
            shown.cloned().collect::<Vec<ConversationRow>>()
        })
    });
    view! {
        <section class="pane board" id="conversations" role="region" aria-label=t(Key::Board)>
            <header class="pane-head">
                <h1 class="pane-title">{folder_name(Folder::All)}</h1>
                <span class="pane-count">{move || tn(Plural::Chats, total.get())}</span>
                <BoardSwitch />
            </header>
            <Filters />
            <div class="scroll board-body">
                <Tiles heads />
                <div class="board-columns">
                    <div>
                        <Column status=Status::Waiting heads />
                        <p class="board-hint">{t(Key::DragHint)}</p>
                    </div>
                    <div>
                        <Column status=Status::Assigning heads />
                        <Column status=Status::Transferring heads />
                    </div>
                    <Agents heads />
                </div>
            </div>
        </section>
    }
}

/// The counters above the columns.
#[component]
fn Tiles(heads: Memo<Vec<ConversationRow>>) -> impl IntoView {
    let count = move |status: Status| heads.with(|all| all.iter().filter(|head| head.state.status() == status).count());
    let tiles = [
        Status::Waiting,
        Status::Assigning,
        Status::Transferring,
        Status::Assigned,
        Status::Bot,
    ];
    view! {
        <dl class="board-tiles">
            {tiles.map(|status| view! {
                <div data-status=status.as_str()><dt>{status_name(status)}</dt><dd>{move || count(status)}</dd></div>
            })}
        </dl>
    }
}

#[component]
fn Column(status: Status, heads: Memo<Vec<ConversationRow>>) -> impl IntoView {
    let mine = Memo::new(move |_| {
        heads.with(|all| {
            let mine = all.iter().filter(|head| head.state.status() == status);
            mine.cloned().collect::<Vec<_>>()
        })
    });
    let more = move || mine.read().len().saturating_sub(CARDS);
    view! {
        <section class="board-column" aria-label=status_name(status)>
            <h2 class="board-title">
                <span class="status" data-status=status.as_str()><Icon name=status_icon(status) /></span>
                {status_name(status)}
                <span class="pane-count">{move || mine.read().len()}</span>
            </h2>
            {keyed(
                move || mine.with(|mine| mine[..mine.len().min(CARDS)].to_vec()),
                |head| {
                    let text = head.preview.as_ref().map(preview_words);
                    key_of(&(head.id, head.version, &head.contact_name, text))
                },
                |head| view! { <Card head /> }.into_any(),
            )}
            {move || (more() > 0).then(|| view! { <span class="pill">{format!("+{}", more())}</span> })}
        </section>
    }
}

#[component]
fn Card(head: ConversationRow) -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let (id, now) = (head.id, store.now());
    let inbox = store.inbox(head.inbox);
    let inbox = move || inbox.read().as_ref().map(|inbox| inbox.name.clone());
    let name = head.contact_name.clone();
    let since = head.waiting_since;
    let text = head.preview.as_ref().map(preview_words);
    view! {
        <article
            class="board-card" draggable="true" aria-label=head.contact_name
            data-dragged=move || (nav.dragged.get() == Some(id)).then_some("")
            on:dragstart=move |event| {
                // Some browsers only start a drag that carries data.
                if let Some(data) = event.data_transfer()
                    && let Err(error) = data.set_data("text/plain", &id.to_string())
                {
                    crate::hooks::warn("the chat cannot be dragged", &error);
                }
                nav.dragged.set(Some(id));
            }
            on:dragend=move |_| nav.dragged.set(None)
        >
            <button class="offer-who" type="button" on:click=move |_| nav.open_in(Folder::All, id)>
                <Avatar name=Signal::stored(name.clone()) seed=head.contact.to_u128() size=32 channel=head.channel />
                <span>
                    <b class="offer-name truncate"><bdi>{name.clone()}</bdi></b>
                    <span class="offer-sub truncate">{channel_name(head.channel)}" · "{inbox}</span>
                </span>
            </button>
            {match head.ring {
                Some(ring) => view! { <TimerRing ring now /> }.into_any(),
                None => view! { <span class="board-age">{move || format::clock((now.get() - since).max(0))}</span> }.into_any(),
            }}
            <p class="offer-text" dir="auto">{text}</p>
            <CardFoot id state=head.state />
        </article>
    }
}

/// The foot of a card: the agent who was asked, and what a supervisor can do about it.
#[component]
fn CardFoot(id: ConversationId, state: State) -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let busy = store.busy(id);
    let name = move |user: UserId| {
        store
            .user(user)
            .get()
            .map_or_else(|| t(Key::SomeAgent).to_owned(), |user| user.name)
    };
    let (waits, asked) = match state {
        State::Assigning { agent, .. } => (true, Some((agent, None))),
        State::Transferring { from, to, .. } => (false, Some((to, Some(from)))),
        State::Waiting { .. } => (true, None),
        State::Bot { .. } | State::Assigned { .. } | State::Ended { .. } | State::Failed { .. } => (false, None),
    };
    let said = move || match asked {
        Some((to, Some(from))) => format!("{} → {}", name(from), name(to)),
        Some((to, None)) => tf(Key::OfferedTo, &[("name", &name(to))]),
        None => String::new(),
    };
    view! {
        <footer class="board-foot">
            <span class="truncate">{said}</span>
            {waits.then(|| view! {
                <button class="text-btn" type="button" on:click=move |_| nav.asking.set(Some(Asking::Give(id)))>{t(Key::Assign)}</button>
            })}
            {asked.map(|(_, from)| view! {
                <button
                    class="text-btn" type="button" aria-disabled=move || busy.get().then_some("true")
                    on:click=move |_| if from.is_some() { store.cancel_transfer(id) } else { store.withdraw(id) }
                >
                    {t(if from.is_some() { Key::CancelTransfer } else { Key::Withdraw })}
                </button>
            })}
        </footer>
    }
}
