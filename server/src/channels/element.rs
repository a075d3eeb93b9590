//! What a provider says, in one vocabulary for all channels.

use causerie_shared::{
    Millis,
    inbox::Channel,
    message::{Card, Delivery, Kind},
};
use serde::{Deserialize, Serialize};

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
}

impl Class {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Sticker => "sticker",
            Self::File => "file",
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
    /// The person has other ids from now on; those before are in `person`.
    PersonChanged {
        ids: Vec<String>,
        phone: String,
    },
    /// The person blocked us, or did so no more.
    Blocked(bool),
    /// The post was removed: its threads are over.
    PostRemoved {
        post: String,
    },
    /// The account's templates, token or state changed: look again.
    AccountChanged(String),
    /// Understood, and of no interest; why.
    Nothing(String),
}

/// Why something failed: the provider's code and what it means in plain words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub code: String,
    pub words: String,
}
