//! The contact profile: personal fields with one value, e-mails and phones by their normalised value, bot fields.

use automerge::{Automerge, ObjId, ReadDoc, transaction::Transactable};
use serde::{Deserialize, Serialize};

use super::{DocumentError, Pen, apply, container, write};
use crate::{
    contact::{Detail, Field, normalise},
    ids::UserId,
};

/// The data of the profile pane. A field has more than one value after two people wrote it concurrently; the console
/// shows both values and a person chooses (`docs/sync.md#fields-with-several-values`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Profile {
    pub fields: Vec<(Field, Vec<String>)>,
    /// The e-mails as typed, in the order of their normalised form.
    pub emails: Vec<String>,
    pub phones: Vec<String>,
    /// Fields that bots and the server fill in; read-only for people.
    pub custom: Vec<(String, String)>,
}

impl Profile {
    /// Returns the value of a field; the first one after concurrent writes.
    pub fn get(&self, field: Field) -> Option<&str> {
        let (_, values) = self.fields.iter().find(|(key, _)| *key == field)?;
        values.first().map(String::as_str)
    }
}

/// Writes a field, or clears it if `value` is `None`. Returns `None` if nothing changed.
pub fn set(
    doc: &mut Automerge,
    pen: &Pen,
    field: Field,
    value: Option<&str>,
) -> Result<Option<Vec<u8>>, DocumentError> {
    write(doc, pen, |tx| {
        match value {
            Some(value) => tx.put(automerge::ROOT, field.as_str(), value)?,
            None => {
                if tx.get(automerge::ROOT, field.as_str())?.is_some() {
                    tx.delete(automerge::ROOT, field.as_str())?;
                }
            }
        }
        Ok(())
    })
}

/// Adds or removes an e-mail or phone. Returns `None` if nothing changed.
pub fn set_detail(
    doc: &mut Automerge,
    pen: &Pen,
    detail: Detail,
    value: &str,
    present: bool,
) -> Result<Option<Vec<u8>>, DocumentError> {
    let key = normalise(detail, value);
    write(doc, pen, |tx| {
        let map = container(tx, detail.container())?;
        let known = tx.get(&map, key.as_str())?.is_some();
        match (present, known) {
            (true, _) => tx.put(&map, key.as_str(), value.trim())?,
            (false, true) => tx.delete(&map, key.as_str())?,
            (false, false) => {}
        }
        Ok(())
    })
}

/// Writes a name and a detail as one change, for a visitor's pre-chat form. Returns `None` if nothing changed.
pub fn introduce(
    doc: &mut Automerge,
    pen: &Pen,
    name: Option<&str>,
    detail: Option<(Detail, &str)>,
) -> Result<Option<Vec<u8>>, DocumentError> {
    write(doc, pen, |tx| {
        if let Some(name) = name {
            tx.put(automerge::ROOT, Field::Name.as_str(), name)?;
        }
        if let Some((detail, value)) = detail {
            let map = container(tx, detail.container())?;
            tx.put(&map, normalise(detail, value), value.trim())?;
        }
        Ok(())
    })
}

/// Reads the whole profile.
pub fn read(doc: &Automerge) -> Result<Profile, DocumentError> {
    let mut profile = Profile::default();
    for field in Field::ALL {
        let mut values: Vec<String> = vec![];
        for (value, _) in doc.get_all(automerge::ROOT, field.as_str())? {
            if let Some(text) = value.as_str()
                && !values.iter().any(|known| known == text)
            {
                values.push(text.to_owned());
            }
        }
        if !values.is_empty() {
            profile.fields.push((field, values));
        }
    }
    profile.emails = texts(doc, Detail::Email)?;
    profile.phones = texts(doc, Detail::Phone)?;
    let custom = container(doc, "custom")?;
    profile.custom = doc
        .keys(&custom)
        .filter_map(|key| super::string(doc, &custom, &key).map(|value| (key, value)))
        .collect();
    Ok(profile)
}

/// A former value of a field, or a concurrent value that was not chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    pub value: String,
    /// The user who wrote the value; `None` for the server.
    pub author: Option<UserId>,
}

/// Returns the former values of a field, newest first, without the current ones.
pub fn history(doc: &Automerge, field: Field) -> Result<Vec<Former>, DocumentError> {
    let key = field.as_str();
    let standing: Vec<_> = doc
        .get_all(automerge::ROOT, key)?
        .into_iter()
        .map(|(_, id)| id)
        .collect();
    let changes = doc.get_changes(&[]);
    // Automerge stores the author mark on an actor's first change only.
    let author_of = |change: &automerge::Change| {
        let first = changes.iter().find(|first| first.actor_id() == change.actor_id())?;
        first.author()?.as_bytes().try_into().ok()
    };
    let mut former = vec![];
    for change in changes.iter().rev() {
        for (value, id) in doc.get_all_at(automerge::ROOT, key, &[change.hash()])? {
            let own = matches!(&id, ObjId::Id(number, actor, _)
                if actor == change.actor_id() && (change.start_op().get()..=change.max_op()).contains(number));
            if let (Some(value), true, false) = (value.as_str(), own, standing.contains(&id)) {
                former.push(Former {
                    value: value.to_owned(),
                    author: author_of(change).map(|bytes| UserId::from_u128(u128::from_be_bytes(bytes))),
                });
            }
        }
    }
    Ok(former)
}

/// Writes the whole profile of `old` onto the genesis. Each further value of a field with several values goes into a
/// change of its own, concurrent with the first change, so that the values stay side by side in their order.
pub(super) fn copy(doc: &mut Automerge, old: &Automerge, pen: &Pen) -> Result<Vec<Vec<u8>>, DocumentError> {
    let mut profile = read(old)?;
    // Fields with the most values first: then a field's operation has the same number in every change, and
    // the actors alone decide about the order of its values.
    profile
        .fields
        .sort_by_key(|(_, values)| std::cmp::Reverse(values.len()));
    let most = profile.fields.first().map_or(1, |(_, values)| values.len().max(1));
    let base = doc.clone();
    let mut changes = vec![];
    for layer in 0..most {
        let mut pen = pen.clone();
        pen.actor[0] = u8::try_from(layer).unwrap_or(u8::MAX);
        let change = write(&mut base.clone(), &pen, |tx| {
            for (field, values) in &profile.fields {
                if let Some(value) = values.get(layer) {
                    tx.put(automerge::ROOT, field.as_str(), value.as_str())?;
                }
            }
            if layer == 0 {
                for (detail, values) in [(Detail::Email, &profile.emails), (Detail::Phone, &profile.phones)] {
                    let map = container(tx, detail.container())?;
                    for value in values {
                        tx.put(&map, normalise(detail, value), value.as_str())?;
                    }
                }
                let custom = container(tx, "custom")?;
                for (key, value) in &profile.custom {
                    tx.put(&custom, key.as_str(), value.as_str())?;
                }
            }
            Ok(())
        })?;
        changes.extend(change);
    }
    apply(doc, &changes)?;
    Ok(changes)
}

fn texts(doc: &Automerge, detail: Detail) -> Result<Vec<String>, DocumentError> {
    let map = container(doc, detail.container())?;
    Ok(doc
        .keys(&map)
        .filter_map(|key| super::string(doc, &map, &key))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::{DocumentKind, begin},
        ids::UserId,
    };

    #[test]
    fn two_people_write_a_field_at_once_and_both_values_are_kept() {
        let pen = |n: u8| Pen {
            actor: [n; 16],
            user: Some(UserId::from_u128(n.into())),
        };
        let (mut a, mut b) = (begin(DocumentKind::Contact), begin(DocumentKind::Contact));
        let change_a = set(&mut a, &pen(1), Field::City, Some("Valencia")).unwrap().unwrap();
        let change_b = set(&mut b, &pen(2), Field::City, Some("Denia")).unwrap().unwrap();
        apply(&mut a, &[change_b]).unwrap();
        apply(&mut b, &[change_a]).unwrap();
        let (a, b) = (read(&a).unwrap(), read(&b).unwrap());
        assert_eq!(a, b, "replicas agree");
        let (field, mut values) = a.fields[0].clone();
        values.sort_unstable();
        assert_eq!(
            (field, values),
            (Field::City, vec!["Denia".to_owned(), "Valencia".to_owned()])
        );
    }

    #[test]
    fn a_value_that_lost_stays_in_the_history_with_its_author() {
        let pen = |n: u8| Pen {
            actor: [n; 16],
            user: Some(UserId::from_u128(n.into())),
        };
        let mut a = begin(DocumentKind::Contact);
        set(&mut a, &pen(1), Field::City, Some("Gandia")).unwrap();
        let mut b = a.fork();
        set(&mut a, &pen(1), Field::City, Some("Valencia")).unwrap();
        let other = set(&mut b, &pen(2), Field::City, Some("Denia")).unwrap().unwrap();
        apply(&mut a, &[other]).unwrap();
        let texts = |doc: &_| {
            let former = history(doc, Field::City).unwrap();
            former.into_iter().map(|f| (f.value, f.author)).collect::<Vec<_>>()
        };
        let user = |n| Some(UserId::from_u128(n));
        assert_eq!(texts(&a), [("Gandia".to_owned(), user(1))], "two values stand");
        set(&mut a, &pen(1), Field::City, Some("Denia")).unwrap();
        let mut lost = texts(&a);
        lost.sort();
        // The chosen value stays current under its own author.
        let expected = [("Gandia", 1), ("Valencia", 1)];
        assert_eq!(lost, expected.map(|(value, n)| (value.to_owned(), user(n))));
        assert!(history(&a, Field::Name).unwrap().is_empty());
    }

    #[test]
    fn the_same_email_in_two_spellings_is_one() {
        let pen = Pen {
            actor: [1; 16],
            user: None,
        };
        let mut doc = begin(DocumentKind::Contact);
        set_detail(&mut doc, &pen, Detail::Email, "Lucia@Correo.es ", true).unwrap();
        set_detail(&mut doc, &pen, Detail::Email, "lucia@correo.es", true).unwrap();
        assert_eq!(read(&doc).unwrap().emails, ["lucia@correo.es"]);
        set_detail(&mut doc, &pen, Detail::Email, "LUCIA@correo.es", false).unwrap();
        assert!(read(&doc).unwrap().emails.is_empty());
    }
}
