//! Keyboard shortcuts that work anywhere in the console's frame (`docs/ux.md#keyboard`).

use causerie_shared::{conversation::State, ids::ConversationId, window::Folder};
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use super::{offers::accept_offer, rows::focus_thread};
use crate::{
    actions::{assign::may_give, ending::end_chat},
    hooks::in_text,
    navigation::{Asking, Navigation, place::Place},
    store::{Store, view::Connection},
    ui::focus,
};

/// Maximum time between `g` and the folder's letter, in milliseconds.
const CHORD_MS: f64 = 1_500.0;

/// Installs the shortcuts for as long as the frame exists.
pub fn use_shortcuts(store: Store, nav: Navigation) {
    // The time at which `g` was pressed.
    let offers = store.offers();
    let chord = StoredValue::new(None::<f64>);
    let handle = window_event_listener(ev::keydown, move |event| {
        if event.default_prevented() || event.is_composing() {
            return;
        }
        if event.key() == "F8" {
            if let Some(oldest) = offers.with_untracked(|offers| offers.first().copied()) {
                event.prevent_default();
                accept_offer(store, nav, oldest);
            }
            return;
        }
        if event.key() == "Escape" {
            escape(&event, nav);
            return;
        }
        if in_text(&event) || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let second = chord
            .try_update_value(Option::take)
            .flatten()
            .is_some_and(|at| event.time_stamp() - at < CHORD_MS);
        if second && let Some(folder) = folder_of(&event.key()) {
            event.prevent_default();
            nav.go(
                &Place::Folder {
                    folder,
                    conversation: None,
                },
                false,
            );
            return;
        }
        if event.key() == "g" {
            chord.set_value(Some(event.time_stamp()));
            return;
        }
        if single_key(&event, store, nav) {
            event.prevent_default();
        }
    });
    on_cleanup(move || handle.remove());
}

fn folder_of(key: &str) -> Option<Folder> {
    match key {
        "q" => Some(Folder::Queue),
        "e" => Some(Folder::Engaged),
        "m" => Some(Folder::Mine),
        "a" => Some(Folder::All),
        "h" => Some(Folder::History),
        _ => None,
    }
}

/// Handles Escape. Dialogs and popovers close themselves; a text field gives its focus to the list; a phone goes back.
fn escape(event: &KeyboardEvent, nav: Navigation) {
    let Some(target) = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok()) else {
        return;
    };
    if target.closest("dialog, [popover]").ok().flatten().is_some() {
        return;
    }
    if in_text(event) {
        let row = document()
            .query_selector("#conversations [role='option'][tabindex='0']")
            .ok()
            .flatten();
        match row.and_then(|row| row.dyn_into::<HtmlElement>().ok()) {
            Some(row) => focus(&row),
            None => drop(target.blur()),
        }
    } else if nav.open.get_untracked().is_some() && nav.phone.get_untracked() {
        nav.back();
    }
}

/// Handles keys of one letter. Returns `false` if the key has no effect here.
fn single_key(event: &KeyboardEvent, store: Store, nav: Navigation) -> bool {
    let open = nav.open.get_untracked();
    match (event.key().as_str(), open) {
        ("j" | "ArrowDown", _) => step(event, nav, 1),
        ("k" | "ArrowUp", _) => step(event, nav, -1),
        ("Enter" | "o" | "r", Some(_)) if event.key() != "Enter" || on_nothing(event) => {
            focus_thread();
            true
        }
        ("y", Some(id)) => take(store, nav, id),
        ("t" | "a", Some(id)) => give(store, nav, id),
        ("e", Some(id)) => end_chat(store, nav, id),
        ("]", Some(_)) => {
            nav.toggle_profile();
            true
        }
        _ => false,
    }
}

/// `t`, `a`: opens the dialog that assigns or transfers the open chat.
fn give(store: Store, nav: Navigation, id: ConversationId) -> bool {
    let head = store.head(id).get_untracked();
    let may = store.me().with_untracked(|me| {
        let both = me.as_ref().zip(head.as_ref());
        both.is_some_and(|(me, head)| may_give(&head.state, me))
    });
    if may {
        nav.asking.set(Some(Asking::Give(id)));
    }
    may
}

/// Whether nothing has the focus. Otherwise Enter belongs to the focused button or link.
fn on_nothing(event: &KeyboardEvent) -> bool {
    event
        .target()
        .and_then(|target| target.dyn_into::<HtmlElement>().ok())
        .is_none_or(|target| target.tag_name() == "BODY")
}

/// Opens the next chat. Arrow keys step only if nothing has the focus, because they may scroll; letters always step.
fn step(event: &KeyboardEvent, nav: Navigation, by: i32) -> bool {
    if event.key().starts_with("Arrow") && !on_nothing(event) {
        return false;
    }
    match nav.neighbour(by) {
        Some(id) => {
            nav.open(id);
            true
        }
        None => false,
    }
}

/// `y`: starts or accepts the open chat.
fn take(store: Store, nav: Navigation, id: ConversationId) -> bool {
    if store.online().get_untracked() != Connection::Online {
        return false;
    }
    let me = store.me().with_untracked(|me| me.as_ref().map(|me| me.id));
    match store.head(id).get_untracked().map(|head| head.state) {
        Some(State::Waiting { .. }) if nav.folder.get_untracked() == Folder::Queue => {
            store.start_chat(id);
            true
        }
        Some(State::Assigning { agent: asked, .. } | State::Transferring { to: asked, .. }) if Some(asked) == me => {
            store.accept(id);
            true
        }
        Some(
            State::Waiting { .. }
            | State::Assigning { .. }
            | State::Bot { .. }
            | State::Assigned { .. }
            | State::Transferring { .. }
            | State::Ended { .. }
            | State::Failed { .. },
        )
        | None => false,
    }
}
