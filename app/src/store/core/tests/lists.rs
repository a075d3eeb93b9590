//! Tests of filtered lists and of windows of lists of any size.

use std::ops::Range;

use causerie_shared::{
    conversation::{EndReason, State},
    frame::{ClientFrame, ServerFrame},
    ids::ConversationId,
    row::{ConversationRow, Gone, Row},
    window::{Counts, Filter, Folder, List, MAX_WINDOW, Sort},
};

use super::{CHAT, desk::Desk, head, server::Server};
use crate::store::core::{Act, Event};

const BIG: u32 = 100_000;

/// The `n`-th ended chat, newest first.
fn ended(n: u32) -> ConversationRow {
    let mut row = head(ConversationId::from_u128(10_000 + u128::from(n)));
    let at = 1_000_000 - i64::from(n);
    row.state = State::Ended {
        reason: EndReason::Agent,
        by: None,
        at,
        last_agent: None,
    };
    row.ended_at = Some(at);
    row
}

fn rows_of(range: Range<u32>) -> ServerFrame {
    ServerFrame::Rows {
        to: 0,
        upserts: range.map(|n| Row::Head(Box::new(ended(n)))).collect(),
        gone: vec![],
    }
}

/// The window that was requested last.
fn asked(desk: &mut Desk) -> Option<(List, Range<u32>)> {
    let frames = std::mem::take(&mut desk.out);
    frames.into_iter().rev().find_map(|frame| match frame {
        ClientFrame::Window { list, from, to } => Some((list, from..to)),
        _ => None,
    })
}

fn answer(desk: &mut Desk, list: List, range: Range<u32>, total: u32, shift: u32) {
    let range = range.start + shift..range.end.min(total) + shift;
    desk.hear(rows_of(range.clone()));
    desk.hear(ServerFrame::Window {
        list,
        from: range.start - shift,
        total,
        order: range.map(|n| ended(n).id).collect(),
    });
}

/// A console with a history of 100,000 chats, of which the first window is loaded.
fn big() -> (Desk, Server) {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    desk.hear(ServerFrame::Counts(Counts {
        history: BIG,
        mine: 1,
        ..Counts::default()
    }));
    let list = List::of(Folder::History);
    answer(&mut desk, list, 0..50, BIG, 0);
    (desk, server)
}

#[test]
fn a_list_of_any_size_is_known_around_what_is_in_view() {
    let (mut desk, _server) = big();
    let list = List::of(Folder::History);
    desk.act(Act::Look(list, 0, 10));
    assert_eq!(desk.core.list(&list).total, BIG);
    assert_eq!(desk.core.list(&list).rows[..2], [(0, ended(0).id), (1, ended(1).id)]);
    desk.out.clear();

    desk.act(Act::Look(list, 70_000, 70_020));
    assert!(desk.core.list(&list).rows.is_empty(), "skeletons");
    let (of, range) = asked(&mut desk).expect("a window");
    assert_eq!(of, list);
    assert!(range.start <= 70_000 && range.end >= 70_020 && range.len() as u32 <= MAX_WINDOW);
    desk.act(Act::Look(list, 70_005, 70_025));
    assert_eq!(asked(&mut desk), None, "one at a time");
    answer(&mut desk, list, range, BIG, 0);
    let rows = desk.core.list(&list).rows;
    assert!((70_005..70_025).all(|n| rows.contains(&(n, ended(n).id))));
    assert!(rows.len() < 200);
    assert_eq!(asked(&mut desk), None, "known is known");
}

#[test]
fn what_moves_far_below_is_asked_for_again_once_a_second() {
    let (mut desk, _server) = big();
    let list = List::of(Folder::History);
    desk.act(Act::Look(list, 70_000, 70_020));
    let (_, range) = asked(&mut desk).expect("a window");
    answer(&mut desk, list, range, BIG, 0);
    // A chat at the very top is removed: all others move up by one.
    desk.hear(ServerFrame::Rows {
        to: 9,
        upserts: vec![],
        gone: vec![Gone::Conversation {
            id: ended(0).id,
            taken_by: None,
        }],
    });
    assert_eq!(asked(&mut desk), None);
    desk.handle(Event::Tick);
    let (_, range) = asked(&mut desk).expect("a window");
    answer(&mut desk, list, range, BIG - 1, 1);
    assert!(desk.core.list(&list).rows.contains(&(70_000, ended(70_001).id)));
    desk.handle(Event::Tick);
    assert_eq!(asked(&mut desk), None, "and then it rests");
}

#[test]
fn scrolling_down_makes_the_unbroken_part_longer() {
    let (mut desk, _server) = big();
    let list = List::of(Folder::History);
    desk.act(Act::Look(list, 30, 45));
    let (_, range) = asked(&mut desk).expect("a window");
    assert_eq!(range, 50..100);
    answer(&mut desk, list, range, BIG, 0);
    assert_eq!(desk.core.folder(Folder::History).len(), 100);
    // After a reconnect the first rows arrive again; the rows known below them stay.
    answer(&mut desk, list, 0..50, BIG, 0);
    assert_eq!(desk.core.folder(Folder::History).len(), 100);
}

#[test]
fn a_filter_works_on_known_rows_at_once_and_on_all_rows_when_the_server_answered() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    let mut unread = head(ConversationId::from_u128(101));
    unread.unread = 2;
    server.heads.insert(unread.id, unread.clone());
    desk.connect(&mut server);
    desk.cut();
    let list = List {
        folder: Folder::Mine,
        filter: Filter {
            unread: true,
            ..Filter::default()
        },
        sort: Sort::Newest,
    };
    desk.act(Act::Look(list, 0, 10));
    let rows = desk.core.list(&list);
    assert_eq!((rows.total, rows.rows), (1, vec![(0, unread.id)]), "without network");

    desk.connected = true;
    desk.handle(Event::Opened);
    desk.pump(&mut server);
    desk.act(Act::Look(list, 0, 10));
    let mut other = head(CHAT);
    (other.unread, other.seq, other.active_at) = (1, 50, 9);
    desk.hear(ServerFrame::Rows {
        to: 50,
        upserts: vec![Row::Head(Box::new(other.clone()))],
        gone: vec![],
    });
    let rows = desk.core.list(&list).rows;
    assert_eq!(
        rows,
        [(0, CHAT), (1, unread.id)],
        "what comes to pass comes in, newest first"
    );
    (other.unread, other.seq) = (0, 51);
    desk.hear(ServerFrame::Rows {
        to: 51,
        upserts: vec![Row::Head(Box::new(other))],
        gone: vec![],
    });
    assert_eq!(desk.core.list(&list).rows, [(0, unread.id)]);
}
