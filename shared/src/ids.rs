//! Identifiers: ULIDs. The device or the server makes them; this crate never reads a clock.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ulid::Ulid;

use crate::Millis;

/// The error for a text that is not a ULID in its canonical 26-character form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadId;

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a valid id")
    }
}

impl std::error::Error for BadId {}

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// Text form: 26 characters of Crockford base 32. Compact form: 16 bytes.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// Builds an id from its time in milliseconds and 80 random bits.
            pub fn new(at: Millis, random: u128) -> Self {
                Self(Ulid::from_parts(at.max(0) as u64, random))
            }

            /// The milliseconds contained in the id. Only a hint, because the clocks of devices differ.
            pub fn time(self) -> Millis {
                self.0.timestamp_ms() as Millis
            }

            /// The 128 bits as a number.
            pub fn to_u128(self) -> u128 {
                self.0.0
            }

            /// Builds an id from its 128 bits.
            pub const fn from_u128(bits: u128) -> Self {
                Self(Ulid(bits))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let id = Ulid::from_string(text).map_err(|_| BadId)?;
                // Only the canonical spelling is accepted: lower case or an overflowing first letter would give one id
                // two keys.
                if id.to_string() == text { Ok(Self(id)) } else { Err(BadId) }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                if serializer.is_human_readable() {
                    serializer.collect_str(self)
                } else {
                    self.0.0.to_be_bytes().serialize(serializer)
                }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                if deserializer.is_human_readable() {
                    let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                    text.parse().map_err(de::Error::custom)
                } else {
                    <[u8; 16]>::deserialize(deserializer).map(|bytes| Self(Ulid(u128::from_be_bytes(bytes))))
                }
            }
        }
    )*};
}

id! {
    /// A user of the company.
    UserId;
    /// An inbox, the unit of routing and visibility.
    InboxId;
    /// A messaging account: one line the company owns on a channel.
    AccountId;
    /// A conversation ("chat", "transaction").
    ConversationId;
    /// A person who writes to the company.
    ContactId;
    /// A message; also its intent id, its outbox key and the reference at providers
    /// (`docs/sync.md#ids-and-repetition`).
    MessageId;
    /// A note about a contact.
    NoteId;
    /// An uploaded or received file.
    FileId;
    /// A browser profile that signed in; made when local data is created.
    DeviceId;
    /// An intent: what a person did. The device makes the id; the server uses it to remove duplicates.
    IntentId;
    /// A sign-in.
    SessionId;
    /// A timer row.
    TimerId;
    /// A post under which people comment.
    PostId;
    /// A department: a group of users with an inbox of its own.
    DepartmentId;
}

impl From<MessageId> for IntentId {
    fn from(id: MessageId) -> Self {
        Self(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_text_json_and_the_compact_form() {
        let id = MessageId::new(1_760_000_000_000, 0x1234_5678_9abc_def0);
        assert_eq!(id.to_string().parse::<MessageId>(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(serde_json::from_str::<MessageId>(&json).unwrap(), id);
        let bytes = postcard::to_allocvec(&id).unwrap();
        assert_eq!(bytes.len(), 16);
        assert_eq!(postcard::from_bytes::<MessageId>(&bytes).unwrap(), id);
        assert_eq!(id.time(), 1_760_000_000_000);
    }

    #[test]
    fn a_second_spelling_of_an_id_is_refused() {
        let id = MessageId::new(1, 1).to_string();
        assert_eq!(id.to_lowercase().replace('0', "o").parse::<MessageId>(), Err(BadId));
        assert_eq!("".parse::<MessageId>(), Err(BadId));
        assert_eq!("Z".repeat(26).parse::<MessageId>(), Err(BadId));
    }
}
