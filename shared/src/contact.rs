//! Contacts: personal fields, and generated names for contacts whose name is unknown.

use serde::{Deserialize, Serialize};

use crate::ids::ContactId;

/// Maximum length of the value of a personal field, in bytes.
pub const MAX_FIELD: usize = 500;

/// A personal field with one value; its text form is the key in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Name,
    Company,
    City,
    Address,
    Language,
}

impl Field {
    pub const ALL: [Self; 5] = [Self::Name, Self::Company, Self::City, Self::Address, Self::Language];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Company => "company",
            Self::City => "city",
            Self::Address => "address",
            Self::Language => "language",
        }
    }

    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == key)
    }
}

/// A kind of detail of which a contact can have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    Email,
    Phone,
}

impl Detail {
    /// The name of the map that holds the details of this kind in the document.
    pub fn container(self) -> &'static str {
        match self {
            Self::Email => "emails",
            Self::Phone => "phones",
        }
    }
}

/// The normalised form, equal for different spellings: e-mails in lower case, phones as `+` and digits.
pub fn normalise(detail: Detail, value: &str) -> String {
    match detail {
        Detail::Email => value.trim().to_lowercase(),
        Detail::Phone => {
            let digits = value.chars().filter(char::is_ascii_digit);
            if value.trim_start().starts_with('+') {
                std::iter::once('+').chain(digits).collect()
            } else {
                digits.collect()
            }
        }
    }
}

/// Whether the value is plausible: an e-mail has text on both sides of one `@`, a phone 3 to 20 digits.
pub fn is_plausible(detail: Detail, value: &str) -> bool {
    let key = normalise(detail, value);
    match detail {
        Detail::Email => {
            let parts: Vec<&str> = key.split('@').collect();
            key.len() <= 254
                && !key.chars().any(|c| c.is_whitespace() || c.is_control())
                && matches!(parts.as_slice(), [name, host] if !name.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.'))
        }
        Detail::Phone => (3..=20).contains(&key.trim_start_matches('+').len()),
    }
}

/// The name of a contact whose data was erased on request.
pub const FORGOTTEN: &str = "Forgotten contact";

const COLOURS: [&str; 24] = [
    "Teal", "Amber", "Crimson", "Indigo", "Olive", "Coral", "Azure", "Violet", "Scarlet", "Jade", "Copper", "Silver",
    "Golden", "Ivory", "Maroon", "Mint", "Navy", "Ochre", "Pearl", "Plum", "Rose", "Ruby", "Sand", "Slate",
];

const ANIMALS: [&str; 32] = [
    "Otter", "Heron", "Finch", "Lynx", "Badger", "Falcon", "Dolphin", "Hare", "Fox", "Owl", "Robin", "Seal", "Stork",
    "Swift", "Tiger", "Turtle", "Whale", "Wolf", "Wren", "Bear", "Bison", "Crane", "Deer", "Eagle", "Gecko", "Ibis",
    "Koala", "Lark", "Moose", "Newt", "Panda", "Raven",
];

/// A generated name of colour and animal, stable for the contact ("Teal Otter").
pub fn generated_name(contact: ContactId) -> String {
    // The low bits of a ULID are its random part.
    let bits = contact.to_u128() as u64;
    let mixed = bits.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29) ^ (bits >> 7);
    let colour = COLOURS[(mixed % COLOURS.len() as u64) as usize];
    let animal = ANIMALS[((mixed >> 32) % ANIMALS.len() as u64) as usize];
    format!("{colour} {animal}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_name_is_stable_and_names_differ() {
        let name = |n: u128| generated_name(ContactId::new(1_760_000_000_000, n));
        assert_eq!(name(42), name(42));
        let distinct: std::collections::HashSet<_> = (0..200).map(|n| name(n * 7919)).collect();
        assert!(distinct.len() > 100, "only {} names for 200 contacts", distinct.len());
    }

    #[test]
    fn emails_and_phones_are_checked_for_plausibility() {
        for good in ["a@b.es", "Lucia.Fdez+x@correo.example"] {
            assert!(is_plausible(Detail::Email, good), "{good}");
        }
        for bad in ["", "a", "a@b", "a@@b.es", "a b@c.es", "@b.es", "a@.es"] {
            assert!(!is_plausible(Detail::Email, bad), "{bad}");
        }
        assert_eq!(normalise(Detail::Phone, "+34 612 40-28 17"), "+34612402817");
        assert!(!is_plausible(Detail::Phone, "12"));
    }
}
