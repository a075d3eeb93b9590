//! Addresses of the settings below `/app/settings`.

use causerie_shared::ids::{ContactId, DepartmentId, InboxId, UserId};

/// A page of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// The default page: inboxes for users who manage them, else the user's own account.
    Start,
    Inboxes,
    NewInbox,
    Inbox(InboxId),
    Users,
    User(UserId),
    Departments,
    NewDepartment,
    Department(DepartmentId),
    Audit,
    /// Crashes of the console.
    Crashes,
    Accounts,
    Account,
    Notifications,
    /// The blacklist.
    Blocked,
    /// Contacts that are the same person; linked from a chat's profile.
    Contact(ContactId),
    /// The same page, with the dialog that blocks the contact.
    Block(ContactId),
    Unknown,
}

impl Route {
    /// Parses a path, including old addresses.
    pub fn parse(path: &str) -> Self {
        let path = path.trim_matches('/');
        let rest = path.strip_prefix("app/settings").or_else(|| path.strip_prefix("app"));
        let mut parts = rest.unwrap_or("-").trim_matches('/').split('/').peekable();
        let route = match (parts.next().unwrap_or_default(), parts.next()) {
            ("", None) => Self::Start,
            ("inboxes", None) => Self::Inboxes,
            ("inboxes", Some("new")) => Self::NewInbox,
            ("inboxes", Some(id)) => id.parse().map_or(Self::Unknown, Self::Inbox),
            ("users", None) => Self::Users,
            ("users", Some(id)) => id.parse().map_or(Self::Unknown, Self::User),
            ("departments", None) => Self::Departments,
            ("departments", Some("new")) => Self::NewDepartment,
            ("departments", Some(id)) => id.parse().map_or(Self::Unknown, Self::Department),
            ("audit", None) => Self::Audit,
            ("crashes", None) => Self::Crashes,
            ("accounts", None) => Self::Accounts,
            ("account", None) => Self::Account,
            ("notifications", None) => Self::Notifications,
            ("blocked", None) => Self::Blocked,
            ("contacts", Some(id)) if parts.next_if_eq(&"block").is_some() => {
                id.parse().map_or(Self::Unknown, Self::Block)
            }
            ("contacts", Some(id)) => id.parse().map_or(Self::Unknown, Self::Contact),
            _ => Self::Unknown,
        };
        if parts.next().is_some() { Self::Unknown } else { route }
    }

    /// Returns the address.
    pub fn path(&self) -> String {
        const BASE: &str = "/app/settings";
        match self {
            Self::Start | Self::Unknown => BASE.to_owned(),
            Self::Inboxes => format!("{BASE}/inboxes"),
            Self::NewInbox => format!("{BASE}/inboxes/new"),
            Self::Inbox(id) => format!("{BASE}/inboxes/{id}"),
            Self::Users => format!("{BASE}/users"),
            Self::User(id) => format!("{BASE}/users/{id}"),
            Self::Departments => format!("{BASE}/departments"),
            Self::NewDepartment => format!("{BASE}/departments/new"),
            Self::Department(id) => format!("{BASE}/departments/{id}"),
            Self::Audit => format!("{BASE}/audit"),
            Self::Crashes => format!("{BASE}/crashes"),
            Self::Accounts => format!("{BASE}/accounts"),
            Self::Account => format!("{BASE}/account"),
            Self::Notifications => format!("{BASE}/notifications"),
            Self::Blocked => format!("{BASE}/blocked"),
            Self::Contact(id) => format!("{BASE}/contacts/{id}"),
            Self::Block(id) => format!("{BASE}/contacts/{id}/block"),
        }
    }

    /// Returns the navigation entry of the page.
    pub fn section(self) -> Self {
        match self {
            Self::Inboxes | Self::NewInbox | Self::Inbox(_) => Self::Inboxes,
            Self::Users | Self::User(_) => Self::Users,
            Self::Departments | Self::NewDepartment | Self::Department(_) => Self::Departments,
            Self::Start
            | Self::Audit
            | Self::Crashes
            | Self::Accounts
            | Self::Account
            | Self::Notifications
            | Self::Blocked
            | Self::Contact(_)
            | Self::Block(_)
            | Self::Unknown => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_found_again_by_its_address() {
        let pages = [
            Route::Start,
            Route::Inboxes,
            Route::NewInbox,
            Route::Inbox(InboxId::from_u128(7)),
            Route::Users,
            Route::User(UserId::from_u128(7)),
            Route::Departments,
            Route::NewDepartment,
            Route::Department(DepartmentId::from_u128(7)),
            Route::Audit,
            Route::Crashes,
            Route::Accounts,
            Route::Account,
            Route::Notifications,
            Route::Blocked,
            Route::Contact(ContactId::from_u128(7)),
            Route::Block(ContactId::from_u128(7)),
        ];
        for page in pages {
            assert_eq!(Route::parse(&page.path()), page);
        }
        assert_eq!(Route::parse("/app/users"), Route::Users);
        for path in [
            "/app/settings/nothing",
            "/app/settings/inboxes/x",
            "/app/settings/audit/1",
            "/other",
        ] {
            assert_eq!(Route::parse(path), Route::Unknown, "{path}");
        }
    }
}
