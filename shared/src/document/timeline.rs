//! The timeline: messages by id, each written once and never changed.

use automerge::{
    Automerge, ObjId, ObjType, ReadDoc, ScalarValue, ScalarValueRef, Value, ValueRef,
    transaction::{Transactable, Transaction},
};

use super::{DocumentError, Pen, container, epochs::Forget, write};
use crate::{
    ids::MessageId,
    message::{Author, Kind, Message, TemplateUse},
};

pub(crate) const MESSAGES: &str = "messages";

/// Adds a message and returns the change's bytes.
pub fn append(doc: &mut Automerge, pen: &Pen, message: &Message) -> Result<Vec<u8>, DocumentError> {
    write(doc, pen, |tx| put(tx, message))?.ok_or(DocumentError::Missing("change"))
}

fn put(tx: &mut Transaction<'_>, message: &Message) -> Result<(), DocumentError> {
    let messages = container(tx, MESSAGES)?;
    let entry = tx.put_object(&messages, message.id.to_string(), ObjType::Map)?;
    tx.put(&entry, "author", message.author.to_key())?;
    tx.put(&entry, "kind", message.kind.as_str())?;
    tx.put(&entry, "body", message.body.as_str())?;
    tx.put(&entry, "at", ScalarValue::Int(message.at))?;
    if let Some(reply_to) = message.reply_to {
        tx.put(&entry, "reply_to", reply_to.to_string())?;
    }
    if message.private {
        tx.put(&entry, "private", true)?;
    }
    if let Some(template) = &message.template {
        tx.put(&entry, "template", template.to_text())?;
    }
    if !message.attachments.is_empty() {
        let list = tx.put_object(&entry, "attachments", ObjType::List)?;
        for (index, file) in message.attachments.iter().enumerate() {
            tx.insert(&list, index, file.to_string())?;
        }
    }
    Ok(())
}

/// Writes all messages of `old` as one change. Messages that `forget` blanks lose their text and files.
pub(super) fn copy(
    doc: &mut Automerge,
    old: &Automerge,
    pen: &Pen,
    forget: Forget,
) -> Result<Option<Vec<u8>>, DocumentError> {
    write(doc, pen, |tx| {
        for id in ordered(old)? {
            let Some(mut message) = get(old, id)? else { continue };
            if forget.blanks(id) {
                message.kind = Kind::Text;
                message.body.clear();
                message.template = None;
                message.attachments.clear();
            }
            put(tx, &message)?;
        }
        Ok(())
    })
}

/// Returns the ids of all messages, in id order.
pub fn ids(doc: &Automerge) -> Result<Vec<MessageId>, DocumentError> {
    let messages = container(doc, MESSAGES)?;
    Ok(doc.keys(&messages).filter_map(|key| key.parse().ok()).collect())
}

/// Returns the ids of all messages in causal order: each after the messages that its author had. The order is by
/// operation number, which the gate requires to be one above all dependencies. For discussions, which have no rows with
/// positions.
pub fn ordered(doc: &Automerge) -> Result<Vec<MessageId>, DocumentError> {
    let messages = container(doc, MESSAGES)?;
    let mut all: Vec<(u64, MessageId)> = doc
        .keys(&messages)
        .filter_map(|key| {
            let id = key.parse().ok()?;
            match doc.get(&messages, key.as_str()).ok()?? {
                (_, ObjId::Id(number, ..)) => Some((number, id)),
                (_, ObjId::Root) => None,
            }
        })
        .collect();
    all.sort_unstable();
    Ok(all.into_iter().map(|(_, id)| id).collect())
}

/// Returns one message; `None` if it is missing or incomplete.
pub fn get(doc: &Automerge, id: MessageId) -> Result<Option<Message>, DocumentError> {
    let messages = container(doc, MESSAGES)?;
    match doc.get(&messages, id.to_string())? {
        Some((Value::Object(ObjType::Map), entry)) => Ok(read(doc, id, &entry)),
        _ => Ok(None),
    }
}

/// Returns the number of all messages, and the messages for which `wanted` is true, in id order. Ten times as fast as
/// looking up each message by its key.
pub fn pick(doc: &Automerge, wanted: impl Fn(MessageId) -> bool) -> Result<(u32, Vec<Message>), DocumentError> {
    let messages = container(doc, MESSAGES)?;
    let (mut all, mut picked) = (0, vec![]);
    for entry in doc.map_range(&messages, ..) {
        let Ok(id) = entry.key.parse() else { continue };
        all += 1;
        if wanted(id) && matches!(entry.value, ValueRef::Object(ObjType::Map)) {
            picked.extend(read(doc, id, &entry.id()));
        }
    }
    Ok((all, picked))
}

fn read(doc: &Automerge, id: MessageId, entry: &ObjId) -> Option<Message> {
    let (mut author, mut kind, mut body, mut at) = (None, None, None, None);
    let (mut reply_to, mut private, mut template, mut attachments) = (None, false, None, vec![]);
    for field in doc.map_range(entry, ..) {
        match (&*field.key, &field.value) {
            ("author", ValueRef::Scalar(ScalarValueRef::Str(text))) => author = Author::from_key(text),
            ("kind", ValueRef::Scalar(ScalarValueRef::Str(text))) => kind = Kind::from_key(text),
            ("body", ValueRef::Scalar(ScalarValueRef::Str(text))) => body = Some(text.to_string()),
            ("at", ValueRef::Scalar(ScalarValueRef::Int(millis))) => at = Some(*millis),
            ("reply_to", ValueRef::Scalar(ScalarValueRef::Str(text))) => reply_to = text.parse().ok(),
            ("private", ValueRef::Scalar(ScalarValueRef::Boolean(yes))) => private = *yes,
            ("template", ValueRef::Scalar(ScalarValueRef::Str(text))) => template = TemplateUse::from_text(text),
            ("attachments", ValueRef::Object(ObjType::List)) => {
                let files = doc.values(field.id());
                attachments = files.filter_map(|(value, _)| value.as_str()?.parse().ok()).collect();
            }
            _ => {}
        }
    }
    Some(Message {
        id,
        author: author?,
        kind: kind?,
        body: body?,
        at: at?,
        reply_to,
        private,
        template,
        attachments,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::{DocumentKind, apply, begin},
        ids::{FileId, UserId},
    };

    #[test]
    fn a_message_arrives_whole_on_another_replica() {
        let pen = Pen {
            actor: [3; 16],
            user: Some(UserId::from_u128(9)),
        };
        let message = Message {
            id: MessageId::from_u128(5),
            author: Author::Agent(UserId::from_u128(9)),
            kind: Kind::File,
            body: "Grüße 👩‍👩‍👧".into(),
            at: 1234,
            reply_to: Some(MessageId::from_u128(4)),
            private: false,
            template: None,
            attachments: vec![FileId::from_u128(1), FileId::from_u128(2)],
        };
        let mut here = begin(DocumentKind::Timeline);
        let change = append(&mut here, &pen, &message).unwrap();
        let mut there = begin(DocumentKind::Timeline);
        apply(&mut there, &[change]).unwrap();
        assert_eq!(ids(&there).unwrap(), [message.id]);
        assert_eq!(pick(&there, |_| true).unwrap(), (1, vec![message.clone()]));
        assert_eq!(pick(&there, |id| id != message.id).unwrap(), (1, vec![]));
        assert_eq!(get(&there, message.id).unwrap(), Some(message));
        assert_eq!(get(&there, MessageId::from_u128(6)).unwrap(), None);
    }

    #[test]
    fn an_answer_stands_after_what_it_answers_whatever_the_clocks_said() {
        let pen = |n: u8| Pen {
            actor: [n; 16],
            user: Some(UserId::from_u128(n.into())),
        };
        let message = |id: u128| Message {
            id: MessageId::from_u128(id),
            author: Author::Agent(UserId::from_u128(1)),
            kind: Kind::Text,
            body: "x".into(),
            at: 0,
            reply_to: None,
            private: false,
            template: None,
            attachments: vec![],
        };
        let mut doc = begin(DocumentKind::Discussion);
        append(&mut doc, &pen(1), &message(900)).unwrap();
        append(&mut doc, &pen(2), &message(5)).unwrap();
        append(&mut doc, &pen(1), &message(700)).unwrap();
        assert_eq!(ordered(&doc).unwrap(), [900, 5, 700].map(MessageId::from_u128));
    }
}
