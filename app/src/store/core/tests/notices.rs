//! Tests of notices of invitations to discussions, and of carets in notes.

use causerie_shared::{
    conversation::{EndReason, State},
    frame::{ClientFrame, Ephemeral, ServerFrame},
    ids::{ConversationId, NoteId, UserId},
    row::{ConversationRow, Row},
};

use super::{ANA, BEN, CHAT, CONTACT, desk::Desk, head, server::Server};
use crate::store::{
    core::{Act, Event},
    view::NoticeBody,
};

const OTHER: ConversationId = ConversationId::from_u128(101);
const NOTE: NoteId = NoteId::from_u128(8);

fn connected() -> (Desk, Server) {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    (desk, server)
}

fn row(desk: &mut Desk, invited: &[UserId], change: impl FnOnce(&mut ConversationRow)) {
    let mut row = head(OTHER);
    row.state = State::Assigned { agent: BEN, since: 0 };
    row.invited = invited.to_vec();
    change(&mut row);
    desk.hear(ServerFrame::Rows {
        to: row.seq,
        upserts: vec![Row::Head(Box::new(row))],
        gone: vec![],
    });
}

fn invitations(desk: &Desk) -> Vec<(ConversationId, String)> {
    let notices = desk.core.notices.iter();
    notices
        .filter_map(|notice| match &notice.body {
            NoticeBody::Invited {
                conversation,
                contact_name,
            } => Some((*conversation, contact_name.clone())),
            _ => None,
        })
        .collect()
}

#[test]
fn an_invitation_to_a_discussion_is_said_once() {
    let (mut desk, mut server) = connected();
    row(&mut desk, &[BEN], |_| {});
    assert!(invitations(&desk).is_empty(), "somebody else was asked");
    row(&mut desk, &[BEN, ANA], |row| row.seq = 5);
    assert_eq!(invitations(&desk), [(OTHER, "Teal Otter".to_owned())]);
    row(&mut desk, &[BEN, ANA], |row| row.seq = 6);
    assert_eq!(invitations(&desk).len(), 1);
    let id = desk.core.notices[0].id;
    desk.act(Act::Dismiss(id));
    row(&mut desk, &[BEN, ANA], |row| row.seq = 7);
    desk.reload();
    desk.connect(&mut server);
    assert!(invitations(&desk).is_empty(), "nor again from the disk");
}

#[test]
fn an_invitation_to_a_chat_that_is_over_is_not_said() {
    let (mut desk, _server) = connected();
    row(&mut desk, &[ANA], |row| {
        row.state = State::Ended {
            reason: EndReason::Agent,
            by: None,
            at: 5,
            last_agent: Some(BEN),
        };
    });
    assert!(invitations(&desk).is_empty());
}

/// The carets that were sent since the last call.
fn told(desk: &mut Desk) -> Vec<Option<u32>> {
    let frames = std::mem::take(&mut desk.out).into_iter();
    frames
        .filter_map(|frame| match frame {
            ClientFrame::Ephemeral(Ephemeral::Caret { contact, note, at }) => {
                assert_eq!((contact, note), (CONTACT, NOTE));
                Some(at)
            }
            _ => None,
        })
        .collect()
}

#[test]
fn my_caret_is_told_thinned_out_and_that_it_left() {
    let (mut desk, _server) = connected();
    for at in 1..=10 {
        desk.act(Act::Caret(CONTACT, NOTE, Some(at)));
        desk.now += 100;
    }
    assert_eq!(told(&mut desk), [Some(1), Some(4), Some(7), Some(10)]);
    desk.act(Act::Caret(CONTACT, NOTE, Some(11)));
    desk.now += 1_000;
    desk.handle(Event::Tick);
    desk.handle(Event::Tick);
    assert_eq!(told(&mut desk), [Some(11)], "the last place is not lost");
    desk.act(Act::Caret(CONTACT, NOTE, None));
    desk.act(Act::Caret(CONTACT, NOTE, None));
    assert_eq!(told(&mut desk), [None]);
}

#[test]
fn a_colleagues_caret_is_shown_until_it_leaves_or_is_old() {
    let (mut desk, _server) = connected();
    let caret = |from: UserId, at: Option<u32>| ServerFrame::Ephemeral {
        from: Some(from),
        body: Ephemeral::Caret {
            contact: CONTACT,
            note: NOTE,
            at,
        },
    };
    let shown = |desk: &Desk| -> Vec<(NoteId, String, u32)> {
        let carets = desk.core.carets(CONTACT).into_iter();
        carets.map(|(note, colleague, at)| (note, colleague.name, at)).collect()
    };
    desk.hear(caret(BEN, Some(3)));
    desk.hear(caret(BEN, Some(4)));
    desk.hear(caret(ANA, Some(9)));
    assert_eq!(
        shown(&desk),
        [(NOTE, "Ben".to_owned(), 4)],
        "one a colleague, and not mine"
    );
    desk.hear(caret(BEN, None));
    assert!(shown(&desk).is_empty());
    desk.hear(caret(BEN, Some(5)));
    desk.now += 19_000;
    desk.handle(Event::Tick);
    assert_eq!(shown(&desk).len(), 1);
    desk.now += 1_000;
    desk.handle(Event::Tick);
    assert!(shown(&desk).is_empty());
    desk.hear(caret(BEN, Some(5)));
    desk.cut();
    assert!(shown(&desk).is_empty(), "nobody is anywhere without a line");
    assert!(desk.core.head(CHAT).is_some());
}
