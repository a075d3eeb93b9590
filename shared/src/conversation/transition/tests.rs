//! The table of `domain.md` §2: every state against every event, and random walks with invariants.

use proptest::prelude::*;

use super::*;
use crate::{ids::InboxId, inbox::Rules};

const ANA: u128 = 1;
const BEN: u128 = 2;
const SUP: u128 = 3;

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
    }
}

fn states() -> Vec<State> {
    vec![
        State::Bot { since: 0 },
        State::waiting(0),
        State::Assigning {
            agent: id(ANA),
            deadline: 30_000,
            waiting_since: 0,
            overdue: false,
            offline: false,
        },
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
        State::Ended {
            reason: EndReason::Agent,
            by: Some(id(ANA)),
            at: 0,
            last_agent: Some(id(ANA)),
        },
        State::Failed {
            reason: FailReason::Missed,
            at: 0,
        },
    ]
}

fn events() -> Vec<Event> {
    vec![
        Event::HandOver,
        Event::JumpIn,
        Event::BotDone,
        Event::Offer { agent: id(ANA) },
        Event::Start,
        Event::Accept,
        Event::Decline,
        Event::Expire,
        Event::AgentGone { agent: id(ANA) },
        Event::AgentGone { agent: id(BEN) },
        Event::Withdraw,
        Event::TransferToAgent { to: id(BEN) },
        Event::CancelTransfer,
        Event::TransferToInbox,
        Event::End,
        Event::Leave,
        Event::Inactive,
        Event::QueueOver,
        Event::AccountRemoved,
        Event::Undo,
    ]
}

/// What the table says for the most entitled actor, by status names; absent pairs are refused.
fn table(mode: Mode, channel: Channel) -> Vec<(Status, Event, Status)> {
    use Status::*;
    let mut rows = vec![
        (Bot, Event::HandOver, Waiting),
        (Bot, Event::JumpIn, Assigned),
        (Bot, Event::BotDone, Ended),
        (Waiting, Event::Offer { agent: id(ANA) }, Assigning),
        (Waiting, Event::Start, Assigned),
        (Waiting, Event::End, Ended),
        (Waiting, Event::Leave, Ended),
        (Waiting, Event::Inactive, Ended),
        (Waiting, Event::TransferToInbox, Waiting),
        (
            Waiting,
            Event::QueueOver,
            if channel == Channel::Web { Failed } else { Waiting },
        ),
        (Assigning, Event::Accept, Assigned),
        (Assigning, Event::Decline, Waiting),
        (Assigning, Event::Expire, Waiting),
        (Assigning, Event::AgentGone { agent: id(ANA) }, Waiting),
        (Assigning, Event::Withdraw, Waiting),
        (Assigning, Event::Leave, Ended),
        (Assigned, Event::TransferToAgent { to: id(BEN) }, Transferring),
        (Assigned, Event::TransferToInbox, Waiting),
        (Assigned, Event::End, Ended),
        (Assigned, Event::Leave, Ended),
        (Assigned, Event::Inactive, Ended),
        (Transferring, Event::Accept, Assigned),
        (Transferring, Event::Decline, Assigned),
        (Transferring, Event::Expire, Assigned),
        (Transferring, Event::AgentGone { agent: id(BEN) }, Assigned),
        (Transferring, Event::CancelTransfer, Assigned),
        (Transferring, Event::End, Ended),
        (Transferring, Event::Leave, Ended),
        (Ended, Event::Undo, Assigned),
    ];
    for status in [Bot, Waiting, Assigning, Assigned, Transferring] {
        rows.push((status, Event::AccountRemoved, Failed));
    }
    // The mode decides who may start or offer, not what comes of it.
    assert!(matches!(mode, Mode::Auto | Mode::Broadcast | Mode::Manual));
    rows
}

/// All who could cause an event, the clock set so that deadlines have passed where the event says so.
fn attempts(state: &State, event: &Event, facts: &Facts) -> Vec<State> {
    let now = match (state, event) {
        (State::Assigning { .. } | State::Transferring { .. }, Event::Expire) => 30_000,
        _ => 5_000,
    };
    [agent(ANA), agent(BEN), sup(), Actor::Contact, Actor::Bot, Actor::System]
        .into_iter()
        .filter_map(|actor| transition(state.clone(), event, actor, facts, now).ok())
        .collect()
}

#[test]
fn every_state_and_event_does_what_the_table_says() {
    for mode in [Mode::Auto, Mode::Broadcast, Mode::Manual] {
        for channel in Channel::ALL {
            let facts = facts(mode, channel);
            let table = table(mode, channel);
            for state in states() {
                for event in events() {
                    let outcomes = attempts(&state, &event, &facts);
                    let expected = table.iter().find(|(from, e, _)| *from == state.status() && *e == event);
                    match expected {
                        Some((_, _, to)) => {
                            assert!(
                                !outcomes.is_empty(),
                                "{state:?} {event:?} is refused to everyone ({mode:?})"
                            );
                            for outcome in outcomes {
                                assert_eq!(outcome.status(), *to, "{state:?} {event:?} ({mode:?} {channel:?})");
                            }
                        }
                        None => assert_eq!(outcomes, [], "{state:?} {event:?} ({mode:?} {channel:?})"),
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

fn any_actor() -> impl Strategy<Value = Actor> {
    prop_oneof![
        Just(agent(ANA)),
        Just(agent(BEN)),
        Just(sup()),
        Just(Actor::Contact),
        Just(Actor::System),
        Just(Actor::Bot)
    ]
}

proptest! {
    #[test]
    fn random_walks_keep_the_invariants(
        steps in prop::collection::vec((0usize..20, any_actor(), 0i64..40_000), 1..60),
        mode in prop_oneof![Just(Mode::Auto), Just(Mode::Broadcast), Just(Mode::Manual)],
        has_bot: bool,
    ) {
        let facts = facts(mode, Channel::Web);
        let mut state = begin(has_bot, false, 0);
        let mut now = 0;
        for (event, actor, pause) in steps {
            now += pause;
            let before = state.clone();
            match transition(state, &events()[event], actor, &facts, now) {
                Ok(next) => {
                    prop_assert!(!matches!(before, State::Failed { .. }), "failed is final");
                    state = next;
                }
                Err(_) => state = before,
            }
            prop_assert!(state.holders().len() <= 2);
            // Every non-final state has an owner, a live timer, or waits for an event of routing.
            let kept = state.status().is_final()
                || state.agent().is_some()
                || state.timer(&facts.rules).is_some()
                || state.status() == Status::Waiting;
            prop_assert!(kept, "{state:?} would hang");
        }
    }
}
