//! Tests of what a visitor sees of the undo window and of business hours.

use causerie_shared::{
    conversation::{EndReason, UNDO_MS, transition::Actor},
    ids::{AccountId, ContactId, ConversationId, InboxId, UserId},
    inbox::Channel,
    row::Origin,
    timer::Countdown,
};

use super::*;

const AT: Millis = 1000;

fn ana() -> UserId {
    UserId::from_u128(1)
}

fn head(state: State, ring: Option<Countdown>) -> ConversationRow {
    ConversationRow {
        id: ConversationId::from_u128(5),
        number: 1042,
        inbox: InboxId::from_u128(1),
        account: AccountId::from_u128(1),
        channel: Channel::Web,
        contact: ContactId::from_u128(1),
        contact_name: "Teal Otter".into(),
        contact_since: 0,
        state,
        version: 3,
        created_at: 0,
        waiting_since: 0,
        ring,
        active_at: 0,
        ended_at: None,
        preview: None,
        unread: 0,
        position: 2,
        seen: 2,
        online: true,
        origin: Origin::default(),
        invited: vec![],
        discussed: 0,
        post: None,
        window: None,
        segment: 1,
        seq: 1,
    }
}

fn ended(last_agent: Option<UserId>) -> State {
    State::Ended {
        reason: EndReason::Agent,
        by: Some(ana()),
        at: AT,
        last_agent,
    }
}

fn line(state: State, cause: &str) -> Option<SystemEvent> {
    let row = JourneyRow {
        conversation: ConversationId::from_u128(5),
        version: 3,
        at: AT,
        actor: Actor::System,
        cause: cause.into(),
        user: None,
        state,
        position: 2,
        seq: 1,
    };
    system_line(&row, None)?.event
}

#[test]
fn an_end_that_can_be_undone_looks_like_the_chat_before() {
    let ring = Some(Countdown {
        due: AT + UNDO_MS,
        total: UNDO_MS,
    });
    let pending = head(ended(Some(ana())), ring);
    assert_eq!(closing::shown_agent(&pending), Some(ana()));
    let shown = of(&pending, Some("Ana Ruiz".into()), None, None);
    assert_eq!(
        (shown.state, shown.agent.map(|agent| agent.name)),
        (ChatState::Assigned, Some("Ana".into()))
    );
    assert_eq!(of(&head(ended(None), ring), None, None, None).state, ChatState::Waiting);
    let over = head(ended(Some(ana())), None);
    assert_eq!(of(&over, None, None, None).state, ChatState::Ended);
    assert_eq!(closing::shown_agent(&over), None);
}

#[test]
fn the_closing_words_come_once_it_cannot() {
    assert_eq!(line(ended(Some(ana())), "end"), None);
    assert_eq!(line(ended(Some(ana())), closing::CLOSED), Some(SystemEvent::Ended));
    let silent = State::Ended {
        reason: EndReason::Inactivity,
        by: None,
        at: AT,
        last_agent: Some(ana()),
    };
    assert_eq!(line(silent, "inactive"), Some(SystemEvent::Ended), "nobody can undo it");
}

#[test]
fn who_leaves_a_message_hears_when_somebody_will_be_there() {
    let offline = State::Waiting {
        since: 0,
        overdue: false,
        offline: true,
    };
    assert_eq!(of(&head(offline, None), None, Some(1), Some(77)).opens_at, Some(77));
    assert_eq!(
        of(&head(State::waiting(0), None), None, Some(1), Some(77)).opens_at,
        None
    );
}
