//! Step 5: required keys, sizes and `author == self`.

#![expect(clippy::wildcard_enum_match_arm, reason = "everything that is not named is refused")]

use std::collections::HashMap;

use automerge::{Automerge, ScalarValue};

use super::{Admitted, Writer, operations::Fact};
use crate::{
    contact::{MAX_FIELD, is_plausible, normalise},
    document::{draft, notes},
    ids::{FileId, MessageId, NoteId},
    message::{Author, Kind, MAX_FILES, MAX_TEMPLATE, MAX_TEXT, Message, TemplateUse},
    refusal::{Code, Refusal},
};

/// Values written into a map, by key. A list suffices: the keys are few and each occurs once.
type Values = Vec<(String, ScalarValue)>;

/// The values of a new message, while they are collected.
#[derive(Debug, Default)]
struct NewMessage {
    values: Values,
    attachments: Vec<FileId>,
    has_list: bool,
}

#[derive(Default)]
struct NewNote {
    values: Values,
    has_text: bool,
}

fn bad(text: impl Into<String>) -> Refusal {
    Refusal::new(Code::BadContent, text)
}

pub(super) fn check(doc: &Automerge, writer: Writer, facts: Vec<Fact>, admitted: &mut Admitted) -> Result<(), Refusal> {
    let mut messages: Vec<(MessageId, NewMessage)> = vec![];
    let mut new_notes: Vec<(NoteId, NewNote)> = vec![];
    // The notes that the change edits, with the length of the text typed into each.
    let mut touched: HashMap<NoteId, usize> = HashMap::new();
    let mut drafted = 0;
    for fact in facts {
        match fact {
            Fact::MessageBegins(id) => {
                // A second message with the same id would give one message two contents.
                if messages.iter().any(|(known, _)| *known == id) || admitted.messages.iter().any(|m| m.id == id) {
                    return Err(bad("a message twice"));
                }
                messages.push((id, NewMessage::default()));
            }
            Fact::MessageValue(id, key, value) => {
                put(&mut entry(&mut messages, id)?.values, key, value)?;
            }
            Fact::AttachmentsBegin(id) => {
                let message = entry(&mut messages, id)?;
                if std::mem::replace(&mut message.has_list, true) {
                    return Err(bad("a value twice"));
                }
            }
            Fact::Attachment(id, value) => {
                let file = text(&value)?
                    .parse()
                    .map_err(|_| bad("an attachment is not a file id"))?;
                let message = entry(&mut messages, id)?;
                message.attachments.push(file);
                if message.attachments.len() > MAX_FILES {
                    return Err(bad(format!("a message has at most {MAX_FILES} files")));
                }
            }
            Fact::NoteBegins(id) => new_notes.push((id, NewNote::default())),
            Fact::NoteValue(id, key, value) => {
                put(&mut entry(&mut new_notes, id)?.values, key, value)?;
            }
            Fact::NoteTextBegins(id) => entry(&mut new_notes, id)?.has_text = true,
            Fact::NoteText(id, value) => {
                *touched.entry(id).or_default() += text(&value)?.encode_utf16().count();
            }
            Fact::NoteTouched(id) => {
                touched.entry(id).or_default();
            }
            Fact::DraftText(value) => drafted += text(&value)?.encode_utf16().count(),
            Fact::DraftCut => {}
            Fact::Field(_, value) => {
                limited(text(&value)?)?;
                admitted.profile = true;
            }
            Fact::Detail(detail, key, value) => {
                let value = text(&value)?;
                limited(value)?;
                if normalise(detail, value) != key || !is_plausible(detail, value) {
                    return Err(bad("not a plausible e-mail or phone"));
                }
                admitted.profile = true;
            }
            Fact::Removed => admitted.profile = true,
        }
    }
    for (id, message) in messages {
        admitted.messages.push(message.finish(id, writer)?);
    }
    for (id, note) in new_notes {
        note.finish(writer)?;
        touched.entry(id).or_default();
    }
    for (id, length) in &touched {
        if *length > 0 && notes::length(doc, *id).unwrap_or(0) + length > notes::MAX_NOTE {
            return Err(Refusal::new(
                Code::TooLarge,
                format!("a note has at most {} characters", notes::MAX_NOTE),
            ));
        }
    }
    if drafted > 0 && draft::length(doc) + drafted > draft::MAX_DRAFT {
        return Err(Refusal::new(
            Code::TooLarge,
            format!("a draft has at most {} characters", draft::MAX_DRAFT),
        ));
    }
    admitted.notes.extend(touched.into_keys());
    Ok(())
}

fn entry<K: PartialEq, V>(entries: &mut [(K, V)], id: K) -> Result<&mut V, Refusal> {
    entries
        .iter_mut()
        .find(|(known, _)| *known == id)
        .map(|(_, value)| value)
        .ok_or_else(|| bad("a value of nothing"))
}

fn text(value: &ScalarValue) -> Result<&str, Refusal> {
    match value {
        ScalarValue::Str(text) => Ok(text),
        _ => Err(bad("a text is expected")),
    }
}

/// Refuses NUL, which PostgreSQL's TEXT cannot store and no keyboard types.
fn without_nul(text: &str) -> Result<&str, Refusal> {
    if text.contains('\0') {
        Err(bad("a NUL character"))
    } else {
        Ok(text)
    }
}

fn limited(text: &str) -> Result<(), Refusal> {
    without_nul(text)?;
    if text.len() > MAX_FIELD {
        return Err(Refusal::new(
            Code::TooLarge,
            format!("a field has at most {MAX_FIELD} bytes"),
        ));
    }
    Ok(())
}

fn put(values: &mut Values, key: String, value: ScalarValue) -> Result<(), Refusal> {
    if values.iter().any(|(known, _)| *known == key) {
        return Err(bad("a value twice"));
    }
    values.push((key, value));
    Ok(())
}

fn remove(values: &mut Values, key: &str) -> Option<ScalarValue> {
    let at = values.iter().position(|(known, _)| known == key)?;
    Some(values.swap_remove(at).1)
}

fn take(values: &mut Values, key: &str) -> Result<ScalarValue, Refusal> {
    remove(values, key).ok_or_else(|| bad(format!("{key} is missing")))
}

fn instant(value: ScalarValue) -> Result<i64, Refusal> {
    match value {
        ScalarValue::Int(at) => Ok(at),
        _ => Err(bad("a time is expected")),
    }
}

fn nothing_else(values: Values) -> Result<(), Refusal> {
    match values.into_iter().next() {
        None => Ok(()),
        Some((key, _)) => Err(bad(format!(
            "an unknown key {}",
            key.chars().take(32).collect::<String>()
        ))),
    }
}

impl NewMessage {
    fn finish(mut self, id: MessageId, writer: Writer) -> Result<Message, Refusal> {
        let values = &mut self.values;
        let author = Author::from_key(text(&take(values, "author")?)?).ok_or_else(|| bad("an unknown author"))?;
        if author != Author::Agent(writer.user) {
            return Err(bad("a message is written in one's own name"));
        }
        let kind = Kind::from_key(text(&take(values, "kind")?)?).ok_or_else(|| bad("an unknown kind"))?;
        let body = without_nul(text(&take(values, "body")?)?)?.to_owned();
        if body.len() > MAX_TEXT {
            return Err(Refusal::new(
                Code::TooLarge,
                format!("a message has at most {MAX_TEXT} bytes"),
            ));
        }
        let at = instant(take(values, "at")?)?;
        let reply_to = match remove(values, "reply_to") {
            Some(value) => Some(text(&value)?.parse().map_err(|_| bad("reply_to is not a message id"))?),
            None => None,
        };
        let private = match remove(values, "private") {
            Some(ScalarValue::Boolean(true)) => true,
            Some(_) => return Err(bad("private is true or missing")),
            None => false,
        };
        let template = match remove(values, "template") {
            Some(value) => Some(TemplateUse::from_text(text(&value)?).ok_or_else(|| bad("not the use of a template"))?),
            None => None,
        };
        if template.is_some() != (kind == Kind::Template) {
            return Err(bad(
                "a template names what it was filled in from, and nothing else does",
            ));
        }
        match kind {
            Kind::Template if body.trim().is_empty() => return Err(bad("an empty message")),
            Kind::Template if private || !self.attachments.is_empty() => {
                return Err(bad("a template is neither private nor has files"));
            }
            Kind::Template if body.chars().count() > MAX_TEMPLATE => {
                let text = format!("a filled-in template has at most {MAX_TEMPLATE} characters");
                return Err(Refusal::new(Code::TooLarge, text));
            }
            Kind::Text if body.trim().is_empty() => return Err(bad("an empty message")),
            Kind::Text if !self.attachments.is_empty() => return Err(bad("a text has no files")),
            Kind::File if self.attachments.is_empty() => return Err(bad("a message of files without a file")),
            Kind::Text | Kind::File | Kind::Template => {}
            Kind::Image
            | Kind::Video
            | Kind::Audio
            | Kind::Voice
            | Kind::Sticker
            | Kind::Location
            | Kind::Contacts
            | Kind::Choice
            | Kind::Form
            | Kind::Order
            | Kind::StoryMention
            | Kind::Share
            | Kind::Notice
            | Kind::Unsupported => return Err(bad("only a channel brings this kind of message")),
        }
        nothing_else(self.values)?;
        Ok(Message {
            id,
            author,
            kind,
            body,
            at,
            reply_to,
            private,
            template,
            attachments: self.attachments,
        })
    }
}

impl NewNote {
    fn finish(mut self, writer: Writer) -> Result<(), Refusal> {
        let author = take(&mut self.values, "author")?;
        if text(&author)? != writer.user.to_string() {
            return Err(bad("a note is written in one's own name"));
        }
        instant(take(&mut self.values, "at")?)?;
        match take(&mut self.values, "highlighted")? {
            ScalarValue::Boolean(_) => {}
            _ => return Err(bad("highlighted is yes or no")),
        }
        if !self.has_text {
            return Err(bad("text is missing"));
        }
        nothing_else(self.values)
    }
}
