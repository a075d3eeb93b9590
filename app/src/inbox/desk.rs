//! Where the user is on the desk: folder, open chat, filters, panes. In context of every view inside the frame.

use causerie_shared::{
    api::persons::Person,
    ids::{ContactId, ConversationId},
    row::ConversationRow,
    window::{Filter, Folder, List, Sort},
};
use leptos::prelude::*;

use super::assign_dialog::Asking;
use crate::{
    hooks::{Address, DOCKED, PHONE, matches_media},
    i18n::{Key, t},
    pages::Place,
    store::{Store, view::Rows},
};

/// The one word for a folder.
pub fn folder_name(folder: Folder) -> &'static str {
    match folder {
        Folder::Queue => t(Key::Queue),
        Folder::Engaged => t(Key::Engaged),
        Folder::Mine => t(Key::Mine),
        Folder::All => t(Key::All),
        Folder::History => t(Key::History),
    }
}

/// Messages nobody has seen yet; what is over wants no attention.
pub fn unread(head: &ConversationRow) -> u32 {
    if head.state.status().is_final() { 0 } else { head.unread }
}

/// What is over is neither unread nor overdue.
fn filter_of(folder: Folder, filter: Filter) -> Filter {
    let over = folder == Folder::History;
    Filter {
        unread: filter.unread && !over,
        overdue: filter.overdue && !over,
        ..filter
    }
}

/// Undoes a step into a screen; `false` if the screen was not stepped into from here.
fn step_back(stepped: StoredValue<bool>) -> bool {
    let was = stepped.get_value();
    stepped.set_value(false);
    was && window().history().is_ok_and(|history| history.back().is_ok())
}

/// The state of the desk; `Copy`.
#[derive(Clone, Copy)]
pub struct Desk {
    pub place: Memo<Place>,
    /// The folder that is shown, or was before settings were opened.
    pub folder: Memo<Folder>,
    /// The chat that is open.
    pub open: Memo<Option<ConversationId>>,
    /// The list that is shown: folder, filter and order.
    pub list: Memo<List>,
    /// Its rows around those in view.
    pub rows: Memo<Rows>,
    pub filter: RwSignal<Filter>,
    pub sort: RwSignal<Sort>,
    /// Narrower than 640: one screen at a time.
    pub phone: Signal<bool>,
    /// What was chosen for the profile pane; `None` leaves it to the width.
    pub profile: RwSignal<Option<bool>>,
    /// The phone shows the profile as a screen of its own.
    pub profile_screen: Memo<bool>,
    /// Who the contact of the open chat is, as the server says; nothing without network.
    pub person: RwSignal<Option<Person>>,
    /// The question in front of the desk.
    pub asking: RwSignal<Option<Asking>>,
    /// The supervisors' folder is shown as a board.
    pub board: RwSignal<bool>,
    /// The chat that is being dragged over the board.
    pub dragged: RwSignal<Option<ConversationId>>,
    /// Channels and users stand in the profile's place.
    pub panel: RwSignal<bool>,
    /// Wide enough for a docked profile.
    docked: Signal<bool>,
    /// The chat was opened from the list, so that "Back" is a step back in history.
    stepped_in: StoredValue<bool>,
    /// The same for the profile's screen.
    stepped_on: StoredValue<bool>,
    address: Address,
    store: Store,
}

impl Desk {
    /// Builds the desk's state; call once.
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

    /// Who this contact is, once the server has said it.
    pub fn person_of(self, contact: ContactId) -> Option<Person> {
        self.person.get().filter(|person| person.contact.contact == contact)
    }

    /// Opens a chat in the folder that is shown.
    pub fn open(self, id: ConversationId) {
        self.open_in(self.folder.get_untracked(), id);
    }

    /// Opens a chat in a folder. From chat to chat no history is made: "Back" leads to the list.
    pub fn open_in(self, folder: Folder, id: ConversationId) {
        // What is not on the device is on its way while the pane is built.
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

    /// The chat `by` rows below the open one; without an open one in view the first.
    pub fn neighbour(self, by: i32) -> Option<ConversationId> {
        self.rows
            .with_untracked(|rows| match self.open.get_untracked().and_then(|id| rows.index(id)) {
                Some(at) => rows.at(at.checked_add_signed(by)?),
                None => rows.rows.first().map(|(_, id)| *id),
            })
    }

    /// The chat that takes the place of an ended one: the next row, else the one before, else none.
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

    /// Is the profile pane on screen? (On the phone it is a screen, see [`Desk::profile_screen`].)
    pub fn profile_shown(self) -> bool {
        self.profile.get().unwrap_or_else(|| self.docked.get())
    }

    /// Shows or hides the profile; on the phone it is a screen of its own.
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

    /// The board stands in place of list and chat.
    pub fn board_shown(self) -> bool {
        self.board.get() && self.folder.get() == Folder::All && self.open.get().is_none()
    }

    /// The phone's screen, as the style knows it.
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
