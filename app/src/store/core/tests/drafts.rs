//! Tests of the shared draft: stored at once, shared when typing pauses, merged when two people type.

use causerie_shared::document::{DocumentId, Pen, draft, notes::Splice};

use super::{BEN, CHAT, desk::Desk, server::Server};
use crate::store::core::{Act, Event};

const DRAFT: DocumentId = DocumentId::Draft(CHAT);

fn open_desk() -> (Desk, Server) {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    desk.act(Act::Open(Some(CHAT)));
    desk.pump(&mut server);
    (desk, server)
}

fn type_in(desk: &mut Desk, text: &str) {
    desk.act(Act::SetDraft(CHAT, text.into()));
}

fn rest(desk: &mut Desk, server: &mut Server) {
    desk.now += 1_000;
    desk.handle(Event::Tick);
    if desk.connected {
        desk.pump(server);
    }
}

fn shared(server: &mut Server) -> String {
    draft::read(&server.document(DRAFT).doc).expect("a draft")
}

fn shown(desk: &Desk) -> &str {
    desk.core.drafts.get(&CHAT).map_or("", String::as_str)
}

/// Lets another device or a colleague type into the draft.
fn other_types(server: &mut Server, at: usize, insert: &str) -> causerie_shared::frame::ServerFrame {
    let pen = Pen {
        actor: [9; 16],
        user: Some(BEN),
    };
    let mut doc = server.document(DRAFT).doc.clone();
    let splice = Splice {
        at,
        delete: 0,
        insert: insert.into(),
    };
    let change = draft::edit(&mut doc, &pen, &splice)
        .expect("an edit")
        .expect("a change");
    server.outside(DRAFT, change)
}

#[test]
fn a_draft_is_shared_when_the_typing_rests_and_emptied_by_sending() {
    let (mut desk, mut server) = open_desk();
    type_in(&mut desk, "Your la");
    desk.pump(&mut server);
    assert_eq!(shared(&mut server), "", "not key by key");
    rest(&mut desk, &mut server);
    assert_eq!(shared(&mut server), "Your la");
    type_in(&mut desk, "Your lamp 🙂");
    rest(&mut desk, &mut server);
    assert_eq!(shared(&mut server), "Your lamp 🙂");
    assert_eq!(desk.core.unsent(), 0);
    desk.reply(CHAT, "Your lamp 🙂");
    desk.pump(&mut server);
    assert_eq!(shared(&mut server), "");
    assert_eq!(shown(&desk), "");
    assert!(desk.core.undelivered().is_empty());
}

#[test]
fn what_is_typed_elsewhere_comes_into_the_box_and_both_stay_when_both_type() {
    let (mut desk, mut server) = open_desk();
    type_in(&mut desk, "lamp");
    rest(&mut desk, &mut server);
    let part = other_types(&mut server, 0, "Your ");
    desk.hear(part);
    assert_eq!(shown(&desk), "Your lamp");
    // Both type at once: Ben's change arrives before Ana's is shared.
    type_in(&mut desk, "Your lamp is here");
    let part = other_types(&mut server, 0, "Hello! ");
    desk.hear(part);
    assert_eq!(shown(&desk), "Hello! Your lamp is here");
    desk.pump(&mut server);
    assert_eq!(shared(&mut server), "Hello! Your lamp is here");
    desk.cut();
    desk.reload();
    assert_eq!(shown(&desk), "Hello! Your lamp is here");
    desk.connect(&mut server);
    desk.act(Act::Open(Some(CHAT)));
    desk.pump(&mut server);
    rest(&mut desk, &mut server);
    assert_eq!(shown(&desk), "Hello! Your lamp is here", "nothing is doubled");
    assert_eq!(shared(&mut server), "Hello! Your lamp is here");
}

#[test]
fn typing_without_network_leaves_one_intent_and_lands_where_it_was_typed() {
    let (mut desk, mut server) = open_desk();
    type_in(&mut desk, "lamp");
    rest(&mut desk, &mut server);
    desk.cut();
    for text in ["lamp i", "lamp is", "lamp is here"] {
        type_in(&mut desk, text);
        rest(&mut desk, &mut server);
    }
    let intents = desk.disk.borrow().keys().filter(|key| key.store() == "outbox").count();
    assert_eq!(intents, 1);
    other_types(&mut server, 0, "Your ");
    desk.reload();
    assert_eq!(shown(&desk), "lamp is here");
    desk.act(Act::Open(Some(CHAT)));
    desk.connect(&mut server);
    desk.pump(&mut server);
    assert_eq!(shared(&mut server), "Your lamp is here");
    assert_eq!(shown(&desk), "Your lamp is here");
}

#[test]
fn what_was_typed_just_before_the_browser_died_is_there_and_shared_later() {
    let (mut desk, mut server) = open_desk();
    type_in(&mut desk, "never sha");
    desk.reload();
    assert_eq!(shown(&desk), "never sha");
    desk.connect(&mut server);
    desk.act(Act::Open(Some(CHAT)));
    desk.pump(&mut server);
    assert_eq!(shown(&desk), "never sha");
    for _ in 0..5 {
        rest(&mut desk, &mut server);
    }
    assert_eq!(shared(&mut server), "never sha");
}

#[test]
fn a_key_pressed_while_the_last_ones_are_on_their_way_stays_pressed() {
    let (mut desk, mut server) = open_desk();
    type_in(&mut desk, "lampp");
    desk.now += 1_000;
    desk.handle(Event::Tick);
    type_in(&mut desk, "lamp");
    desk.pump(&mut server);
    assert_eq!(shown(&desk), "lamp");
    rest(&mut desk, &mut server);
    assert_eq!(shared(&mut server), "lamp");
}
