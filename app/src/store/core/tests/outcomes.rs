//! Tests of the notices about a transfer request, an end or an offer, and of who gets them.

use causerie_shared::{
    Millis,
    conversation::{EndReason, State, transition::Actor},
    frame::{ClientFrame, Command, ServerFrame},
    ids::{ConversationId, InboxId, UserId},
    inbox::{Mode, Rules},
    row::{ConversationRow, Gone, JourneyRow, Row},
    user::{Availability, Role},
};

use super::{ANA, BEN, CHAT, desk::Desk, head, inbox, me, server::Server};
use crate::store::{
    core::Act,
    view::{Answer, NoticeBody},
};

fn connected() -> Desk {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    desk.out.clear();
    desk
}

/// Changes the chat's state, with its event row if `cause` is given.
fn becomes(desk: &mut Desk, version: i64, state: State, cause: Option<(&str, Actor)>) {
    let row = ConversationRow {
        version,
        seq: version,
        state: state.clone(),
        ..head(CHAT)
    };
    let mut upserts = vec![Row::Head(Box::new(row))];
    if let Some((cause, actor)) = cause {
        upserts.push(Row::Journey(JourneyRow {
            conversation: CHAT,
            version,
            at: 0,
            actor,
            cause: cause.into(),
            user: None,
            state,
            position: 0,
            seq: version,
        }));
    }
    let (to, gone) = (version, vec![]);
    desk.hear(ServerFrame::Rows { to, upserts, gone });
}

fn user(id: UserId) -> Actor {
    Actor::User { id, supervises: false }
}

fn transferring(from: UserId, to: UserId, by: UserId, deadline: Millis) -> State {
    let since = 0;
    State::Transferring {
        from,
        to,
        by,
        deadline,
        since,
    }
}

fn mine() -> State {
    State::Assigned { agent: ANA, since: 0 }
}

fn answers(desk: &Desk) -> Vec<(Answer, Option<String>)> {
    let notices = desk.core.notices.iter();
    notices
        .filter_map(|notice| match &notice.body {
            NoticeBody::Transfer {
                name, keeper, answer, ..
            } => {
                assert_eq!(name, "Ben");
                Some((*answer, keeper.clone()))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn the_one_who_hands_over_is_told_how_it_ended() {
    for (cause, actor, answer) in [
        ("decline", user(BEN), Answer::Rejected),
        ("expire", Actor::System, Answer::Expired),
        ("agent_gone", Actor::System, Answer::NotTaken),
        ("cancel_transfer", user(UserId::from_u128(9)), Answer::Cancelled),
    ] {
        let mut desk = connected();
        becomes(&mut desk, 4, transferring(ANA, BEN, ANA, 99_000), None);
        assert!(answers(&desk).is_empty(), "nothing to say while it is asked");
        becomes(&mut desk, 5, mine(), Some((cause, actor)));
        assert_eq!(answers(&desk), [(answer, None)], "{cause}");
        becomes(&mut desk, 5, mine(), Some((cause, actor)));
        assert_eq!(answers(&desk).len(), 1, "said once");
        let id = desk.core.notices[0].id;
        desk.act(Act::Dismiss(id));
        assert!(answers(&desk).is_empty());
    }
}

#[test]
fn without_the_journey_the_deadline_tells_an_expiry() {
    for (wait, answer) in [(0, Answer::NotTaken), (60_000, Answer::Expired)] {
        let mut desk = connected();
        let deadline = desk.core.clock + 30_000;
        becomes(&mut desk, 4, transferring(ANA, BEN, ANA, deadline), None);
        desk.now += wait;
        becomes(&mut desk, 5, mine(), None);
        assert_eq!(answers(&desk), [(answer, None)]);
    }
}

#[test]
fn what_i_took_back_myself_needs_no_words() {
    let mut desk = connected();
    becomes(&mut desk, 4, transferring(ANA, BEN, ANA, 99_000), None);
    desk.act(Act::Command(Command::CancelTransfer(CHAT)));
    assert!(
        desk.out.iter().any(|frame| matches!(
            frame,
            ClientFrame::Command { expect_version: Some(4), body: Command::CancelTransfer(id), .. } if *id == CHAT
        )),
        "fenced by the version that was seen"
    );
    becomes(&mut desk, 5, mine(), Some(("cancel_transfer", user(ANA))));
    assert!(answers(&desk).is_empty());
}

#[test]
fn an_accepted_transfer_is_said_though_the_chat_left_my_sight() {
    let mut desk = connected();
    becomes(&mut desk, 4, transferring(ANA, BEN, ANA, 99_000), None);
    let gone = Gone::Conversation {
        id: CHAT,
        taken_by: Some(BEN),
    };
    let (to, upserts) = (5, vec![]);
    desk.hear(ServerFrame::Rows {
        to,
        upserts,
        gone: vec![gone],
    });
    assert_eq!(answers(&desk), [(Answer::Accepted, None)]);
    assert_eq!(desk.core.notices.len(), 1, "and not as a chat that was taken away");
}

#[test]
fn a_supervisor_who_moves_a_chat_is_told_who_keeps_it() {
    let third = UserId::from_u128(3);
    let mut desk = connected();
    becomes(&mut desk, 4, transferring(third, BEN, ANA, 99_000), None);
    let theirs = State::Assigned { agent: third, since: 0 };
    becomes(&mut desk, 5, theirs, Some(("decline", user(BEN))));
    assert_eq!(answers(&desk), [(Answer::Rejected, Some(String::new()))]);
}

#[test]
fn my_own_end_can_be_undone_until_it_is_final() {
    let ended = |desk: &Desk, by| State::Ended {
        reason: EndReason::Agent,
        by: Some(by),
        at: desk.core.clock,
        last_agent: Some(ANA),
    };
    let undo = |desk: &Desk| -> Vec<Millis> {
        let notices = desk.core.notices.iter();
        notices
            .filter_map(|notice| match notice.body {
                NoticeBody::Ended { until, .. } => Some(until),
                _ => None,
            })
            .collect()
    };
    let mut desk = connected();
    let state = ended(&desk, BEN);
    becomes(&mut desk, 4, state, None);
    assert!(undo(&desk).is_empty(), "a supervisor's end is not mine to undo");
    becomes(&mut desk, 5, mine(), None);
    let state = ended(&desk, ANA);
    becomes(&mut desk, 6, state, None);
    assert_eq!(undo(&desk), [desk.core.clock + 10_000]);
    let state = ended(&desk, ANA);
    becomes(&mut desk, 7, state, None);
    assert!(undo(&desk).is_empty(), "the closing words went out");
    becomes(&mut desk, 8, mine(), None);
    let state = ended(&desk, ANA);
    becomes(&mut desk, 9, state, None);
    assert_eq!(undo(&desk).len(), 1);
    becomes(&mut desk, 10, mine(), None);
    assert!(undo(&desk).is_empty(), "it goes on, here or on another device");
    let state = ended(&desk, ANA);
    desk.now += 10_000;
    becomes(&mut desk, 11, state, None);
    assert!(undo(&desk).is_empty(), "too late to offer it");
}

#[test]
fn a_supervisor_learns_that_an_assignment_came_back() {
    let came_back = |role: Role, mode: Mode, actor: Actor| {
        let mut desk = Desk::new();
        desk.run(|core, step| core.enter(step, causerie_shared::user::Me { role, ..me() }));
        let mut server = Server::new();
        desk.connect(&mut server);
        desk.run(|core, step| core.set_me(step, causerie_shared::user::Me { role, ..me() }));
        let mut row = inbox();
        row.rules = Rules {
            mode,
            ..Rules::default()
        };
        let (to, gone) = (3, vec![]);
        desk.hear(ServerFrame::Rows {
            to,
            upserts: vec![Row::Inbox(row)],
            gone,
        });
        let offered = State::Assigning {
            agent: BEN,
            deadline: 99_000,
            waiting_since: 0,
            overdue: false,
            offline: false,
        };
        becomes(&mut desk, 4, offered, None);
        becomes(&mut desk, 5, State::waiting(0), Some(("decline", actor)));
        let is_it =
            |body: &NoticeBody| matches!(body, NoticeBody::CameBack { conversation, .. } if *conversation == CHAT);
        desk.core.notices.iter().any(|notice| is_it(&notice.body))
    };
    assert!(came_back(Role::Supervisor, Mode::Manual, user(BEN)));
    assert!(
        !came_back(Role::Supervisor, Mode::Auto, user(BEN)),
        "routing offers it on"
    );
    assert!(!came_back(Role::Supervisor, Mode::Manual, user(ANA)), "I did it");
    assert!(!came_back(Role::Agent, Mode::Manual, user(BEN)));
}

#[test]
fn giving_a_chat_away_needs_the_line_and_says_so_without() {
    let mut desk = connected();
    let other: ConversationId = ConversationId::from_u128(101);
    for command in [
        Command::Assign(CHAT, BEN),
        Command::Move(other, InboxId::from_u128(11)),
        Command::SetAvailabilityOf(BEN, Availability::Busy),
    ] {
        desk.act(Act::Command(command));
    }
    assert_eq!(desk.out.len(), 3);
    desk.cut();
    let said = desk.core.notices.len();
    desk.act(Act::Command(Command::Assign(CHAT, BEN)));
    let new: Vec<_> = desk.core.notices[said..]
        .iter()
        .map(|notice| notice.body.clone())
        .collect();
    assert_eq!(
        new,
        [NoticeBody::Interrupted {
            command: Command::Assign(CHAT, BEN)
        }]
    );
}
