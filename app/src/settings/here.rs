//! The context of the settings pages: address, signed-in user, colleagues, connection.

use causerie_shared::{
    Millis,
    ids::UserId,
    refusal::{Code, Refusal},
    user::{Me, UserRow},
};
use leptos::prelude::*;

use super::{guard::Guard, route::Route};
use crate::{
    hooks::Address,
    i18n::explain,
    navigation::place::Place,
    store::{Store, view::Connection},
};

/// The console's data about the signed-in user, the colleagues and the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub me: Me,
    /// All users, sorted by name.
    pub users: Vec<UserRow>,
    /// Whether requests can succeed: the connection is not known to be offline.
    pub online: bool,
}

/// The context of every settings page; `Copy`.
#[derive(Clone, Copy)]
pub struct Here {
    /// The address of the page on screen: the console's address, unless unsaved changes hold it back.
    path: RwSignal<String>,
    pub about: Memo<About>,
    pub guard: Guard,
    address: Address,
    now: Signal<Millis>,
}

impl Here {
    /// Creates the context at the console's address. `None` if nobody is signed in.
    pub fn new(place: Memo<Place>) -> Option<Self> {
        let store: Store = expect_context();
        let (me, users, online) = (store.me(), store.users(), store.online());
        let first = me.get_untracked()?;
        let about = Memo::new(move |before: Option<&About>| About {
            // After a sign-out the page still exists for a moment.
            me: me
                .get()
                .unwrap_or_else(|| before.map_or_else(|| first.clone(), |before| before.me.clone())),
            users: users.get(),
            // Requests do not need the socket, so they are possible while it reconnects.
            online: !matches!(online.get(), Connection::Offline { .. }),
        });
        let here = Self {
            path: RwSignal::new(place.read_untracked().path()),
            about,
            guard: Guard::new(),
            address: expect_context(),
            now: store.now(),
        };
        Effect::new(move |_| {
            let path = place.read().path();
            let inside = matches!(*place.read(), Place::Settings(_));
            // Replace old addresses by the current ones.
            if inside && here.address.path.get_untracked() != path {
                here.address.go(&path, true);
            }
            // Other places are not pages of the settings.
            if inside || here.guard.dirty.get_untracked() {
                here.show(path);
            }
        });
        Some(here)
    }

    /// Follows the console to another address. With unsaved changes it returns to the old address and asks the user.
    fn show(self, path: String) {
        let before = self.path();
        if path == before {
            return;
        }
        if self.guard.dirty.get_untracked() {
            self.guard.wanted.set(Some(path));
            self.visit(&before);
        } else {
            self.path.set(path);
        }
    }

    /// The page of the current address.
    pub fn route(self) -> Route {
        self.path.with(|path| Route::parse(path))
    }

    /// The current path, untracked.
    pub fn path(self) -> String {
        self.path.get_untracked()
    }

    /// Whether requests can succeed.
    pub fn online(self) -> bool {
        self.about.with(|about| about.online)
    }

    /// The name of a user; the id if the user is unknown.
    pub fn user_name(self, id: UserId) -> String {
        self.about.with(|about| {
            let user = about.users.iter().find(|user| user.id == id);
            user.map_or_else(|| id.to_string(), |user| user.name.clone())
        })
    }

    /// Whether the user is an owner or admin.
    pub fn manages(self) -> bool {
        self.about.with(|about| about.me.role.manages())
    }

    /// Whether the user may manage inboxes: owners, admins and holders of the permission.
    pub fn manages_inboxes(self) -> bool {
        self.about
            .with(|about| about.me.role.manages() || about.me.grants.inbox_management)
    }

    /// The server's clock, as far as it is known.
    pub fn now(self) -> Millis {
        self.now.get_untracked()
    }

    /// Goes to another page of the settings and discards unsaved changes.
    pub fn go(self, route: &Route) {
        self.guard.dirty.set(false);
        self.visit(&route.path());
    }

    /// Goes to any address of the console.
    pub fn visit(self, path: &str) {
        self.address.go(path, false);
    }
}

/// Returns why something was not saved: the violated rule, if the server names one.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "all other codes are explained by their own text"
)]
pub fn why(refusal: &Refusal) -> String {
    match refusal.code {
        Code::Invalid | Code::Closed if !refusal.text.is_empty() => {
            let mut letters = refusal.text.chars();
            let first = letters.next().map(|first| first.to_uppercase().to_string());
            format!(
                "{}{}.",
                first.unwrap_or_default(),
                letters.as_str().trim_end_matches('.')
            )
        }
        _ => explain(refusal),
    }
}
