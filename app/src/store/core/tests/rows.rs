//! Tests of rows: folders, system lines, chats that leave the list, and a reset without visible gaps.

use causerie_shared::{
    conversation::{State, transition::Actor},
    frame::{ClientFrame, Command, ServerFrame},
    ids::ConversationId,
    message::Author,
    refusal::Refusal,
    row::{Gone, JourneyRow, Row},
    timer::Countdown,
    user::Availability,
    window::Folder,
};

use super::{ANA, BEN, CHAT, desk::Desk, head, server::Server, user};
use crate::{
    net::disk_key::DiskKey,
    store::{
        core::{Act, Event},
        view::{Bubble, Connection, NoticeBody},
    },
};

const OTHER: ConversationId = ConversationId::from_u128(101);

fn line(version: i64, position: i64, cause: &str) -> JourneyRow {
    JourneyRow {
        conversation: CHAT,
        version,
        at: 0,
        actor: Actor::System,
        cause: cause.into(),
        user: None,
        state: State::waiting(0),
        position,
        seq: version,
    }
}

#[test]
fn system_lines_stand_where_they_happened() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    server.say(CHAT, 1, 901, "hello");
    server.say(CHAT, 1, 902, "anyone?");
    server.journey = vec![line(3, 2, "accept"), line(1, 0, "begin"), line(2, 1, "offer")];
    desk.connect(&mut server);
    let shown: Vec<String> = desk
        .core
        .bubbles(CHAT)
        .into_iter()
        .map(|bubble| match bubble {
            Bubble::Message(message) => message.body,
            Bubble::Line(line) => line.cause,
        })
        .collect();
    assert_eq!(shown, ["begin", "hello", "offer", "anyone?", "accept"]);
}

#[test]
fn what_a_provider_delivered_late_stands_where_it_was_written() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    for (n, text) in [(901, "hello"), (902, "our answer"), (903, "before it")] {
        server.say(CHAT, 1, n, text);
    }
    for (row, (accepted, said)) in
        server
            .rows
            .iter_mut()
            .zip([(10_000, Some(9_500)), (20_000, None), (30_000, Some(15_500))])
    {
        row.accepted_at = accepted;
        row.said_at = said;
        if said.is_none() {
            row.author = Author::Agent(ANA);
        }
    }
    server.journey = vec![line(3, 3, "accept"), line(2, 2, "offer"), line(1, 0, "begin")];
    desk.connect(&mut server);
    let shown: Vec<(String, i64)> = desk
        .core
        .bubbles(CHAT)
        .into_iter()
        .map(|bubble| match bubble {
            Bubble::Message(message) => (message.body, message.at),
            Bubble::Line(line) => (line.cause, line.at),
        })
        .collect();
    let shown: Vec<(&str, i64)> = shown.iter().map(|(text, at)| (text.as_str(), *at)).collect();
    let wanted = [
        ("begin", 0),
        ("hello", 9_500),
        ("before it", 15_500),
        ("our answer", 20_000),
        ("offer", 0),
        ("accept", 0),
    ];
    assert_eq!(shown, wanted);
}

#[test]
fn a_chat_that_a_colleague_took_is_said_once_and_leaves_no_copy() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    assert_eq!(desk.core.folder(Folder::Mine), [CHAT]);
    let gone = Gone::Conversation {
        id: CHAT,
        taken_by: Some(BEN),
    };
    desk.hear(ServerFrame::Rows {
        to: 9,
        upserts: vec![],
        gone: vec![gone],
    });
    assert!(desk.core.folder(Folder::Mine).is_empty());
    let said: Vec<_> = desk.core.notices.iter().map(|notice| notice.body.clone()).collect();
    let (contact_name, name) = ("Teal Otter".to_owned(), "Ben".to_owned());
    assert_eq!(
        said,
        [NoticeBody::Taken {
            conversation: CHAT,
            contact_name,
            user: BEN,
            name
        }]
    );
    assert!(
        !desk
            .disk
            .borrow()
            .keys()
            .any(|key| matches!(key, DiskKey::Head(_) | DiskKey::Thread(_) | DiskKey::Document(_)))
    );
}

#[test]
fn a_reset_changes_nothing_on_screen_until_the_new_rows_are_there() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    server.heads.insert(OTHER, head(OTHER));
    desk.connect(&mut server);
    desk.act(Act::SetDraft(CHAT, "half a thou".into()));
    desk.cut();
    desk.reply(CHAT, "waits");
    assert_eq!(desk.core.folder(Folder::Mine).len(), 2);
    server.heads.remove(&OTHER);
    server.reset = true;
    desk.connected = true;
    desk.handle(Event::Opened);
    let hello = std::mem::take(&mut desk.out);
    let answers: Vec<_> = hello.into_iter().flat_map(|frame| server.answer(frame)).collect();
    for answer in answers {
        desk.hear(answer);
        assert!(desk.core.folder(Folder::Mine).contains(&CHAT), "never blank");
    }
    desk.pump(&mut server);
    assert_eq!(desk.core.folder(Folder::Mine), [CHAT], "what is no more is gone");
    assert_eq!(server.texts(CHAT, 1), ["waits"]);
}

#[test]
fn offers_are_ordered_by_due_time_and_a_lost_race_names_the_winner() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    let offer = |id: u128, due: i64| {
        let mut row = head(ConversationId::from_u128(id));
        row.state = State::Assigning {
            agent: ANA,
            deadline: due,
            waiting_since: 0,
            overdue: false,
            offline: false,
        };
        row.ring = Some(Countdown { due, total: 30_000 });
        Row::Head(Box::new(row))
    };
    desk.hear(ServerFrame::Rows {
        to: 5,
        upserts: vec![offer(301, 900), offer(302, 500)],
        gone: vec![],
    });
    let (late, soon) = (ConversationId::from_u128(301), ConversationId::from_u128(302));
    assert_eq!(desk.core.folder(Folder::Engaged), [soon, late]);
    desk.out.clear();
    desk.act(Act::Command(Command::Accept(soon)));
    assert!(desk.core.busy(soon));
    let Some(ClientFrame::Command {
        intent, expect_version, ..
    }) = desk.out.pop()
    else {
        panic!("no command")
    };
    assert_eq!(expect_version, Some(3));
    desk.hear(ServerFrame::Outcome {
        intent,
        result: Err(Refusal::taken(BEN, "Ben")),
    });
    assert!(!desk.core.busy(soon));
    match &desk.core.notices[0].body {
        NoticeBody::Refused { refusal, .. } => assert_eq!(refusal.name.as_deref(), Some("Ben")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_row_that_was_overtaken_does_not_come_back() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    let mut newer = head(CHAT);
    (newer.seq, newer.unread) = (9, 2);
    desk.hear(ServerFrame::Rows {
        to: 9,
        upserts: vec![Row::Head(Box::new(newer))],
        gone: vec![],
    });
    desk.hear(ServerFrame::Rows {
        to: 9,
        upserts: vec![Row::Head(Box::new(head(CHAT)))],
        gone: vec![],
    });
    assert_eq!(desk.core.head(CHAT).map(|head| head.unread), Some(2));
}

#[test]
fn the_line_is_said_to_be_down_after_three_seconds_and_since_when() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    assert_eq!(desk.core.connection(), Connection::Online);
    desk.cut();
    assert_eq!(desk.core.connection(), Connection::Reconnecting);
    desk.now += 3_000;
    desk.handle(Event::Tick);
    assert_eq!(desk.core.connection(), Connection::Offline { as_of: Some(1_000_000) });
    desk.reload();
    desk.now += 3_000;
    desk.handle(Event::Tick);
    assert_eq!(
        desk.core.connection(),
        Connection::Offline { as_of: Some(1_000_000) },
        "also after a reload"
    );
    assert_eq!(
        desk.core.folder(Folder::Mine),
        [CHAT],
        "the list is there without the server"
    );
}

#[test]
fn availability_set_offline_is_sent_once_with_its_last_value() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    desk.cut();
    desk.act(Act::Command(Command::SetAvailability(Availability::Busy)));
    desk.act(Act::Command(Command::SetAvailability(Availability::Available)));
    desk.act(Act::Command(Command::SetAvailability(Availability::Busy)));
    assert_eq!(
        desk.core.users.get(ANA.to_u128()).map(|row| row.availability),
        Some(Availability::Busy)
    );
    desk.reload();
    desk.connect(&mut server);
    assert_eq!(server.commands, [Command::SetAvailability(Availability::Busy)]);
    desk.hear(ServerFrame::Rows {
        to: 3,
        upserts: vec![Row::User(user(ANA, "Ana"))],
        gone: vec![],
    });
    assert_eq!(
        desk.core.users.get(ANA.to_u128()).map(|row| row.availability),
        Some(Availability::Available)
    );
}
