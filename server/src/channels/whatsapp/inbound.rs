//! WhatsApp's webhooks: envelope, messages, statuses, and changes of numbers.

use causerie_shared::{
    Millis,
    inbox::Channel,
    message::{Delivery, Kind},
};
use serde_json::Value;

use super::{
    super::{
        inbound_event::{InboundEvent, InboundEventKind, InboundMessage, OWN_ACCOUNT, Person, Problem},
        value,
    },
    content,
    person::{Entry, is_phone, person},
};

/// The `object` of WhatsApp's bodies.
const OBJECT: &str = "whatsapp_business_account";

/// Returns the events of a body; none if the body is another product's.
pub fn elements(body: &Value) -> Vec<InboundEvent> {
    let mut elements = vec![];
    if body
        .get("object")
        .is_some_and(|object| !object.is_null() && object != OBJECT)
    {
        return elements;
    }
    for entry in value::list(body, "entry") {
        // Meta's own tests name no business account (`docs/channels.md#instagram`).
        let business =
            value::text(entry, "id").filter(|id| id.len() > 1 && id.bytes().all(|byte| byte.is_ascii_digit()));
        for change in value::list(entry, "changes") {
            if let Some(of_change) = change.get("value") {
                let field = value::text(change, "field").unwrap_or_default();
                Reader::new(of_change, &field, business.as_ref()).read(&field, &mut elements);
            }
        }
    }
    elements
}

/// Reads one change of an account.
struct Reader<'a> {
    value: &'a Value,
    account: String,
    /// Id of the business account, if it is named.
    business: Option<&'a String>,
}

impl<'a> Reader<'a> {
    fn new(of_change: &'a Value, field: &str, business: Option<&'a String>) -> Self {
        let metadata = of_change.get("metadata").unwrap_or(&Value::Null);
        // A change of the whole business account names no phone number. A message that names none belongs to no
        // account.
        let nameless = match field {
            "messages" | "smb_message_echoes" => "",
            _ => OWN_ACCOUNT,
        };
        Self {
            value: of_change,
            account: value::text(metadata, "phone_number_id").unwrap_or_else(|| nameless.to_owned()),
            business,
        }
    }

    fn read(&self, field: &str, elements: &mut Vec<InboundEvent>) {
        // Messages from before the number was connected are ignored.
        if field == "history" {
            return;
        }
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
        for error in value::list(self.value, "errors") {
            let words = problem(error).map(|problem| problem.words);
            elements.extend(words.map(|words| self.element(None, None, InboundEventKind::AccountChanged(words))));
        }
        match field {
            "account_update" => elements.extend(self.account_update()),
            "message_template_status_update"
            | "message_template_components_update"
            | "message_template_quality_update"
            | "template_category_update" => {
                elements.push(self.element(None, None, InboundEventKind::TemplatesChanged(self.business.cloned())));
            }
            "messages" => {
                let business = self.business.cloned().map(InboundEventKind::Belongs);
                elements.extend(business.map(|what| self.element(None, None, what)));
            }
            _ => {}
        }
    }

    /// Reads an event of the business account, such as a restriction or a verification.
    fn account_update(&self) -> Option<InboundEvent> {
        let event = value::text(self.value, "event")?;
        let plain = event.to_lowercase().replace('_', " ");
        let words = format!("WhatsApp says of the business account: {plain}.");
        Some(self.element(None, None, InboundEventKind::AccountChanged(words)))
    }

    fn element(&self, person: Option<Person>, at: Option<Millis>, what: InboundEventKind) -> InboundEvent {
        InboundEvent {
            channel: Channel::Whatsapp,
            account: self.account.clone(),
            person,
            thread: None,
            at,
            what,
        }
    }

    /// Whether all messages in this change name the same contact.
    fn is_of_one(&self, keys: [&str; 3]) -> bool {
        let ids = |message: &Value| keys.map(|key| value::text(message, key));
        let all = ["messages", "message_echoes"].map(|list| value::list(self.value, list));
        let mut all = all.iter().flatten().map(|message| ids(message));
        let first = all.next();
        all.all(|other| Some(other) == first)
    }

    /// Returns the contact who wrote the message, or to whom the echo went.
    fn person(&self, message: &Value, outgoing: bool) -> Option<Person> {
        let keys = if outgoing {
            ["to", "to_user_id", "to_parent_user_id"]
        } else {
            ["from", "from_user_id", "from_parent_user_id"]
        };
        let mut ids: Vec<String> = keys.iter().filter_map(|key| value::text(message, key)).collect();
        let contacts = value::list(self.value, "contacts");
        let entry = Entry::of(&contacts, &ids, self.is_of_one(keys));
        ids.extend(entry.iter().flat_map(Entry::ids));
        person(ids, entry.map(|entry| entry.name()).unwrap_or_default())
    }

    fn message(&self, message: &Value, outgoing: bool, elements: &mut Vec<InboundEvent>) {
        let kind = content::kind(message);
        let at = value::time(message, "timestamp");
        let person = self.person(message, outgoing);
        let Some(id) = value::text(message, "id") else { return };
        let inner = message.get(kind.as_str()).unwrap_or(&Value::Null);
        let what = match kind.as_str() {
            "reaction" => {
                let Some(target) = value::text(inner, "message_id") else {
                    return;
                };
                InboundEventKind::Reaction {
                    target,
                    emoji: value::text(inner, "emoji"),
                    outgoing,
                }
            }
            "edit" => {
                let Some(target) = value::text(inner, "original_message_id") else {
                    return;
                };
                let Some(text) = content::edited(inner.get("message").unwrap_or(&Value::Null)) else {
                    return;
                };
                InboundEventKind::Edit {
                    target,
                    text,
                    number: at.unwrap_or_default(),
                }
            }
            "revoke" => match value::text(inner, "original_message_id") {
                Some(target) => InboundEventKind::Delete { target },
                None => return,
            },
            "system" => {
                elements.extend(self.system(message, inner, person, id, at));
                return;
            }
            "request_welcome" | "ephemeral" => InboundEventKind::Nothing(kind),
            _ => InboundEventKind::Message(Box::new(InboundMessage {
                outgoing,
                ..content::arrived(message, &kind, inner, id)
            })),
        };
        elements.push(self.element(person, at, what));
    }

    /// Reads a change of a number or identity: a notice, and further ids of the same contact.
    fn system(
        &self,
        message: &Value,
        inner: &Value,
        person: Option<Person>,
        id: String,
        at: Option<Millis>,
    ) -> Vec<InboundEvent> {
        let mut elements = vec![];
        let kind = value::text(inner, "type").unwrap_or_default();
        let ids_of = |keys: &[&str]| -> Vec<String> { keys.iter().filter_map(|key| value::text(inner, key)).collect() };
        let current = match kind.as_str() {
            "user_changed_number" | "user_changed_user_id" => {
                ids_of(&["wa_id", "new_wa_id", "user_id", "parent_user_id"])
            }
            _ => vec![],
        };
        // The message may name the contact by the new ids already; then only these fields hold the old ones.
        let mut olds: Vec<String> = person.iter().flat_map(Person::ids).cloned().collect();
        olds.extend(ids_of(&[
            "customer",
            "previous_wa_id",
            "previous_user_id",
            "previous_parent_user_id",
        ]));
        olds.retain(|id| !current.contains(id));
        let name = person.as_ref().map(|person| person.name.clone()).unwrap_or_default();
        let old = self::person(olds, name)
            .or(person)
            .or_else(|| self::person(ids_of(&["wa_id", "user_id"]), String::new()));
        if let (Some(old), Some(new)) = (old.clone(), self::person(current, String::new())) {
            // An old number goes only if there is a new one; old user ids always go.
            let all = old.ids();
            let gone = all
                .filter(|id| !is_phone(id) || !new.phone.is_empty())
                .cloned()
                .collect();
            let ids = std::iter::once(new.id).chain(new.aliases).collect();
            elements.push(self.element(Some(old), at, InboundEventKind::PersonChanged { ids, gone }));
        }
        let text = value::text(inner, "body").unwrap_or_else(|| match kind.as_str() {
            "user_changed_number" => "The customer changed their phone number.".to_owned(),
            "customer_identity_changed" => "The customer's security code changed.".to_owned(),
            _ => "Something about the customer's number changed.".to_owned(),
        });
        let arrived = InboundMessage {
            kind: Kind::Notice,
            text,
            ..content::arrived(message, "system", inner, id)
        };
        elements.push(self.element(old, at, InboundEventKind::Notice(Box::new(arrived))));
        elements
    }

    fn user_id_update(&self, change: &Value) -> Option<InboundEvent> {
        let ids = change.get("user_id")?;
        let (previous, current) = (value::text(ids, "previous"), value::text(ids, "current")?);
        let known = value::text(change, "wa_id")
            .into_iter()
            .chain(previous.clone())
            .collect();
        let old = person(known, String::new())?;
        Some(self.element(
            Some(old),
            value::time(change, "timestamp"),
            InboundEventKind::PersonChanged {
                ids: vec![current],
                gone: previous.into_iter().collect(),
            },
        ))
    }

    fn status(&self, status: &Value) -> Option<InboundEvent> {
        let target = value::text(status, "id")?;
        // Whether an order was paid says nothing of the delivery of its message.
        if value::text(status, "type").is_some_and(|kind| kind != "message") {
            return None;
        }
        let state = match value::text(status, "status")?.as_str() {
            "sent" => Delivery::Sent,
            "delivered" => Delivery::Delivered,
            // `played`: the contact listened to a voice message.
            "read" | "played" => Delivery::Read,
            "failed" => Delivery::Failed,
            "deleted" => {
                return Some(self.element(
                    None,
                    value::time(status, "timestamp"),
                    InboundEventKind::Delete { target },
                ));
            }
            _ => return None,
        };
        let problem = value::list(status, "errors").into_iter().find_map(problem);
        let problem = problem.or_else(|| {
            (state == Delivery::Failed).then(|| Problem {
                code: String::new(),
                words: "WhatsApp could not deliver it, and does not say why.".to_owned(),
            })
        });
        let ids = ["recipient_id", "recipient_user_id"]
            .iter()
            .filter_map(|key| value::text(status, key))
            .collect();
        Some(self.element(
            person(ids, String::new()),
            value::time(status, "timestamp"),
            InboundEventKind::Status {
                target,
                state,
                problem,
                opaque: value::text(status, "biz_opaque_callback_data"),
            },
        ))
    }
}

/// Returns the problem in an entry of `errors`; `None` if the entry says nothing.
fn problem(error: &Value) -> Option<Problem> {
    let code = value::integer(error, "code");
    let theirs = content::words_of(error);
    (code.is_some() || !theirs.is_empty()).then(|| super::outbound::explain(code, &theirs))
}
