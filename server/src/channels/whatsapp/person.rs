//! The ids of a contact on WhatsApp: a phone number, a user id (`CC.<digits>`), or both
//! (`docs/channels.md#people-on-whatsapp`).

use serde_json::Value;

use super::super::{inbound_event::Person, value};

/// The entry of a contact in a webhook's `contacts`.
pub struct Entry<'a> {
    entry: &'a Value,
    /// Whether the ids in the entry are the contact's too.
    known: bool,
}

impl<'a> Entry<'a> {
    /// Returns the entry that belongs to one of these ids.
    ///
    /// If there is one entry and one writer (`alone`), the entry belongs to that writer, even if the ids differ. It
    /// then gives the writer's name, and its ids only if they are of another kind than `ids`.
    pub fn of(contacts: &[&'a Value], ids: &[String], alone: bool) -> Option<Self> {
        let named = contacts.iter().copied().find(|contact| {
            let theirs = ids_of(contact, &["wa_id", "user_id", "input"]);
            theirs.iter().any(|id| ids.iter().any(|known| is_same(known, id)))
        });
        match (named, contacts) {
            (Some(entry), _) => Some(Self { entry, known: true }),
            (None, [only]) if alone => Some(Self {
                entry: only,
                known: fits(&ids_of(only, &["wa_id", "user_id"]), ids),
            }),
            (None, _) => None,
        }
    }

    /// Returns the ids that the entry adds.
    pub fn ids(&self) -> Vec<String> {
        match self.known {
            true => ids_of(self.entry, &["wa_id", "user_id", "parent_user_id"]),
            false => vec![],
        }
    }

    /// Returns the contact's display name or user name; empty if there is none.
    pub fn name(&self) -> String {
        let profile = self.entry.get("profile").unwrap_or(&Value::Null);
        ["name", "username"]
            .iter()
            .find_map(|key| value::text(profile, key))
            .unwrap_or_default()
    }
}

fn ids_of(of: &Value, keys: &[&str]) -> Vec<String> {
    keys.iter().filter_map(|key| value::text(of, key)).collect()
}

fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (digits(one), digits(other));
    one == other || (is_phone(one) && other_spelling(one).as_deref() == Some(other))
}

/// Whether the ids can belong to one contact. Nobody has two numbers or two user ids, so there must be no kind in both.
fn fits(theirs: &[String], ids: &[String]) -> bool {
    let of = |all: &[String], phone: bool| all.iter().any(|id| is_phone(digits(id)) == phone);
    [true, false]
        .into_iter()
        .all(|kind| !(of(theirs, kind) && of(ids, kind)))
}

fn digits(id: &str) -> &str {
    id.strip_prefix('+').unwrap_or(id)
}

/// Whether an id is a phone number: digits only. Everything else is a user id (`CC.<digits>`).
pub fn is_phone(id: &str) -> bool {
    (5..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns a contact with these ids. Replies go to the phone number, if there is one.
pub fn person(ids: Vec<String>, name: String) -> Option<Person> {
    let mut all: Vec<String> = vec![];
    for id in ids {
        let id = digits(&id).to_owned();
        if !id.is_empty() && !all.contains(&id) {
            all.push(id);
        }
    }
    let phone = all.iter().find(|id| is_phone(id)).cloned();
    let id = phone.clone().or_else(|| all.first().cloned())?;
    let mut aliases: Vec<String> = all.into_iter().filter(|other| *other != id).collect();
    if let Some(phone) = &phone {
        aliases.extend(other_spelling(phone));
    }
    Some(Person {
        id,
        aliases,
        name,
        phone: phone.unwrap_or_default(),
        ..Person::default()
    })
}

/// Returns the other spelling of a Brazilian number (with or without the ninth digit) or an Argentine one (with or
/// without the 9 of mobiles). Both mean the same contact (`docs/channels.md#people-on-whatsapp`).
fn other_spelling(phone: &str) -> Option<String> {
    // Brazilian mobile numbers begin with 6 to 9 after the area code; landlines have one spelling.
    let mobile = |at: usize| {
        phone
            .as_bytes()
            .get(at)
            .is_some_and(|digit| (b'6'..=b'9').contains(digit))
    };
    match phone.len() {
        13 if phone.starts_with("55") && phone[4..].starts_with('9') && mobile(5) => {
            Some(format!("{}{}", &phone[..4], &phone[5..]))
        }
        12 if phone.starts_with("55") && mobile(4) => Some(format!("{}9{}", &phone[..4], &phone[4..])),
        13 if phone.starts_with("549") => Some(format!("54{}", &phone[3..])),
        12 if phone.starts_with("54") => Some(format!("549{}", &phone[2..])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn brazil_and_argentina_have_two_spellings_of_a_number() {
        assert_eq!(other_spelling("5541988887777"), Some("554188887777".to_owned()));
        assert_eq!(other_spelling("554188887777"), Some("5541988887777".to_owned()));
        assert_eq!(other_spelling("5491112345678"), Some("541112345678".to_owned()));
        assert_eq!(other_spelling("541112345678"), Some("5491112345678".to_owned()));
        assert_eq!(other_spelling("34600111222"), None);
    }

    #[test]
    fn answers_go_to_the_number_and_the_user_id_is_known_too() {
        let both = person(vec!["US.123".to_owned(), "+15550001111".to_owned()], "Ann".to_owned()).unwrap();
        assert_eq!((both.id.as_str(), both.phone.as_str()), ("15550001111", "15550001111"));
        assert_eq!(both.aliases, ["US.123"]);
        let alone = person(vec!["US.123".to_owned()], String::new()).unwrap();
        assert_eq!((alone.id.as_str(), alone.phone.as_str()), ("US.123", ""));
        assert_eq!(person(vec![], String::new()), None);
    }

    #[test]
    fn an_entry_of_contacts_is_somebodys_and_not_anybodys() {
        let contacts =
            json!([{ "wa_id": "15550001111", "user_id": "US.1", "profile": { "name": "", "username": "ann" } }]);
        let contacts: Vec<&Value> = contacts.as_array().unwrap().iter().collect();
        let of = |ids: &[&str], alone| {
            let ids: Vec<String> = ids.iter().map(|&id| id.to_owned()).collect();
            Entry::of(&contacts, &ids, alone).map(|entry| entry.name())
        };
        let further = |ids: &[&str]| {
            let ids: Vec<String> = ids.iter().map(|&id| id.to_owned()).collect();
            Entry::of(&contacts, &ids, true).map(|entry| entry.ids().len())
        };
        assert_eq!(of(&["+15550001111"], false).as_deref(), Some("ann"));
        assert_eq!(of(&["US.1"], false).as_deref(), Some("ann"));
        assert_eq!(
            of(&[], true).as_deref(),
            Some("ann"),
            "who writes is not named elsewhere"
        );
        assert_eq!(of(&["15550002222"], true).as_deref(), Some("ann"), "by another number");
        assert_eq!(
            further(&["15550002222"]),
            Some(0),
            "another number is no second one of theirs"
        );
        assert_eq!(further(&["US.2"]), Some(0), "another id is no second one of theirs");
        assert_eq!(further(&["15550001111"]), Some(2));
        assert_eq!(of(&[], false), None, "one of several");
    }
}
