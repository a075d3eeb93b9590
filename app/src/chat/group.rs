//! The items of a chat's log in order: day separators, the "New" line, system lines, and messages in groups.

use causerie_shared::{Millis, message::Author};

use crate::store::view::{Bubble, MessageBubble, Stage};
use causerie_shared::row::JourneyRow;

/// Messages of one author at most this far apart form a group (`docs/ux.md#bubbles`).
const GROUP_MS: i64 = 3 * 60_000;

/// The place of a message in its group, for rounded corners and the avatar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    Single,
    First,
    Middle,
    Last,
}

impl Place {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::First => "first",
            Self::Middle => "middle",
            Self::Last => "last",
        }
    }
}

/// One item of the log.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// The beginning of a day; the value is a moment of that day.
    Day(Millis),
    /// The separator above the messages that were unread when the chat was opened.
    New,
    Line(JourneyRow),
    Message(MessageBubble, Place),
}

/// The key of an item: it changes whenever something visible of the item changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ItemKey {
    Day(i64),
    New,
    Line(i64),
    Message {
        id: u128,
        place: Place,
        stage: u8,
        reason: Option<String>,
        /// The version of the message, and whether the quoted message is loaded.
        version: (i64, bool),
    },
}

impl Item {
    /// The key for keyed lists. `day` maps a time to a number of the calendar day.
    pub fn key(&self, day: impl Fn(Millis) -> i64) -> ItemKey {
        match self {
            Self::Day(at) => ItemKey::Day(day(*at)),
            Self::New => ItemKey::New,
            Self::Line(line) => ItemKey::Line(line.version),
            Self::Message(message, place) => {
                let (stage, reason) = match &message.stage {
                    _ if message.redacted => (200, None),
                    Stage::Incoming => (0, None),
                    Stage::Unsent => (1, None),
                    Stage::Held => (101, None),
                    Stage::Sent(delivery) => (2 + *delivery as u8, None),
                    Stage::Failed(reason) => (100, reason.clone()),
                    Stage::Unconfirmed(reason) => (102, reason.clone()),
                };
                ItemKey::Message {
                    id: message.id.to_u128(),
                    place: *place,
                    stage,
                    reason,
                    version: (message.version, message.quote.is_some()),
                }
            }
        }
    }
}

/// Whether the log shows the line. The chat's beginning and each offer are clear from the lines after them.
fn is_shown(line: &JourneyRow) -> bool {
    !matches!(line.cause.as_str(), "begin" | "offer")
}

fn at(bubble: &Bubble) -> Millis {
    match bubble {
        Bubble::Message(message) => message.at,
        Bubble::Line(line) => line.at,
    }
}

fn joined(a: Option<&Bubble>, b: &MessageBubble, day: &impl Fn(Millis) -> i64) -> bool {
    match a {
        Some(Bubble::Message(a)) => {
            a.author == b.author
                && a.stranger() == b.stranger()
                && (b.at - a.at).abs() <= GROUP_MS
                && day(a.at) == day(b.at)
        }
        Some(Bubble::Line(_)) | None => false,
    }
}

/// Returns the items of a chat. `seen` is the newest position that was read when the chat was opened, or `None` for no
/// "New" line; `day` maps a time to a number of the user's calendar day.
pub fn arrange(bubbles: &[Bubble], seen: Option<i64>, day: impl Fn(Millis) -> i64) -> Vec<Item> {
    let shown: Vec<&Bubble> = bubbles
        .iter()
        .filter(|bubble| match bubble {
            Bubble::Line(line) => is_shown(line),
            Bubble::Message(_) => true,
        })
        .collect();
    let mut items = Vec::with_capacity(shown.len() + 4);
    let mut today = None;
    let mut new_to_come = seen.is_some();
    for (index, bubble) in shown.iter().enumerate() {
        let its_day = day(at(bubble));
        if today != Some(its_day) {
            today = Some(its_day);
            items.push(Item::Day(at(bubble)));
        }
        match bubble {
            Bubble::Line(line) => items.push(Item::Line(line.clone())),
            Bubble::Message(message) => {
                let unseen = message.author == Author::Contact && message.position > seen;
                let begins_new = new_to_come && unseen;
                if begins_new {
                    new_to_come = false;
                    items.push(Item::New);
                }
                let before = (index > 0 && !begins_new).then(|| shown[index - 1]);
                let after = shown.get(index + 1).copied();
                let with_before = joined(before, message, &day);
                let with_after = match after {
                    Some(Bubble::Message(next)) => {
                        let next_is_new = new_to_come && next.author == Author::Contact && next.position > seen;
                        !next_is_new && joined(Some(bubble), next, &day)
                    }
                    Some(Bubble::Line(_)) | None => false,
                };
                let place = match (with_before, with_after) {
                    (false, false) => Place::Single,
                    (false, true) => Place::First,
                    (true, true) => Place::Middle,
                    (true, false) => Place::Last,
                };
                items.push(Item::Message(message.clone(), place));
            }
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use causerie_shared::{
        ids::{MessageId, UserId},
        message::Kind,
    };

    use super::*;

    fn message(n: u128, author: Author, at: Millis) -> Bubble {
        Bubble::Message(MessageBubble {
            id: MessageId::from_u128(n),
            author,
            kind: Kind::Text,
            body: String::new(),
            at,
            position: Some(n as i64),
            files: vec![],
            redacted: false,
            quote: None,
            private: false,
            extra: None,
            version: 0,
            stage: Stage::Incoming,
        })
    }

    fn shape(items: &[Item]) -> String {
        items
            .iter()
            .map(|item| match item {
                Item::Day(_) => "D",
                Item::New => "N",
                Item::Line(_) => "L",
                Item::Message(_, Place::Single) => "s",
                Item::Message(_, Place::First) => "f",
                Item::Message(_, Place::Middle) => "m",
                Item::Message(_, Place::Last) => "l",
            })
            .collect()
    }

    const DAY: i64 = 86_400_000;

    #[test]
    fn messages_of_one_author_within_three_minutes_form_a_group() {
        let me = Author::Agent(UserId::from_u128(1));
        let chat = [
            message(1, Author::Contact, 0),
            message(2, Author::Contact, 60_000),
            message(3, Author::Contact, 120_000),
            message(4, me, 121_000),
            message(5, me, 121_000 + GROUP_MS + 1),
        ];
        assert_eq!(shape(&arrange(&chat, None, |at| at / DAY)), "Dfmlss");
    }

    #[test]
    fn a_new_day_and_the_first_unseen_message_break_a_group() {
        let chat = [
            message(1, Author::Contact, DAY - 1_000),
            message(2, Author::Contact, DAY + 1_000),
            message(3, Author::Contact, DAY + 2_000),
        ];
        assert_eq!(shape(&arrange(&chat, None, |at| at / DAY)), "DsDfl");
        assert_eq!(shape(&arrange(&chat, Some(2), |at| at / DAY)), "DsDsNs");
        assert_eq!(shape(&arrange(&chat, Some(3), |at| at / DAY)), "DsDfl");
    }
}
