//! The gate against honest and crafted pushes: real changes, modified byte by byte or built by hand.

use automerge::{ExpandedChange, ObjType, ROOT, ScalarValue, legacy, transaction::Transactable};

use super::*;
use crate::{
    contact::{Detail, Field},
    document::{self, DocumentError, Pen, begin, contact, draft, notes, timeline},
    ids::MessageId,
    message::{Author, Kind, TemplateUse},
};

const ANA: u128 = 1;
const BEN: u128 = 2;

fn user(n: u128) -> UserId {
    UserId::from_u128(n)
}

fn writer(n: u128) -> Writer {
    Writer {
        user: user(n),
        device: DeviceId::from_u128(n),
    }
}

fn pen(n: u128) -> Pen {
    Pen {
        actor: [n as u8; 16],
        user: Some(user(n)),
    }
}

/// A document as the server holds it.
struct Room {
    kind: DocumentKind,
    doc: Automerge,
    actors: Vec<(ActorId, KnownActor)>,
}

impl Actors for Room {
    fn known(&self, actor: &ActorId) -> Option<KnownActor> {
        self.actors
            .iter()
            .rev()
            .find(|(known, _)| known == actor)
            .map(|(_, known)| *known)
    }
}

impl Room {
    fn new(kind: DocumentKind) -> Self {
        Self {
            kind,
            doc: begin(kind),
            actors: vec![],
        }
    }

    fn judge(&self, writer: Writer, changes: &[Vec<u8>]) -> Result<Admitted, Refusal> {
        let changes = read(changes)?;
        check(self.kind, &self.doc, self, writer, changes).map(|passed| passed.admitted)
    }

    /// Checks the changes and applies them.
    fn push(&mut self, writer: Writer, changes: &[Vec<u8>]) -> Result<Admitted, Refusal> {
        let admitted = self.judge(writer, changes)?;
        for change in read(changes).unwrap() {
            let known = KnownActor {
                bound_to: Some(writer),
                seq: change.seq(),
                max_op: change.max_op(),
            };
            self.actors.push((change.actor_id().clone(), known));
        }
        document::apply(&mut self.doc, changes).unwrap();
        Ok(admitted)
    }
}

fn message(id: u128, author: u128, body: &str) -> Message {
    Message {
        id: MessageId::from_u128(id),
        author: Author::Agent(user(author)),
        kind: Kind::Text,
        body: body.into(),
        at: 5,
        reply_to: None,
        private: false,
        template: None,
        attachments: vec![],
    }
}

/// Makes a change by user `n` on a copy of the document.
fn edit(
    room: &Room,
    n: u128,
    edit: impl FnOnce(&mut automerge::transaction::Transaction<'_>) -> Result<(), DocumentError>,
) -> Vec<u8> {
    document::write(&mut room.doc.clone(), &pen(n), edit).unwrap().unwrap()
}

/// Decodes a change, lets `bend` modify it and encodes it again with a correct checksum.
fn bent(bytes: &[u8], bend: impl FnOnce(&mut ExpandedChange)) -> Vec<u8> {
    let mut expanded = document::parse(bytes).unwrap().decode();
    bend(&mut expanded);
    expanded.hash = None;
    Change::from(expanded).raw_bytes().to_vec()
}

fn code(result: Result<Admitted, Refusal>) -> Code {
    result.unwrap_err().code
}

#[test]
fn honest_messages_pass_and_say_what_they_hold() {
    let mut room = Room::new(DocumentKind::Timeline);
    let mut local = room.doc.clone();
    let first = timeline::append(&mut local, &pen(ANA), &message(10, ANA, "Hello")).unwrap();
    let second = timeline::append(&mut local, &pen(ANA), &message(11, ANA, "there")).unwrap();
    let admitted = room.push(writer(ANA), &[first, second]).unwrap();
    assert_eq!(
        admitted.messages,
        [message(10, ANA, "Hello"), message(11, ANA, "there")]
    );
    let third = timeline::append(&mut local, &pen(ANA), &message(12, ANA, "again")).unwrap();
    assert_eq!(room.push(writer(ANA), &[third]).unwrap().messages.len(), 1);
}

#[test]
fn nobody_writes_in_anothers_name() {
    let room = Room::new(DocumentKind::Timeline);
    let forged = timeline::append(&mut room.doc.clone(), &pen(ANA), &message(10, BEN, "I quit")).unwrap();
    assert_eq!(code(room.judge(writer(ANA), &[forged])), Code::BadContent);
    let stolen = timeline::append(&mut room.doc.clone(), &pen(ANA), &message(10, ANA, "Hi")).unwrap();
    assert_eq!(
        code(room.judge(writer(BEN), &[stolen])),
        Code::BadHeader,
        "the author mark is Ana's"
    );
    let system = Message {
        author: Author::System,
        ..message(10, ANA, "ended")
    };
    let system = timeline::append(&mut room.doc.clone(), &pen(ANA), &system).unwrap();
    assert_eq!(code(room.judge(writer(ANA), &[system])), Code::BadContent);
}

#[test]
fn an_actor_belongs_to_one_user_and_device() {
    let mut room = Room::new(DocumentKind::Timeline);
    let mut local = room.doc.clone();
    let first = timeline::append(&mut local, &pen(ANA), &message(10, ANA, "Hello")).unwrap();
    room.push(writer(ANA), &[first]).unwrap();
    let next = timeline::append(&mut local, &pen(ANA), &message(11, ANA, "x")).unwrap();
    let other_device = Writer {
        device: DeviceId::from_u128(99),
        ..writer(ANA)
    };
    assert_eq!(code(room.judge(other_device, &[next])), Code::BadHeader);
    let thief = Pen {
        actor: [ANA as u8; 16],
        user: Some(user(BEN)),
    };
    let stolen = timeline::append(&mut local, &thief, &message(12, BEN, "x")).unwrap();
    assert_eq!(code(room.judge(writer(BEN), &[stolen])), Code::BadHeader);
}

#[test]
fn inflated_and_reused_operation_numbers_are_refused() {
    let mut room = Room::new(DocumentKind::Timeline);
    let mut local = room.doc.clone();
    let honest = timeline::append(&mut local, &pen(ANA), &message(10, ANA, "Hello")).unwrap();
    for start in [u64::from(u32::MAX) - 3, 1 << 40, 3] {
        let inflated = bent(&honest, |change| {
            let old = change.start_op.get();
            change.start_op = start.try_into().unwrap();
            // Operations of a change refer to each other by number.
            for op in &mut change.operations {
                if let legacy::ObjectId::Id(id) = &mut op.obj
                    && id.1 == change.actor_id
                {
                    id.0 = id.0 - old + start;
                }
            }
        });
        let code = code(room.judge(writer(ANA), &[inflated]));
        // Numbers beyond 32 bits cannot be parsed.
        assert!(
            matches!(code, Code::BadHeader | Code::Malformed),
            "start {start}: {code:?}"
        );
    }
    room.push(writer(ANA), std::slice::from_ref(&honest)).unwrap();
    let again = timeline::append(&mut local, &pen(ANA), &message(11, ANA, "x")).unwrap();
    let genesis = begin(DocumentKind::Timeline).get_heads();
    let reused = bent(&again, |change| {
        let old = change.start_op.get();
        change.start_op = 2.try_into().unwrap();
        change.deps = genesis;
        for op in &mut change.operations {
            if let legacy::ObjectId::Id(id) = &mut op.obj
                && id.1 == change.actor_id
            {
                id.0 = id.0 - old + 2;
            }
        }
    });
    assert_eq!(code(room.judge(writer(ANA), &[reused])), Code::BadHeader);
}

#[test]
fn gaps_in_sequence_and_dependencies_are_refused() {
    let room = Room::new(DocumentKind::Timeline);
    let mut local = room.doc.clone();
    let first = timeline::append(&mut local, &pen(ANA), &message(10, ANA, "a")).unwrap();
    let second = timeline::append(&mut local, &pen(ANA), &message(11, ANA, "b")).unwrap();
    assert_eq!(
        code(room.judge(writer(ANA), std::slice::from_ref(&second))),
        Code::BadHeader,
        "without the first"
    );
    assert_eq!(
        code(room.judge(writer(ANA), &[second, first])),
        Code::BadHeader,
        "in the wrong order"
    );
}

#[test]
fn caps_and_chunk_types_are_checked_before_anything_is_read() {
    let room = Room::new(DocumentKind::Timeline);
    let honest = timeline::append(&mut room.doc.clone(), &pen(ANA), &message(10, ANA, "Hello")).unwrap();
    assert_eq!(code(room.judge(writer(ANA), &[])), Code::TooLarge);
    assert_eq!(
        code(room.judge(writer(ANA), &vec![honest.clone(); MAX_CHANGES + 1])),
        Code::TooLarge
    );
    assert_eq!(
        code(room.judge(writer(ANA), &[vec![0x85; MAX_CHANGE_BYTES + 1]])),
        Code::TooLarge
    );
    // A compressed chunk (type 2) could inflate a thousandfold.
    let long = timeline::append(&mut room.doc.clone(), &pen(ANA), &message(10, ANA, &"z".repeat(9000))).unwrap();
    let compressed = document::parse(&long).unwrap().bytes().into_owned();
    assert_eq!(compressed[8], 2, "automerge compressed it");
    assert_eq!(code(room.judge(writer(ANA), &[compressed])), Code::Malformed);
    let snapshot = room.doc.save();
    assert_eq!(code(room.judge(writer(ANA), &[snapshot])), Code::Malformed);
    for cut in 0..honest.len() {
        assert!(
            room.judge(writer(ANA), &[honest[..cut].to_vec()]).is_err(),
            "cut at {cut}"
        );
    }
}

#[test]
fn messages_cannot_be_changed_replaced_or_deleted() {
    let mut room = Room::new(DocumentKind::Timeline);
    let change = timeline::append(&mut room.doc.clone(), &pen(ANA), &message(10, ANA, "Hello")).unwrap();
    room.push(writer(ANA), &[change]).unwrap();
    let again = timeline::append(&mut room.doc.clone(), &pen(BEN), &message(10, BEN, "Hello!")).unwrap();
    assert_eq!(code(room.judge(writer(BEN), &[again])), Code::BadOperation);
    let key = MessageId::from_u128(10).to_string();
    let delete = edit(&room, BEN, |tx| {
        let messages = document::container(tx, "messages")?;
        Ok(tx.delete(&messages, key.as_str())?)
    });
    assert_eq!(code(room.judge(writer(BEN), &[delete])), Code::BadOperation);
    let rewrite = edit(&room, BEN, |tx| {
        let messages = document::container(tx, "messages")?;
        let (_, entry) = automerge::ReadDoc::get(tx, &messages, key.as_str())?.unwrap();
        Ok(tx.put(&entry, "body", "changed")?)
    });
    assert_eq!(code(room.judge(writer(BEN), &[rewrite])), Code::BadOperation);
    let root = edit(&room, BEN, |tx| Ok(tx.put(ROOT, "messages", "gone")?));
    assert_eq!(code(room.judge(writer(BEN), &[root])), Code::BadOperation);
}

#[test]
fn data_that_is_created_and_deleted_in_one_change_is_refused() {
    let room = Room::new(DocumentKind::Timeline);
    let smuggled = edit(&room, ANA, |tx| {
        let messages = document::container(tx, "messages")?;
        let id = MessageId::from_u128(10).to_string();
        let entry = tx.put_object(&messages, id.as_str(), ObjType::Map)?;
        tx.put(&entry, "body", "x".repeat(30_000))?;
        Ok(tx.delete(&messages, id.as_str())?)
    });
    assert_eq!(code(room.judge(writer(ANA), &[smuggled])), Code::BadOperation);
}

#[test]
fn content_is_complete_and_within_its_sizes() {
    let room = Room::new(DocumentKind::Timeline);
    let judge = |message: Message| {
        let change = timeline::append(&mut room.doc.clone(), &pen(ANA), &message).unwrap();
        room.judge(writer(ANA), &[change])
    };
    assert_eq!(
        code(judge(message(10, ANA, &"x".repeat(16 * 1024 + 1)))),
        Code::TooLarge
    );
    assert!(judge(message(10, ANA, &"x".repeat(16 * 1024))).is_ok());
    assert_eq!(code(judge(message(10, ANA, "  \n "))), Code::BadContent);
    assert_eq!(code(judge(message(10, ANA, "a\0b"))), Code::BadContent);
    assert_eq!(
        code(judge(Message {
            kind: Kind::File,
            ..message(10, ANA, "no file")
        })),
        Code::BadContent
    );
    for missing in ["author", "kind", "body", "at"] {
        let change = edit(&room, ANA, |tx| {
            let messages = document::container(tx, "messages")?;
            let entry = tx.put_object(&messages, MessageId::from_u128(10).to_string(), ObjType::Map)?;
            for (key, value) in [
                ("author", ScalarValue::from(Author::Agent(user(ANA)).to_key())),
                ("kind", "text".into()),
                ("body", "Hi".into()),
                ("at", ScalarValue::Int(1)),
            ] {
                if key != missing {
                    tx.put(&entry, key, value)?;
                }
            }
            Ok(())
        });
        assert_eq!(
            code(room.judge(writer(ANA), &[change])),
            Code::BadContent,
            "without {missing}"
        );
    }
}

#[test]
fn notes_are_written_together_but_not_in_anothers_name() {
    let mut room = Room::new(DocumentKind::Notes);
    let id = NoteId::from_u128(7);
    let made = notes::add(&mut room.doc.clone(), &pen(ANA), id, 1, "Prefers mail").unwrap();
    assert_eq!(room.push(writer(ANA), &[made]).unwrap().notes, [id]);
    let mut bens = room.doc.clone();
    let splice = notes::difference("Prefers mail", "Prefers mail 🙂").unwrap();
    let edited = notes::edit(&mut bens, &pen(BEN), id, &splice).unwrap().unwrap();
    let marked = notes::highlight(&mut bens, &pen(BEN), id, true).unwrap().unwrap();
    assert_eq!(room.push(writer(BEN), &[edited, marked]).unwrap().notes, [id, id]);
    let forged = edit(&room, BEN, |tx| {
        let container = document::container(tx, "notes")?;
        let (_, entry) = automerge::ReadDoc::get(tx, &container, id.to_string())?.unwrap();
        Ok(tx.put(&entry, "author", user(BEN).to_string())?)
    });
    assert_eq!(code(room.judge(writer(BEN), &[forged])), Code::BadOperation);
    let long = notes::add(
        &mut room.doc.clone(),
        &pen(BEN),
        NoteId::from_u128(8),
        1,
        &"x".repeat(10_001),
    )
    .unwrap();
    assert_eq!(code(room.judge(writer(BEN), &[long])), Code::TooLarge);
}

#[test]
fn a_draft_is_typed_and_deleted_and_hides_nothing() {
    let mut room = Room::new(DocumentKind::Draft);
    let splice = |at, delete, insert: &str| notes::Splice {
        at,
        delete,
        insert: insert.into(),
    };
    let mut local = room.doc.clone();
    let typed = draft::edit(&mut local, &pen(ANA), &splice(0, 0, "Hello 👩‍👩‍👧"))
        .unwrap()
        .unwrap();
    let more = draft::edit(&mut local, &pen(ANA), &splice(0, 5, "Dear"))
        .unwrap()
        .unwrap();
    room.push(writer(ANA), &[typed, more]).unwrap();
    assert_eq!(draft::read(&room.doc).unwrap(), "Dear 👩‍👩‍👧");
    let hidden = edit(&room, BEN, |tx| {
        let (_, text) = automerge::ReadDoc::get(tx, ROOT, "text")?.unwrap();
        tx.splice_text(&text, 0, 0, "smuggled")?;
        Ok(tx.splice_text(&text, 0, 8, "")?)
    });
    assert_eq!(code(room.judge(writer(BEN), &[hidden])), Code::BadOperation);
    let cut = draft::edit(&mut room.doc.clone(), &pen(BEN), &splice(0, 2, ""))
        .unwrap()
        .unwrap();
    // Elements that do not exist, in place of existing ones.
    for bend in [7000, 1] {
        let bent = bent(&cut, |change| {
            for op in &mut change.operations {
                if let legacy::Key::Seq(legacy::ElementId::Id(id)) = &mut op.key {
                    id.0 = bend;
                    op.pred = vec![id.clone()].into();
                }
            }
        });
        let refused = code(room.judge(writer(BEN), &[bent]));
        assert!(matches!(refused, Code::BadOperation | Code::Malformed), "{refused:?}");
    }
    assert!(room.judge(writer(BEN), &[cut]).is_ok());
    let long = draft::edit(
        &mut room.doc.clone(),
        &pen(BEN),
        &splice(0, 0, &"x".repeat(draft::MAX_DRAFT)),
    );
    assert_eq!(code(room.judge(writer(BEN), &[long.unwrap().unwrap()])), Code::TooLarge);
    let marked = edit(&room, BEN, |tx| Ok(tx.put(ROOT, "text", "gone")?));
    assert_eq!(code(room.judge(writer(BEN), &[marked])), Code::BadOperation);
}

#[test]
fn a_discussion_is_judged_like_a_timeline() {
    let mut room = Room::new(DocumentKind::Discussion);
    let said = timeline::append(&mut room.doc.clone(), &pen(ANA), &message(10, ANA, "Refund?")).unwrap();
    assert_eq!(
        room.push(writer(ANA), &[said]).unwrap().messages,
        [message(10, ANA, "Refund?")]
    );
    let forged = timeline::append(&mut room.doc.clone(), &pen(BEN), &message(11, ANA, "Yes")).unwrap();
    assert_eq!(code(room.judge(writer(BEN), &[forged])), Code::BadContent);
    let replaced = timeline::append(&mut room.doc.clone(), &pen(BEN), &message(10, BEN, "No")).unwrap();
    assert_eq!(code(room.judge(writer(BEN), &[replaced])), Code::BadOperation);
}

#[test]
fn people_write_personal_fields_and_bots_the_others() {
    let room = Room::new(DocumentKind::Contact);
    let good = contact::set(&mut room.doc.clone(), &pen(ANA), Field::City, Some("Denia"))
        .unwrap()
        .unwrap();
    assert!(room.judge(writer(ANA), &[good]).unwrap().profile);
    let mail = contact::set_detail(&mut room.doc.clone(), &pen(ANA), Detail::Email, "A@b.es", true)
        .unwrap()
        .unwrap();
    assert!(room.judge(writer(ANA), &[mail]).unwrap().profile);
    let nonsense = contact::set_detail(&mut room.doc.clone(), &pen(ANA), Detail::Email, "nope", true)
        .unwrap()
        .unwrap();
    assert_eq!(code(room.judge(writer(ANA), &[nonsense])), Code::BadContent);
    let custom = edit(&room, ANA, |tx| {
        let custom = document::container(tx, "custom")?;
        Ok(tx.put(&custom, "vip", "yes")?)
    });
    assert_eq!(code(room.judge(writer(ANA), &[custom])), Code::BadOperation);
    let unknown = edit(&room, ANA, |tx| Ok(tx.put(ROOT, "shoe_size", "44")?));
    assert_eq!(code(room.judge(writer(ANA), &[unknown])), Code::BadOperation);
    let counter = edit(&room, ANA, |tx| Ok(tx.put(ROOT, "city", ScalarValue::counter(1))?));
    assert_eq!(code(room.judge(writer(ANA), &[counter])), Code::BadContent);
}

#[test]
fn another_genesis_is_refused() {
    let room = Room::new(DocumentKind::Notes);
    let mut other = Automerge::new_with_encoding(document::ENCODING);
    let own = document::write(&mut other, &pen(ANA), |tx| {
        tx.put_object(ROOT, "notes", ObjType::Map)?;
        Ok(())
    });
    assert_eq!(code(room.judge(writer(ANA), &[own.unwrap().unwrap()])), Code::BadHeader);
}

proptest::proptest! {
    #[test]
    fn flipped_bytes_never_pass_as_something_else(position in 0usize..200, flip in 1u8..=255) {
        let room = Room::new(DocumentKind::Timeline);
        let mut change = timeline::append(&mut room.doc.clone(), &pen(ANA), &message(10, ANA, "Hello")).unwrap();
        let position = position % change.len();
        change[position] ^= flip;
        // The checksum detects the flip; the change must neither pass nor cause a panic.
        proptest::prop_assert!(room.judge(writer(ANA), &[change]).is_err());
    }
}

#[test]
fn a_private_reply_and_a_filled_in_template_say_so_and_nothing_else_may() {
    let room = Room::new(DocumentKind::Timeline);
    let used = TemplateUse {
        name: "order_ready".into(),
        language: "en_US".into(),
        parameters: vec!["Ana".into(), "17".into()],
    };
    let template = Message {
        kind: Kind::Template,
        template: Some(used),
        ..message(10, ANA, "Hello Ana, 17 is ready.")
    };
    let private = Message {
        private: true,
        ..message(10, ANA, "Only for you")
    };
    for honest in [&template, &private] {
        let change = timeline::append(&mut room.doc.clone(), &pen(ANA), honest).unwrap();
        assert_eq!(
            room.judge(writer(ANA), &[change]).unwrap().messages,
            std::slice::from_ref(honest)
        );
    }
    let judge = |kind: &str, more: &[(&str, ScalarValue)]| {
        let change = edit(&room, ANA, |tx| {
            let messages = document::container(tx, "messages")?;
            let entry = tx.put_object(&messages, MessageId::from_u128(10).to_string(), ObjType::Map)?;
            tx.put(&entry, "author", Author::Agent(user(ANA)).to_key())?;
            tx.put(&entry, "kind", kind)?;
            tx.put(&entry, "body", "Hi")?;
            tx.put(&entry, "at", ScalarValue::Int(1))?;
            for (key, value) in more {
                tx.put(&entry, *key, value.clone())?;
            }
            Ok(())
        });
        room.judge(writer(ANA), &[change])
    };
    assert!(judge("template", &[("template", "a\nen".into())]).is_ok());
    let endless = format!("a\nen{}", "\nx".repeat(33));
    for (kind, more) in [
        ("text", vec![("private", ScalarValue::Boolean(false))]),
        ("text", vec![("private", "true".into())]),
        ("text", vec![("template", "a\nen".into())]),
        ("template", vec![]),
        ("template", vec![("template", "a".into())]),
        ("template", vec![("template", "a\nen\n".into())]),
        ("template", vec![("template", "a\nen\nx\ty".into())]),
        ("template", vec![("template", endless.into())]),
        (
            "template",
            vec![("template", "a\nen".into()), ("private", ScalarValue::Boolean(true))],
        ),
        ("text", vec![("secret", "x".into())]),
    ] {
        assert_eq!(code(judge(kind, &more)), Code::BadContent, "{kind} {more:?}");
    }
    let long = Message {
        body: "x".repeat(4097),
        ..template
    };
    let change = timeline::append(&mut room.doc.clone(), &pen(ANA), &long).unwrap();
    assert_eq!(code(room.judge(writer(ANA), &[change])), Code::TooLarge);
}
