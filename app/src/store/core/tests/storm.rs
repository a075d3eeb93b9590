//! Property test: whatever happens to the connection and the page, every reply arrives once and in order, and no typed
//! text is lost.

use causerie_shared::{
    document::{DocumentId, notes},
    ids::NoteId,
};
use proptest::prelude::*;

use super::{CHAT, CONTACT, desk::Desk, server::Server};
use crate::store::core::{Act, Event};

#[derive(Debug, Clone)]
enum Fault {
    Reply,
    VisitorSays,
    TypeNote,
    Connect,
    /// The server processes the frames in flight; its answers are lost with the connection.
    LoseAnswers,
    Cut,
    Reload,
    Seal,
}

fn weather() -> impl Strategy<Value = Fault> {
    prop_oneof![
        4 => Just(Fault::Reply),
        2 => Just(Fault::VisitorSays),
        2 => Just(Fault::TypeNote),
        3 => Just(Fault::Connect),
        2 => Just(Fault::LoseAnswers),
        1 => Just(Fault::Cut),
        2 => Just(Fault::Reload),
        1 => Just(Fault::Seal),
    ]
}

fn type_note(desk: &mut Desk, typed: &mut String) {
    desk.act(Act::Open(Some(CHAT)));
    typed.push((b'a' + (typed.len() % 26) as u8) as char);
    let text = typed.clone();
    desk.now += 10;
    let known = desk.core.notes(CONTACT);
    match known.first() {
        Some(base) => desk
            .run(|core, step| core.edit_note(step, CONTACT, base, &text))
            .expect("an edit"),
        None => {
            let added: Result<NoteId, _> = desk.run(|core, step| core.add_note(step, CONTACT, text));
            added.expect("a note");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
    #[test]
    fn nothing_is_lost_doubled_or_turned_round(storm in prop::collection::vec(weather(), 1..40)) {
        let (mut desk, mut server) = (Desk::new(), Server::new());
        desk.connect(&mut server);
        let (mut mine, mut typed, mut segment, mut visitor) = (vec![], String::new(), 1, 900);
        for event in storm {
            match event {
                Fault::Reply => {
                    let text = format!("reply {}", mine.len());
                    desk.reply(CHAT, &text);
                    mine.push(text);
                    if desk.connected {
                        desk.pump(&mut server);
                    }
                }
                Fault::VisitorSays => {
                    visitor += 1;
                    let frames = server.say(CHAT, segment, visitor, "visitor");
                    if desk.connected {
                        frames.into_iter().for_each(|frame| desk.hear(frame));
                        desk.pump(&mut server);
                    }
                }
                Fault::TypeNote => type_note(&mut desk, &mut typed),
                Fault::Connect if !desk.connected => desk.connect(&mut server),
                Fault::Connect => desk.pump(&mut server),
                Fault::LoseAnswers => {
                    if !desk.connected {
                        desk.connected = true;
                        desk.handle(Event::Opened);
                        let frames = std::mem::take(&mut desk.out);
                        let answers: Vec<_> = frames.into_iter().flat_map(|frame| server.answer(frame)).collect();
                        answers.into_iter().for_each(|frame| desk.hear(frame));
                    }
                    let frames = std::mem::take(&mut desk.out);
                    frames.into_iter().for_each(|frame| drop(server.answer(frame)));
                    desk.cut();
                }
                Fault::Cut => desk.cut(),
                Fault::Reload => desk.reload(),
                Fault::Seal => {
                    server.document(DocumentId::Timeline(CHAT, segment)).sealed = true;
                    segment += 1;
                }
            }
        }
        if !desk.connected {
            desk.connect(&mut server);
        }
        desk.pump(&mut server);
        prop_assert_eq!(desk.core.undelivered(), vec![]);
        prop_assert_eq!(desk.core.unsent(), 0);
        let stored: Vec<String> = (1..=segment)
            .flat_map(|segment| server.texts(CHAT, segment))
            .filter(|text| text != "visitor")
            .collect();
        prop_assert_eq!(stored, mine);
        if !typed.is_empty() {
            let notes = notes::read(&server.document(DocumentId::Notes(CONTACT)).doc).expect("notes");
            prop_assert_eq!(&notes[0].text, &typed);
        }
    }
}
