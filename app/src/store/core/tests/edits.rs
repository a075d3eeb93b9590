//! Tests of notes and profiles: concurrent edits keep the text of everybody.

use causerie_shared::{
    contact::Field,
    document::{DocumentId, Pen, contact, notes},
    ids::NoteId,
};

use super::{BEN, CHAT, CONTACT, desk::Desk, server::Server};
use crate::store::{core::Act, view::SharedNote};

const NOTES: DocumentId = DocumentId::Notes(CONTACT);

fn ben() -> Pen {
    Pen {
        actor: [9; 16],
        user: Some(BEN),
    }
}

fn only(desk: &Desk) -> SharedNote {
    desk.core.notes(CONTACT).remove(0)
}

fn text(server: &mut Server) -> String {
    notes::read(&server.document(NOTES).doc).expect("notes").remove(0).text
}

/// Ana's console with one note that the server has.
fn with_note(initial: &str) -> (Desk, Server, NoteId) {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    desk.act(Act::Open(Some(CHAT)));
    desk.pump(&mut server);
    let note = desk
        .run(|core, step| core.add_note(step, CONTACT, initial.into()))
        .expect("a note");
    desk.pump(&mut server);
    (desk, server, note)
}

fn ben_types(server: &mut Server, note: NoteId, at: usize, insert: &str) -> causerie_shared::frame::ServerFrame {
    let splice = notes::Splice {
        at,
        delete: 0,
        insert: insert.into(),
    };
    let mut doc = server.document(NOTES).doc.clone();
    let change = notes::edit(&mut doc, &ben(), note, &splice)
        .expect("an edit")
        .expect("a change");
    server.outside(NOTES, change)
}

#[test]
fn what_others_type_meanwhile_stays() {
    let (mut desk, mut server, note) = with_note("Likes oak.");
    let base = only(&desk);
    // Ben writes at the front while Ana is typing at the end.
    let part = ben_types(&mut server, note, 0, "VIP. ");
    desk.hear(part);
    assert_eq!(only(&desk).note.text, "VIP. Likes oak.");
    desk.run(|core, step| core.edit_note(step, CONTACT, &base, "Likes oak, not pine."))
        .expect("an edit");
    assert_eq!(only(&desk).note.text, "VIP. Likes oak, not pine.");
    // A further edit builds on the branch of the previous one.
    let base = only(&desk);
    desk.run(|core, step| core.edit_note(step, CONTACT, &base, "VIP. Likes oak, not pine. 🙂"))
        .expect("an edit");
    desk.pump(&mut server);
    assert_eq!(text(&mut server), "VIP. Likes oak, not pine. 🙂");
    assert!(desk.core.undelivered().is_empty(), "the gate let all of it in");
    assert_eq!(desk.core.unsent(), 0);
}

#[test]
fn edits_typed_offline_land_where_they_were_typed() {
    for reload in [false, true] {
        let (mut desk, mut server, note) = with_note("Tall lamp.");
        desk.cut();
        for next in ["Tall lamp. Red", "Tall lamp. Red shade", "Tall lamp. Red shade."] {
            let base = only(&desk);
            desk.run(|core, step| core.edit_note(step, CONTACT, &base, next))
                .expect("an edit");
        }
        // The connection is down; Ben's text reaches only the server.
        ben_types(&mut server, note, 0, "Called twice. ");
        if reload {
            desk.reload();
            desk.act(Act::Open(Some(CHAT)));
            assert_eq!(only(&desk).note.text, "Tall lamp. Red shade.");
        }
        desk.connect(&mut server);
        assert_eq!(
            text(&mut server),
            "Called twice. Tall lamp. Red shade.",
            "reload: {reload}"
        );
        assert_eq!(only(&desk).note.text, "Called twice. Tall lamp. Red shade.");
        assert_eq!(desk.core.unsent(), 0);
    }
}

#[test]
fn a_highlight_comes_first_and_reaches_the_server() {
    let (mut desk, mut server, first) = with_note("old");
    desk.now += 1_000;
    desk.run(|core, step| core.add_note(step, CONTACT, "new".into()))
        .expect("a note");
    assert_eq!(desk.core.notes(CONTACT)[0].note.text, "new");
    desk.act(Act::Highlight(CONTACT, first, true));
    assert_eq!(desk.core.notes(CONTACT)[0].note.text, "old");
    desk.pump(&mut server);
    assert!(notes::read(&server.document(NOTES).doc).expect("notes")[0].highlighted);
}

#[test]
fn two_values_of_a_field_are_both_shown_until_one_is_chosen() {
    let (mut desk, mut server) = (Desk::new(), Server::new());
    desk.connect(&mut server);
    desk.act(Act::Open(Some(CHAT)));
    desk.pump(&mut server);
    desk.cut();
    desk.run(|core, step| core.set_field(step, CONTACT, Field::City, Some(" Denia ".into())))
        .expect("a field");
    let profile = DocumentId::Contact(CONTACT);
    let mut doc = server.document(profile).doc.clone();
    let change = contact::set(&mut doc, &ben(), Field::City, Some("Valencia"))
        .expect("a field")
        .expect("a change");
    server.outside(profile, change);
    desk.connect(&mut server);
    // The edit was sent after the server knew the other value, but it was made without knowing it.
    let shown = |desk: &Desk| {
        let mut values = desk.core.profile(CONTACT).fields[0].1.clone();
        values.sort_unstable();
        values
    };
    assert_eq!(shown(&desk), ["Denia", "Valencia"]);
    desk.run(|core, step| core.set_field(step, CONTACT, Field::City, Some("Denia".into())))
        .expect("a field");
    desk.pump(&mut server);
    assert_eq!(shown(&desk), ["Denia"]);
    assert_eq!(
        contact::read(&server.document(profile).doc)
            .expect("a profile")
            .get(Field::City),
        Some("Denia")
    );
}
