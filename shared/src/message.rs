//! Messages. The immutable part is in the timeline document; a row holds everything that changes later.

pub mod order;

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    ids::{ConversationId, FileId, MessageId, UserId},
};

/// Maximum length of the text of a message, in bytes of UTF-8. A longer text is refused before it is sent.
pub const MAX_TEXT: usize = 16 * 1024;
/// Maximum length of a text from a provider, in bytes of UTF-8: WhatsApp's customers may write 65,536 characters.
pub const MAX_DELIVERED: usize = 4 * 65_536;
/// Maximum number of files on a message.
pub const MAX_FILES: usize = 10;

/// The author of a message. In documents: `contact`, `system`, `bot`, `elsewhere`, `agent:<user id>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Author {
    Contact,
    Agent(UserId),
    System,
    Bot,
    /// The company, writing in the provider's own app.
    Elsewhere,
}

impl Author {
    /// The text form inside documents.
    pub fn to_key(self) -> String {
        match self {
            Self::Contact => "contact".into(),
            Self::System => "system".into(),
            Self::Bot => "bot".into(),
            Self::Elsewhere => "elsewhere".into(),
            Self::Agent(user) => format!("agent:{user}"),
        }
    }

    /// Parses the text form inside documents.
    pub fn from_key(key: &str) -> Option<Self> {
        match key {
            "contact" => Some(Self::Contact),
            "system" => Some(Self::System),
            "bot" => Some(Self::Bot),
            "elsewhere" => Some(Self::Elsewhere),
            other => other.strip_prefix("agent:")?.parse().ok().map(Self::Agent),
        }
    }

    /// The user, if an agent wrote the message.
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::Agent(user) => Some(user),
            Self::Contact | Self::System | Self::Bot | Self::Elsewhere => None,
        }
    }
}

/// The kind of a message; documents store its text form. Users write only [`Kind::Text`], [`Kind::File`] and
/// [`Kind::Template`]; the other kinds come from channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Kind {
    #[default]
    Text,
    /// Files, with or without a text.
    File,
    Image,
    Video,
    Audio,
    /// A voice message.
    Voice,
    Sticker,
    Location,
    /// One or several contact cards.
    Contacts,
    /// The button or list entry that the contact chose.
    Choice,
    /// A form that the contact filled in.
    Form,
    Order,
    /// A story that mentions the company.
    StoryMention,
    /// A shared post or reel.
    Share,
    /// A template that reopened a conversation.
    Template,
    /// An event that the channel reports, for example a changed number or a missed call.
    Notice,
    /// Content that the channel or this version cannot show.
    Unsupported,
}

impl Kind {
    pub const ALL: [Self; 17] = [
        Self::Text,
        Self::File,
        Self::Image,
        Self::Video,
        Self::Audio,
        Self::Voice,
        Self::Sticker,
        Self::Location,
        Self::Contacts,
        Self::Choice,
        Self::Form,
        Self::Order,
        Self::StoryMention,
        Self::Share,
        Self::Template,
        Self::Notice,
        Self::Unsupported,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::File => "file",
            Self::Image => "image",
            Self::Video => "video",
            Self::Audio => "audio",
            Self::Voice => "voice",
            Self::Sticker => "sticker",
            Self::Location => "location",
            Self::Contacts => "contacts",
            Self::Choice => "choice",
            Self::Form => "form",
            Self::Order => "order",
            Self::StoryMention => "story_mention",
            Self::Share => "share",
            Self::Template => "template",
            Self::Notice => "notice",
            Self::Unsupported => "unsupported",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == key)
    }
}

/// A message as a timeline document stores it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub id: MessageId,
    pub author: Author,
    pub kind: Kind,
    pub body: String,
    /// The time by the author's clock. Only a hint; it does not define an order (`docs/sync.md#message-rows`).
    pub at: Millis,
    pub reply_to: Option<MessageId>,
    /// For comments: only the author of the thread's first comment sees the message, as a direct message. Once per
    /// thread.
    pub private: bool,
    /// For [`Kind::Template`]: the template and values that the body was filled in from.
    pub template: Option<TemplateUse>,
    pub attachments: Vec<FileId>,
}

/// How long after a comment a private reply is possible: 7 days.
pub const PRIVATE_MS: Millis = 7 * 24 * 3_600_000;
/// Maximum length of the text of a filled-in template, in characters.
pub const MAX_TEMPLATE: usize = 4096;
/// Maximum number of values of a template.
pub const MAX_PARAMETERS: usize = 32;

/// A template of a channel with the values of its gaps. Documents store it as lines: name, language, then each value.
/// No part contains a control character, and therefore no line break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateUse {
    pub name: String,
    /// The language code as the provider writes it, e.g. `en_US`.
    pub language: String,
    /// The address of the medium, if the template has one, then the gaps of the header, of the body and of the buttons.
    pub parameters: Vec<String>,
}

impl TemplateUse {
    /// The text form inside documents.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n{}", self.name, self.language);
        for parameter in &self.parameters {
            text.push('\n');
            text.push_str(parameter);
        }
        text
    }

    /// Parses the text form inside documents. Returns `None` if the name or the language is missing, a value is empty
    /// or has control characters, or there are too many values.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let mut next = || lines.next().map(str::to_owned);
        let (name, language) = (next()?, next()?);
        let parameters: Vec<String> = lines.map(str::to_owned).collect();
        let whole = [&name, &language]
            .into_iter()
            .chain(&parameters)
            .all(|part| !part.trim().is_empty() && !part.chars().any(char::is_control));
        (whole && parameters.len() <= MAX_PARAMETERS).then_some(Self {
            name,
            language,
            parameters,
        })
    }
}

/// The delivery state of an outgoing message. Whether an incoming message was read follows from the row's `unread`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Delivery {
    /// The server accepted the message and has not sent it to the channel yet.
    Queued,
    /// The channel accepted the message; on the web: the server stored it and will show it.
    Sent,
    Delivered,
    Read,
    /// The channel refused the message; the row's `reason` says why.
    Failed,
    /// The provider did not answer; an echo or a status settles the state.
    Unconfirmed,
}

impl Delivery {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Failed => "failed",
            Self::Unconfirmed => "unconfirmed",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        [
            Self::Queued,
            Self::Sent,
            Self::Delivered,
            Self::Read,
            Self::Failed,
            Self::Unconfirmed,
        ]
        .into_iter()
        .find(|state| state.as_str() == key)
    }
}

/// What a client needs to draw a file without fetching it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileBrief {
    pub id: FileId,
    pub name: String,
    pub mime: String,
    /// Size in bytes.
    pub size: i64,
}

/// The server's row for a message of the timeline (`docs/sync.md#message-rows`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRow {
    pub id: MessageId,
    pub conversation: ConversationId,
    /// The order in which the server accepted the messages, from 1. The display order is that of [`order::place_late`].
    pub position: i64,
    /// The segment of the timeline that contains the message.
    pub segment: u32,
    pub author: Author,
    pub accepted_at: Millis,
    /// For messages from a provider, when the message was written, by the provider's clock; never after `accepted_at`.
    pub said_at: Option<Millis>,
    pub delivery: Delivery,
    /// The provider's reason in plain words, if `delivery` is `Failed`.
    pub reason: Option<String>,
    pub files: Vec<FileBrief>,
    /// When the text and files were removed for everybody; the console keeps a placeholder.
    pub redacted_at: Option<Millis>,
    /// Data that the channel adds to the message; `None` on the web.
    pub extra: Option<Box<Extra>>,
    /// Feed number of the last change; a client requests rows above the number that it knows.
    pub seq: i64,
}

/// The side that reacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Contact,
    Us,
}

/// An emoji reaction; each side has at most one per message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    pub emoji: String,
    pub by: Side,
}

/// Content that is drawn as a card instead of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Card {
    Location {
        /// Millionths of a degree.
        latitude: i32,
        longitude: i32,
        name: String,
        address: String,
    },
    Contacts(Vec<ContactCard>),
    /// Label and value of each entry of a form, or of each line of an order.
    Entries(Vec<(String, String)>),
    /// A story, post, reel or page that the message is about.
    Link {
        title: String,
        url: String,
    },
}

/// A contact card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactCard {
    pub name: String,
    pub phones: Vec<String>,
    pub emails: Vec<String>,
}

/// Data that a channel adds to a message, and later changes of the message there. Only the server writes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Extra {
    pub forwarded: bool,
    /// The advertisement, link or post that led to the message, in words.
    pub referral: Option<String>,
    pub reactions: Vec<Reaction>,
    /// The text after the last edit, and the number of that edit.
    pub edited: Option<(String, i64)>,
    /// The classes of the message's media, and whether each could be fetched.
    pub media: Vec<(String, bool)>,
    /// Whether the author deleted the message.
    pub deleted: bool,
    /// Whether the comment is hidden from the public.
    pub hidden: bool,
    /// Whether only the receiver sees this reply under a post.
    pub private: bool,
    /// The template and values that the text was filled in from.
    pub template: Option<TemplateUse>,
    /// The author's name, if the author is not the contact: another person under the same post, or a member of a group.
    pub author_name: Option<String>,
    pub card: Option<Card>,
}
