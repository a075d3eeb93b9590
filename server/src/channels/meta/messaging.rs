//! Direct messages of Messenger and Instagram: one envelope with two dialects (`channels.md` §2, §3).

use causerie_shared::{
    Millis,
    inbox::Channel,
    message::{Card, Delivery, Kind},
};
use serde_json::Value;

use super::attachments;
use crate::channels::{
    element::{Arrived, Element, Person, What},
    value,
};

/// Everything that the `messaging` and `standby` lists of a body say; `object` decides the channel.
pub fn elements(body: &Value) -> Vec<Element> {
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
        for list in ["messaging", "standby"] {
            for event in value::list(entry, list) {
                let reader = Reader {
                    channel,
                    account: &account,
                    event,
                    at: value::time(event, "timestamp").or(time),
                };
                reader.read(&mut elements);
            }
        }
        // Instagram login delivers messages as changes, too.
        for change in value::list(entry, "changes") {
            let field = value::text(change, "field").unwrap_or_default();
            if !matches!(
                field.as_str(),
                "messages"
                    | "message_edit"
                    | "message_reactions"
                    | "messaging_postbacks"
                    | "messaging_seen"
                    | "messaging_referral"
            ) {
                continue;
            }
            if let Some(event) = change.get("value").filter(|event| event.get("sender").is_some()) {
                let reader = Reader {
                    channel,
                    account: &account,
                    event,
                    at: value::time(event, "timestamp").or(time),
                };
                reader.read(&mut elements);
            }
        }
    }
    elements
}

/// One event of a conversation.
struct Reader<'a> {
    channel: Channel,
    account: &'a str,
    event: &'a Value,
    at: Option<Millis>,
}

impl<'a> Reader<'a> {
    fn id_of(&self, who: &str) -> Option<String> {
        value::text(self.event.get(who)?, "id")
    }

    /// The customer: the one of the two who is not the account.
    fn person(&self) -> Option<Person> {
        let (sender, recipient) = (self.id_of("sender"), self.id_of("recipient"));
        let id = [sender, recipient]
            .into_iter()
            .flatten()
            .find(|id| id != self.account)?;
        let name = self
            .event
            .get("sender")
            .and_then(|sender| value::text(sender, "username").or_else(|| value::text(sender, "name")))
            .unwrap_or_default();
        Some(Person {
            id,
            name,
            ..Person::default()
        })
    }

    fn is_ours(&self) -> bool {
        self.id_of("sender").as_deref() == Some(self.account)
    }

    fn element(&self, what: What) -> Element {
        Element {
            channel: self.channel,
            account: self.account.to_owned(),
            person: self.person(),
            thread: None,
            at: self.at,
            what,
        }
    }

    fn read(&self, elements: &mut Vec<Element>) {
        let event = self.event;
        let what = if let Some(message) = event.get("message").filter(|message| message.is_object()) {
            self.message(message)
        } else if let Some(postback) = event.get("postback").filter(|postback| postback.is_object()) {
            self.postback(postback)
        } else if let Some(reaction) = event.get("reaction") {
            self.reaction(reaction)
        } else if let Some(edit) = event.get("message_edit") {
            value::text(edit, "mid").map(|target| What::Edit {
                target,
                text: value::text(edit, "text").unwrap_or_default(),
                number: value::integer(edit, "num_edit").unwrap_or_default(),
            })
        } else if let Some(delivery) = event.get("delivery") {
            self.receipt(delivery, Delivery::Delivered)
        } else if let Some(read) = event.get("read") {
            self.receipt(read, Delivery::Read)
        } else if let Some(referral) = event.get("referral") {
            self.note(referral, "referral", self.came_by(referral))
        } else if let Some(optin) = event.get("optin") {
            self.note(optin, "optin", Some("The customer allowed messages.".to_owned()))
        } else {
            // Handovers, policies, games: nothing that a conversation shows.
            None
        };
        elements.extend(what.map(|what| self.element(what)));
    }

    fn message(&self, message: &Value) -> Option<What> {
        let mid = value::text(message, "mid").or_else(|| value::text(message, "id"))?;
        // A message to oneself would answer itself for ever.
        if value::flag(message, "is_self") || value::flag(self.event, "is_self") {
            return Some(What::Nothing("a message to oneself".to_owned()));
        }
        if value::flag(message, "is_deleted") {
            return Some(What::Delete { target: mid });
        }
        let reply = message.get("reply_to").unwrap_or(&Value::Null);
        let story = reply.get("story");
        let mut arrived = Arrived {
            id: mid,
            outgoing: value::flag(message, "is_echo") || self.is_ours(),
            kind: Kind::Text,
            text: value::text(message, "text").unwrap_or_default(),
            media: vec![],
            quoted: value::text(reply, "mid"),
            forwarded: false,
            referral: message
                .get("referral")
                .and_then(|referral| self.came_by(referral))
                .or_else(|| story.map(|_| "Reply to your story".to_owned())),
            card: story.and_then(|story| value::text(story, "url")).map(|url| Card::Link {
                title: "Story".to_owned(),
                url,
            }),
            opaque: value::text(message, "metadata"),
            album: None,
        };
        if value::flag(message, "is_unsupported") {
            arrived.kind = Kind::Unsupported;
        }
        for attachment in attachments::without_doubles(value::list(message, "attachments")) {
            attachments::add(&mut arrived, attachment);
        }
        if arrived.text.is_empty()
            && let Some(reply) = message.get("quick_reply")
        {
            arrived.kind = Kind::Choice;
            arrived.text = value::text(reply, "payload").unwrap_or_default();
        }
        if arrived.kind == Kind::Text && arrived.text.is_empty() && arrived.media.is_empty() && arrived.card.is_none() {
            // Nothing that this version can show: orders, appointments, new kinds.
            arrived.kind = Kind::Unsupported;
        }
        Some(What::Message(Box::new(arrived)))
    }

    fn postback(&self, postback: &Value) -> Option<What> {
        let text = value::text(postback, "title")
            .or_else(|| value::text(postback, "payload"))
            .unwrap_or_default();
        // Older payloads have no id of their own.
        let id = value::text(postback, "mid").unwrap_or_else(|| {
            let person = self.person().map(|person| person.id).unwrap_or_default();
            let payload = value::text(postback, "payload").unwrap_or_default();
            format!("postback-{person}-{}-{payload}", self.at.unwrap_or_default())
        });
        Some(What::Message(Box::new(Arrived {
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
        })))
    }

    fn reaction(&self, reaction: &Value) -> Option<What> {
        let target = value::text(reaction, "mid")?;
        let taken_back = value::text(reaction, "action").as_deref() == Some("unreact");
        let emoji = value::text(reaction, "emoji")
            .or_else(|| value::text(reaction, "reaction").map(|name| named(&name).to_owned()));
        Some(What::Reaction {
            target,
            emoji: emoji.filter(|_| !taken_back),
            outgoing: self.is_ours(),
        })
    }

    /// Messenger says up to when everything came, Instagram which message was read.
    fn receipt(&self, receipt: &Value, state: Delivery) -> Option<What> {
        if let Some(until) = value::time(receipt, "watermark") {
            return Some(What::Watermark { until, state });
        }
        let target =
            value::text(receipt, "mid").or_else(|| value::list_of_texts(receipt, "mids").into_iter().next_back())?;
        Some(What::Status {
            target,
            state,
            problem: None,
            opaque: None,
        })
    }

    /// A line of the channel's own about how somebody came here.
    fn note(&self, of: &Value, kind: &str, words: Option<String>) -> Option<What> {
        let person = self.person()?.id;
        let what = value::text(of, "ref").unwrap_or_default();
        Some(What::Message(Box::new(Arrived {
            id: format!("{kind}-{person}-{}-{what}", self.at.unwrap_or_default()),
            outgoing: false,
            kind: Kind::Notice,
            text: words.clone().unwrap_or_default(),
            media: vec![],
            quoted: None,
            forwarded: false,
            referral: words,
            card: None,
            opaque: None,
            album: None,
        })))
    }

    /// The advertisement, link or product that led here, in words.
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

/// Reactions that come by name.
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
