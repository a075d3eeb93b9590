//! Lists in the server's order. From the top they have no gap and are kept up to date row by row; far below only the
//! rows around the view are known, whatever the size of the list (`docs/sync.md#lists`).

use causerie_shared::{
    Millis,
    access::Access,
    frame::ClientFrame,
    ids::ConversationId,
    inbox::Mode,
    row::ConversationRow,
    window::{Filter, Folder, List, MAX_WINDOW},
};

use super::{Core, Key, Step};
use crate::store::view::Rows;

/// The place of a conversation in a list: its sort key and its id.
pub(super) type SortKey = (i64, u128);

/// Number of rows around the range in view that are fetched and shown with it.
const MARGIN: u32 = 40;
/// The largest number of rows known far below; beyond it the rows furthest from the view are forgotten.
const MAX_FAR: usize = 2_000;
/// The largest number of filtered lists that are kept besides the folders.
const MAX_FILTERED: usize = 6;

#[derive(Debug, Default)]
pub(super) struct WindowState {
    /// The places of all rows of the list that are known here, sorted.
    pub(super) places: Vec<SortKey>,
    /// The last place of the rows known from the top without a gap; `None` if all rows are known.
    pub(super) edge: Option<SortKey>,
    /// Number of the rows up to the edge.
    pub(super) listed: u32,
    /// Number of rows in the server's list.
    pub(super) total: u32,
    /// Rows below the edge, with their index in the server's list.
    pub(super) far: Vec<(u32, ConversationId)>,
    /// Whether rows have moved since `far` was fetched, so that its indices may be wrong.
    moved: bool,
    /// Whether a window is in flight.
    pub(super) asked: bool,
    /// Whether a window has arrived since the last `Reset`.
    fresh: bool,
    /// The rows in view, from and to.
    pub(super) looked: (u32, u32),
    /// When the list was last in view.
    used: Millis,
}

impl WindowState {
    fn ends(&self, place: SortKey) -> bool {
        self.edge.is_none_or(|edge| place <= edge)
    }

    fn count(&mut self) {
        self.listed = match self.edge {
            None => self.places.len(),
            Some(edge) => self.places.partition_point(|place| *place <= edge),
        } as u32;
    }

    fn remove(&mut self, place: SortKey) -> bool {
        let Ok(at) = self.places.binary_search(&place) else {
            return false;
        };
        self.places.remove(at);
        if self.ends(place) {
            self.listed -= 1;
        }
        true
    }

    fn insert(&mut self, place: SortKey) {
        if let Err(at) = self.places.binary_search(&place) {
            self.places.insert(at, place);
            if self.ends(place) {
                self.listed += 1;
            }
        }
    }

    /// The position in `far` of the first row whose index is at least `index`.
    fn far_from(&self, index: u32) -> usize {
        self.far.partition_point(|(at, _)| *at < index)
    }

    /// Whether the row of this index is known in `far`.
    fn is_far(&self, index: u32) -> bool {
        self.far.get(self.far_from(index)).is_some_and(|(at, _)| *at == index)
    }
}

/// Number of rows of a first window.
fn page(list: &List) -> u32 {
    match list.folder {
        Folder::Queue | Folder::Engaged | Folder::Mine | Folder::All => 100,
        Folder::History => 50,
    }
}

impl Core {
    fn listed(&self, list: &List) -> Option<&WindowState> {
        self.lists
            .iter()
            .find(|(known, _)| known == list)
            .map(|(_, listed)| listed)
    }

    fn listed_mut(&mut self, list: &List) -> Option<&mut WindowState> {
        let mut lists = self.lists.iter_mut();
        lists.find(|(known, _)| known == list).map(|(_, listed)| listed)
    }

    pub(super) fn known_lists(&self) -> Vec<List> {
        self.lists.iter().map(|(list, _)| *list).collect()
    }

    /// The conversations of a folder in order, as far as they are known without a gap.
    pub fn folder(&self, folder: Folder) -> Vec<ConversationId> {
        self.listed(&List::of(folder))
            .map_or_else(Vec::new, |list| ids(list).collect())
    }

    /// The known rows of a list around the view.
    pub fn list(&self, list: &List) -> Rows {
        let Some(listed) = self.listed(list) else {
            return Rows::default();
        };
        let from = listed.looked.0.saturating_sub(MARGIN);
        let to = listed.looked.1 + MARGIN;
        let near = ids(listed).enumerate().take(to as usize).skip(from as usize);
        let mut rows: Vec<(u32, ConversationId)> = near.map(|(at, id)| (at as u32, id)).collect();
        let below = from.max(listed.listed);
        if below < to {
            rows.extend_from_slice(&listed.far[listed.far_from(below)..listed.far_from(to)]);
        }
        let total = match (listed.edge, list.filter == Filter::default()) {
            (None, _) => listed.listed,
            (Some(_), true) => self.counts.of(list.folder).max(listed.listed),
            (Some(_), false) => listed.total.max(listed.listed),
        };
        Rows { total, rows }
    }

    /// Whether the conversation belongs to the list.
    fn lies_in(&self, list: &List, head: &ConversationRow) -> bool {
        let mode = self
            .inboxes
            .get(head.inbox.to_u128())
            .map_or(Mode::Auto, |inbox| inbox.rules.mode);
        list.filter.passes(head, self.clock)
            && self
                .access
                .as_ref()
                .is_some_and(|access| list.folder.holds(access, mode, head))
    }

    /// Recomputes the user's access and all lists after a change of the user or the inboxes.
    pub(super) fn refresh_access(&mut self) {
        self.access = self.me.as_ref().map(|me| {
            let all: Vec<_> = self.inboxes.all().iter().map(|inbox| inbox.id).collect();
            Access::new(me.id, me.role, &me.grants, me.memberships.clone(), &all)
        });
        self.known_lists().iter().for_each(|list| self.sort(list));
    }

    /// Recomputes all places of a list.
    pub(super) fn sort(&mut self, list: &List) {
        let mut places: Vec<SortKey> = self
            .heads
            .values()
            .filter(|head| self.lies_in(list, head))
            .map(|head| list.key(head))
            .collect();
        places.sort_unstable();
        if self.listed(list).is_none() {
            self.lists.push((*list, WindowState::default()));
        }
        if let Some(listed) = self.listed_mut(list) {
            listed.places = places;
            listed.count();
        }
    }

    /// Moves a row from its old place to its new one in every list.
    pub(super) fn place(&mut self, step: &mut Step<'_>, old: Option<&ConversationRow>, new: Option<&ConversationRow>) {
        for list in self.known_lists() {
            let from = old.map(|head| list.key(head));
            let to = new.filter(|head| self.lies_in(&list, head)).map(|head| list.key(head));
            let Some(listed) = self.listed_mut(&list) else {
                continue;
            };
            let was = from.is_some_and(|place| listed.places.binary_search(&place).is_ok());
            if (was && from == to) || (!was && to.is_none()) {
                continue;
            }
            if let Some(from) = from {
                listed.remove(from);
            }
            if let Some(to) = to {
                listed.insert(to);
            }
            listed.moved = true;
            step.changed(Key::List(list));
        }
    }

    /// Records that rows `from..to` of a list are in view, and fetches the unknown ones.
    pub(super) fn look(&mut self, step: &mut Step<'_>, list: List, from: u32, to: u32) {
        if self.listed(&list).is_none() {
            self.sort(&list);
            self.forget_lists(step, list);
        }
        if let Some(listed) = self.listed_mut(&list) {
            listed.looked = (from, to.max(from));
            listed.used = step.now;
        }
        self.in_view = list;
        step.changed(Key::List(list));
        self.ask_list(step, list);
    }

    /// Forgets the filtered lists that were in view longest ago.
    fn forget_lists(&mut self, step: &mut Step<'_>, kept: List) {
        while self.lists.len() > Folder::ALL.len() + MAX_FILTERED + 1 {
            let filtered = self.lists.iter().enumerate();
            let filtered = filtered.filter(|(_, (list, _))| *list != kept && *list != List::of(list.folder));
            let Some((at, _)) = filtered.min_by_key(|(_, (_, listed))| listed.used) else {
                return;
            };
            let (list, _) = self.lists.remove(at);
            step.changed(Key::List(list));
        }
    }

    /// Requests the rows that are in view and unknown, one window at a time.
    fn ask_list(&mut self, step: &mut Step<'_>, list: List) {
        let online = self.online();
        let total = self.list(&list).total;
        let Some(listed) = self.listed_mut(&list) else {
            return;
        };
        if !online || listed.asked {
            return;
        }
        let (from, to) = listed.looked;
        let more = listed.edge.is_some() && to + MARGIN > listed.listed;
        let range = if !listed.fresh {
            0..page(&list)
        } else if more && from <= listed.listed + page(&list) {
            listed.listed..listed.listed + page(&list)
        } else if more && (listed.moved || (from..to.min(total)).any(|at| !listed.is_far(at))) {
            let from = from.saturating_sub(MARGIN);
            from..(to + MARGIN).min(from + MAX_WINDOW)
        } else if listed.moved && list.filter != Filter::default() {
            // Only the server knows the total of a filtered list.
            listed.moved = false;
            0..page(&list)
        } else {
            return;
        };
        listed.asked = true;
        step.send(ClientFrame::Window {
            list,
            from: range.start,
            to: range.end,
        });
    }

    /// Requests the first rows of every folder, or as many as were known, and of the list in view.
    pub(super) fn ask_windows(&mut self, step: &mut Step<'_>) {
        let mut lists = Folder::ALL.map(List::of).to_vec();
        if !lists.contains(&self.in_view) {
            lists.push(self.in_view);
        }
        for list in lists {
            let Some(listed) = self.listed_mut(&list) else {
                continue;
            };
            let known = if listed.edge.is_some() { listed.listed } else { 0 };
            listed.asked = true;
            step.send(ClientFrame::Window {
                list,
                from: 0,
                to: known.max(page(&list)).min(MAX_WINDOW),
            });
        }
    }

    /// Processes a window: the server's order of rows that arrived before it.
    pub(super) fn window(&mut self, step: &mut Step<'_>, list: List, from: u32, total: u32, order: &[ConversationId]) {
        let last = order
            .iter()
            .rev()
            .find_map(|id| self.heads.get(id))
            .map(|head| list.key(head));
        let Some(listed) = self.listed_mut(&list) else {
            return;
        };
        listed.asked = false;
        listed.total = total;
        let end = from + order.len() as u32;
        let all = end >= total || order.is_empty();
        // A window that ends inside the rows known without a gap says nothing new, because rows are kept up to date one
        // by one. The exception is a total larger than the list that was taken for complete.
        let longer = all || end > listed.listed || (listed.edge.is_none() && total > listed.listed);
        if !listed.fresh || (from <= listed.listed && longer) {
            listed.edge = if all { None } else { last };
            listed.count();
        } else if from > listed.listed {
            if std::mem::take(&mut listed.moved) {
                listed.far.clear();
            }
            let (first, last) = (listed.far_from(from), listed.far_from(end));
            listed.far.splice(first..last, (from..).zip(order.iter().copied()));
            if listed.far.len() > MAX_FAR {
                let half = MAX_FAR as u32 / 2;
                let near = listed.looked.0.saturating_sub(half)..=listed.looked.0 + half;
                listed.far.retain(|(at, _)| near.contains(at));
            }
        }
        listed.fresh = true;
        step.changed(Key::List(list));
        if Folder::ALL
            .iter()
            .all(|folder| self.listed(&List::of(*folder)).is_some_and(|list| list.fresh))
        {
            self.drop_stale(step);
        }
        if self.in_view == list && !order.is_empty() {
            self.ask_list(step, list);
        }
    }

    /// Once a second, updates what changes with time alone, and rows that moved far below in the list in view.
    pub(super) fn tick_lists(&mut self, step: &mut Step<'_>) {
        let list = self.in_view;
        if list.filter.overdue {
            let before = self.listed(&list).map_or(0, |listed| listed.places.len());
            self.sort(&list);
            if self.listed(&list).map_or(0, |listed| listed.places.len()) != before {
                step.changed(Key::List(list));
            }
        }
        if self.listed(&list).is_some_and(|listed| listed.moved) {
            self.ask_list(step, list);
        }
    }

    /// Forgets windows in flight, which are lost with the socket.
    pub(super) fn forget_asked_windows(&mut self) {
        self.lists.iter_mut().for_each(|(_, list)| list.asked = false);
    }

    /// Marks all lists as out of date until the server sends their rows again.
    pub(super) fn expect_fresh_windows(&mut self) {
        self.lists.iter_mut().for_each(|(_, list)| {
            list.fresh = false;
            list.moved = true;
        });
    }

    /// After a change of the folder counters: updates the folders and marks filtered lists, whose totals may have
    /// changed.
    pub(super) fn recounted(&mut self, step: &mut Step<'_>) {
        for (list, listed) in &mut self.lists {
            if *list == List::of(list.folder) {
                step.changed(Key::List(*list));
            } else {
                listed.moved = true;
            }
        }
    }
}

pub(super) fn ids(listed: &WindowState) -> impl Iterator<Item = ConversationId> {
    let shown = listed.places.iter().take_while(|place| listed.ends(**place));
    shown.map(|(_, id)| ConversationId::from_u128(*id))
}
