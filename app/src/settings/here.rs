//! What the settings know without asking: the address, the person, the colleagues, the line.

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
    pages::Place,
    store::{Store, view::Connection},
};

/// What the console knows of the people here and the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub me: Me,
    /// All users, by name.
    pub users: Vec<UserRow>,
    /// The line is up: something can be saved.
    pub online: bool,
}

/// In context of every settings page; `Copy`.
#[derive(Clone, Copy)]
pub struct Here {
    /// The address of the page that is shown: that of the console, unless unsaved changes hold it back.
    path: RwSignal<String>,
    pub about: Memo<About>,
    pub guard: Guard,
    address: Address,
    now: Signal<Millis>,
}

impl Here {
    /// At the console's address. `None` when nobody is signed in.
    pub fn new(place: Memo<Place>) -> Option<Self> {
        let store: Store = expect_context();
        let (me, users, online) = (store.me(), store.users(), store.online());
        let first = me.get_untracked()?;
        let about = Memo::new(move |before: Option<&About>| About {
            // After a sign-out the page is still there for a moment.
            me: me
                .get()
                .unwrap_or_else(|| before.map_or_else(|| first.clone(), |before| before.me.clone())),
            users: users.get(),
            // Requests go without the socket, so a line that is being tried again stops nothing.
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
            // Old addresses are shown as the new ones.
            if inside && here.address.path.get_untracked() != path {
                here.address.go(&path, true);
            }
            // What is shown elsewhere is not a page of the settings.
            if inside || here.guard.dirty.get_untracked() {
                here.show(path);
            }
        });
        Some(here)
    }

    /// The console went to another address. With unsaved changes it is called back, and the person asked.
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

    /// The page that the address stands for.
    pub fn route(self) -> Route {
        self.path.with(|path| Route::parse(path))
    }

    /// The path, untracked.
    pub fn path(self) -> String {
        self.path.get_untracked()
    }

    /// Can anything be saved?
    pub fn online(self) -> bool {
        self.about.with(|about| about.online)
    }

    /// A colleague's name.
    pub fn user_name(self, id: UserId) -> String {
        self.about.with(|about| {
            let user = about.users.iter().find(|user| user.id == id);
            user.map_or_else(|| id.to_string(), |user| user.name.clone())
        })
    }

    /// Owners and admins.
    pub fn manages(self) -> bool {
        self.about.with(|about| about.me.role.manages())
    }

    /// Owners, admins, and holders of the permission.
    pub fn manages_inboxes(self) -> bool {
        self.about
            .with(|about| about.me.role.manages() || about.me.grants.inbox_management)
    }

    /// The server's clock, as good as it is known.
    pub fn now(self) -> Millis {
        self.now.get_untracked()
    }

    /// Goes to another page of the settings.
    pub fn go(self, route: &Route) {
        self.guard.dirty.set(false);
        self.visit(&route.path());
    }

    /// Goes to any address of the console.
    pub fn visit(self, path: &str) {
        self.address.go(path, false);
    }
}

/// Why something was not saved: the rule that was broken where the server names one.
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
