//! The bar below the messages in each state of the chat (`docs/ux.md#bottom-bar`).

use causerie_shared::{
    conversation::{EndReason, FailReason, State},
    ids::{ConversationId, UserId},
    inbox::{Channel, Mode},
    row::ConversationRow,
    timer::Countdown,
    user::Me,
};
use leptos::prelude::*;

use super::{
    composer::Composer,
    templates::TemplatePicker,
    window::{Closed, left},
};
use crate::{
    actions::ending::end_chat,
    format,
    i18n::{Key, t, tf},
    navigation::{Asking, Navigation},
    store::{Store, view::Connection},
    ui::{Icon, TimerRing},
};

/// What the bar offers to this user for this chat.
#[derive(Debug, Clone, PartialEq)]
enum Below {
    Composer,
    /// Take the chat from the queue of the named inbox.
    Start(String),
    /// Answer an offer or, with `true`, a colleague's transfer request.
    Answer(bool),
    /// The chat's situation as a text, and the actions on it.
    Note(String, &'static [Deed]),
    Over(String),
}

/// An action of a member or supervisor on another agent's chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Assign,
    Withdraw,
    CancelTransfer,
    End,
    JumpIn,
}

impl Deed {
    fn name(self) -> &'static str {
        match self {
            Self::Assign => t(Key::Assign),
            Self::Withdraw => t(Key::Withdraw),
            Self::CancelTransfer => t(Key::CancelTransfer),
            Self::End => t(Key::EndChat),
            Self::JumpIn => t(Key::JumpIn),
        }
    }

    fn run(self, store: Store, nav: Navigation, id: ConversationId) {
        match self {
            Self::Assign => nav.asking.set(Some(Asking::Give(id))),
            Self::Withdraw => store.withdraw(id),
            Self::CancelTransfer => store.cancel_transfer(id),
            Self::End => {
                end_chat(store, nav, id);
            }
            Self::JumpIn => store.jump_in(id),
        }
    }
}

/// The bottom bar, or the composer in its place.
#[component]
pub fn BottomBar(id: ConversationId, head: Signal<Option<ConversationRow>>, name: Memo<String>) -> impl IntoView {
    let store: Store = expect_context();
    let Some(first) = head.get_untracked() else {
        return ().into_any();
    };
    let me = store.me();
    let inbox = store.inbox(first.inbox);
    let below = Memo::new(move |before: Option<&Below>| {
        let (head, me) = (head.read(), me.read());
        let (Some(head), Some(me)) = (head.as_ref(), me.as_ref()) else {
            return before.cloned().unwrap_or(Below::Note(String::new(), &[]));
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
            me,
            &inbox_name,
            mode == Mode::Broadcast && member,
            member,
        )
    });
    let ring = Memo::new(move |_| head.read().as_ref().and_then(|head| head.ring));
    // The composer takes the focus only after this user has taken the chat here, not when they open it.
    let taken = StoredValue::new(false);
    let left = left(store, head);
    let closed = Memo::new(move |_| left.get() == Some(0));
    let bar = move || match below.get() {
        Below::Composer => {
            let writing = match (closed.get(), first.channel) {
                (false, _) => view! { <Composer id head name take_focus=taken.get_value() /> }.into_any(),
                (true, Channel::Whatsapp) => view! { <TemplatePicker id account=first.account /> }.into_any(),
                (true, channel) => view! { <Closed channel /> }.into_any(),
            };
            view! { <RequestLine id head />{writing} }.into_any()
        }
        Below::Start(inbox) => {
            taken.set_value(true);
            view! { <StartBar id inbox ring /> }.into_any()
        }
        Below::Answer(request) => {
            taken.set_value(true);
            view! { <AnswerBar id ring request /> }.into_any()
        }
        Below::Note(text, deeds) => view! { <NoteBar id ring text deeds /> }.into_any(),
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

fn below_of(store: Store, state: &State, me: &Me, inbox: &str, startable: bool, member: bool) -> Below {
    let named = |key: Key, user: UserId| tf(key, &[("name", &name_of(store, user))]);
    let supervisor = |deeds: &'static [Deed]| if me.role.supervises() { deeds } else { &[] };
    match state {
        State::Waiting { .. } if startable => Below::Start(inbox.to_owned()),
        State::Waiting { .. } => Below::Note(tf(Key::WaitingIn, &[("inbox", inbox)]), supervisor(&[Deed::Assign])),
        State::Assigning { agent, .. } if *agent == me.id => Below::Answer(false),
        State::Assigning { agent, .. } => Below::Note(
            named(Key::OfferedTo, *agent),
            supervisor(&[Deed::Withdraw, Deed::Assign]),
        ),
        State::Assigned { agent, .. } | State::Transferring { from: agent, .. } if *agent == me.id => Below::Composer,
        State::Transferring { to, .. } if *to == me.id => Below::Answer(true),
        State::Transferring { to, .. } => {
            Below::Note(named(Key::WaitingForName, *to), supervisor(&[Deed::CancelTransfer]))
        }
        State::Assigned { agent, .. } => Below::Note(
            named(Key::AssignedToName, *agent),
            supervisor(&[Deed::Assign, Deed::End]),
        ),
        State::Bot { .. } => Below::Note(t(Key::WithBot).to_owned(), if member { &[Deed::JumpIn] } else { &[] }),
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

/// The countdown of a bar, if a timer runs.
#[component]
fn BarRing(ring: Memo<Option<Countdown>>) -> impl IntoView {
    let store: Store = expect_context();
    move || ring.get().map(|ring| view! { <TimerRing ring now=store.now() /> })
}

/// A bar with a text and the buttons of its actions.
#[component]
fn NoteBar(id: ConversationId, ring: Memo<Option<Countdown>>, text: String, deeds: &'static [Deed]) -> impl IntoView {
    let store: Store = expect_context();
    let nav: Navigation = expect_context();
    let (busy, online) = (store.busy(id), store.online());
    let able = move || online.get() == Connection::Online && !busy.get();
    let label = text.clone();
    view! {
        <div class="bar" role="group" aria-label=label>
            <BarRing ring />
            <p class="bar-text">{text}</p>
            {deeds.iter().map(|deed| view! {
                <button
                    class="btn" type="button" aria-disabled=move || (!able()).then_some("true")
                    on:click=move |_| {
                        if able() {
                            deed.run(store, nav, id);
                        }
                    }
                >
                    {deed.name()}
                </button>
            }).collect_view()}
        </div>
    }
}

/// The line "Waiting for Bruno 0:24 · Cancel transfer" above the composer during a transfer request.
#[component]
fn RequestLine(id: ConversationId, head: Signal<Option<ConversationRow>>) -> impl IntoView {
    let store: Store = expect_context();
    let busy = store.busy(id);
    let asked = Memo::new(move |_| match head.read().as_ref()?.state {
        State::Transferring { to, .. } => Some(to),
        State::Bot { .. }
        | State::Waiting { .. }
        | State::Assigning { .. }
        | State::Assigned { .. }
        | State::Ended { .. }
        | State::Failed { .. } => None,
    });
    let ring = Memo::new(move |_| head.read().as_ref().and_then(|head| head.ring));
    move || {
        asked.get().map(|to| {
            view! {
                <p class="request-line" role="status">
                    <Icon name="transfer" />
                    <span>{move || tf(Key::WaitingForName, &[("name", &name_of(store, to))])}</span>
                    <BarRing ring />
                    <button
                        class="text-btn" type="button" aria-disabled=move || busy.get().then_some("true")
                        on:click=move |_| store.cancel_transfer(id)
                    >
                        {t(Key::CancelTransfer)}
                    </button>
                </p>
            }
        })
    }
}

#[component]
fn StartBar(id: ConversationId, inbox: String, ring: Memo<Option<Countdown>>) -> impl IntoView {
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
fn AnswerBar(id: ConversationId, ring: Memo<Option<Countdown>>, request: bool) -> impl IntoView {
    let store: Store = expect_context();
    let (busy, online) = (store.busy(id), store.online());
    let able = move || online.get() == Connection::Online && !busy.get();
    let what = t(if request { Key::HandedToYou } else { Key::OfferedToYou });
    view! {
        <div class="bar" role="group" aria-label=what>
            <BarRing ring />
            <p class="bar-text">
                {move || if online.get() == Connection::Online { what } else { t(Key::NeedsLine) }}
            </p>
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
