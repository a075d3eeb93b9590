//! Webhooks of WhatsApp: envelope, messages, statuses, and what happens to numbers.

use causerie_shared::{
    Millis,
    inbox::Channel,
    message::{Delivery, Kind},
};
use serde_json::Value;

use super::{
    super::{
        element::{Arrived, Element, Person, Problem, What},
        value,
    },
    content,
};

/// Everything that a body says.
pub fn elements(body: &Value) -> Vec<Element> {
    let mut elements = vec![];
    for entry in value::list(body, "entry") {
        for change in value::list(entry, "changes") {
            if let Some(of_change) = change.get("value") {
                let field = value::text(change, "field").unwrap_or_default();
                Reader::new(of_change).read(&field, &mut elements);
            }
        }
    }
    elements
}

/// One change of a line.
struct Reader<'a> {
    value: &'a Value,
    account: String,
}

impl<'a> Reader<'a> {
    fn new(of_change: &'a Value) -> Self {
        let metadata = of_change.get("metadata").unwrap_or(&Value::Null);
        Self {
            value: of_change,
            account: value::text(metadata, "phone_number_id").unwrap_or_default(),
        }
    }

    fn read(&self, field: &str, elements: &mut Vec<Element>) {
        for message in value::list(self.value, "messages") {
            self.message(message, false, elements);
        }
        for message in value::list(self.value, "message_echoes") {
            self.message(message, true, elements);
        }
        for status in value::list(self.value, "statuses") {
            elements.extend(self.status(status));
        }
        for change in value::list(self.value, "user_id_update") {
            elements.extend(self.user_id_update(change));
        }
        match field {
            "account_update"
            | "message_template_status_update"
            | "template_category_update"
            | "message_template_quality_update" => {
                let event = value::text(self.value, "event").unwrap_or_default();
                elements.push(self.element(None, None, What::AccountChanged(format!("{field}: {event}"))));
            }
            _ => {}
        }
    }

    fn element(&self, person: Option<Person>, at: Option<Millis>, what: What) -> Element {
        Element {
            channel: Channel::Whatsapp,
            account: self.account.clone(),
            person,
            thread: None,
            at,
            what,
        }
    }

    /// The entry of `contacts` that belongs to one of these ids; the only one there is belongs to whoever writes.
    fn contact(&self, ids: &[String]) -> Option<&'a Value> {
        let contacts = value::list(self.value, "contacts");
        let of = |contact: &&&Value| {
            ["wa_id", "user_id", "input"]
                .iter()
                .filter_map(|key| value::text(contact, key))
                .any(|id| ids.iter().any(|known| digits(known) == digits(&id)))
        };
        let found = contacts.iter().find(of).copied();
        found.or_else(|| match contacts[..] {
            [only] => Some(only),
            _ => None,
        })
    }

    /// Who wrote, or to whom an echo went.
    fn person(&self, message: &Value, outgoing: bool) -> Option<Person> {
        let keys = if outgoing {
            ["to", "to_user_id", "to_parent_user_id"]
        } else {
            ["from", "from_user_id", "from_parent_user_id"]
        };
        let mut ids: Vec<String> = keys.iter().filter_map(|key| value::text(message, key)).collect();
        let contact = self.contact(&ids);
        if let Some(contact) = contact {
            for key in ["wa_id", "user_id", "parent_user_id"] {
                ids.extend(value::text(contact, key));
            }
        }
        let name = contact
            .and_then(|contact| contact.get("profile"))
            .and_then(|profile| value::text(profile, "name").or_else(|| value::text(profile, "username")))
            .unwrap_or_default();
        person(ids, name)
    }

    fn message(&self, message: &Value, outgoing: bool, elements: &mut Vec<Element>) {
        let kind = value::text(message, "type").unwrap_or_default();
        let at = value::time(message, "timestamp");
        let person = self.person(message, outgoing);
        let Some(id) = value::text(message, "id") else { return };
        let inner = message.get(kind.as_str()).unwrap_or(&Value::Null);
        let what = match kind.as_str() {
            "reaction" => {
                let Some(target) = value::text(inner, "message_id") else {
                    return;
                };
                What::Reaction {
                    target,
                    emoji: value::text(inner, "emoji"),
                    outgoing,
                }
            }
            "edit" => {
                let Some(target) = value::text(inner, "original_message_id") else {
                    return;
                };
                let text = content::edited(inner.get("message").unwrap_or(&Value::Null));
                What::Edit {
                    target,
                    text,
                    number: at.unwrap_or_default(),
                }
            }
            "revoke" => match value::text(inner, "original_message_id") {
                Some(target) => What::Delete { target },
                None => return,
            },
            "system" => {
                elements.extend(self.system(message, inner, person, id, at));
                return;
            }
            "request_welcome" | "ephemeral" => What::Nothing(kind),
            _ => What::Message(Box::new(Arrived {
                outgoing,
                ..content::arrived(message, &kind, inner, id)
            })),
        };
        elements.push(self.element(person, at, what));
    }

    /// A number or identity changed: a line in the chat, and further ids of the same person.
    fn system(
        &self,
        message: &Value,
        inner: &Value,
        person: Option<Person>,
        id: String,
        at: Option<Millis>,
    ) -> Vec<Element> {
        let mut elements = vec![];
        let kind = value::text(inner, "type").unwrap_or_default();
        let old = person.or_else(|| {
            let ids = ["customer", "wa_id"]
                .iter()
                .filter_map(|key| value::text(inner, key))
                .collect();
            self::person(ids, String::new())
        });
        if kind == "user_changed_number" || kind == "user_changed_user_id" {
            let news: Vec<String> = ["wa_id", "new_wa_id", "user_id"]
                .iter()
                .filter_map(|key| value::text(inner, key))
                .collect();
            if let (Some(old), Some(new)) = (old.clone(), self::person(news, String::new())) {
                let ids = std::iter::once(new.id.clone()).chain(new.aliases).collect();
                let phone = new.phone;
                elements.push(self.element(Some(old), at, What::PersonChanged { ids, phone }));
            }
        }
        let text = value::text(inner, "body").unwrap_or_else(|| match kind.as_str() {
            "user_changed_number" => "The customer changed their phone number.".to_owned(),
            "customer_identity_changed" => "The customer's security code changed.".to_owned(),
            _ => "Something about the customer's number changed.".to_owned(),
        });
        let arrived = Arrived {
            kind: Kind::Notice,
            text,
            ..content::arrived(message, "system", inner, id)
        };
        elements.push(self.element(old, at, What::Message(Box::new(arrived))));
        elements
    }

    fn user_id_update(&self, change: &Value) -> Option<Element> {
        let ids = change.get("user_id")?;
        let (previous, current) = (value::text(ids, "previous"), value::text(ids, "current")?);
        let known = value::text(change, "wa_id").into_iter().chain(previous).collect();
        let old = person(known, String::new())?;
        Some(self.element(
            Some(old),
            value::time(change, "timestamp"),
            What::PersonChanged {
                ids: vec![current],
                phone: String::new(),
            },
        ))
    }

    fn status(&self, status: &Value) -> Option<Element> {
        let target = value::text(status, "id")?;
        let state = match value::text(status, "status")?.as_str() {
            "sent" => Delivery::Sent,
            "delivered" => Delivery::Delivered,
            // A voice message was heard.
            "read" | "played" => Delivery::Read,
            "failed" => Delivery::Failed,
            "deleted" => return Some(self.element(None, value::time(status, "timestamp"), What::Delete { target })),
            _ => return None,
        };
        let problem = value::list(status, "errors").into_iter().next().map(|error| {
            let code = value::integer(error, "code").unwrap_or_default();
            let details = error.get("error_data").and_then(|data| value::text(data, "details"));
            let theirs = details
                .or_else(|| value::text(error, "message"))
                .or_else(|| value::text(error, "title"))
                .unwrap_or_default();
            Problem {
                code: code.to_string(),
                words: super::outbound::explain(code, &theirs),
            }
        });
        let ids = ["recipient_id", "recipient_user_id"]
            .iter()
            .filter_map(|key| value::text(status, key))
            .collect();
        Some(self.element(
            person(ids, String::new()),
            value::time(status, "timestamp"),
            What::Status {
                target,
                state,
                problem,
                opaque: value::text(status, "biz_opaque_callback_data"),
            },
        ))
    }
}

fn digits(id: &str) -> &str {
    id.strip_prefix('+').unwrap_or(id)
}

/// A phone number: digits only. Everything else is a user id (`CC.<digits>`).
fn is_phone(id: &str) -> bool {
    (5..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// A person of these ids: answers go to the phone number, if there is one.
fn person(ids: Vec<String>, name: String) -> Option<Person> {
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

/// Brazilian mobile numbers with and without the ninth digit, Argentine ones with and without the 9 of mobiles: the
/// same person is delivered in both forms (`channels.md` §1.3).
fn other_spelling(phone: &str) -> Option<String> {
    // Mobile numbers begin with 6 to 9 behind the area code; landlines have one spelling.
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
}
