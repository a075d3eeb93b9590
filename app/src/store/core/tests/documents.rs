//! Tests of parts: gaps, epochs, and which documents are followed.

use causerie_shared::{
    document::{DocumentId, Pen, begin, timeline},
    frame::{ClientFrame, Part, ServerFrame},
    ids::MessageId,
    message::{Author, Kind, Message},
};

use super::{CHAT, CONTACT, desk::Desk, server::Server};
use crate::store::core::Act;

const TIMELINE: DocumentId = DocumentId::Timeline(CHAT, 1);

#[test]
fn a_part_that_does_not_follow_is_asked_for_again() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    server.say(CHAT, 1, 901, "lost on the way");
    for frame in server.say(CHAT, 1, 902, "arrives") {
        desk.hear(frame);
    }
    let asked = desk.out.iter().find_map(|frame| match frame {
        ClientFrame::Open { document, have, .. } => Some((*document, have.map(|have| have.seq))),
        _ => None,
    });
    assert_eq!(asked, Some((TIMELINE, None)));
    desk.pump(&mut server);
    assert_eq!(desk.texts(CHAT), ["lost on the way", "arrives"]);
}

#[test]
fn a_part_that_is_known_already_changes_nothing() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    let frames = server.say(CHAT, 1, 901, "once");
    for frame in frames.iter().chain(&frames) {
        desk.hear(frame.clone());
    }
    assert_eq!(desk.texts(CHAT), ["once"]);
    assert!(desk.out.is_empty(), "nothing is asked");
}

#[test]
fn a_document_begun_anew_takes_the_waiting_reply_along() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    let mut before = vec![];
    for frame in server.say(CHAT, 1, 901, "redact me") {
        if let ServerFrame::Part(part) = &frame {
            before.push(part.clone());
        }
        desk.hear(frame);
    }
    assert_eq!((before.len(), before[0].from), (1, 0), "the whole of the first epoch");
    desk.cut();
    desk.reply(CHAT, "still here");
    // The server redacts the text and begins a new epoch.
    let message = Message {
        id: MessageId::from_u128(901),
        author: Author::Contact,
        kind: Kind::Text,
        body: "…".into(),
        at: 0,
        reply_to: None,
        private: false,
        template: None,
        attachments: vec![],
    };
    let mut doc = begin(TIMELINE.kind());
    let change = timeline::append(
        &mut doc,
        &Pen {
            actor: [5; 16],
            user: None,
        },
        &message,
    )
    .expect("a message");
    server.documents.remove(&TIMELINE);
    server.outside(TIMELINE, change.clone());
    server.document(TIMELINE).epoch = 2;
    // Asked with an old epoch, the server sends the whole document.
    desk.connected = true;
    desk.handle(crate::store::core::Event::Opened);
    let frames = std::mem::take(&mut desk.out);
    for frame in frames {
        for answer in server.answer(frame) {
            desk.hear(answer);
        }
    }
    desk.out.retain(|frame| !matches!(frame, ClientFrame::Open { .. }));
    desk.hear(ServerFrame::Part(Part {
        document: TIMELINE,
        epoch: 2,
        from: 0,
        to: 1,
        snapshot: None,
        changes: vec![change],
    }));
    desk.pump(&mut server);
    assert_eq!(server.texts(CHAT, 1), ["…", "still here"]);
    assert_eq!(
        desk.texts(CHAT),
        ["…", "still here"],
        "what was removed is not shown any more"
    );
    desk.hear(ServerFrame::Part(before.remove(0)));
    assert_eq!(
        desk.texts(CHAT),
        ["…", "still here"],
        "nor brought back by what was overtaken"
    );
    assert!(desk.core.undelivered().is_empty());
}

#[test]
fn chats_of_mine_are_fetched_unopened_and_profile_and_notes_on_opening() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    assert_eq!(server.opens, [TIMELINE]);
    desk.act(Act::Open(Some(CHAT)));
    desk.pump(&mut server);
    assert_eq!(
        server.opens[1..],
        [
            DocumentId::Discussion(CHAT),
            DocumentId::Draft(CHAT),
            DocumentId::Contact(CONTACT),
            DocumentId::Notes(CONTACT)
        ]
    );
    desk.act(Act::Open(None));
    let closed = desk
        .out
        .iter()
        .filter(|frame| matches!(frame, ClientFrame::Close { .. }))
        .count();
    assert_eq!(closed, 4);
}
