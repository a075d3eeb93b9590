//! Tests of the connection itself: heartbeats, other schema versions, a full disk.

use causerie_shared::{
    SCHEMA,
    contact::Field,
    document::DocumentId,
    frame::ServerFrame,
    ids::{ContactId, DeviceId, IntentId, NoteId},
    intent::{Action, QueueState},
    refusal::{Code, Refusal},
    window::Folder,
};
use serde::Serialize;

use super::{ANA, CHAT, CONTACT, desk::Desk, server::Server};
use crate::{
    net::{
        disk_key::DiskKey,
        pace::{Look, Pace},
    },
    store::{
        core::{Act, Event},
        view::Connection,
    },
};

#[test]
fn failure_27_a_half_open_line_is_found_by_the_clock_even_in_a_hidden_tab() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    let mut pace = Pace::new(desk.now);
    desk.connect(&mut server);
    pace.heard(desk.now);
    desk.reply(CHAT, "into a dead line");
    // Pings every 10 s keep the connection alive.
    for _ in 0..10 {
        desk.now += 10_000;
        assert_eq!(pace.look(desk.now), Look::Fine);
        pace.heard(desk.now);
    }
    desk.now += 25_000;
    assert_eq!(pace.look(desk.now), Look::Fine);
    // A hidden tab's timers are suspended; the check runs when the tab is shown again, ten minutes later.
    desk.now += 600_000;
    assert_eq!(pace.look(desk.now), Look::Dead);
    pace.lost(desk.now, 0);
    desk.cut();
    assert_eq!(desk.core.connection(), Connection::Reconnecting);
    assert_eq!(pace.look(desk.now), Look::Fine, "not at once");
    desk.now += 500;
    assert_eq!(pace.look(desk.now), Look::Connect);
    pace.connecting(desk.now);
    desk.connect(&mut server);
    assert_eq!(server.texts(CHAT, 1), ["into a dead line"]);
}

#[test]
fn attempts_come_ever_later_spread_out_and_at_once_when_the_network_is_back() {
    for random in [0, u128::MAX] {
        let mut pace = Pace::new(0);
        let waits: Vec<u32> = (0..8)
            .map(|attempt| {
                assert_eq!(pace.lost(0, random), attempt);
                pace.wait(0)
            })
            .collect();
        for (wait, longest) in waits.iter().zip([1, 2, 4, 8, 16, 30, 30, 30]) {
            assert!((longest * 500..=longest * 1_000).contains(wait), "{waits:?}");
        }
    }
    let mut pace = Pace::new(0);
    for _ in 0..6 {
        pace.lost(0, 5);
    }
    pace.hurry(100);
    assert_eq!(pace.look(100), Look::Connect);
    pace.lost(100, 0);
    assert_eq!(pace.wait(100), 500, "and begins anew");
    pace.connecting(200);
    pace.hurry(201);
    assert_eq!(pace.look(201), Look::Fine, "a connection under way is left alone");
}

#[test]
fn failure_19_another_schema_makes_it_read_only_and_keeps_what_is_unsent() {
    for bye in [true, false] {
        let (mut desk, mut server) = (Desk::new(), Server::new());
        desk.connect(&mut server);
        for frame in server.say(CHAT, 1, 900, "hello") {
            desk.hear(frame);
        }
        if bye {
            desk.hear(ServerFrame::Bye(Refusal::new(Code::Schema, "reload")));
        } else {
            desk.handle(Event::OtherSchema);
        }
        assert!(desk.core.read_only());
        desk.reply(CHAT, "kept");
        assert!(desk.out.is_empty(), "nothing is sent");
        assert_eq!(desk.texts(CHAT), ["hello", "kept"], "all can be read");
        desk.cut();
        desk.reload();
        assert!(!desk.core.read_only(), "the page was loaded anew");
        desk.connect(&mut server);
        assert_eq!(server.texts(CHAT, 1), ["hello", "kept"]);
    }
}

/// The format in which schema 1 stored an action that came after its `Reply`.
#[derive(Serialize)]
struct First {
    id: IntentId,
    at: i64,
    action: FirstAction,
    state: QueueState,
}

#[derive(Serialize)]
#[allow(dead_code, reason = "the number of each variant is what counts")]
enum FirstAction {
    Reply,
    SetField {
        contact: ContactId,
        field: Field,
        value: Option<String>,
    },
    SetDetail,
    AddNote {
        contact: ContactId,
        note: NoteId,
        text: String,
    },
}

fn first(n: u128, action: FirstAction) -> (DiskKey, Vec<u8>) {
    let id = IntentId::from_u128((0x0199_0000_0000_u128 << 80) + n);
    let queued = First {
        id,
        at: 5,
        action,
        state: QueueState::Waiting,
    };
    (DiskKey::Outbox(id), postcard::to_allocvec(&queued).expect("plain data"))
}

#[test]
fn failure_19_what_an_older_console_left_unsent_is_sent_and_its_copies_are_fetched_anew() {
    let device = DeviceId::from_u128(77);
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.disk.borrow_mut().clear();
    let note = NoteId::from_u128(8);
    let damaged = IntentId::from_u128(9);
    desk.disk.borrow_mut().extend([
        (
            DiskKey::Meta,
            postcard::to_allocvec(&(SCHEMA - 1, device, Some(7_i64))).expect("plain data"),
        ),
        (DiskKey::Head(CHAT), vec![1, 2, 3]),
        (DiskKey::Document(DocumentId::Notes(CONTACT)), vec![9]),
        first(
            1,
            FirstAction::AddNote {
                contact: CONTACT,
                note,
                text: "from before".into(),
            },
        ),
        first(
            2,
            FirstAction::SetField {
                contact: CONTACT,
                field: Field::City,
                value: Some("Denia".into()),
            },
        ),
        (DiskKey::Outbox(damaged), vec![250, 1]),
    ]);
    desk.reload();
    let left: Vec<_> = desk.disk.borrow().keys().copied().collect();
    assert!(!left.contains(&DiskKey::Head(CHAT)) && !left.contains(&DiskKey::Document(DocumentId::Notes(CONTACT))));
    assert_eq!(desk.core.notices.len(), 1, "what cannot be read is said");
    desk.connect(&mut server);
    let notes = causerie_shared::document::notes::read(&server.document(DocumentId::Notes(CONTACT)).doc);
    assert_eq!(notes.expect("notes")[0].text, "from before");
    assert_eq!(desk.core.profile(CONTACT).get(Field::City), Some("Denia"));
    assert_eq!(desk.core.unsent(), 0);
    assert!(
        desk.disk.borrow().contains_key(&DiskKey::Outbox(damaged)),
        "and never dropped"
    );
    assert_eq!(desk.core.folder(Folder::Mine), [CHAT]);
}

#[test]
fn failure_18_a_full_disk_gives_up_its_copies_and_keeps_what_is_unsent() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    for n in 0..20 {
        for frame in server.say(CHAT, 1, 900 + n, "a message that takes some room on the disk") {
            desk.hear(frame);
        }
    }
    desk.cut();
    let used: usize = desk.disk.borrow().values().map(Vec::len).sum();
    desk.room = used + 50;
    desk.reply(CHAT, "written when nothing fits any more");
    assert!(desk.core.storage_full);
    assert_eq!(desk.texts(CHAT).len(), 21, "what is in memory is still shown");
    desk.act(Act::SetDraft(CHAT, "half a thou".into()));

    desk.reload();
    assert_eq!(desk.core.unsent(), 1, "the reply survived");
    assert_eq!(desk.core.drafts.get(&CHAT).map(String::as_str), Some("half a thou"));
    desk.connect(&mut server);
    assert_eq!(server.texts(CHAT, 1).len(), 21);
    assert_eq!(desk.core.folder(Folder::Mine), [CHAT], "rows are fetched anew");
    assert_eq!((desk.core.unsent(), desk.core.undelivered().len()), (0, 0));
}

#[test]
fn a_device_keeps_its_name_and_its_actions_their_readers() {
    // The outbox of schema 1 is read by each action's first number, so these numbers must not change.
    let action = Action::SetField {
        contact: CONTACT,
        field: Field::City,
        value: None,
    };
    let bytes = postcard::to_allocvec(&action).expect("plain data");
    assert_eq!(bytes.first(), Some(&3));
    assert_eq!(ANA.to_u128(), 1);
}
