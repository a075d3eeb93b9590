//! Lists in the order of the server's windows: without a gap from the top, kept up to date row by row, and far
//! below only around what is in view, whatever the size of the list (`docs/sync.md#lists`).

use causerie_shared::{
    Millis,
    access::Access,
    frame::ClientFrame,
    ids::ConversationId,
    inbox::Mode,
    row::Head,
    window::{Filter, Folder, List, MAX_WINDOW},
};

use super::{Core, Key, Step};
use crate::store::view::Rows;

/// Place of a conversation in a list; the second number is its id.
pub(super) type Place = (i64, u128);

/// Rows around the range in view that are asked for and shown along with it.
const MARGIN: u32 = 40;
/// Most rows known far below; beyond it those furthest from the view are forgotten.
const MAX_FAR: usize = 2_000;
/// Most filtered lists that are kept beside the folders.
const MAX_FILTERED: usize = 6;

#[derive(Debug, Default)]
pub(super) struct Listed {
    /// All rows of the list that are known here, in order.
    pub(super) places: Vec<Place>,
    /// Last place of the rows listed from the top without a gap; `None` when that is all of them.
    pub(super) edge: Option<Place>,
    /// How many those are.
    pub(super) listed: u32,
    /// How many the server said that there are.
    pub(super) total: u32,
    /// Rows below the edge, by their index in the server's list.
    pub(super) far: Vec<(u32, ConversationId)>,
    /// Rows moved since: what lies far below stands elsewhere now.
    moved: bool,
    /// A window is on its way.
    pub(super) asked: bool,
    /// Listed since the last `Reset`.
    fresh: bool,
    /// Rows in view, from and to.
    pub(super) looked: (u32, u32),
    /// When it was looked at last.
    used: Millis,
}

impl Listed {
    fn ends(&self, place: Place) -> bool {
        self.edge.is_none_or(|edge| place <= edge)
    }

    fn count(&mut self) {
        self.listed = match self.edge {
            None => self.places.len(),
            Some(edge) => self.places.partition_point(|place| *place <= edge),
        } as u32;
    }

    fn remove(&mut self, place: Place) -> bool {
        let Ok(at) = self.places.binary_search(&place) else {
            return false;
        };
        self.places.remove(at);
        if self.ends(place) {
            self.listed -= 1;
        }
        true
    }

    fn insert(&mut self, place: Place) {
        if let Err(at) = self.places.binary_search(&place) {
            self.places.insert(at, place);
            if self.ends(place) {
                self.listed += 1;
            }
        }
    }

    /// Where the first row far below stands whose index is not below `index`.
    fn far_from(&self, index: u32) -> usize {
        self.far.partition_point(|(at, _)| *at < index)
    }

    /// Is the row of this index known far below?
    fn is_far(&self, index: u32) -> bool {
        self.far.get(self.far_from(index)).is_some_and(|(at, _)| *at == index)
    }
}

/// Rows of a first window.
fn page(list: &List) -> u32 {
    match list.folder {
        Folder::Queue | Folder::Engaged | Folder::Mine | Folder::All => 100,
        Folder::History => 50,
    }
}

impl Core {
    fn listed(&self, list: &List) -> Option<&Listed> {
        self.lists
            .iter()
            .find(|(known, _)| known == list)
            .map(|(_, listed)| listed)
    }

    fn listed_mut(&mut self, list: &List) -> Option<&mut Listed> {
        let mut lists = self.lists.iter_mut();
        lists.find(|(known, _)| known == list).map(|(_, listed)| listed)
    }

    pub(super) fn known_lists(&self) -> Vec<List> {
        self.lists.iter().map(|(list, _)| *list).collect()
    }

    /// The conversations of a folder, in order, as far as they are known without a gap.
    pub fn folder(&self, folder: Folder) -> Vec<ConversationId> {
        self.listed(&List::of(folder))
            .map_or_else(Vec::new, |list| ids(list).collect())
    }

    /// What is known of a list around the rows in view.
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

    /// Does the conversation lie in the list?
    fn lies_in(&self, list: &List, head: &Head) -> bool {
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

    /// Who I am or what I see changed: all places are found anew.
    pub(super) fn refresh_access(&mut self) {
        self.access = self.me.as_ref().map(|me| {
            let all: Vec<_> = self.inboxes.all().iter().map(|inbox| inbox.id).collect();
            Access::new(me.id, me.role, &me.grants, me.memberships.clone(), &all)
        });
        self.known_lists().iter().for_each(|list| self.sort(list));
    }

    /// Finds all places of a list.
    pub(super) fn sort(&mut self, list: &List) {
        let mut places: Vec<Place> = self
            .heads
            .values()
            .filter(|head| self.lies_in(list, head))
            .map(|head| list.key(head))
            .collect();
        places.sort_unstable();
        if self.listed(list).is_none() {
            self.lists.push((*list, Listed::default()));
        }
        if let Some(listed) = self.listed_mut(list) {
            listed.places = places;
            listed.count();
        }
    }

    /// Moves a row from its old place to its new one.
    pub(super) fn place(&mut self, step: &mut Step<'_>, old: Option<&Head>, new: Option<&Head>) {
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

    /// Rows `from..to` of a list are in view: they are fetched as far as they are not known.
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

    /// Of the filtered lists only those looked at last are kept up to date.
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

    /// Asks for what is in view and not known, one window at a time.
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
            // How many there are can only be said by the server.
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

    /// Asks for the first rows of every folder, or for as many as were listed before, and for the list in view.
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

    /// The server's order of a window, whose rows came before it.
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
        // A window that ends inside what is known without a gap says nothing new: rows are kept up to date one by one.
        // Unless the server knows of more than what was taken for all.
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

    /// Once a second: what time alone moves, and what moved far below in the list in view.
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

    /// Windows that were on their way are lost with the socket.
    pub(super) fn forget_asked_windows(&mut self) {
        self.lists.iter_mut().for_each(|(_, list)| list.asked = false);
    }

    /// All rows wait to be sent again.
    pub(super) fn expect_fresh_windows(&mut self) {
        self.lists.iter_mut().for_each(|(_, list)| {
            list.fresh = false;
            list.moved = true;
        });
    }

    /// The counters of folders changed: those of filtered lists may have.
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

pub(super) fn ids(listed: &Listed) -> impl Iterator<Item = ConversationId> {
    let shown = listed.places.iter().take_while(|place| listed.ends(**place));
    shown.map(|(_, id)| ConversationId::from_u128(*id))
}
