//! Messages: the immutable part lives in the timeline document, everything that changes later in a row.

pub mod order;

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    ids::{ConversationId, FileId, MessageId, UserId},
};

/// Longest text of one message in bytes of UTF-8; a longer one is refused before it is sent.
pub const MAX_TEXT: usize = 16 * 1024;
/// Longest text that is taken from a provider, bytes of UTF-8: WhatsApp's customers may write 65,536 characters.
pub const MAX_DELIVERED: usize = 4 * 65_536;
/// Most files on one message.
pub const MAX_FILES: usize = 10;

/// Who wrote a message. In documents: `contact`, `system`, `bot`, `elsewhere`, `agent:<user id>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Author {
    Contact,
    Agent(UserId),
    System,
    Bot,
    /// The company, on the provider's own app.
    Elsewhere,
}

impl Author {
    /// The form used inside documents.
    pub fn to_key(self) -> String {
        match self {
            Self::Contact => "contact".into(),
            Self::System => "system".into(),
            Self::Bot => "bot".into(),
            Self::Elsewhere => "elsewhere".into(),
            Self::Agent(user) => format!("agent:{user}"),
        }
    }

    /// Reads the form used inside documents.
    pub fn from_key(key: &str) -> Option<Self> {
        match key {
            "contact" => Some(Self::Contact),
            "system" => Some(Self::System),
            "bot" => Some(Self::Bot),
            "elsewhere" => Some(Self::Elsewhere),
            other => other.strip_prefix("agent:")?.parse().ok().map(Self::Agent),
        }
    }

    /// The user, if an agent wrote it.
    pub fn user(self) -> Option<UserId> {
        match self {
            Self::Agent(user) => Some(user),
            Self::Contact | Self::System | Self::Bot | Self::Elsewhere => None,
        }
    }
}

/// What a message is; the text form is stored in documents. People write [`Kind::Text`], [`Kind::File`] and
/// [`Kind::Template`] only, the others come from channels.
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
    /// A button or list entry that was chosen.
    Choice,
    /// A filled-in form.
    Form,
    Order,
    /// The company was mentioned in a story.
    StoryMention,
    /// A shared post or reel.
    Share,
    /// A template that opened a conversation anew.
    Template,
    /// Something that the channel says happened: a number changed, a call was missed.
    Notice,
    /// Something that the channel or this version cannot show.
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

/// A message as it stands in a timeline document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub id: MessageId,
    pub author: Author,
    pub kind: Kind,
    pub body: String,
    /// The author's clock: a hint, never an order (`docs/sync.md#message-rows`).
    pub at: Millis,
    pub reply_to: Option<MessageId>,
    /// Comments: only the author of the thread's first comment sees it, as a direct message; once a thread.
    pub private: bool,
    /// [`Kind::Template`]: what the body was filled in from.
    pub template: Option<TemplateUse>,
    pub attachments: Vec<FileId>,
}

/// A comment can be answered privately for this long: 7 days.
pub const PRIVATE_MS: Millis = 7 * 24 * 3_600_000;
/// Longest text of a filled-in template, characters.
pub const MAX_TEMPLATE: usize = 4096;
/// Most values of a template.
pub const MAX_PARAMETERS: usize = 32;

/// A template of a channel with the values of its gaps. Documents hold it as lines: name, language, then each value;
/// no part has a control character, so it has no line break.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateUse {
    pub name: String,
    /// As the provider writes it, e.g. `en_US`.
    pub language: String,
    /// The medium above it, then the gaps of the header, of the body and of the buttons.
    pub parameters: Vec<String>,
}

impl TemplateUse {
    /// The form inside documents.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n{}", self.name, self.language);
        for parameter in &self.parameters {
            text.push('\n');
            text.push_str(parameter);
        }
        text
    }

    /// Reads the form inside documents; `None` when name or language is missing, a value is empty, or there are too
    /// many.
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

/// How far an outgoing message came. Incoming ones are `Read` or not by the head's `unread`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Delivery {
    /// Accepted by the server, waiting for the channel.
    Queued,
    /// The channel took it; on the web: the server has it and will show it.
    Sent,
    Delivered,
    Read,
    /// The channel refused it; the row's `reason` says why.
    Failed,
    /// No answer; an echo or status settles it.
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

/// What everyone needs to draw a file without fetching it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileBrief {
    pub id: FileId,
    pub name: String,
    pub mime: String,
    /// Bytes.
    pub size: i64,
}

/// The server's row beside a message of the timeline (`docs/sync.md#message-rows`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRow {
    pub id: MessageId,
    pub conversation: ConversationId,
    /// The order in which the server accepted the messages, from 1; shown they are as [`order::place_late`] puts them.
    pub position: i64,
    /// Segment of the timeline that holds the message.
    pub segment: u32,
    pub author: Author,
    pub accepted_at: Millis,
    /// When it was written, by the provider's clock, of what a provider delivers; never after `accepted_at`.
    pub said_at: Option<Millis>,
    pub delivery: Delivery,
    /// The provider's reason in plain words, when `delivery` is `Failed`.
    pub reason: Option<String>,
    pub files: Vec<FileBrief>,
    /// When its text and files were removed for everybody; the bubble stays as a mark.
    pub redacted_at: Option<Millis>,
    /// What a channel adds to a message; `None` on the web.
    pub extra: Option<Box<Extra>>,
    /// Feed number of the last change; a client asks for rows above the one it knows.
    pub seq: i64,
}

/// Who reacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Contact,
    Us,
}

/// An emoji on a bubble; one a side at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    pub emoji: String,
    pub by: Side,
}

/// Something that is drawn as a card instead of a text.
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

/// What a channel adds to a message, and what happens to it there afterwards; the server alone writes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Extra {
    pub forwarded: bool,
    /// The advertisement, link or post that led here, in words.
    pub referral: Option<String>,
    pub reactions: Vec<Reaction>,
    /// The text after the last edit, and that edit's number.
    pub edited: Option<(String, i64)>,
    /// Classes of the media that it came with, and whether each could be fetched.
    pub media: Vec<(String, bool)>,
    /// Its author took it back.
    pub deleted: bool,
    /// A comment that is hidden from the public.
    pub hidden: bool,
    /// A reply under a post that only its receiver sees.
    pub private: bool,
    /// What a template's text was filled in from.
    pub template: Option<TemplateUse>,
    /// Somebody other than the contact wrote it: another person under the same post, or one of a group.
    pub author_name: Option<String>,
    pub card: Option<Card>,
}
