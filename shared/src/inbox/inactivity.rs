//! The inactivity rule of an inbox (`docs/domain.md#inactivity`).

use serde::{Deserialize, Serialize};

use crate::{
    Millis,
    inbox::Channel,
    refusal::{Code, Refusal},
};

/// The range of the rule's duration, in minutes.
pub const MINUTES: std::ops::RangeInclusive<u32> = 1..=432_000;
/// Maximum length of the rule's message, in characters as people count them.
pub const MAX_MESSAGE: usize = 200;

/// What the rule does when a contact stays silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeOut {
    Close,
    Send,
    SendAndClose,
}

impl TimeOut {
    pub const ALL: [Self; 3] = [Self::Close, Self::Send, Self::SendAndClose];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Send => "send",
            Self::SendAndClose => "send_and_close",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == key)
    }

    /// Whether the rule sends a message to the contact.
    pub fn sends(self) -> bool {
        matches!(self, Self::Send | Self::SendAndClose)
    }

    /// Whether the rule ends the chat.
    pub fn closes(self) -> bool {
        matches!(self, Self::Close | Self::SendAndClose)
    }
}

/// Whether the server may now write to a contact without an agent; the contact last wrote at `last`. The channel's
/// window must allow it (`docs/domain.md#windows`); comments are public and never get a reminder.
pub fn may_remind(channel: Channel, last: Millis, now: Millis) -> bool {
    const DAY: Millis = 24 * 3_600_000;
    match channel {
        Channel::Web | Channel::Telegram => true,
        Channel::Whatsapp | Channel::Messenger | Channel::Instagram => now < last + DAY,
        Channel::FacebookComments | Channel::InstagramComments => false,
    }
}

/// An inactivity rule that is switched on. It acts once per silence, after `minutes` without a message from the
/// contact, counted from the agent's last message. It replaces the one-hour rule of assigned chats.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inactivity {
    /// The duration in minutes, in [`MINUTES`].
    pub minutes: u32,
    pub action: TimeOut,
    /// The message to send; empty if none is sent.
    pub message: String,
}

impl Inactivity {
    /// How long the contact may be silent, in milliseconds.
    pub fn millis(&self) -> Millis {
        i64::from(self.minutes) * 60_000
    }

    /// Checks that the rule's numbers and texts are in their ranges.
    ///
    /// # Errors
    /// [`Code::Invalid`], with the reason in plain words.
    pub fn check(&self) -> Result<(), Refusal> {
        if !MINUTES.contains(&self.minutes) {
            return Err(Refusal::new(
                Code::Invalid,
                "the inactivity duration is 1 to 432000 minutes",
            ));
        }
        if self.action.sends() && self.message.trim().is_empty() {
            return Err(Refusal::new(Code::Invalid, "write the message that is to be sent"));
        }
        if length(&self.message) > MAX_MESSAGE {
            return Err(Refusal::new(Code::Invalid, "the message has at most 200 characters"));
        }
        Ok(())
    }
}

/// The length of a text as people count it: a sign counts once, however many code points it has.
///
/// The function combines joined emoji, skin tones, flags and combining marks. That covers usual messages of the rule
/// without Unicode's tables in the console.
pub fn length(text: &str) -> usize {
    let mut count = 0;
    let mut joined = false;
    let mut flag = false;
    for sign in text.chars() {
        let regional = ('\u{1F1E6}'..='\u{1F1FF}').contains(&sign);
        if sign == '\u{200D}' {
            joined = true;
            continue;
        }
        if is_mark(sign) || joined || (regional && flag) {
            joined = false;
            flag = false;
            continue;
        }
        flag = regional;
        count += 1;
    }
    count
}

/// Whether the code point modifies the sign before it: combining marks, variation selectors, skin tones, keycaps, tags.
fn is_mark(sign: char) -> bool {
    matches!(sign,
        '\u{300}'..='\u{36F}'
        | '\u{483}'..='\u{489}'
        | '\u{591}'..='\u{5BD}'
        | '\u{610}'..='\u{61A}'
        | '\u{64B}'..='\u{65F}'
        | '\u{93C}'
        | '\u{941}'..='\u{948}'
        | '\u{94D}'
        | '\u{1AB0}'..='\u{1AFF}'
        | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FE20}'..='\u{FE2F}'
        | '\u{1F3FB}'..='\u{1F3FF}'
        | '\u{E0020}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(minutes: u32, action: TimeOut, message: &str) -> Inactivity {
        Inactivity {
            minutes,
            action,
            message: message.to_owned(),
        }
    }

    #[test]
    fn the_numbers_have_their_ranges() {
        assert!(rule(1, TimeOut::Close, "").check().is_ok());
        assert!(rule(432_000, TimeOut::Close, "").check().is_ok());
        assert!(rule(0, TimeOut::Close, "").check().is_err());
        assert!(rule(432_001, TimeOut::Close, "").check().is_err());
        assert!(rule(5, TimeOut::Send, "  ").check().is_err());
        assert!(rule(5, TimeOut::SendAndClose, &"ä".repeat(200)).check().is_ok());
        assert!(rule(5, TimeOut::Send, &"ä".repeat(201)).check().is_err());
    }

    #[test]
    fn signs_count_as_people_count_them() {
        assert_eq!(length("abc"), 3);
        assert_eq!(length("e\u{301}"), 1);
        assert_eq!(length("👍🏽"), 1);
        assert_eq!(length("👩‍👩‍👧‍👦"), 1);
        assert_eq!(length("🇪🇸🇵🇹"), 2);
        assert_eq!(length("1️⃣"), 1);
    }
}
