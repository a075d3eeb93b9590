//! Tests of two tabs of one browser: one disk, a channel between them, one connection.

use causerie_shared::{
    document::DocumentId,
    frame::{ClientFrame, Command, ServerFrame, encode},
};

use super::{CHAT, CONTACT, desk::Desk, server::Server};
use crate::{
    net::{disk_key::DiskKey, tabs::TabMessage},
    store::{
        core::{Act, Event},
        view::Connection,
    },
};

/// Exchanges messages between the tabs and the server until none are in flight. The first tab leads.
fn settle(tabs: &mut [&mut Desk], server: &mut Server) {
    for _ in 0..100 {
        let mut quiet = true;
        for from in 0..tabs.len() {
            for word in std::mem::take(&mut tabs[from].said) {
                quiet = false;
                for (_, tab) in tabs.iter_mut().enumerate().filter(|(to, _)| *to != from) {
                    tab.told(word.clone());
                }
            }
        }
        if tabs[0].connected {
            tabs[0].pump(server);
        }
        if quiet && tabs.iter().all(|tab| tab.said.is_empty()) {
            return;
        }
    }
    panic!("the tabs never come to rest");
}

fn two_tabs(server: &mut Server) -> (Desk, Desk) {
    let mut leader = Desk::new();
    leader.connect(server);
    leader.said.clear();
    let mut follower = Desk::beside(&leader, 99);
    settle(&mut [&mut leader, &mut follower], server);
    (leader, follower)
}

#[test]
fn failure_08_two_tabs_send_each_reply_once_and_show_the_same() {
    let mut server = Server::new();
    let (mut leader, mut follower) = two_tabs(&mut server);
    assert!(leader.core.leads() && !follower.core.leads(), "one plays sounds");
    follower.act(Act::Open(Some(CHAT)));
    follower.reply(CHAT, "from the second tab");
    settle(&mut [&mut leader, &mut follower], &mut server);
    leader.reply(CHAT, "from the first tab");
    follower.reply(CHAT, "and again from the second");
    settle(&mut [&mut leader, &mut follower], &mut server);
    for frame in server.say(CHAT, 1, 900, "thanks") {
        leader.hear(frame);
    }
    settle(&mut [&mut leader, &mut follower], &mut server);

    assert_eq!(server.pushes.len(), 3, "each once");
    let texts = server.texts(CHAT, 1);
    assert_eq!(texts.len(), 4);
    assert_eq!(leader.texts(CHAT), texts);
    assert_eq!(follower.texts(CHAT), texts);
    assert_eq!((leader.core.unsent(), follower.core.unsent()), (0, 0));
    assert!(follower.out.is_empty(), "only the leader has a line");
}

#[test]
fn failure_08_a_killed_leader_leaves_everything_to_the_next() {
    let mut server = Server::new();
    let (mut leader, mut follower) = two_tabs(&mut server);
    follower.act(Act::Open(Some(CHAT)));
    settle(&mut [&mut leader, &mut follower], &mut server);
    // One reply reaches the server, but its acknowledgement is lost; the leader never learns of the other reply.
    leader.reply(CHAT, "acknowledged to nobody");
    let frames = std::mem::take(&mut leader.out);
    frames.into_iter().for_each(|frame| drop(server.answer(frame)));
    follower.now = leader.now;
    follower.reply(CHAT, "written before it died");
    drop(leader);
    follower.said.clear();
    follower.take_over();
    assert!(follower.core.leads());
    follower.connect(&mut server);
    assert_eq!(
        server.texts(CHAT, 1),
        ["acknowledged to nobody", "written before it died"]
    );
    assert_eq!(follower.texts(CHAT), server.texts(CHAT, 1));
    assert_eq!(follower.core.unsent(), 0);
}

#[test]
fn failure_08_replies_of_two_tabs_without_network_go_out_once_in_order() {
    let mut server = Server::new();
    let (mut leader, mut follower) = two_tabs(&mut server);
    leader.cut();
    settle(&mut [&mut leader, &mut follower], &mut server);
    for text in ["one", "two", "three", "four"] {
        let tab = if text.len() == 3 { &mut leader } else { &mut follower };
        tab.reply(CHAT, text);
        let now = tab.now;
        (leader.now, follower.now) = (now, now);
        settle(&mut [&mut leader, &mut follower], &mut server);
    }
    assert_eq!(leader.texts(CHAT), ["one", "two", "three", "four"]);
    assert_eq!(leader.texts(CHAT), follower.texts(CHAT));
    leader.connect(&mut server);
    settle(&mut [&mut leader, &mut follower], &mut server);
    assert_eq!(server.texts(CHAT, 1), ["one", "two", "three", "four"]);
    assert_eq!(server.pushes.len(), 4);
    assert_eq!(follower.texts(CHAT), server.texts(CHAT, 1));
}

#[test]
fn a_command_of_a_tab_that_follows_comes_back_to_it() {
    let mut server = Server::new();
    let (mut leader, mut follower) = two_tabs(&mut server);
    follower.act(Act::Command(Command::Decline(CHAT)));
    assert!(follower.core.busy(CHAT));
    settle(&mut [&mut leader, &mut follower], &mut server);
    assert_eq!(server.commands, [Command::Decline(CHAT)]);
    assert!(!follower.core.busy(CHAT));
}

#[test]
fn a_document_is_followed_until_no_tab_wants_it() {
    let mut server = Server::new();
    let (mut leader, mut follower) = two_tabs(&mut server);
    leader.act(Act::Open(Some(CHAT)));
    follower.act(Act::Open(Some(CHAT)));
    settle(&mut [&mut leader, &mut follower], &mut server);
    let closed = |desk: &Desk| {
        let notes = DocumentId::Notes(CONTACT);
        let closes = |frame: &&ClientFrame| matches!(frame, ClientFrame::Close { document } if *document == notes);
        desk.out.iter().filter(closes).count()
    };
    leader.act(Act::Open(None));
    assert_eq!(closed(&leader), 0, "the other tab still shows it");
    settle(&mut [&mut leader, &mut follower], &mut server);
    follower.act(Act::Open(None));
    for word in std::mem::take(&mut follower.said) {
        leader.told(word);
    }
    assert_eq!(closed(&leader), 1);
}

#[test]
fn a_tab_that_follows_stores_no_rows_and_hears_that_the_line_is_gone() {
    let mut server = Server::new();
    let (mut leader, mut follower) = two_tabs(&mut server);
    let meta = |desk: &Desk| desk.disk.borrow().get(&DiskKey::Meta).cloned();
    let before = meta(&leader);
    let rows = ServerFrame::Rows {
        to: 500,
        upserts: vec![],
        gone: vec![],
    };
    follower.handle(Event::Word(TabMessage::Frame(encode(&rows))));
    assert_eq!(meta(&leader), before, "its cursor would skip rows that nobody stored");
    leader.cut();
    settle(&mut [&mut leader, &mut follower], &mut server);
    assert_ne!(follower.core.connection(), Connection::Online);
}
