//! What the settings know without asking: the address, the person, the colleagues, the line.

use causerie_shared::{
    Millis,
    ids::UserId,
    refusal::{Code, Refusal},
    user::{Me, UserRow},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

use super::{guard::Guard, route::Route};
use crate::i18n::explain;

/// What the console tells, in postcard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    pub me: Me,
    /// All users, by name.
    pub users: Vec<UserRow>,
    /// The line is up: something can be saved.
    pub online: bool,
    /// The server's clock when this was told.
    pub now: Millis,
}

impl About {
    /// As bytes; empty only if memory is out.
    pub fn pack(&self) -> Vec<u8> {
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// From bytes; `None` for those of another version.
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }
}

/// In context of every settings page; `Copy`.
#[derive(Clone, Copy)]
pub struct Here {
    path: RwSignal<String>,
    pub about: RwSignal<About>,
    pub guard: Guard,
}

impl Here {
    /// At an address.
    pub fn new(path: String, about: About) -> Self {
        Self {
            path: RwSignal::new(path),
            about: RwSignal::new(about),
            guard: Guard::new(),
        }
    }

    /// The console went to another address. With unsaved changes it is called back, and the person asked.
    pub fn show(self, path: String) {
        let before = self.path();
        if path == before {
            return;
        }
        if self.guard.dirty.get_untracked() {
            self.guard.wanted.set(Some(path));
            visit(&before);
        } else {
            self.path.set(path);
        }
    }

    /// The console knows more.
    pub fn learn(self, about: About) {
        if self.about.with_untracked(|known| *known != about) {
            self.about.set(about);
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
        self.about.with_untracked(|about| about.now)
    }

    /// Goes elsewhere: the console follows the history.
    pub fn go(self, route: &Route) {
        self.guard.dirty.set(false);
        visit(&route.path());
    }
}

/// Goes to any address of the console.
pub fn visit(path: &str) {
    let gone = window()
        .history()
        .and_then(|history| history.push_state_with_url(&JsValue::NULL, "", Some(path)));
    let told = gone
        .and_then(|()| web_sys::Event::new("popstate"))
        .and_then(|event| window().dispatch_event(&event));
    if told.is_err() {
        // Browsers limit how often a page may do this: the page is loaded instead.
        drop(window().location().assign(path));
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
