//! The navigation state of the inbox: folder, open chat, filters, panes. Provided as context to every view in the
//! frame.

pub mod place;

use causerie_shared::{
    api::persons::Person,
    ids::{ContactId, ConversationId, InboxId},
    row::ConversationRow,
    window::{Filter, Folder, List, Sort},
};
use leptos::prelude::*;

use crate::{
    hooks::{Address, DOCKED, PHONE, matches_media},
    i18n::{Key, t},
    navigation::place::Place,
    store::{Store, view::Rows},
};

/// Returns the name of a folder.
pub fn folder_name(folder: Folder) -> &'static str {
    match folder {
        Folder::Queue => t(Key::Queue),
        Folder::Engaged => t(Key::Engaged),
        Folder::Mine => t(Key::Mine),
        Folder::All => t(Key::All),
        Folder::History => t(Key::History),
    }
}

/// The number of messages that nobody has seen; 0 for a chat that is over.
pub fn unread(head: &ConversationRow) -> u32 {
    if head.state.status().is_final() { 0 } else { head.unread }
}

/// Returns the filter without `unread` and `overdue` in History, whose chats are neither.
fn filter_of(folder: Folder, filter: Filter) -> Filter {
    let over = folder == Folder::History;
    Filter {
        unread: filter.unread && !over,
        overdue: filter.overdue && !over,
        ..filter
    }
}

/// Goes back in the browser's history. Returns `false` if the current screen was not reached from here.
fn step_back(stepped: StoredValue<bool>) -> bool {
    let was = stepped.get_value();
    stepped.set_value(false);
    was && window().history().is_ok_and(|history| history.back().is_ok())
}

/// A dialog in front of the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    /// Asks which agent to give the chat to.
    Give(ConversationId),
    /// Asks whether to move the chat to another inbox.
    Move(ConversationId, InboxId),
}

/// The navigation state of the inbox; `Copy`.
#[derive(Clone, Copy)]
pub struct Navigation {
    pub place: Memo<Place>,
    /// The folder on screen, or the last one while settings are open.
    pub folder: Memo<Folder>,
    /// The open chat.
    pub open: Memo<Option<ConversationId>>,
    /// The list on screen: folder, filter and order.
    pub list: Memo<List>,
    /// The rows of the list around those in view.
    pub rows: Memo<Rows>,
    pub filter: RwSignal<Filter>,
    pub sort: RwSignal<Sort>,
    /// Whether the window is narrower than 640 px and shows one screen at a time.
    pub phone: Signal<bool>,
    /// Whether the user opened or closed the profile pane; `None` if the width decides.
    pub profile: RwSignal<Option<bool>>,
    /// Whether the phone shows the profile as a screen of its own.
    pub profile_screen: Memo<bool>,
    /// The person behind the open chat's contact, according to the server; `None` while offline.
    pub person: RwSignal<Option<Person>>,
    /// The open dialog.
    pub asking: RwSignal<Option<Asking>>,
    /// Whether the supervisors' folder is shown as a board.
    pub board: RwSignal<bool>,
    /// The chat that is dragged over the board.
    pub dragged: RwSignal<Option<ConversationId>>,
    /// Whether the channels and users panel replaces the profile.
    pub panel: RwSignal<bool>,
    /// Whether the window is wide enough for a docked profile.
    docked: Signal<bool>,
    /// Whether the chat was opened from the list, so that "Back" is a step back in the browser's history.
    stepped_in: StoredValue<bool>,
    /// Whether the profile's screen was opened from the chat, likewise.
    stepped_on: StoredValue<bool>,
    address: Address,
    store: Store,
}

impl Navigation {
    /// Creates the state; call once per frame.
    pub fn new(store: Store, place: Memo<Place>) -> Self {
        let folder =
            Memo::new(move |before: Option<&Folder>| place.read().folder().or(before.copied()).unwrap_or(Folder::Mine));
        let open = Memo::new(move |_| place.read().conversation());
        let (filter, sort) = (RwSignal::new(Filter::default()), RwSignal::new(Sort::default()));
        let list = Memo::new(move |_| List {
            folder: folder.get(),
            filter: filter_of(folder.get(), filter.get()),
            sort: sort.get(),
        });
        let rows = Memo::new(move |_| store.list(list.get()).get());
        let address: Address = expect_context();
        Self {
            place,
            folder,
            open,
            list,
            rows,
            filter,
            sort,
            phone: matches_media(PHONE),
            profile: RwSignal::new(None),
            profile_screen: Memo::new(move |_| address.search.with(|search| search.contains("contact"))),
            person: RwSignal::new(None),
            asking: RwSignal::new(None),
            board: RwSignal::new(false),
            dragged: RwSignal::new(None),
            panel: RwSignal::new(false),
            docked: matches_media(DOCKED),
            stepped_in: StoredValue::new(false),
            stepped_on: StoredValue::new(false),
            address,
            store,
        }
    }

    /// Goes to a place.
    pub fn go(self, place: &Place, replace: bool) {
        self.address.go(&place.path(), replace);
    }

    /// The person behind the contact, once the server's response is there.
    pub fn person_of(self, contact: ContactId) -> Option<Person> {
        self.person.get().filter(|person| person.contact.contact == contact)
    }

    /// Opens a chat in the current folder.
    pub fn open(self, id: ConversationId) {
        self.open_in(self.folder.get_untracked(), id);
    }

    /// Opens a chat in a folder. Switching between chats adds no history entry, so that "Back" leads to the list.
    pub fn open_in(self, folder: Folder, id: ConversationId) {
        // Requests the chat before the pane is built, so that its data is already on the way.
        self.store.open(id);
        let replace = self.open.get_untracked().is_some();
        if !replace {
            self.stepped_in.set_value(true);
        }
        self.go(
            &Place::Folder {
                folder,
                conversation: Some(id),
            },
            replace,
        );
    }

    /// Leaves the chat for the list.
    pub fn back(self) {
        if step_back(self.stepped_in) {
            return;
        }
        self.go(
            &Place::Folder {
                folder: self.folder.get_untracked(),
                conversation: None,
            },
            true,
        );
    }

    /// The chat `by` rows below the open one, or the first chat if the open one is not in the list.
    pub fn neighbour(self, by: i32) -> Option<ConversationId> {
        self.rows
            .with_untracked(|rows| match self.open.get_untracked().and_then(|id| rows.index(id)) {
                Some(at) => rows.at(at.checked_add_signed(by)?),
                None => rows.rows.first().map(|(_, id)| *id),
            })
    }

    /// Opens the chat after an ended one: the next row, else the previous row. Without either, or on a phone, shows the
    /// list.
    pub fn after_end(self, id: ConversationId) {
        let next = self.rows.with_untracked(|rows| {
            let at = rows.index(id)?;
            rows.at(at + 1).or_else(|| rows.at(at.checked_sub(1)?))
        });
        match next {
            Some(next) if !self.phone.get_untracked() => self.open(next),
            Some(_) | None => self.back(),
        }
    }

    /// Whether the profile pane is shown. On the phone it is a screen instead, see [`Navigation::profile_screen`].
    pub fn profile_shown(self) -> bool {
        self.profile.get().unwrap_or_else(|| self.docked.get())
    }

    /// Shows or hides the profile; on the phone as a screen of its own.
    pub fn toggle_profile(self) {
        if self.panel.get_untracked() {
            self.panel.set(false);
            self.profile.set(Some(true));
        } else if self.phone.get_untracked() {
            if self.profile_screen.get_untracked() {
                self.close_profile();
            } else {
                let path = self.place.read_untracked().path();
                self.stepped_on.set_value(true);
                self.address.go(&format!("{path}?contact"), false);
            }
        } else {
            self.profile.set(Some(!untrack(|| self.profile_shown())));
        }
    }

    /// Closes the profile sheet or screen.
    pub fn close_profile(self) {
        if self.phone.get_untracked() {
            if !step_back(self.stepped_on) {
                let path = self.place.read_untracked().path();
                self.address.go(&path, true);
            }
        } else {
            self.profile.set(Some(false));
        }
    }

    /// Whether the board replaces list and chat.
    pub fn board_shown(self) -> bool {
        self.board.get() && self.folder.get() == Folder::All && self.open.get().is_none()
    }

    /// The phone's screen, under the name that the style uses.
    pub fn screen(self) -> &'static str {
        match (
            self.place.read().folder().is_some(),
            self.open.get().is_some(),
            self.profile_screen.get(),
        ) {
            (false, _, _) => "page",
            (true, _, _) if self.panel.get() => "profile",
            (true, false, _) => "list",
            (true, true, false) => "thread",
            (true, true, true) => "profile",
        }
    }
}
