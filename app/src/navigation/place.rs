//! Addresses of the console and their meaning.

use causerie_shared::{ids::ConversationId, window::Folder};

/// The location of the user in the console. Every place has one address; a phone's screens are entries of the browser's
/// history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Login,
    /// The creation of the first owner.
    Setup,
    /// A one-time link of an invitation or a password reset.
    Link(String),
    Folder {
        folder: Folder,
        conversation: Option<ConversationId>,
    },
    /// The settings, which parse the rest of the address themselves: `inboxes/new`.
    Settings(String),
    /// An unknown address.
    Unknown,
}

impl Place {
    /// The place to show if the address names none.
    pub const START: Self = Self::Folder {
        folder: Folder::Mine,
        conversation: None,
    };

    /// Parses the path of an address.
    pub fn parse(path: &str) -> Self {
        let mut parts = path.trim_matches('/').split('/');
        if parts.next() != Some("app") {
            return Self::Unknown;
        }
        if let Some(rest) = path.trim_matches('/').strip_prefix("app/settings")
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return Self::Settings(rest.trim_matches('/').to_owned());
        }
        let place = match (parts.next().unwrap_or_default(), parts.next()) {
            ("" | "index.html", None) => Self::START,
            ("login", None) => Self::Login,
            ("setup", None) => Self::Setup,
            ("link", Some(token)) if !token.is_empty() => Self::Link(token.to_owned()),
            // The addresses of these pages before the settings got addresses of their own.
            (page @ ("account" | "users"), None) => Self::Settings(page.to_owned()),
            (folder, conversation) => match (Folder::from_key(folder), conversation.map(str::parse)) {
                (Some(folder), None) => Self::Folder {
                    folder,
                    conversation: None,
                },
                (Some(folder), Some(Ok(id))) => Self::Folder {
                    folder,
                    conversation: Some(id),
                },
                (Some(_), Some(Err(_))) | (None, _) => Self::Unknown,
            },
        };
        if parts.next().is_some() { Self::Unknown } else { place }
    }

    /// Returns the address of the place.
    pub fn path(&self) -> String {
        match self {
            Self::Login => "/app/login".into(),
            Self::Setup => "/app/setup".into(),
            Self::Link(token) => format!("/app/link/{token}"),
            Self::Folder {
                folder,
                conversation: None,
            } => format!("/app/{}", folder.as_str()),
            Self::Folder {
                folder,
                conversation: Some(id),
            } => format!("/app/{}/{id}", folder.as_str()),
            Self::Settings(rest) if rest.is_empty() => "/app/settings".into(),
            Self::Settings(rest) => format!("/app/settings/{rest}"),
            Self::Unknown => "/app/".into(),
        }
    }

    /// Whether the place is shown without a sign-in and drawn by the settings part ([`crate::pages::outside::Outside`]).
    pub fn is_outside(&self) -> bool {
        matches!(self, Self::Setup | Self::Link(_))
    }

    /// Whether the place is shown without a sign-in.
    pub fn is_public(&self) -> bool {
        matches!(self, Self::Login | Self::Setup | Self::Link(_))
    }

    /// The folder, if the place is one.
    pub fn folder(&self) -> Option<Folder> {
        match self {
            Self::Folder { folder, .. } => Some(*folder),
            Self::Login | Self::Setup | Self::Link(_) | Self::Settings(_) | Self::Unknown => None,
        }
    }

    /// The open conversation, if there is one.
    pub fn conversation(&self) -> Option<ConversationId> {
        match self {
            Self::Folder { conversation, .. } => *conversation,
            Self::Login | Self::Setup | Self::Link(_) | Self::Settings(_) | Self::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_found_again_by_its_address() {
        let chat = ConversationId::from_u128(7);
        let places = [
            Place::Login,
            Place::Setup,
            Place::Link("abc".into()),
            Place::Settings(String::new()),
            Place::Settings("inboxes/new".into()),
            Place::Folder {
                folder: Folder::Queue,
                conversation: None,
            },
            Place::Folder {
                folder: Folder::History,
                conversation: Some(chat),
            },
        ];
        for place in places {
            assert_eq!(Place::parse(&place.path()), place);
        }
        assert_eq!(Place::parse("/app/"), Place::START);
        assert_eq!(Place::parse("/app"), Place::START);
    }

    #[test]
    fn old_addresses_of_settings_lead_to_the_new_ones() {
        assert_eq!(Place::parse("/app/users").path(), "/app/settings/users");
        assert_eq!(Place::parse("/app/account").path(), "/app/settings/account");
    }

    #[test]
    fn an_address_that_leads_nowhere_says_so() {
        for path in [
            "/",
            "/other",
            "/app/nothing",
            "/app/mine/not-an-id",
            "/app/users/1",
            "/app/settingsx",
            "/app/link",
        ] {
            assert_eq!(Place::parse(path), Place::Unknown, "{path}");
        }
    }
}
