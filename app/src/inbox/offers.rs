//! Offer cards: docked into the profile, above the composer, or a sheet on the phone (`docs/ux.md#offer-cards`).

use std::time::Duration;

use causerie_shared::{
    conversation::State,
    ids::{ConversationId, UserId},
    row::ConversationRow,
    timer::Countdown,
    window::Folder,
};
use leptos::prelude::*;

use crate::{
    format::{self, kind::preview_words},
    hooks::Announcer,
    i18n::{Key, t, tf},
    navigation::Navigation,
    store::{Store, view::Connection},
    ui::{Avatar, TimerRing, channel_name, key_of, keyed},
};

const MOST: usize = 3;
/// How long a card shows the outcome of its offer.
const FAREWELL: Duration = Duration::from_secs(2);

/// A card: a pending offer, or the outcome of a recent one.
#[derive(Debug, Clone, PartialEq)]
struct Card {
    head: ConversationRow,
    gone: Option<String>,
}

/// All offers except that of the open chat, in order of their deadlines.
#[component]
pub fn Offers() -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let announcer: Announcer = expect_context();
    let offers = store.offers();
    let known = RwSignal::new(Vec::<Card>::new());
    Effect::new(move |_| {
        let heads: Vec<ConversationRow> =
            offers.with(|ids| ids.iter().filter_map(|id| store.head(*id).get()).collect());
        known.update(|cards| {
            for card in cards.iter_mut().filter(|card| card.gone.is_none()) {
                if !heads.iter().any(|head| head.id == card.head.id) {
                    let id = card.head.id;
                    card.gone = farewell(store, id, giver(&card.head).is_some());
                    set_timeout(move || forget(known, id), FAREWELL);
                }
            }
            // The user's own accept or decline needs no outcome.
            cards.retain(|card| card.gone.as_deref() != Some(""));
            for head in heads {
                match cards.iter_mut().find(|card| card.head.id == head.id) {
                    Some(card) => *card = Card { head, gone: None },
                    None => {
                        let spoken = if giver(&head).is_some() {
                            Key::RequestSpoken
                        } else {
                            Key::OfferSpoken
                        };
                        announcer.urgent(tf(spoken, &[("name", &head.contact_name)]));
                        cards.push(Card { head, gone: None });
                    }
                }
            }
        });
    });
    // The open chat has its own Accept button in the bar.
    let shown = Memo::new(move |_| {
        let open = nav.open.get();
        known.with(|cards| {
            cards
                .iter()
                .filter(|card| Some(card.head.id) != open)
                .cloned()
                .collect::<Vec<_>>()
        })
    });
    let first_cards = move || shown.with(|cards| cards[..cards.len().min(MOST)].to_vec());
    let asked = my_requests(store, nav);
    let some = Memo::new(move |_| !shown.read().is_empty() || !asked.read().is_empty());
    move || {
        some.get().then(|| {
            view! {
                <section class="offers" role="region" aria-label=t(Key::Offers)>
                    {keyed(
                        first_cards,
                        |card| key_of(&(card.head.id, card.head.version, &card.gone)),
                        |card| view! { <OfferCard card /> }.into_any(),
                    )}
                    {keyed(
                        move || asked.get(),
                        |head| key_of(&(head.id, head.version)),
                        |head| view! { <Asked head /> }.into_any(),
                    )}
                    {move || {
                        let more = shown.read().len().saturating_sub(MOST);
                        (more > 0).then(|| view! { <span class="offers-more pill">{format!("+{more}")}</span> })
                    }}
                </section>
            }
        })
    }
}

/// The transfers that the user requested, except that of the open chat, which shows its request above the composer.
fn my_requests(store: Store, nav: Navigation) -> Memo<Vec<ConversationRow>> {
    let (mine, me) = (store.folder(Folder::Mine), store.me());
    Memo::new(move |_| {
        let (open, me) = (nav.open.get(), me.read().as_ref().map(|me| me.id));
        let heads = mine.get().into_iter().filter(|id| Some(*id) != open);
        heads
            .filter_map(|id| store.head(id).get())
            .filter(|head| giver(head) == me)
            .collect()
    })
}

/// A transfer request of the user that waits for a colleague's answer.
#[component]
fn Asked(head: ConversationRow) -> impl IntoView {
    let store: Store = expect_context();
    let (id, now) = (head.id, store.now());
    let State::Transferring { to, .. } = head.state else {
        return ().into_any();
    };
    let name = head.contact_name;
    let (to, busy) = (store.user(to), store.busy(id));
    let waits = move || {
        let name = to.get().map_or_else(|| t(Key::SomeAgent).to_owned(), |to| to.name);
        tf(Key::WaitingForName, &[("name", &name)])
    };
    view! {
        <article class="offer offer-asked" aria-label=name.clone()>
            <p class="truncate"><b><bdi>{name.clone()}</bdi></b>" · "{waits}</p>
            {head.ring.map(|ring| view! { <TimerRing ring now /> })}
            <button
                class="text-btn" type="button" aria-disabled=move || busy.get().then_some("true")
                on:click=move |_| store.cancel_transfer(id)
            >
                {t(Key::CancelTransfer)}
            </button>
        </article>
    }
    .into_any()
}

/// The agent who hands the chat over, if it is a transfer request.
fn giver(head: &ConversationRow) -> Option<UserId> {
    match head.state {
        State::Transferring { from, .. } => Some(from),
        State::Bot { .. }
        | State::Waiting { .. }
        | State::Assigning { .. }
        | State::Assigned { .. }
        | State::Ended { .. }
        | State::Failed { .. } => None,
    }
}

/// Removes a card whose outcome was shown, unless the offer is pending again.
fn forget(known: RwSignal<Vec<Card>>, id: ConversationId) {
    known.try_update(|cards| cards.retain(|card| card.head.id != id || card.gone.is_none()));
}

/// The outcome of an offer; empty if the user caused it.
fn farewell(store: Store, id: ConversationId, request: bool) -> Option<String> {
    let me = store.me().with_untracked(|me| me.as_ref().map(|me| me.id));
    if store.busy(id).get_untracked() {
        return Some(String::new());
    }
    let mine = store.head(id).with_untracked(|head| {
        let state = head.as_ref().map(|head| &head.state);
        matches!(state, Some(State::Assigned { agent, .. }) if Some(*agent) == me)
    });
    if mine {
        return Some(String::new());
    }
    if request {
        return Some(t(Key::RequestOver).to_owned());
    }
    let head = store.head(id).get_untracked();
    Some(match head.map(|head| head.state) {
        Some(State::Assigned { agent, .. } | State::Assigning { agent, .. }) => {
            match store.user(agent).get_untracked() {
                Some(user) => tf(Key::TookIt, &[("name", &user.name)]),
                None => t(Key::OfferOver).to_owned(),
            }
        }
        Some(
            State::Bot { .. }
            | State::Waiting { .. }
            | State::Transferring { .. }
            | State::Ended { .. }
            | State::Failed { .. },
        )
        | None => t(Key::OfferOver).to_owned(),
    })
}

#[component]
fn OfferCard(card: Card) -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let Card { head, gone } = card;
    let id = head.id;
    // The contact's name is often known only a moment after the offer.
    let live = store.head(id);
    let known = head.clone();
    let latest = Memo::new(move |_| {
        let head = live.get().unwrap_or_else(|| known.clone());
        (
            head.contact_name,
            head.preview.as_ref().map(preview_words).unwrap_or_default(),
        )
    });
    let name = Memo::new(move |_| latest.get().0);
    let from = giver(&head).map(|from| store.user(from));
    let hands = move || {
        let from = from?
            .get()
            .map_or_else(|| t(Key::SomeAgent).to_owned(), |from| from.name);
        Some(tf(Key::HandsYou, &[("name", &from), ("contact", &name.get())]))
    };
    let request = from.is_some();
    let (busy, online, now) = (store.busy(id), store.online(), store.now());
    // The F8 key accepts the oldest offer.
    let offers = store.offers();
    let first = Memo::new(move |_| offers.read().first() == Some(&id));
    let able = move || !busy.get() && online.get() == Connection::Online;
    let inbox = store.inbox(head.inbox);
    let inbox = move || {
        inbox
            .read()
            .as_ref()
            .map(|inbox| inbox.name.clone())
            .unwrap_or_default()
    };
    let waiting = move || {
        tf(
            Key::WaitingFor,
            &[("time", &format::clock((now.get() - head.waiting_since).max(0)))],
        )
    };
    let ring = head.ring.unwrap_or(Countdown { due: 0, total: 0 });
    let accept = move |_| {
        if able() {
            accept_offer(store, nav, id);
        }
    };
    view! {
        <article
            class="offer" role=request.then_some("dialog")
            aria-label=move || if request { t(Key::TransferRequest).to_owned() } else { tf(Key::OfferFrom, &[("name", &name.get())]) }
        >
            <p class="offer-title">{t(if request { Key::TransferRequest } else { Key::NewOffer })}</p>
            {gone.is_none().then(|| view! { <TimerRing ring now /> })}
            <div class="offer-who">
                <Avatar name seed=head.contact.to_u128() size=40 channel=head.channel />
                <div>
                    <p class="offer-name truncate"><bdi>{move || hands().unwrap_or_else(|| name.get())}</bdi></p>
                    <p class="offer-sub truncate">{channel_name(head.channel)}" · "{inbox}" · "{waiting}</p>
                </div>
            </div>
            <p class="offer-text" dir="auto">{move || latest.get().1}</p>
            {match gone {
                Some(text) => view! { <p class="offer-gone">{text}</p> }.into_any(),
                None => view! {
                    <div class="offer-acts">
                        <button class="btn btn-primary" type="button" aria-disabled=move || (!able()).then_some("true") on:click=accept>
                            {t(Key::Accept)}
                            {move || first.get().then(|| view! { <kbd aria-hidden="true">"F8"</kbd> })}
                        </button>
                        <button
                            class="btn" type="button" aria-disabled=move || (!able()).then_some("true")
                            on:click=move |_| {
                                if able() {
                                    store.decline(id);
                                }
                            }
                        >
                            {t(if request { Key::Reject } else { Key::Decline })}
                        </button>
                    </div>
                }
                .into_any(),
            }}
        </article>
    }
}

/// Accepts an offer and opens its chat, which moves to Mine once the server agrees.
pub fn accept_offer(store: Store, nav: Navigation, id: ConversationId) {
    store.accept(id);
    nav.open_in(Folder::Engaged, id);
}
