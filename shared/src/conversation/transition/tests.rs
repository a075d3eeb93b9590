//! The table of `docs/domain.md#states`: every state against every event, and random walks with invariants.

use proptest::prelude::*;

use super::*;
use crate::{
    conversation::{EndReason, Status, UNDO_MS},
    ids::InboxId,
    inbox::{
        Channel, Mode, Rules,
        inactivity::{Inactivity, TimeOut},
    },
};

const ANA: u128 = 1;
const BEN: u128 = 2;
const SUP: u128 = 3;
/// An agent who has nothing to do with the chat.
const CLEO: u128 = 4;

fn id(n: u128) -> UserId {
    UserId::from_u128(n)
}

fn agent(n: u128) -> Actor {
    Actor::User {
        id: id(n),
        supervises: false,
    }
}

fn sup() -> Actor {
    Actor::User {
        id: id(SUP),
        supervises: true,
    }
}

fn facts(mode: Mode, channel: Channel) -> Facts {
    Facts {
        inbox: InboxId::from_u128(1),
        channel,
        rules: Rules {
            mode,
            ..Rules::default()
        },
        open: true,
        waiting_since: 7,
    }
}

fn offered() -> State {
    State::Assigning {
        agent: id(ANA),
        deadline: 30_000,
        waiting_since: 0,
        overdue: false,
        offline: false,
    }
}

fn ended(last_agent: Option<UserId>) -> State {
    State::Ended {
        reason: EndReason::Supervisor,
        by: Some(id(SUP)),
        at: 0,
        last_agent,
    }
}

fn states() -> Vec<State> {
    let mut all = vec![State::Bot { since: 0 }, offered()];
    for (overdue, offline) in [(false, false), (true, false), (false, true)] {
        all.push(State::Waiting {
            since: 0,
            overdue,
            offline,
        });
    }
    all.extend([
        State::Assigned {
            agent: id(ANA),
            since: 0,
        },
        State::Transferring {
            from: id(ANA),
            to: id(BEN),
            by: id(ANA),
            deadline: 30_000,
            since: 0,
        },
        ended(Some(id(ANA))),
        ended(None),
        State::Ended {
            reason: EndReason::Visitor,
            by: None,
            at: 0,
            last_agent: Some(id(ANA)),
        },
        State::Failed {
            reason: FailReason::Missed,
            at: 0,
        },
    ]);
    all
}

fn events() -> Vec<Event> {
    let mut all = vec![
        Event::HandOver,
        Event::JumpIn,
        Event::BotDone,
        Event::Start,
        Event::Accept,
        Event::Decline,
        Event::Expire,
        Event::Withdraw,
        Event::CancelTransfer,
        Event::TransferToInbox,
        Event::End,
        Event::Leave,
        Event::Inactive,
        Event::Reminded { sent: true },
        Event::Reminded { sent: false },
        Event::QueueOver,
        Event::HoursOver,
        Event::AccountRemoved,
        Event::Undo,
    ];
    for agent in [ANA, BEN, CLEO].map(id) {
        all.extend([
            Event::Offer { agent },
            Event::AgentGone { agent },
            Event::AgentRemoved { agent },
            Event::TransferToAgent { to: agent },
        ]);
    }
    all
}

fn actors() -> [Actor; 7] {
    [
        agent(ANA),
        agent(BEN),
        agent(CLEO),
        sup(),
        Actor::Contact,
        Actor::Bot,
        Actor::System,
    ]
}

/// A second implementation of the table of `docs/domain.md#states`: the status after an event of this actor, `None` if
/// it is refused. Deadlines have passed for [`Event::Expire`] and for no other event.
fn table(state: &State, event: &Event, actor: Actor, facts: &Facts) -> Option<Status> {
    use Status::{Assigned, Assigning, Ended, Failed, Transferring, Waiting};
    let supervises = actor == sup();
    let person = actor.user().is_some();
    let is = |n: u128| actor.user() == Some(id(n));
    let allowed = |status: Status, yes: bool| yes.then_some(status);
    if *event == Event::AccountRemoved {
        return allowed(Failed, !state.status().is_final());
    }
    match (state, event) {
        (State::Bot { .. }, Event::HandOver) => Some(Waiting),
        (State::Bot { .. }, Event::JumpIn) => allowed(Assigned, person),
        (State::Bot { .. }, Event::BotDone) => Some(Ended),
        (State::Waiting { .. }, Event::Offer { .. }) => {
            let routing = facts.rules.mode == Mode::Auto && actor == Actor::System;
            allowed(Assigning, supervises || routing)
        }
        (State::Waiting { .. }, Event::Start) => {
            allowed(Assigned, supervises || (facts.rules.mode == Mode::Broadcast && person))
        }
        (State::Waiting { .. }, Event::End) => allowed(Ended, supervises),
        (State::Waiting { .. }, Event::Leave | Event::Inactive) => Some(Ended),
        (State::Waiting { .. }, Event::TransferToInbox) => allowed(Waiting, supervises || actor == Actor::System),
        (State::Waiting { .. }, Event::QueueOver) => Some(match facts.channel {
            Channel::Web => Failed,
            _ => Waiting,
        }),
        (State::Waiting { offline, .. }, Event::HoursOver) => allowed(Waiting, !offline),
        (State::Assigning { .. }, Event::Accept) => allowed(Assigned, is(ANA)),
        (State::Assigning { .. }, Event::Decline) => allowed(Waiting, is(ANA)),
        (State::Assigning { .. }, Event::Expire) => Some(Waiting),
        (State::Assigning { .. }, Event::AgentGone { agent } | Event::AgentRemoved { agent }) => {
            allowed(Waiting, *agent == id(ANA))
        }
        (State::Assigning { .. }, Event::Withdraw) => allowed(Waiting, supervises),
        (State::Assigning { .. }, Event::Leave) => Some(Ended),
        (State::Assigned { .. }, Event::TransferToAgent { to }) => {
            allowed(Transferring, (is(ANA) || supervises) && *to != id(ANA))
        }
        (State::Assigned { .. }, Event::TransferToInbox) => allowed(Waiting, is(ANA) || supervises),
        (State::Assigned { .. }, Event::AgentRemoved { agent }) => allowed(Waiting, *agent == id(ANA)),
        (State::Assigned { .. }, Event::End) => allowed(Ended, is(ANA) || supervises),
        (State::Assigned { .. }, Event::Leave | Event::Inactive) => Some(Ended),
        (State::Assigned { .. }, Event::Reminded { .. }) => allowed(Assigned, actor == Actor::System),
        (State::Transferring { .. }, Event::Accept | Event::Decline) => allowed(Assigned, is(BEN)),
        (State::Transferring { .. }, Event::Expire) => Some(Assigned),
        (State::Transferring { .. }, Event::AgentGone { agent }) => allowed(Assigned, *agent == id(BEN)),
        (State::Transferring { .. }, Event::AgentRemoved { agent }) if *agent == id(BEN) => Some(Assigned),
        (State::Transferring { .. }, Event::AgentRemoved { agent }) => allowed(Waiting, *agent == id(ANA)),
        (State::Transferring { .. }, Event::CancelTransfer) => allowed(Assigned, is(ANA) || supervises),
        (State::Transferring { .. }, Event::End) => allowed(Ended, is(ANA) || supervises),
        (State::Transferring { .. }, Event::Leave) => Some(Ended),
        (
            State::Ended {
                by: Some(_),
                last_agent,
                ..
            },
            Event::Undo,
        ) => allowed(if last_agent.is_some() { Assigned } else { Waiting }, supervises),
        _ => None,
    }
}

#[test]
fn every_state_and_event_does_for_everybody_what_the_table_says() {
    for mode in [Mode::Auto, Mode::Broadcast, Mode::Manual] {
        for channel in Channel::ALL {
            for open in [true, false] {
                let facts = Facts {
                    open,
                    ..facts(mode, channel)
                };
                for (state, event) in states().iter().flat_map(|s| events().into_iter().map(move |e| (s, e))) {
                    let now = if event == Event::Expire { 30_000 } else { 5_000 };
                    for actor in actors() {
                        let outcome = transition(state.clone(), &event, actor, &facts, now).ok();
                        let expected = table(state, &event, actor, &facts);
                        let got = outcome.as_ref().map(State::status);
                        assert_eq!(got, expected, "{state:?} {event:?} {actor:?} ({mode:?} {channel:?})");
                        if let (Some(State::Waiting { offline, .. }), false) = (outcome, open) {
                            assert!(offline, "nobody is there: {state:?} {event:?}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn only_those_who_may_can_act() {
    let auto = facts(Mode::Auto, Channel::Web);
    let offered = State::Assigning {
        agent: id(ANA),
        deadline: 30_000,
        waiting_since: 7,
        overdue: false,
        offline: false,
    };
    let code = |state: &State, event: &Event, actor, facts: &Facts, now| {
        transition(state.clone(), event, actor, facts, now)
            .map(|s| s.status())
            .map_err(|r| r.code)
    };
    assert_eq!(
        code(&offered, &Event::Accept, agent(BEN), &auto, 1),
        Err(Code::Forbidden)
    );
    assert_eq!(code(&offered, &Event::Accept, sup(), &auto, 1), Err(Code::Forbidden));
    assert_eq!(
        code(&offered, &Event::Accept, agent(ANA), &auto, 30_000),
        Err(Code::Conflict),
        "too late"
    );
    assert_eq!(
        code(&offered, &Event::Expire, Actor::System, &auto, 29_999),
        Err(Code::Conflict),
        "too early"
    );
    assert_eq!(
        code(&offered, &Event::Withdraw, agent(BEN), &auto, 1),
        Err(Code::Forbidden)
    );
    let assigned = State::Assigned {
        agent: id(ANA),
        since: 0,
    };
    assert_eq!(code(&assigned, &Event::End, agent(BEN), &auto, 1), Err(Code::Forbidden));
    assert_eq!(code(&assigned, &Event::End, sup(), &auto, 1), Ok(Status::Ended));
    assert_eq!(
        code(&State::waiting(0), &Event::Start, agent(ANA), &auto, 1),
        Err(Code::Forbidden),
        "auto has no queue"
    );
    let broadcast = facts(Mode::Broadcast, Channel::Web);
    assert_eq!(
        code(&State::waiting(0), &Event::Start, agent(ANA), &broadcast, 1),
        Ok(Status::Assigned)
    );
    assert_eq!(
        code(
            &State::waiting(0),
            &Event::Offer { agent: id(ANA) },
            Actor::System,
            &broadcast,
            1
        ),
        Err(Code::Forbidden)
    );
}

#[test]
fn an_offer_that_comes_back_keeps_its_place_in_the_line() {
    let auto = facts(Mode::Auto, Channel::Web);
    let offered = transition(
        State::waiting(7),
        &Event::Offer { agent: id(ANA) },
        Actor::System,
        &auto,
        100,
    )
    .unwrap();
    let back = transition(offered, &Event::Decline, agent(ANA), &auto, 200).unwrap();
    assert_eq!(back, State::waiting(7));
}

#[test]
fn an_end_can_be_undone_for_ten_seconds_by_the_one_who_ended() {
    let auto = facts(Mode::Auto, Channel::Web);
    let ended = transition(
        State::Assigned {
            agent: id(ANA),
            since: 0,
        },
        &Event::End,
        agent(ANA),
        &auto,
        1000,
    )
    .unwrap();
    assert!(transition(ended.clone(), &Event::Undo, agent(BEN), &auto, 2000).is_err());
    assert!(transition(ended.clone(), &Event::Undo, agent(ANA), &auto, 11_000).is_err());
    assert_eq!(
        transition(ended, &Event::Undo, agent(ANA), &auto, 10_999)
            .unwrap()
            .status(),
        Status::Assigned
    );
}

#[test]
fn a_waiting_chat_that_was_ended_by_mistake_comes_back_to_its_place_in_the_line() {
    let auto = facts(Mode::Auto, Channel::Web);
    let back = transition(ended(None), &Event::Undo, sup(), &auto, UNDO_MS - 1);
    assert_eq!(back, Ok(State::waiting(auto.waiting_since)));
    assert!(transition(ended(None), &Event::Undo, sup(), &auto, UNDO_MS).is_err());
}

#[test]
fn an_assignment_by_hand_that_is_not_answered_is_marked_for_the_supervisors() {
    let manual = facts(Mode::Manual, Channel::Web);
    let mark = |event: Event, actor, now, facts: &Facts| match transition(offered(), &event, actor, facts, now) {
        Ok(State::Waiting { overdue, .. }) => Some(overdue),
        _ => None,
    };
    let gone = Event::AgentGone { agent: id(ANA) };
    assert_eq!(mark(Event::Expire, Actor::System, 30_000, &manual), Some(true));
    assert_eq!(mark(Event::Decline, agent(ANA), 1, &manual), Some(true));
    assert_eq!(mark(gone.clone(), Actor::System, 1, &manual), Some(true));
    assert_eq!(mark(Event::Withdraw, sup(), 1, &manual), Some(false), "they know");
    let auto = facts(Mode::Auto, Channel::Web);
    assert_eq!(
        mark(gone, Actor::System, 1, &auto),
        Some(false),
        "the next agent is asked"
    );
}

#[test]
fn a_late_click_on_an_expired_offer_is_told_so() {
    let auto = facts(Mode::Auto, Channel::Web);
    let asked = State::Transferring {
        from: id(ANA),
        to: id(BEN),
        by: id(ANA),
        deadline: 30_000,
        since: 0,
    };
    for (state, actor) in [
        (offered(), agent(ANA)),
        (asked.clone(), agent(BEN)),
        (State::waiting(0), agent(ANA)),
    ] {
        let late = transition(state, &Event::Accept, actor, &auto, 30_000).unwrap_err();
        assert_eq!(
            (late.code, late.text.as_str()),
            (Code::Conflict, "the offer has expired")
        );
    }
    assert!(
        transition(asked, &Event::Expire, Actor::System, &auto, 29_999).is_err(),
        "too early"
    );
}

fn any_actor() -> impl Strategy<Value = Actor> {
    prop::sample::select(actors().to_vec())
}

fn any_rule() -> impl Strategy<Value = Option<Inactivity>> {
    prop::option::of(Just(Inactivity {
        minutes: 1,
        action: TimeOut::Close,
        message: String::new(),
    }))
}

proptest! {
    #[test]
    fn random_walks_keep_the_invariants(
        steps in prop::collection::vec((prop::sample::select(events()), any_actor(), 0i64..40_000), 1..80),
        mode in prop::sample::select(vec![Mode::Auto, Mode::Broadcast, Mode::Manual]),
        channel in prop::sample::select(Channel::ALL.to_vec()),
        rule in any_rule(),
        has_bot: bool,
        open: bool,
    ) {
        let mut facts = Facts { open, ..facts(mode, channel) };
        let mut state = begin(has_bot, !open, 0);
        let (mut journey, mut now) = (vec![], 0);
        for (event, actor, pause) in steps {
            now += pause;
            let before = state.clone();
            if let State::Waiting { since, .. } = state {
                facts.waiting_since = since;
            }
            match transition(state, &event, actor, &facts, now) {
                Ok(next) => {
                    prop_assert!(!matches!(before, State::Failed { .. }), "failed is final");
                    journey.push((before.clone(), event, actor, facts, now, next.clone()));
                    state = next;
                }
                Err(_) => state = before,
            }
            let holders = state.holders();
            prop_assert!(holders.len() <= 2);
            if let State::Transferring { from, to, .. } = &state {
                prop_assert_ne!(from, to, "one person would hold two places");
            }
            // A chat has at most one owner. Without an owner, it waits where people see it, or has a timer.
            let kept = state.status().is_final()
                || matches!(state, State::Assigned { .. })
                || state.timer(&facts.rules).is_some()
                || state.silence(rule.as_ref()).is_some()
                || matches!(state, State::Waiting { offline: true, .. });
            prop_assert!(kept, "{state:?} would hang");
            if let State::Assigned { .. } = state {
                prop_assert!(state.silence(rule.as_ref()).is_some());
            }
        }
        // Replaying the recorded events leads to the same state.
        let mut told = begin(has_bot, !open, 0);
        for (before, event, actor, facts, at, after) in journey {
            prop_assert_eq!(&told, &before);
            told = transition(told, &event, actor, &facts, at).unwrap();
            prop_assert_eq!(&told, &after);
        }
        prop_assert_eq!(told, state);
    }
}
