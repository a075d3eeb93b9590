//! What stands below the messages in each state of the chat (`ux.md` §4.3).

use causerie_shared::{
    conversation::{EndReason, FailReason, State},
    ids::{ConversationId, UserId},
    inbox::Mode,
    row::Head,
    timer::Ring,
};
use leptos::prelude::*;

use super::composer::Composer;
use crate::{
    format,
    i18n::{Key, t, tf},
    store::{Store, view::Connection},
    ui::{Icon, TimerRing},
};

/// What this user may do below this chat.
#[derive(Debug, Clone, PartialEq)]
enum Below {
    Composer,
    /// Take it from the queue; the inbox's name.
    Start(String),
    /// Answer an offer.
    Answer,
    Note(String),
    /// An offer to somebody else.
    Offered(String),
    Over(String),
}

/// The bar, or the composer.
#[component]
pub fn BottomBar(id: ConversationId, head: Signal<Option<Head>>, name: Memo<String>) -> impl IntoView {
    let store: Store = expect_context();
    let Some(first) = head.get_untracked() else {
        return ().into_any();
    };
    let me = store.me();
    let inbox = store.inbox(first.inbox);
    let below = Memo::new(move |before: Option<&Below>| {
        let (head, me) = (head.read(), me.read());
        let (Some(head), Some(me)) = (head.as_ref(), me.as_ref()) else {
            return before.cloned().unwrap_or(Below::Note(String::new()));
        };
        let inbox = inbox.read();
        let (inbox_name, mode, member) = inbox.as_ref().map_or((String::new(), Mode::Auto, false), |inbox| {
            (
                inbox.name.clone(),
                inbox.rules.mode,
                inbox.members.iter().any(|member| member.user == me.id),
            )
        });
        below_of(
            store,
            &head.state,
            me.id,
            &inbox_name,
            mode == Mode::Broadcast && member,
        )
    });
    let ring = Memo::new(move |_| head.read().as_ref().and_then(|head| head.ring));
    // Who has just taken the chat goes on writing; who only looks at it keeps the focus where it is.
    let taken = StoredValue::new(false);
    let bar = move || match below.get() {
        Below::Composer => view! { <Composer id head name take_focus=taken.get_value() /> }.into_any(),
        Below::Start(inbox) => {
            taken.set_value(true);
            view! { <StartBar id inbox ring /> }.into_any()
        }
        Below::Answer => {
            taken.set_value(true);
            view! { <AnswerBar id ring /> }.into_any()
        }
        Below::Offered(text) => view! {
            <div class="bar" role="group" aria-label=t(Key::StatusAssigning)>
                <BarRing ring />
                <p class="bar-text">{text}</p>
            </div>
        }
        .into_any(),
        Below::Note(text) => view! { <div class="bar"><p class="bar-text">{text}</p></div> }.into_any(),
        Below::Over(text) => view! {
            <div class="bar" role="group" aria-label=t(Key::StatusEnded)>
                <Icon name="done" />
                <p class="bar-text">{text}</p>
            </div>
        }
        .into_any(),
    };
    bar.into_any()
}

fn name_of(store: Store, user: UserId) -> String {
    store
        .user(user)
        .get()
        .map_or_else(|| t(Key::SomeAgent).to_owned(), |user| user.name)
}

fn below_of(store: Store, state: &State, me: UserId, inbox: &str, startable: bool) -> Below {
    let named = |key: Key, user: UserId| tf(key, &[("name", &name_of(store, user))]);
    match state {
        State::Waiting { .. } if startable => Below::Start(inbox.to_owned()),
        State::Waiting { .. } => Below::Note(tf(Key::WaitingIn, &[("inbox", inbox)])),
        State::Assigning { agent, .. } if *agent == me => Below::Answer,
        State::Assigning { agent, .. } => Below::Offered(named(Key::OfferedTo, *agent)),
        State::Assigned { agent, .. } | State::Transferring { from: agent, .. } if *agent == me => Below::Composer,
        State::Transferring { to, .. } if *to == me => Below::Answer,
        State::Transferring { to, .. } => Below::Offered(named(Key::OfferedTo, *to)),
        State::Assigned { agent, .. } => Below::Note(named(Key::AssignedToName, *agent)),
        State::Bot { .. } => Below::Note(t(Key::WithBot).to_owned()),
        State::Ended { reason, by, at, .. } => Below::Over(ended(store, *reason, *by, *at)),
        State::Failed { reason, at } => {
            let why = match reason {
                FailReason::Missed => t(Key::FailedMissed),
                FailReason::ChannelRemoved => t(Key::FailedChannel),
            };
            Below::Over(format!("{why} · {}", format::date_time(*at)))
        }
    }
}

fn ended(store: Store, reason: EndReason, by: Option<UserId>, at: i64) -> String {
    let why = match (reason, by) {
        (EndReason::Agent | EndReason::Supervisor, Some(user)) => tf(Key::EndedBy, &[("name", &name_of(store, user))]),
        (EndReason::Agent | EndReason::Supervisor, None) => t(Key::StatusEnded).to_owned(),
        (EndReason::Visitor, _) => t(Key::EndedByVisitor).to_owned(),
        (EndReason::Inactivity, _) => t(Key::EndedByInactivity).to_owned(),
        (EndReason::BotResolved, _) => t(Key::EndedByBot).to_owned(),
    };
    format!("{why} · {}", format::date_time(at))
}

/// The timer of a bar, if one runs.
#[component]
fn BarRing(ring: Memo<Option<Ring>>) -> impl IntoView {
    let store: Store = expect_context();
    move || ring.get().map(|ring| view! { <TimerRing ring now=store.now() /> })
}

#[component]
fn StartBar(id: ConversationId, inbox: String, ring: Memo<Option<Ring>>) -> impl IntoView {
    let store: Store = expect_context();
    let (busy, online, me) = (store.busy(id), store.online(), store.me());
    let me = me.with_untracked(|me| me.as_ref().map(|me| store.user(me.id)));
    let full = Memo::new(move |_| {
        let user = me.and_then(|me| me.get())?;
        (user.load >= user.capacity).then(|| {
            tf(
                Key::YouHaveChats,
                &[("have", &user.load.to_string()), ("limit", &user.capacity.to_string())],
            )
        })
    });
    let why = Memo::new(move |_| {
        if online.get() == Connection::Online {
            full.get()
        } else {
            Some(t(Key::NeedsLine).to_owned())
        }
    });
    let able = move || why.read().is_none() && !busy.get();
    view! {
        <div class="bar" role="group" aria-label=t(Key::StatusWaiting)>
            <BarRing ring />
            <p class="bar-text" id="bar-why">
                {move || why.get().unwrap_or_else(|| tf(Key::WaitingIn, &[("inbox", &inbox)]))}
            </p>
            <button
                class="btn btn-primary" type="button" aria-describedby="bar-why"
                aria-disabled=move || (!able()).then_some("true")
                on:click=move |_| {
                    if able() {
                        store.start_chat(id);
                    }
                }
            >
                {t(Key::StartChat)}
            </button>
        </div>
    }
}

#[component]
fn AnswerBar(id: ConversationId, ring: Memo<Option<Ring>>) -> impl IntoView {
    let store: Store = expect_context();
    let (busy, online) = (store.busy(id), store.online());
    let able = move || online.get() == Connection::Online && !busy.get();
    view! {
        <div class="bar" role="group" aria-label=t(Key::OfferedToYou)>
            <BarRing ring />
            <p class="bar-text">
                {move || if online.get() == Connection::Online { t(Key::OfferedToYou) } else { t(Key::NeedsLine) }}
            </p>
            <button
                class="btn" type="button" aria-disabled=move || (!able()).then_some("true")
                on:click=move |_| {
                    if able() {
                        store.decline(id);
                    }
                }
            >
                {t(Key::Decline)}
            </button>
            <button
                class="btn btn-primary" type="button" aria-disabled=move || (!able()).then_some("true")
                on:click=move |_| {
                    if able() {
                        store.accept(id);
                    }
                }
            >
                {t(Key::Accept)}
            </button>
        </div>
    }
}
