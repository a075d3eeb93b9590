//! Texts of pushes in the languages of the console.

use causerie_shared::{
    api::notify::NotifyPreferences,
    row::{ConversationRow, Preview},
};
use serde_json::json;

use super::Notice;

/// Longest body, characters. A notification shows less.
const MAX_BODY: usize = 200;

/// The subject of a push, as the log and the user's preferences distinguish it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Test,
    NewChat,
    Offer,
    Transfer,
    TransferOutcome,
    Mention,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::NewChat => "new_chat",
            Self::Offer => "offer",
            Self::Transfer => "transfer",
            Self::TransferOutcome => "transfer_outcome",
            Self::Mention => "mention",
        }
    }

    /// Whether the push asks the user to answer before a deadline.
    pub fn is_timed(self) -> bool {
        match self {
            Self::Offer | Self::Transfer => true,
            Self::Test | Self::NewChat | Self::TransferOutcome | Self::Mention => false,
        }
    }

    /// Whether the user wants notifications of this kind.
    pub fn wanted(self, preferences: &NotifyPreferences) -> bool {
        match self {
            Self::Test => true,
            Self::NewChat => preferences.new_chat,
            Self::Offer => preferences.offer,
            Self::Transfer | Self::TransferOutcome => preferences.transfer,
            Self::Mention => preferences.mention,
        }
    }
}

/// How a transfer request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Accepted,
    Rejected,
    Expired,
}

/// The data of a chat that a notification shows.
#[derive(Debug, Clone)]
pub struct Chat {
    number: i64,
    name: String,
    last: String,
}

impl Chat {
    pub fn of(head: &ConversationRow) -> Self {
        Self {
            number: head.number,
            name: head.contact_name.clone(),
            last: head.preview.as_ref().map(last).unwrap_or_default(),
        }
    }

    /// Returns the text about the chat. In private mode it is only the chat's number.
    fn shown(&self, private: bool) -> String {
        match (private, self.last.is_empty()) {
            (true, _) => format!("#{}", self.number),
            (false, true) => self.name.clone(),
            (false, false) => format!("{}: {}", self.name, self.last),
        }
    }
}

fn last(preview: &Preview) -> String {
    if preview.text.is_empty() && preview.files > 0 {
        "📎".into()
    } else {
        preview.text.clone()
    }
}

/// The content of a push, independent of the language.
#[derive(Debug, Clone)]
pub enum Words {
    Test,
    NewChat(Chat),
    Offer(Chat),
    /// The name of the user who asks.
    Transfer(String, Chat),
    /// The name of the user who was asked.
    Outcome(Outcome, String, Chat),
    /// The name of the user who mentions the receiver, and their message in the internal discussion.
    Mention(String, Option<String>, Chat),
}

impl Words {
    fn title(&self, spanish: bool) -> String {
        let pick = |english: &str, other: &str| (if spanish { other } else { english }).to_owned();
        match self {
            Self::Test => pick("Notifications work", "Las notificaciones funcionan"),
            Self::NewChat(_) => pick("New chat", "Chat nuevo"),
            Self::Offer(_) => pick("New offer", "Oferta nueva"),
            Self::Transfer(..) => pick("Transfer request", "Solicitud de transferencia"),
            Self::Outcome(Outcome::Accepted, ..) => pick("Transfer accepted", "Transferencia aceptada"),
            Self::Outcome(Outcome::Rejected, ..) => pick("Transfer rejected", "Transferencia rechazada"),
            Self::Outcome(Outcome::Expired, ..) => pick("Transfer not answered", "Transferencia sin respuesta"),
            Self::Mention(by, ..) if spanish => format!("{by} te menciona"),
            Self::Mention(by, ..) => format!("{by} mentions you"),
        }
    }

    fn body(&self, private: bool) -> String {
        match self {
            Self::Test => String::new(),
            Self::NewChat(chat) | Self::Offer(chat) => chat.shown(private),
            Self::Transfer(by, chat) => format!("{by} → {}", chat.shown(private)),
            Self::Outcome(_, whom, chat) if private => format!("{whom} · #{}", chat.number),
            Self::Outcome(_, whom, chat) => format!("{whom} · {}", chat.name),
            // The internal discussion is about the customer, so private mode hides its text.
            Self::Mention(_, Some(text), _) if !private => text.clone(),
            Self::Mention(_, _, chat) => chat.shown(private),
        }
    }
}

/// Returns the notification in the format of Declarative Web Push. Browsers that support the format show it
/// themselves; in others the service worker does.
pub fn payload(notice: &Notice, private: bool, lang: &str, badge: i64, public_url: &str) -> String {
    let spanish = lang.starts_with("es");
    let body: String = notice.words.body(private).chars().take(MAX_BODY).collect();
    let tag = notice
        .conversation
        .map_or_else(|| notice.kind.as_str().to_owned(), |id| id.to_string());
    let navigate = format!("{public_url}{}", notice.path);
    let answers = match &notice.words {
        Words::Offer(_) | Words::Transfer(..) if spanish => [("accept", "Aceptar"), ("decline", "Rechazar")].as_slice(),
        Words::Offer(_) | Words::Transfer(..) => &[("accept", "Accept"), ("decline", "Decline")],
        Words::Test | Words::NewChat(_) | Words::Outcome(..) | Words::Mention(..) => &[],
    };
    let answers = answers
        .iter()
        .map(|(action, title)| json!({ "action": action, "title": title, "navigate": navigate }));
    json!({
        "web_push": 8030,
        "app_badge": badge,
        "notification": {
            "title": notice.words.title(spanish),
            "body": body,
            "lang": if spanish { "es" } else { "en" },
            "dir": "auto",
            "tag": tag,
            // Only a push that asks for an answer alerts again when it replaces an older one.
            "renotify": notice.kind.is_timed(),
            "actions": answers.collect::<Vec<_>>(),
            "navigate": navigate,
            "app_badge": badge.to_string(),
        },
    })
    .to_string()
}
