//! Inbound events: what providers say, in one vocabulary for all channels.

use causerie_shared::{
    Millis,
    inbox::Channel,
    message::{Card, Delivery, Kind, MAX_DELIVERED},
};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// Longest id that is kept unchanged, in bytes. PostgreSQL cannot index more than about 2,700 bytes, and no provider's
/// id is half as long as this.
const MAX_ID: usize = 512;
/// Longest title, address or other text beside a message's own text, in bytes.
const MAX_WORDS: usize = 2048;
/// Longest emoji, in bytes: a family of several people has about 40.
const MAX_EMOJI: usize = 64;

/// Stands for the account whose webhook it is, because Telegram's updates do not name their account.
pub const OWN_ACCOUNT: &str = "@";

/// An inbound event: one thing that happened on an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundEvent {
    pub channel: Channel,
    /// The provider's id of the account, or [`OWN_ACCOUNT`].
    pub account: String,
    /// The contact that the event is about; `None` if the event names only a message, or concerns nobody.
    pub person: Option<Person>,
    /// The comment thread that the event belongs to.
    pub thread: Option<CommentThread>,
    /// The provider's time of the event, if it is given and plausible.
    pub at: Option<Millis>,
    pub what: InboundEventKind,
}

/// A contact, as the provider knows them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Person {
    /// The id that replies go to; never empty.
    pub id: String,
    /// Further ids of the same contact on the account: the phone number beside a user id, or the other spelling of a
    /// Brazilian or Argentine number.
    pub aliases: Vec<String>,
    /// The display name or user name; empty if there is none.
    pub name: String,
    /// The phone number with country code and without `+`; empty if unknown.
    pub phone: String,
    /// In a group, the name of the member who speaks; otherwise empty.
    #[serde(default)]
    pub speaker: String,
}

impl Person {
    /// Returns all ids, the one that replies go to first.
    pub fn ids(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.id).chain(&self.aliases)
    }
}

/// A comment thread: a top-level comment and its replies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentThread {
    /// The provider's id of the post or medium.
    pub post: String,
    /// The provider's id of the comment itself; the thread is found by `parent`.
    pub comment: String,
    /// The provider's id of the comment that this one answers; `None` at the top of a thread.
    pub parent: Option<String>,
    /// First words or type of the post; empty if unknown.
    pub title: String,
    /// Address of the post; empty if unknown.
    pub url: String,
}

/// The class of a medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    Image,
    Video,
    Audio,
    Sticker,
    File,
    /// The story that a message answers. It is shown beside the message, not as an attachment.
    Story,
}

impl Class {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Sticker => "sticker",
            Self::File => "file",
            Self::Story => "story",
        }
    }
}

/// A medium to fetch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    pub class: Class,
    /// The provider's id of the medium, or its address if it has no id.
    pub reference: String,
    /// File name as the provider gives it; empty if unknown.
    pub name: String,
    /// Media type as the provider gives it; empty if unknown.
    pub mime: String,
    /// Size in bytes, if the provider gives it.
    pub size: Option<u64>,
    /// SHA-256 in hex or base64; empty if unknown.
    pub sha256: String,
}

/// A message in a webhook: from the contact, or from the company (written elsewhere, or an echo).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboundMessage {
    /// The provider's id of the message. Duplicates are recognised by it.
    pub id: String,
    /// Whether the company wrote it: in the provider's own app, or here, so that this is its echo.
    pub outgoing: bool,
    pub kind: Kind,
    /// Text, caption, or the label of what was chosen.
    pub text: String,
    pub media: Vec<Media>,
    /// The provider's id of the quoted message.
    pub quoted: Option<String>,
    pub forwarded: bool,
    /// The advertisement, link or post that led the contact here, in words.
    pub referral: Option<String>,
    pub card: Option<Card>,
    /// The reference that this server sent along and that the provider returns in an echo.
    pub opaque: Option<String>,
    /// Key that all parts of an album share.
    pub album: Option<String>,
}

/// What an inbound event says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboundEventKind {
    Message(Box<InboundMessage>),
    /// A reaction to a message; without an `emoji` it was removed.
    Reaction {
        target: String,
        emoji: Option<String>,
        outgoing: bool,
    },
    /// A message has a new text. The edit with the highest number wins.
    Edit {
        target: String,
        text: String,
        number: i64,
    },
    /// The author deleted a message, or a comment was removed.
    Delete {
        target: String,
    },
    /// A comment was hidden or shown again.
    Hide {
        target: String,
        hidden: bool,
    },
    /// The delivery state of an outgoing message.
    Status {
        /// The provider's id of the message.
        target: String,
        state: Delivery,
        /// Why the delivery failed.
        problem: Option<Problem>,
        /// The reference that this server sent along, if the provider returns it.
        opaque: Option<String>,
    },
    /// Everything that was sent to the contact up to this time has reached this state.
    Watermark {
        until: Millis,
        state: Delivery,
    },
    /// A notice of the channel about the contact. It is shown in an open conversation and never begins one.
    Notice(Box<InboundMessage>),
    /// The message `target`, and everything that was sent before it, has reached this state.
    UpTo {
        target: String,
        state: Delivery,
    },
    /// The contact has further ids from now on; the earlier ones are in `person`.
    PersonChanged {
        ids: Vec<String>,
        /// Ids that messages do not reach any more: replies go to the first of `ids` instead.
        gone: Vec<String>,
    },
    /// The contact blocked the account (`true`) or unblocked it.
    Blocked(bool),
    /// The post was removed, which ends the conversations under it.
    PostRemoved {
        post: String,
    },
    /// A problem of the account, in words for its administrators.
    AccountChanged(String),
    /// The provider's id of the business account that the account belongs to.
    Belongs(String),
    /// The templates of a business account changed; `None` stands for the templates of this account.
    TemplatesChanged(Option<String>),
    /// Understood, but of no interest; the text says why.
    Nothing(String),
}

impl InboundEvent {
    /// Shortens what is longer than any provider's, so that one event cannot fill indexes, lists and screens. Shortened
    /// ids stay distinct.
    pub fn sanitize(&mut self) {
        if let Some(person) = &mut self.person {
            std::iter::once(&mut person.id).chain(&mut person.aliases).for_each(id);
            cut(&mut person.phone, MAX_ID);
        }
        if let Some(thread) = &mut self.thread {
            id(&mut thread.post);
            id(&mut thread.comment);
            thread.parent.as_mut().map(id);
            cut(&mut thread.title, MAX_WORDS);
            cut(&mut thread.url, MAX_WORDS);
        }
        match &mut self.what {
            InboundEventKind::Message(arrived) | InboundEventKind::Notice(arrived) => arrived.sanitize(),
            InboundEventKind::Reaction { target, emoji, .. } => {
                id(target);
                if let Some(emoji) = emoji {
                    cut(emoji, MAX_EMOJI);
                }
            }
            InboundEventKind::Edit { target, text, .. } => {
                id(target);
                cut(text, MAX_DELIVERED);
            }
            InboundEventKind::Delete { target }
            | InboundEventKind::Hide { target, .. }
            | InboundEventKind::Status { target, .. }
            | InboundEventKind::UpTo { target, .. } => id(target),
            InboundEventKind::PersonChanged { ids, gone } => ids.iter_mut().chain(gone).for_each(id),
            InboundEventKind::Belongs(business) => id(business),
            InboundEventKind::TemplatesChanged(business) => {
                business.as_mut().map(id);
            }
            InboundEventKind::PostRemoved { post } => id(post),
            InboundEventKind::Watermark { .. }
            | InboundEventKind::Blocked(_)
            | InboundEventKind::AccountChanged(_)
            | InboundEventKind::Nothing(_) => {}
        }
    }
}

impl InboundMessage {
    fn sanitize(&mut self) {
        id(&mut self.id);
        self.quoted.as_mut().map(id);
        if let Some(referral) = &mut self.referral {
            cut(referral, MAX_WORDS);
        }
        match &mut self.card {
            Some(Card::Location { name, address, .. }) => {
                cut(name, MAX_WORDS);
                cut(address, MAX_WORDS);
            }
            Some(Card::Link { title, url }) => {
                cut(title, MAX_WORDS);
                cut(url, MAX_WORDS);
            }
            Some(Card::Entries(entries)) => {
                for (label, text) in entries {
                    cut(label, MAX_WORDS);
                    cut(text, MAX_WORDS);
                }
            }
            Some(Card::Contacts(cards)) => {
                for card in cards {
                    cut(&mut card.name, MAX_WORDS);
                }
            }
            None => {}
        }
    }
}

/// Truncates `text` to at most `max` bytes, at a character boundary.
pub fn cut(text: &mut String, max: usize) {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
}

/// Replaces an id that is too long by its beginning and a digest of the whole.
fn id(id: &mut String) {
    if id.len() <= MAX_ID {
        return;
    }
    let digest = sha2::Sha256::digest(id.as_bytes());
    cut(id, MAX_ID / 2);
    id.push('#');
    id.extend(digest.iter().map(|byte| format!("{byte:02x}")));
}

/// Why something failed: the provider's code, and its meaning in plain words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub code: String,
    pub words: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_ids_are_shortened_and_stay_different() {
        let of = |end: &str| {
            let mut long = format!("{}{end}", "ä".repeat(2000));
            id(&mut long);
            long
        };
        assert!(of("1").len() <= MAX_ID);
        assert_ne!(of("1"), of("2"));
        assert_eq!(of("1"), of("1"));
        let mut short = "m_1".to_owned();
        id(&mut short);
        assert_eq!(short, "m_1");
    }
}
