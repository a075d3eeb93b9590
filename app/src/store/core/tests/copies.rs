//! The copies on the device, and their eviction.

use causerie_shared::{
    conversation::{EndReason, State},
    document::DocumentId,
    frame::ServerFrame,
    ids::{ContactId, ConversationId},
    row::{ConversationRow, Gone, Row},
    window::{Counts, Folder, List},
};

use super::{CHAT, CONTACT, desk::Desk, head, server::Server};
use crate::{
    net::disk_key::DiskKey,
    store::core::{Act, Event, copies::CachedDocument},
};

const DAY: i64 = 24 * 3_600_000;
const BIG: u32 = 20_000;

fn chat(n: u128) -> ConversationId {
    ConversationId::from_u128(10_000 + n)
}

fn timeline(n: u128) -> DocumentId {
    DocumentId::Timeline(chat(n), 1)
}

fn ended(n: u128) -> ConversationRow {
    let mut row = head(chat(n));
    let at = 1_000_000 - n as i64;
    row.contact = ContactId::from_u128(50_000 + n);
    row.state = State::Ended {
        reason: EndReason::Agent,
        by: None,
        at,
        last_agent: None,
    };
    row.ended_at = Some(at);
    row
}

/// Adds rows of these chats, and copies of their documents on the disk; the first was used longest ago.
fn with_copies(desk: &mut Desk, heads: Vec<ConversationRow>, messages: u32, bytes: usize) {
    for (n, row) in heads.into_iter().enumerate() {
        let document = DocumentId::Timeline(row.id, 1);
        desk.core.copies.push(CachedDocument {
            document,
            used: desk.now + n as i64,
            messages,
        });
        let mut disk = desk.disk.borrow_mut();
        disk.insert(DiskKey::Document(document), vec![0; bytes]);
        disk.insert(DiskKey::Thread(row.id), vec![0; bytes]);
        drop(disk);
        desk.hear(ServerFrame::Rows {
            to: 0,
            upserts: vec![Row::Head(Box::new(row))],
            gone: vec![],
        });
    }
}

fn kept(desk: &Desk, document: DocumentId) -> bool {
    desk.disk.borrow().contains_key(&DiskKey::Document(document))
}

fn connected() -> (Desk, Server) {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    for frame in server.say(CHAT, 1, 900, "hello") {
        desk.hear(frame);
    }
    (desk, server)
}

fn a_minute_later(desk: &mut Desk, more: i64) {
    desk.now += 61_000 + more;
    desk.handle(Event::Tick);
}

#[test]
fn beyond_fifty_thousand_messages_ended_chats_go_first_and_none_with_work_on_it() {
    let (mut desk, _server) = connected();
    let mut live = ended(0);
    live.state = State::waiting(0);
    let heads = std::iter::once(live).chain((1..160).map(ended)).collect();
    with_copies(&mut desk, heads, 400, 10);
    desk.act(Act::SetDraft(chat(1), "half a thou".into()));
    desk.act(Act::SetDiscussionDraft(chat(2), "between us".into()));
    desk.act(Act::Open(Some(chat(3))));
    desk.reply(chat(4), "unsent");
    a_minute_later(&mut desk, 0);

    for n in 0..5 {
        assert!(kept(&desk, timeline(n)), "{n}: live, drafts, open, unsent");
    }
    assert!(kept(&desk, DocumentId::Timeline(CHAT, 1)), "in Mine");
    let gone = (5..160).filter(|n| !kept(&desk, timeline(*n))).count();
    assert!((35..60).contains(&gone), "{gone} of 160 copies of 400 messages");
    assert!(
        (5..5 + gone as u128).all(|n| !kept(&desk, timeline(n))),
        "longest unused first"
    );
    assert!(!desk.disk.borrow().contains_key(&DiskKey::Thread(chat(5))));
    // Nothing more is evicted, also after a reload.
    let before = desk.disk.borrow().len();
    a_minute_later(&mut desk, 0);
    assert_eq!(desk.disk.borrow().len(), before);
    desk.reload();
    assert_eq!(desk.core.unsent(), 1);
    a_minute_later(&mut desk, 0);
    assert_eq!(desk.disk.borrow().len(), before);
}

#[test]
fn a_copy_that_nobody_used_for_ninety_days_goes_and_what_is_mine_stays() {
    let (mut desk, mut server) = connected();
    with_copies(&mut desk, (0..3).map(ended).collect(), 10, 10);
    a_minute_later(&mut desk, 89 * DAY);
    assert!(kept(&desk, timeline(0)));
    desk.act(Act::Open(Some(chat(1))));
    for frame in server.say(chat(1), 1, 950, "used again") {
        desk.hear(frame);
    }
    desk.act(Act::Open(None));
    a_minute_later(&mut desk, DAY);
    assert!(!kept(&desk, timeline(0)) && kept(&desk, timeline(1)) && !kept(&desk, timeline(2)));
    assert!(kept(&desk, DocumentId::Timeline(CHAT, 1)));
}

#[test]
fn failure_18_without_room_a_part_of_the_copies_goes_and_what_is_in_use_stays() {
    let (mut desk, mut server) = connected();
    with_copies(&mut desk, (0..8).map(ended).collect(), 10, 1_000);
    desk.act(Act::SetDraft(chat(0), "half a thou".into()));
    desk.cut();
    desk.room = desk.disk.borrow().values().map(Vec::len).sum::<usize>() + 20;
    desk.reply(CHAT, "written when nothing fits any more");

    assert!(desk.core.storage_full, "it is said");
    assert!(kept(&desk, DocumentId::Timeline(CHAT, 1)) && kept(&desk, timeline(0)));
    let left: Vec<u128> = (0..8).filter(|n| kept(&desk, timeline(*n))).collect();
    assert_eq!(left.first(), Some(&0));
    assert!(left.len() > 2 && left.len() < 8, "a part at a time: {left:?}");
    assert!(left[1..].iter().all(|n| *n > 3), "longest unused first: {left:?}");
    // Copies are made again as far as there is room.
    desk.connect(&mut server);
    for n in 0..5 {
        for frame in server.say(CHAT, 1, 910 + n, "more") {
            desk.hear(frame);
        }
    }
    desk.cut();
    desk.reload();
    assert_eq!(desk.core.drafts.get(&chat(0)).map(String::as_str), Some("half a thou"));
    assert_eq!(desk.texts(CHAT).len(), 7, "read from the disk");
    assert_eq!(desk.core.unsent(), 0);
}

#[test]
fn failure_18_a_copy_that_may_not_be_seen_goes_also_when_the_disk_is_full() {
    let (mut desk, _server) = connected();
    with_copies(&mut desk, (0..4).map(ended).collect(), 10, 1_000);
    // The deletion is in the same write as a row for which there is no room at first.
    desk.room = desk.disk.borrow().values().map(Vec::len).sum::<usize>() + 20;
    let mut row = ended(9);
    row.contact_name = "Ochre Heron".repeat(50);
    desk.hear(ServerFrame::Rows {
        to: 9,
        upserts: vec![Row::Head(Box::new(row))],
        gone: vec![Gone::Conversation {
            id: CHAT,
            taken_by: None,
        }],
    });
    assert!(desk.core.storage_full);
    assert!(kept(&desk, timeline(3)) && desk.disk.borrow().contains_key(&DiskKey::Head(chat(9))));
    assert!(!kept(&desk, DocumentId::Timeline(CHAT, 1)));
}

fn windows(desk: &mut Desk, ranges: std::ops::Range<u32>) {
    let list = List::of(Folder::History);
    for from in ranges.step_by(100) {
        desk.act(Act::Look(list, from, from + 20));
        desk.hear(ServerFrame::Rows {
            to: 0,
            upserts: (from..from + 100)
                .map(|n| Row::Head(Box::new(ended(u128::from(n)))))
                .collect(),
            gone: vec![],
        });
        desk.hear(ServerFrame::Window {
            list,
            from,
            total: BIG,
            order: (from..from + 100).map(|n| chat(u128::from(n))).collect(),
        });
        for at in from..from + 20 {
            let row = desk.core.list(&list).at(at).and_then(|id| desk.core.head(id));
            assert!(row.is_some(), "row {at} is in view and empty");
        }
    }
}

#[test]
fn a_long_scroll_forgets_the_rows_behind_it_and_finds_them_again() {
    let (mut desk, _server) = connected();
    desk.hear(ServerFrame::Counts(Counts {
        history: BIG,
        mine: 1,
        ..Counts::default()
    }));
    let mut asked = ended(90_000);
    asked.state = State::waiting(0);
    asked.invited = vec![super::ANA];
    desk.hear(ServerFrame::Rows {
        to: 0,
        upserts: vec![Row::Head(Box::new(asked))],
        gone: vec![],
    });
    desk.act(Act::SetDraft(chat(700), "half a thou".into()));
    windows(&mut desk, 0..BIG);

    let heads = |desk: &Desk| {
        let disk = desk.disk.borrow();
        disk.keys().filter(|key| matches!(key, DiskKey::Head(_))).count()
    };
    assert!(desk.core.heads.len() < 14_100, "{} in memory", desk.core.heads.len());
    assert_eq!(heads(&desk), desk.core.heads.len(), "and as many on the disk");
    for id in [CHAT, chat(0), chat(700), chat(90_000), chat(u128::from(BIG) - 1)] {
        assert!(desk.core.head(id).is_some(), "first, mine, a draft, asked, in view");
    }
    assert!(desk.core.head(chat(5_000)).is_none());
    let list = List::of(Folder::History);
    let rows = desk.core.list(&list);
    assert_eq!(rows.total, BIG);
    assert_eq!(rows.at(BIG - 90), Some(chat(u128::from(BIG) - 90)));
    // Scrolling back: the forgotten rows are requested and found again.
    desk.out.clear();
    windows(&mut desk, 5_000..5_100);
    assert_eq!(desk.core.list(&list).at(5_050), Some(chat(5_050)));
    desk.act(Act::Look(list, 0, 20));
    assert_eq!(desk.core.list(&list).rows[..2], [(0, chat(0)), (1, chat(1))]);
}

#[test]
fn many_rows_are_still_there_at_the_next_start_without_a_line() {
    let (mut desk, _server) = connected();
    windows(&mut desk, 0..BIG);
    desk.reload_unknown();
    assert!(desk.core.head(CHAT).is_some());
    let list = List::of(Folder::History);
    desk.act(Act::Look(list, 0, 20));
    assert_eq!(desk.core.list(&list).rows[..2], [(0, chat(0)), (1, chat(1))]);
}

#[test]
fn a_forgotten_chat_leaves_no_copy_behind() {
    let (mut desk, _server) = connected();
    with_copies(&mut desk, vec![ended(3_000)], 10, 10);
    let notes = DocumentId::Notes(ended(3_000).contact);
    desk.core.copies.push(CachedDocument {
        document: notes,
        used: desk.now,
        messages: 0,
    });
    desk.disk.borrow_mut().insert(DiskKey::Document(notes), vec![0; 10]);
    windows(&mut desk, 0..BIG);
    assert!(desk.core.head(chat(3_000)).is_none());
    assert!(!kept(&desk, timeline(3_000)) && !kept(&desk, notes));
    assert!(kept(&desk, DocumentId::Timeline(CHAT, 1)));
    assert!(
        !desk
            .disk
            .borrow()
            .contains_key(&DiskKey::Document(DocumentId::Notes(CONTACT)))
    );
}
