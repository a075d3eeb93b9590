//! Telegram's updates: messages, edits, buttons, reactions, and blocks of the bot.

use causerie_shared::{Millis, inbox::Channel, message::Kind};
use serde_json::Value;

use super::{
    super::{
        inbound_event::{InboundEvent, InboundEventKind, InboundMessage, OWN_ACCOUNT, Person},
        value,
    },
    TOPIC, content, press_id, stored_id,
};

/// Returns the events of an update.
pub fn elements(update: &Value) -> Vec<InboundEvent> {
    let number = whole(update, "update_id").unwrap_or_default();
    let mut elements = vec![];
    let Some(kinds) = update.as_object() else {
        return elements;
    };
    for (kind, inner) in kinds.iter().filter(|(_, inner)| inner.is_object()) {
        match kind.as_str() {
            "message" | "channel_post" | "business_message" => elements.push(message(inner, number)),
            "edited_message" | "edited_channel_post" | "edited_business_message" => elements.push(edit(inner)),
            "deleted_business_messages" => elements.extend(deleted(inner)),
            "message_reaction" => elements.push(reaction(inner)),
            "callback_query" => elements.push(button(inner, number)),
            "my_chat_member" => elements.push(member(inner)),
            "business_connection" => elements.push(connection(inner)),
            other => elements.push(nothing(None, other)),
        }
    }
    elements
}

fn element(person: Option<Person>, at: Option<Millis>, what: InboundEventKind) -> InboundEvent {
    InboundEvent {
        channel: Channel::Telegram,
        account: OWN_ACCOUNT.to_owned(),
        person,
        thread: None,
        at,
        what,
    }
}

fn nothing(person: Option<Person>, why: &str) -> InboundEvent {
    element(person, None, InboundEventKind::Nothing(why.to_owned()))
}

/// Returns an id: an integer other than 0, perhaps as a string. A number with a fraction is not an id.
fn whole(value: &Value, key: &str) -> Option<i64> {
    as_whole(value.get(key)?)
}

/// Like [`whole`], for the value itself.
fn as_whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            number
                .as_f64()
                .filter(|float| float.fract() == 0.0 && float.abs() < 9e15)
                .map(|float| float as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
    .filter(|id| *id != 0)
}

/// Whether a chat is between one person and the bot.
fn is_private(chat: &Value) -> bool {
    match value::text(chat, "type") {
        Some(kind) => kind == "private",
        // Groups and channels have negative ids.
        None => whole(chat, "id").is_none_or(|id| id > 0),
    }
}

fn name_of(user: &Value) -> Option<String> {
    let parts: Vec<String> = ["first_name", "last_name"]
        .iter()
        .filter_map(|key| value::text(user, key))
        .filter(|part| !part.trim().is_empty())
        .collect();
    if parts.is_empty() {
        value::text(user, "username")
    } else {
        Some(parts.join(" "))
    }
}

/// The route by which a contact is answered.
enum Through {
    Chat,
    /// Through the connection of a business account; the contact is the same as without it.
    Connection(String),
    /// In a topic of a channel's direct messages: all contacts share one chat, and each has a topic.
    Topic(String),
}

fn through(message: &Value) -> Through {
    if let Some(connection) = value::text(message, "business_connection_id") {
        return Through::Connection(connection);
    }
    let topic = message.get("direct_messages_topic");
    match topic.and_then(|topic| value::text(topic, "topic_id")) {
        Some(topic) => Through::Topic(topic),
        None => Through::Chat,
    }
}

/// Returns the contact of a message: the chat, because replies go there.
fn person(chat: &Value, from: &Value, through: Through) -> Option<Person> {
    let (id, name) = match whole(chat, "id") {
        Some(id) if is_private(chat) => {
            let own = whole(from, "id").is_none_or(|from| from == id);
            let name = Some(from).filter(|_| own).and_then(name_of).or_else(|| name_of(chat));
            (id, name)
        }
        Some(id) => (id, value::text(chat, "title").or_else(|| name_of(chat))),
        None => (whole(from, "id")?, name_of(from)),
    };
    let chat = id.to_string();
    let (id, aliases) = match through {
        Through::Chat => (chat, vec![]),
        Through::Connection(connection) => (format!("{chat}/{connection}"), vec![chat]),
        Through::Topic(topic) => (format!("{chat}/{TOPIC}{topic}"), vec![]),
    };
    Some(Person {
        id,
        aliases,
        name: name.unwrap_or_default(),
        phone: String::new(),
        speaker: String::new(),
    })
}

fn person_of(message: &Value) -> Option<Person> {
    let of = |key: &str| message.get(key).unwrap_or(&Value::Null);
    let (chat, from) = (of("chat"), of("from"));
    let through = through(message);
    let topic = matches!(through, Through::Topic(_));
    if !topic && value::flag(chat, "is_direct_messages") {
        // All contacts who write to the channel share this chat. Without a topic, a message could be shown to the wrong
        // one.
        return None;
    }
    let mut person = person(chat, from, through)?;
    if topic {
        // The chat has the channel's name, not the contact's.
        person.name = of("direct_messages_topic")
            .get("user")
            .and_then(name_of)
            .or_else(|| name_of(from))
            .unwrap_or(person.name);
    } else if !is_private(chat) {
        person.speaker = speaker(message).unwrap_or_default();
    }
    Some(person)
}

/// Returns the name of the group member who speaks: a person, another channel, or an administrator who signs or stays
/// anonymous.
fn speaker(message: &Value) -> Option<String> {
    let of = |key: &str| message.get(key).unwrap_or(&Value::Null);
    let signature = || value::text(message, "author_signature");
    match whole(of("sender_chat"), "id") {
        Some(sender) if Some(sender) == whole(of("chat"), "id") => signature(),
        Some(_) => value::text(of("sender_chat"), "title").or_else(|| name_of(of("sender_chat"))),
        None => name_of(of("from")).or_else(signature),
    }
}

/// Whether the company wrote a message: the owner of a business account, or the bot for them, in a private chat that
/// has the customer's id; or the channel whose direct messages these are.
fn is_ours(message: &Value) -> bool {
    let id = |inner: Option<&Value>| inner.and_then(|inner| whole(inner, "id"));
    let from = id(message.get("from"));
    let customer = match through(message) {
        Through::Chat => return false,
        Through::Connection(_) => id(message.get("chat")),
        Through::Topic(_) => id(message.get("direct_messages_topic").and_then(|topic| topic.get("user"))),
    };
    let other = customer.is_some() && from.is_some() && from != customer;
    other || content::is_said(message, "sender_business_bot")
}

fn message(message: &Value, update: i64) -> InboundEvent {
    let at = value::time(message, "date");
    let Some(mut person) = person_of(message) else {
        return nothing(None, "a message without a sender");
    };
    // A group became another kind of group. Telegram says so in the old chat, and again in the new one.
    if let Some(new) = whole(message, "migrate_to_chat_id") {
        return moved(person, new.to_string(), at);
    }
    if let Some(old) = whole(message, "migrate_from_chat_id") {
        let new = std::mem::replace(&mut person.id, old.to_string());
        return moved(person, new, at);
    }
    if let Some(why) = content::service(message) {
        return nothing(Some(person), why);
    }
    let number = whole(message, "message_id").map_or_else(|| format!("u{update}"), |id| id.to_string());
    let mut arrived = content::arrived(message, stored_id(&person.id, &number));
    arrived.outgoing = is_ours(message);
    arrived.quoted = message
        .get("reply_to_message")
        // Every message of a forum quotes the one that began its topic.
        .filter(|quoted| !content::is_said(quoted, "forum_topic_created"))
        .and_then(|quoted| whole(quoted, "message_id"))
        .map(|quoted| stored_id(&person.id, &quoted.to_string()));
    if message.get("chat").is_none_or(is_private) {
        person.phone = content::own_phone(message).unwrap_or_default();
    }
    element(Some(person), at, InboundEventKind::Message(Box::new(arrived)))
}

fn moved(person: Person, to: String, at: Option<Millis>) -> InboundEvent {
    let what = InboundEventKind::PersonChanged {
        ids: vec![to],
        gone: vec![person.id.clone()],
    };
    element(Some(person), at, what)
}

fn edit(message: &Value) -> InboundEvent {
    let Some(person) = person_of(message) else {
        return nothing(None, "an edit without a sender");
    };
    let at = value::time(message, "edit_date");
    // A caption can be removed. A live location that moved is not an edit.
    let text = content::text(message).or_else(|| content::has_medium(message).then(String::new));
    let (Some(number), Some(text)) = (whole(message, "message_id"), text) else {
        return nothing(Some(person), "an edit without a text");
    };
    let what = InboundEventKind::Edit {
        target: stored_id(&person.id, &number.to_string()),
        text,
        number: at.or_else(|| value::time(message, "date")).unwrap_or_default(),
    };
    element(Some(person), at, what)
}

fn deleted(inner: &Value) -> Vec<InboundEvent> {
    let Some(person) = person_of(inner) else {
        return vec![nothing(None, "deleted messages without a sender")];
    };
    let ids = inner.get("message_ids").and_then(Value::as_array);
    ids.into_iter()
        .flatten()
        .filter_map(as_whole)
        .map(|id| {
            let target = stored_id(&person.id, &id.to_string());
            element(Some(person.clone()), None, InboundEventKind::Delete { target })
        })
        .collect()
}

fn reaction(inner: &Value) -> InboundEvent {
    let at = value::time(inner, "date");
    let user = ["user", "actor_chat"]
        .iter()
        .filter_map(|key| inner.get(*key))
        .find(|user| user.is_object());
    let chat = inner.get("chat").unwrap_or(&Value::Null);
    let person = person(chat, user.unwrap_or(&Value::Null), Through::Chat);
    let (Some(person), Some(number)) = (person, whole(inner, "message_id")) else {
        return nothing(None, "a reaction to nothing");
    };
    // Paying users may leave several reactions; the newest is the last.
    let emoji = value::list(inner, "new_reaction")
        .into_iter()
        .rev()
        .find_map(|reaction| {
            match value::text(reaction, "type").as_deref() {
                Some("paid") => Some("⭐".to_owned()),
                // A custom emoji is a picture without a character.
                Some("custom_emoji") => Some("🙂".to_owned()),
                Some(_) | None => value::text(reaction, "emoji"),
            }
        });
    let what = InboundEventKind::Reaction {
        target: stored_id(&person.id, &number.to_string()),
        emoji,
        outgoing: false,
    };
    element(Some(person), at, what)
}

fn button(query: &Value, update: i64) -> InboundEvent {
    let of = |key: &str| query.get(key).unwrap_or(&Value::Null);
    let (from, on) = (of("from"), of("message"));
    let chat = on.get("chat").unwrap_or(&Value::Null);
    // The contact is the person who pressed the button, not the author of the message with the button.
    let whose = if is_private(chat) && whole(from, "id").is_some() {
        &Value::Null
    } else {
        chat
    };
    let Some(mut person) = person(whose, from, through(on)) else {
        return nothing(None, "a pressed button without a sender");
    };
    if !is_private(chat) {
        person.speaker = name_of(from).unwrap_or_default();
    }
    let number = value::text(query, "id").unwrap_or_else(|| format!("u{update}"));
    let data = value::text(query, "data").or_else(|| value::text(query, "game_short_name"));
    let label = data.as_ref().and_then(|data| content::label(on, data));
    let arrived = InboundMessage {
        kind: Kind::Choice,
        text: label.or(data).unwrap_or_default(),
        quoted: whole(on, "message_id").map(|quoted| stored_id(&person.id, &quoted.to_string())),
        ..content::blank(press_id(&person.id, &number))
    };
    element(Some(person), None, InboundEventKind::Message(Box::new(arrived)))
}

fn member(inner: &Value) -> InboundEvent {
    let of = |key: &str| inner.get(key).unwrap_or(&Value::Null);
    let status = |key: &str| value::text(of(key), "status").unwrap_or_default();
    let person = person(of("chat"), of("from"), Through::Chat);
    if person.is_none() || !is_private(of("chat")) {
        return nothing(person, "the bot's place in a group");
    }
    let (before, now) = (status("old_chat_member"), status("new_chat_member"));
    let what = match (before.as_str(), now.as_str()) {
        (_, "kicked") => InboundEventKind::Blocked(true),
        ("kicked" | "", "member") => InboundEventKind::Blocked(false),
        (_, _) => InboundEventKind::Nothing(format!("{before} is {now} now")),
    };
    element(person, value::time(inner, "date"), what)
}

fn connection(inner: &Value) -> InboundEvent {
    if inner.get("is_enabled") == Some(&Value::Bool(false)) {
        let name = inner.get("user").and_then(name_of).unwrap_or_default();
        let words = format!("The business account {name} does not let the bot work for it any more.");
        return element(
            None,
            value::time(inner, "date"),
            InboundEventKind::AccountChanged(words),
        );
    }
    nothing(None, "a business account")
}
