//! Direct messages of Messenger and Instagram: one envelope with two dialects (`docs/channels.md#events-of-messenger`
//! and `docs/channels.md#instagram`).

use causerie_shared::{
    Millis,
    inbox::Channel,
    message::{Delivery, Kind},
};
use serde_json::Value;

use super::attachments;
use crate::channels::{
    inbound_event::{InboundEvent, InboundEventKind, InboundMessage, Person},
    value,
};

/// Returns the events in the lists `messaging`, `standby` and `changes` of a body; `object` decides the channel.
pub fn elements(body: &Value) -> Vec<InboundEvent> {
    let channel = match value::text(body, "object").as_deref() {
        Some("page") => Channel::Messenger,
        Some("instagram") => Channel::Instagram,
        Some(_) | None => return vec![],
    };
    let mut elements = vec![];
    for entry in value::list(body, "entry") {
        let Some(account) = value::text(entry, "id") else {
            continue;
        };
        let time = value::time(entry, "time");
        let mut read = |event: &Value| {
            let reader = Reader {
                channel,
                account: &account,
                event,
                at: value::time(event, "timestamp").or(time),
            };
            reader.read(&mut elements);
        };
        for list in ["messaging", "standby"] {
            value::list(entry, list).into_iter().for_each(&mut read);
        }
        // Instagram login delivers messages as changes too, and so do the tests of Meta's dashboard.
        let mut changes = value::list(entry, "changes");
        if entry.get("field").is_some() {
            changes.push(entry);
        }
        for change in changes {
            if let Some(event) = change.get("value").filter(|event| event.get("sender").is_some()) {
                read(event);
            }
        }
    }
    elements
}

/// Reads one event of a conversation.
struct Reader<'a> {
    channel: Channel,
    account: &'a str,
    event: &'a Value,
    at: Option<Millis>,
}

impl Reader<'_> {
    fn id_of(&self, who: &str) -> Option<String> {
        let who = self.event.get(who)?;
        value::text(who, "id").or_else(|| value::as_text(who))
    }

    /// Returns the contact: the side that is not the account. In an echo it is the recipient, because an account can
    /// have two ids.
    fn person(&self) -> Option<Person> {
        let sides = if self.is_echo() {
            ["recipient", "sender"]
        } else {
            ["sender", "recipient"]
        };
        let (side, id) = sides
            .into_iter()
            .filter_map(|side| Some((side, self.id_of(side)?)))
            .find(|(_, id)| id != self.account)?;
        let name = self
            .event
            .get(side)
            .and_then(|who| value::text(who, "username").or_else(|| value::text(who, "name")))
            .unwrap_or_default();
        Some(Person {
            id,
            name,
            ..Person::default()
        })
    }

    fn is_echo(&self) -> bool {
        self.event
            .get("message")
            .is_some_and(|message| value::flag(message, "is_echo"))
    }

    fn is_ours(&self) -> bool {
        self.is_echo() || self.id_of("sender").as_deref() == Some(self.account)
    }

    fn element(&self, what: InboundEventKind) -> InboundEvent {
        InboundEvent {
            channel: self.channel,
            account: self.account.to_owned(),
            person: self.person(),
            thread: None,
            at: self.at,
            what,
        }
    }

    fn read(&self, elements: &mut Vec<InboundEvent>) {
        let of = |key: &str| self.event.get(key).filter(|inner| inner.is_object());
        // Answering a message of the account to itself would never end.
        let to_oneself = [Some(self.event), of("message"), of("postback")]
            .into_iter()
            .flatten()
            .any(|said| value::flag(said, "is_self"));
        let what = if to_oneself {
            vec![InboundEventKind::Nothing("a message to oneself".to_owned())]
        } else if let Some(message) = of("message") {
            self.message(message).into_iter().collect()
        } else if let Some(postback) = of("postback") {
            vec![self.postback(postback)]
        } else if let Some(reaction) = of("reaction") {
            self.reaction(reaction).into_iter().collect()
        } else if let Some(edit) = of("message_edit") {
            edited(edit).into_iter().collect()
        } else if let Some(delivery) = of("delivery") {
            receipts(delivery, Delivery::Delivered)
        } else if let Some(read) = of("read") {
            receipts(read, Delivery::Read)
        } else if let Some(referral) = of("referral") {
            let words = "The customer came by a link.";
            self.note(referral, "referral", words, self.came_by(referral))
                .into_iter()
                .collect()
        } else if let Some(optin) = of("optin") {
            self.optin(optin).into_iter().collect()
        } else if let Some(linking) = of("account_linking") {
            let words = match value::text(linking, "status").as_deref() {
                Some("unlinked") => "The customer unlinked their account.",
                Some(_) | None => "The customer linked their account.",
            };
            self.note(linking, "account_linking", words, None).into_iter().collect()
        } else {
            // Handovers, policies and games are not shown in a conversation.
            vec![]
        };
        elements.extend(what.into_iter().map(|what| self.element(what)));
    }

    /// Returns an id for an event without one: the same contact, time and content mean the same event.
    fn own_id(&self, kind: &str, content: &str) -> String {
        let person = self.person().map(|person| person.id).unwrap_or_default();
        format!("{kind}-{person}-{}-{content}", self.at.unwrap_or_default())
    }

    fn message(&self, message: &Value) -> Option<InboundEventKind> {
        let given = value::text(message, "mid").or_else(|| value::text(message, "id"));
        if value::flag(message, "is_deleted") {
            return given.map(|target| InboundEventKind::Delete { target });
        }
        let text = value::text(message, "text").unwrap_or_default();
        let reply = message.get("reply_to").unwrap_or(&Value::Null);
        let story = reply.get("story").filter(|story| story.is_object());
        let mut arrived = InboundMessage {
            id: given.unwrap_or_else(|| self.own_id("message", &text)),
            outgoing: self.is_ours(),
            kind: Kind::Text,
            text,
            media: vec![],
            quoted: value::text(reply, "mid"),
            forwarded: false,
            referral: message
                .get("referral")
                .and_then(|referral| self.came_by(referral))
                .or_else(|| story.map(|_| "Reply to your story".to_owned())),
            card: None,
            opaque: value::text(message, "metadata"),
            album: None,
        };
        if value::flag(message, "is_unsupported") {
            arrived.kind = Kind::Unsupported;
        }
        if message.get("quick_reply").is_some_and(Value::is_object) {
            arrived.kind = Kind::Choice;
        }
        for attachment in attachments::without_doubles(value::list(message, "attachments")) {
            attachments::add(&mut arrived, attachment);
        }
        if arrived.kind == Kind::Choice && arrived.text.is_empty() {
            let chosen = message.get("quick_reply").unwrap_or(&Value::Null);
            arrived.text = value::text(chosen, "payload").unwrap_or_default();
        }
        if arrived.kind == Kind::Text && arrived.text.is_empty() && arrived.media.is_empty() && arrived.card.is_none() {
            // This version cannot show it: an order, an appointment, a new kind.
            arrived.kind = Kind::Unsupported;
        }
        // Keep the story's picture: it disappears with the story.
        arrived.media.extend(story.map(attachments::story));
        Some(InboundEventKind::Message(Box::new(arrived)))
    }

    fn postback(&self, postback: &Value) -> InboundEventKind {
        let payload = value::text(postback, "payload");
        let text = value::text(postback, "title")
            .or_else(|| payload.clone())
            .unwrap_or_default();
        // Older payloads have no id of their own.
        let id =
            value::text(postback, "mid").unwrap_or_else(|| self.own_id("postback", payload.as_ref().unwrap_or(&text)));
        InboundEventKind::Message(Box::new(InboundMessage {
            id,
            outgoing: false,
            kind: Kind::Choice,
            text,
            media: vec![],
            quoted: None,
            forwarded: false,
            referral: postback.get("referral").and_then(|referral| self.came_by(referral)),
            card: None,
            opaque: None,
            album: None,
        }))
    }

    fn reaction(&self, reaction: &Value) -> Option<InboundEventKind> {
        let target = value::text(reaction, "mid")?;
        let taken_back = value::text(reaction, "action").as_deref() == Some("unreact");
        let emoji = value::text(reaction, "emoji")
            .or_else(|| value::text(reaction, "reaction").map(|name| named(&name).to_owned()));
        Some(InboundEventKind::Reaction {
            target,
            emoji: emoji.filter(|_| !taken_back),
            outgoing: self.is_ours(),
        })
    }

    /// Reads whether the contact allowed messages.
    fn optin(&self, optin: &Value) -> Option<InboundEventKind> {
        match value::text(optin, "notification_messages_status").as_deref() {
            Some("STOP_NOTIFICATIONS") => Some(InboundEventKind::Nothing("no notifications any more".to_owned())),
            Some(_) | None => self.note(optin, "optin", "The customer allowed messages.", None),
        }
    }

    /// Returns a notice of the channel; `None` if the contact has no id.
    fn note(&self, of: &Value, kind: &str, words: &str, referral: Option<String>) -> Option<InboundEventKind> {
        // A contact who opted in on a web page has no id here yet.
        self.person()?;
        Some(InboundEventKind::Message(Box::new(InboundMessage {
            id: self.own_id(kind, &value::text(of, "ref").unwrap_or_default()),
            outgoing: false,
            kind: Kind::Notice,
            text: words.to_owned(),
            media: vec![],
            quoted: None,
            forwarded: false,
            referral,
            card: None,
            opaque: None,
            album: None,
        })))
    }

    /// Returns the advertisement, link or product that led the contact here, in words.
    fn came_by(&self, referral: &Value) -> Option<String> {
        let context = referral.get("ads_context_data").unwrap_or(&Value::Null);
        let product = referral.get("product").unwrap_or(&Value::Null);
        let parts: Vec<String> = [
            value::text(context, "ad_title"),
            value::text(referral, "ref"),
            value::text(referral, "ad_id"),
            value::text(product, "id"),
            value::text(referral, "source"),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!parts.is_empty()).then(|| parts.join(" · "))
    }
}

/// Reads an edit. Some are about a new message, without its text or with an edit count of 0; those are no edits.
fn edited(edit: &Value) -> Option<InboundEventKind> {
    let number = value::integer(edit, "num_edit");
    match (value::text(edit, "mid"), value::text(edit, "text")) {
        (Some(target), Some(text)) if number != Some(0) => Some(InboundEventKind::Edit {
            target,
            text,
            number: number.unwrap_or_default(),
        }),
        (Some(_) | None, _) => None,
    }
}

/// Reads receipts. Messenger gives the time up to which everything arrived, and sometimes the messages; Instagram gives
/// the last message that was read.
fn receipts(receipt: &Value, state: Delivery) -> Vec<InboundEventKind> {
    let until = value::time(receipt, "watermark").map(|until| InboundEventKind::Watermark { until, state });
    let each = value::list_of_texts(receipt, "mids")
        .into_iter()
        .map(|target| InboundEventKind::Status {
            target,
            state,
            problem: None,
            opaque: None,
        });
    let last = value::text(receipt, "mid").map(|target| InboundEventKind::UpTo { target, state });
    each.chain(until).chain(last).collect()
}

/// Returns the emoji of a reaction that comes by name.
fn named(name: &str) -> &str {
    match name {
        "love" => "❤️",
        "like" => "👍",
        "dislike" => "👎",
        "smile" | "haha" => "😆",
        "wow" => "😮",
        "sad" => "😢",
        "angry" => "😠",
        other => other,
    }
}
