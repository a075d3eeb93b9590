//! What a provider says, in one vocabulary for all channels.

use causerie_shared::{
    Millis,
    inbox::Channel,
    message::{Card, Delivery, Kind, MAX_DELIVERED},
};
use serde::{Deserialize, Serialize};
use sha2::Digest as _;

/// Longest id that is kept as it is, bytes: PostgreSQL indexes nothing above some 2,700, and no provider's is half as
/// long as this.
const MAX_ID: usize = 512;
/// Longest title, address or other words beside a text, bytes.
const MAX_WORDS: usize = 2048;
/// Longest emoji, bytes: families of several people have some 40.
const MAX_EMOJI: usize = 64;

/// Stands for the account whose webhook it is: Telegram's updates do not name theirs.
pub const HERE: &str = "@";

/// One thing that happened on an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Element {
    pub channel: Channel,
    /// The provider's id of the account, or [`HERE`].
    pub account: String,
    /// The customer it is about; `None`: found by the message it names, or nobody.
    pub person: Option<Person>,
    /// The thread of comments it belongs to.
    pub thread: Option<Thread>,
    /// The provider's time, if it says one that can be.
    pub at: Option<Millis>,
    pub what: What,
}

/// A customer as the provider knows them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Person {
    /// The id that answers go to; never empty.
    pub id: String,
    /// Further ids of the same person on the account: the phone number beside a user id, the other spelling of a
    /// Brazilian or Argentine number.
    pub aliases: Vec<String>,
    /// The name that the provider shows, or the user name; empty: none.
    pub name: String,
    /// With country code and without `+`; empty: unknown.
    pub phone: String,
    /// In a group, who of it speaks; empty: the person themselves.
    #[serde(default)]
    pub speaker: String,
}

impl Person {
    /// All ids, the one that answers go to first.
    pub fn ids(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.id).chain(&self.aliases)
    }
}

/// A thread of comments: a top-level comment and its replies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// The provider's id of the post or medium.
    pub post: String,
    /// The provider's id of the comment that was written; its thread is found by `parent`.
    pub comment: String,
    /// The comment that it answers; `None`: it is the top of a thread.
    pub parent: Option<String>,
    /// First words or type of the post, its address; empty: unknown.
    pub title: String,
    pub url: String,
}

/// Classes of media.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    Image,
    Video,
    Audio,
    Sticker,
    File,
    /// The story that a message answers: seen beside it, no attachment of its own.
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

/// A medium to be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    pub class: Class,
    /// The provider's id, or the address when there is none.
    pub reference: String,
    /// File name and media type as the provider says them; empty: unknown.
    pub name: String,
    pub mime: String,
    /// Bytes, if the provider says it.
    pub size: Option<u64>,
    /// Lower-case hex, if the provider says it.
    pub sha256: String,
}

/// A message of the contact, or one of ours that was written elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    /// The provider's id of the message; the key against duplicates.
    pub id: String,
    /// Written by the company: typed on the provider's own app, or the echo of what we sent.
    pub outgoing: bool,
    pub kind: Kind,
    /// Text, caption, or the words of what was chosen.
    pub text: String,
    pub media: Vec<Media>,
    /// The provider's id of the message it answers.
    pub quoted: Option<String>,
    pub forwarded: bool,
    /// The advertisement, link or post that led here, in words.
    pub referral: Option<String>,
    pub card: Option<Card>,
    /// Our own reference, which the provider hands back in an echo.
    pub opaque: Option<String>,
    /// Further parts of an album carry the same key.
    pub album: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Message(Box<Arrived>),
    /// `emoji` `None`: the reaction was taken back.
    Reaction {
        target: String,
        emoji: Option<String>,
        outgoing: bool,
    },
    /// A message has another text now. Of several edits the highest number counts.
    Edit {
        target: String,
        text: String,
        number: i64,
    },
    /// Its author took a message back, or a comment was removed.
    Delete {
        target: String,
    },
    /// A comment was hidden or shown again.
    Hide {
        target: String,
        hidden: bool,
    },
    /// How far one of our messages came.
    Status {
        /// The provider's id.
        target: String,
        state: Delivery,
        /// Why it failed.
        problem: Option<Problem>,
        /// Our own reference, if the provider hands it back.
        opaque: Option<String>,
    },
    /// Everything that we sent to the person up to this time came so far.
    Watermark {
        until: Millis,
        state: Delivery,
    },
    /// A line of the channel's own about the person: for a chat that is open, and never a reason to begin one.
    Notice(Box<Arrived>),
    /// That one of our messages and everything that we sent before it came so far.
    UpTo {
        target: String,
        state: Delivery,
    },
    /// The person has further ids from now on; those before are in `person`.
    PersonChanged {
        ids: Vec<String>,
        /// Ids that messages do not reach any more: answers go to the first of `ids` instead.
        gone: Vec<String>,
    },
    /// The person blocked us, or did so no more.
    Blocked(bool),
    /// The post was removed: its threads are over.
    PostRemoved {
        post: String,
    },
    /// Something about the account that whoever looks after it should read.
    AccountChanged(String),
    /// The business account at the provider that the account belongs to.
    Belongs(String),
    /// The templates of a business account changed; `None`: of the account's own.
    TemplatesChanged(Option<String>),
    /// Understood, and of no interest; why.
    Nothing(String),
}

impl Element {
    /// Cuts what no provider says at such length, so that one element cannot fill indexes, lists and screens. Ids stay
    /// different from each other.
    pub fn tame(&mut self) {
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
            What::Message(arrived) | What::Notice(arrived) => arrived.tame(),
            What::Reaction { target, emoji, .. } => {
                id(target);
                if let Some(emoji) = emoji {
                    cut(emoji, MAX_EMOJI);
                }
            }
            What::Edit { target, text, .. } => {
                id(target);
                cut(text, MAX_DELIVERED);
            }
            What::Delete { target }
            | What::Hide { target, .. }
            | What::Status { target, .. }
            | What::UpTo { target, .. } => id(target),
            What::PersonChanged { ids, gone } => ids.iter_mut().chain(gone).for_each(id),
            What::Belongs(business) => id(business),
            What::TemplatesChanged(business) => {
                business.as_mut().map(id);
            }
            What::PostRemoved { post } => id(post),
            What::Watermark { .. } | What::Blocked(_) | What::AccountChanged(_) | What::Nothing(_) => {}
        }
    }
}

impl Arrived {
    fn tame(&mut self) {
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

/// At most `max` bytes, whole signs.
pub fn cut(text: &mut String, max: usize) {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
}

/// An id of usable length: its beginning and a digest of the whole.
fn id(id: &mut String) {
    if id.len() <= MAX_ID {
        return;
    }
    let digest = sha2::Sha256::digest(id.as_bytes());
    cut(id, MAX_ID / 2);
    id.push('#');
    id.extend(digest.iter().map(|byte| format!("{byte:02x}")));
}

/// Why something failed: the provider's code and what it means in plain words.
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
