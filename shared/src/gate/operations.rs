//! Step 4: the table of `docs/sync.md#documents` must allow each operation at its place.

#![expect(clippy::wildcard_enum_match_arm, reason = "everything that is not named is refused")]

use std::collections::HashMap;

use automerge::{
    Automerge, ExpandedChange, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, Value,
    legacy::{ElementId, Key, ObjectId, Op, OpId, OpType},
};

use crate::{
    contact::{Detail, Field},
    document::DocumentKind,
    ids::{MessageId, NoteId},
    refusal::{Code, Refusal},
};

/// The object that an operation writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Root,
    /// A map that the genesis creates, by name.
    Container(&'static str),
    /// A message that this change creates.
    Message(MessageId),
    Attachments(MessageId),
    /// A note that this change creates.
    NewNote(NoteId),
    /// A note that the document already contains.
    Note(NoteId),
    NoteText(NoteId),
    DraftText,
}

/// What an allowed operation writes. Step 5 checks the values.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fact {
    MessageBegins(MessageId),
    MessageValue(MessageId, String, ScalarValue),
    AttachmentsBegin(MessageId),
    Attachment(MessageId, ScalarValue),
    NoteBegins(NoteId),
    NoteValue(NoteId, String, ScalarValue),
    NoteTextBegins(NoteId),
    NoteText(NoteId, ScalarValue),
    NoteTouched(NoteId),
    DraftText(ScalarValue),
    DraftCut,
    Field(Field, ScalarValue),
    Detail(Detail, String, ScalarValue),
    Removed,
}

fn bad(text: &str) -> Refusal {
    Refusal::new(Code::BadOperation, text)
}

pub(super) fn check(kind: DocumentKind, doc: &Automerge, change: &ExpandedChange) -> Result<Vec<Fact>, Refusal> {
    let mut made: HashMap<OpId, Target> = HashMap::new();
    let mut facts = Vec::with_capacity(change.operations.len());
    for (index, op) in change.operations.iter().enumerate() {
        let place = locate(kind, doc, &made, &op.obj)?;
        if let Key::Seq(element) = &op.key {
            on_an_element(doc, change, op, element)?;
        }
        let id = OpId::new(change.start_op.get() + index as u64, &change.actor_id);
        let (fact, creates) = allow(kind, doc, &place, op)?;
        if let Some(place) = creates {
            made.insert(id, place);
        }
        facts.push(fact);
    }
    Ok(facts)
}

/// Checks that an operation in a list or text refers to an existing element. A deletion must remove exactly that
/// element, and one of an older change: what one change both creates and deletes would be data that no patch shows.
fn on_an_element(doc: &Automerge, change: &ExpandedChange, op: &Op, element: &ElementId) -> Result<(), Refusal> {
    let unknown = || bad("an operation on an unknown element");
    let deletes = matches!(op.action, OpType::Delete);
    let id = match element {
        ElementId::Head if deletes => return Err(unknown()),
        ElementId::Head => return Ok(()),
        ElementId::Id(id) => id,
    };
    if deletes && op.pred.iter().ne([id]) {
        return Err(bad("a deletion takes the element at which it stands"));
    }
    if *id.actor() == change.actor_id && id.counter() >= change.start_op.get() {
        let own = usize::try_from(id.counter() - change.start_op.get())
            .ok()
            .and_then(|index| change.operations.get(index));
        return match own {
            Some(made) if !deletes && made.insert && made.obj == op.obj => Ok(()),
            Some(_) | None => Err(bad("a change cannot delete what it creates")),
        };
    }
    // This check only finds out cheaply that the element exists, because a change can hold tens of thousands of such
    // operations. The dry run finds out whether the element belongs to this object.
    match doc.hash_for_opid(&ObjId::Id(id.counter(), id.actor().clone(), 0)) {
        Some(_) => Ok(()),
        None => Err(unknown()),
    }
}

/// Returns what the object of an operation is.
fn locate(
    kind: DocumentKind,
    doc: &Automerge,
    made: &HashMap<OpId, Target>,
    object: &ObjectId,
) -> Result<Target, Refusal> {
    let id = match object {
        ObjectId::Root => return Ok(Target::Root),
        ObjectId::Id(id) => id,
    };
    if let Some(place) = made.get(id) {
        return Ok(place.clone());
    }
    let unknown = || bad("an operation on an unknown object");
    let object = doc
        .import_obj(&format!("{}@{}", id.counter(), id.actor()))
        .map_err(|_| unknown())?;
    let mut path = vec![];
    for parent in doc.parents(&object).map_err(|_| unknown())? {
        path.push(parent.prop.to_string());
    }
    path.reverse();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let container = |name: &str| kind.containers().iter().copied().find(|known| *known == name);
    match (kind, path.as_slice()) {
        (DocumentKind::Draft, ["text"]) => Ok(Target::DraftText),
        (_, [name]) => container(name).map(Target::Container).ok_or_else(unknown),
        (DocumentKind::Notes, ["notes", note]) => Ok(Target::Note(note.parse().map_err(|_| unknown())?)),
        (DocumentKind::Notes, ["notes", note, "text"]) => Ok(Target::NoteText(note.parse().map_err(|_| unknown())?)),
        (DocumentKind::Timeline | DocumentKind::Discussion, _) => Err(bad("a message cannot be changed")),
        (DocumentKind::Notes | DocumentKind::Contact | DocumentKind::Draft, _) => Err(unknown()),
    }
}

fn allow(kind: DocumentKind, doc: &Automerge, place: &Target, op: &Op) -> Result<(Fact, Option<Target>), Refusal> {
    match (place, &op.key) {
        (Target::Root, Key::Map(key)) => match kind {
            DocumentKind::Contact => field(key, op),
            DocumentKind::Timeline | DocumentKind::Discussion | DocumentKind::Draft | DocumentKind::Notes => {
                Err(bad("nothing is written at the root"))
            }
        },
        (Target::Container("messages"), Key::Map(key)) => {
            let id: MessageId = key.parse().map_err(|_| bad("a message's key is not an id"))?;
            only_new(doc, "messages", key, op)?;
            match op.action {
                OpType::Make(ObjType::Map) => Ok((Fact::MessageBegins(id), Some(Target::Message(id)))),
                _ => Err(bad("messages are only created")),
            }
        }
        (Target::Message(id), Key::Map(key)) => {
            first_write(op)?;
            match &op.action {
                OpType::Put(value) => Ok((Fact::MessageValue(*id, key.to_string(), value.clone()), None)),
                OpType::Make(ObjType::List) if key == "attachments" => {
                    Ok((Fact::AttachmentsBegin(*id), Some(Target::Attachments(*id))))
                }
                _ => Err(bad("a message holds plain values only")),
            }
        }
        (Target::Attachments(id), Key::Seq(_)) if op.insert => match &op.action {
            OpType::Put(value) if op.pred.is_empty() => Ok((Fact::Attachment(*id, value.clone()), None)),
            _ => Err(bad("attachments are a list of file ids")),
        },
        (Target::Container("notes"), Key::Map(key)) => {
            let id: NoteId = key.parse().map_err(|_| bad("a note's key is not an id"))?;
            only_new(doc, "notes", key, op)?;
            match op.action {
                OpType::Make(ObjType::Map) => Ok((Fact::NoteBegins(id), Some(Target::NewNote(id)))),
                _ => Err(bad("notes are only created")),
            }
        }
        (Target::NewNote(id), Key::Map(key)) => {
            first_write(op)?;
            match &op.action {
                OpType::Put(value) => Ok((Fact::NoteValue(*id, key.to_string(), value.clone()), None)),
                OpType::Make(ObjType::Text) if key == "text" => {
                    Ok((Fact::NoteTextBegins(*id), Some(Target::NoteText(*id))))
                }
                _ => Err(bad("a note holds author, time, highlight and text only")),
            }
        }
        (Target::Note(id), Key::Map(key)) => match &op.action {
            OpType::Put(ScalarValue::Boolean(_)) if key == "highlighted" && !op.insert => {
                Ok((Fact::NoteTouched(*id), None))
            }
            _ => Err(bad("only the highlight of a note can be changed")),
        },
        (Target::NoteText(id), Key::Seq(_)) => match &op.action {
            OpType::Put(value) if op.insert && op.pred.is_empty() => Ok((Fact::NoteText(*id, value.clone()), None)),
            OpType::Delete if !op.insert && !op.pred.is_empty() => Ok((Fact::NoteTouched(*id), None)),
            _ => Err(bad("a note's text is typed and deleted, nothing else")),
        },
        (Target::DraftText, Key::Seq(_)) => match &op.action {
            OpType::Put(value) if op.insert && op.pred.is_empty() => Ok((Fact::DraftText(value.clone()), None)),
            OpType::Delete if !op.insert && !op.pred.is_empty() => Ok((Fact::DraftCut, None)),
            _ => Err(bad("a draft is typed and deleted, nothing else")),
        },
        (Target::Container(name), Key::Map(key)) => detail(name, key, op),
        (
            Target::Root
            | Target::Container(_)
            | Target::Message(_)
            | Target::Attachments(_)
            | Target::NewNote(_)
            | Target::Note(_)
            | Target::NoteText(_)
            | Target::DraftText,
            Key::Map(_) | Key::Seq(_),
        ) => Err(bad("an operation in the wrong place")),
    }
}

fn field(key: &str, op: &Op) -> Result<(Fact, Option<Target>), Refusal> {
    let field = Field::from_key(key).ok_or_else(|| bad("an unknown profile field"))?;
    match &op.action {
        OpType::Put(value) if !op.insert => Ok((Fact::Field(field, value.clone()), None)),
        OpType::Delete if !op.pred.is_empty() => Ok((Fact::Removed, None)),
        _ => Err(bad("a profile field holds a text")),
    }
}

fn detail(container: &str, key: &str, op: &Op) -> Result<(Fact, Option<Target>), Refusal> {
    let detail = [Detail::Email, Detail::Phone]
        .into_iter()
        .find(|detail| detail.container() == container)
        .ok_or_else(|| bad("custom fields are written by bots and the server only"))?;
    match &op.action {
        OpType::Put(value) if !op.insert => Ok((Fact::Detail(detail, key.to_owned(), value.clone()), None)),
        OpType::Delete if !op.pred.is_empty() => Ok((Fact::Removed, None)),
        _ => Err(bad("e-mails and phones are texts")),
    }
}

/// Checks that the operation creates a new key in a container and replaces nothing.
fn only_new(doc: &Automerge, container: &str, key: &str, op: &Op) -> Result<(), Refusal> {
    first_write(op)?;
    let there = match doc.get(ROOT, container) {
        Ok(Some((Value::Object(_), object))) => doc.get(&object, key).ok().flatten().is_some(),
        _ => false,
    };
    if there { Err(bad("the entry exists")) } else { Ok(()) }
}

fn first_write(op: &Op) -> Result<(), Refusal> {
    if op.pred.is_empty() && !op.insert {
        Ok(())
    } else {
        Err(bad("nothing that exists can be replaced"))
    }
}
