//! Folders in the order of the server's windows, kept up to date row by row.

use std::collections::BTreeSet;

use causerie_shared::{
    access::Access,
    frame::ClientFrame,
    ids::ConversationId,
    inbox::Mode,
    row::Head,
    window::{Folder, List},
};

use super::{Core, Key, Step};

/// Place of a conversation in a folder; the second number is its id.
type Place = (i64, u128);

#[derive(Debug, Default)]
pub(super) struct FolderList {
    places: BTreeSet<Place>,
    /// Last place of the rows that the server listed without a gap; `None` when that is all of them.
    edge: Option<Place>,
    /// Rows listed so far.
    listed: u32,
    /// A window is on its way.
    asked: bool,
    /// Listed since the last `Reset`.
    fresh: bool,
}

/// Rows of a first window.
fn page(folder: Folder) -> u32 {
    match folder {
        Folder::Queue | Folder::Engaged | Folder::Mine => 100,
        Folder::History => 50,
    }
}

impl Core {
    /// The conversations of a folder, in order.
    pub fn folder(&self, folder: Folder) -> Vec<ConversationId> {
        let Some(list) = self.folders.get(&folder) else {
            return vec![];
        };
        let shown = list
            .places
            .iter()
            .take_while(|place| list.edge.is_none_or(|edge| **place <= edge));
        shown.map(|(_, id)| ConversationId::from_u128(*id)).collect()
    }

    /// Does the conversation lie in the folder?
    pub(super) fn lies_in(&self, folder: Folder, head: &Head) -> bool {
        let mode = self
            .inboxes
            .get(&head.inbox)
            .map_or(Mode::Auto, |inbox| inbox.rules.mode);
        self.access
            .as_ref()
            .is_some_and(|access| folder.holds(access, mode, head))
    }

    /// Who I am or what I see changed: all places are found anew.
    pub(super) fn refresh_access(&mut self) {
        self.access = self.me.as_ref().map(|me| {
            let all: Vec<_> = self.inboxes.keys().copied().collect();
            Access::new(me.id, me.role, &me.grants, me.memberships.clone(), &all)
        });
        for folder in Folder::ALL {
            let places: BTreeSet<Place> = self
                .heads
                .values()
                .filter(|head| self.lies_in(folder, head))
                .map(|head| folder.key(head))
                .collect();
            if let Some(list) = self.folders.get_mut(&folder) {
                list.places = places;
            }
        }
    }

    /// Moves a row from its old place to its new one.
    pub(super) fn place(&mut self, step: &mut Step<'_>, old: Option<&Head>, new: Option<&Head>) {
        for folder in Folder::ALL {
            let from = old.map(|head| folder.key(head));
            let to = new
                .filter(|head| self.lies_in(folder, head))
                .map(|head| folder.key(head));
            let Some(list) = self.folders.get_mut(&folder) else {
                continue;
            };
            let was = from.is_some_and(|place| list.places.contains(&place));
            if was && from == to {
                continue;
            }
            if let Some(from) = from
                && list.places.remove(&from)
            {
                step.changed(Key::Folder(folder));
            }
            if let Some(to) = to {
                list.places.insert(to);
                step.changed(Key::Folder(folder));
            }
        }
    }

    /// Asks for the first rows of every folder, or for as many as were listed before.
    pub(super) fn ask_windows(&mut self, step: &mut Step<'_>) {
        for folder in Folder::ALL {
            let Some(list) = self.folders.get_mut(&folder) else {
                continue;
            };
            let to = list.listed.max(page(folder)).min(causerie_shared::window::MAX_WINDOW);
            list.asked = true;
            step.send(ClientFrame::Window {
                list: List::of(folder),
                from: 0,
                to,
            });
        }
    }

    /// Asks for the next rows.
    pub(super) fn more(&mut self, step: &mut Step<'_>, folder: Folder) {
        let online = self.online();
        let Some(list) = self.folders.get_mut(&folder) else {
            return;
        };
        if !online || list.asked || list.edge.is_none() {
            return;
        }
        list.asked = true;
        step.send(ClientFrame::Window {
            list: List::of(folder),
            from: list.listed,
            to: list.listed + page(folder),
        });
    }

    /// The server's order of a window, whose rows came before it.
    pub(super) fn window(
        &mut self,
        step: &mut Step<'_>,
        folder: Folder,
        from: u32,
        total: u32,
        order: &[ConversationId],
    ) {
        let last = order
            .iter()
            .rev()
            .find_map(|id| self.heads.get(id))
            .map(|head| folder.key(head));
        let Some(list) = self.folders.get_mut(&folder) else {
            return;
        };
        list.asked = false;
        list.fresh = true;
        list.listed = from + order.len() as u32;
        list.edge = if list.listed >= total || order.is_empty() {
            None
        } else {
            last
        };
        step.changed(Key::Folder(folder));
        if self.folders.values().all(|list| list.fresh) {
            self.drop_stale(step);
        }
    }

    /// Windows that were on their way are lost with the socket.
    pub(super) fn forget_asked_windows(&mut self) {
        self.folders.values_mut().for_each(|list| list.asked = false);
    }

    /// All rows wait to be sent again.
    pub(super) fn expect_fresh_windows(&mut self) {
        self.folders.values_mut().for_each(|list| list.fresh = false);
    }
}
