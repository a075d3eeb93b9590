//! Keyboard control of menus. The browser's popover opens and closes them.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

use super::focus;

/// Moves the focus between the items of the menu in which a key was pressed: by arrows, Home, End, or the first letter
/// of an item.
pub fn menu_keys(event: &KeyboardEvent) {
    let Some(menu) = event
        .current_target()
        .and_then(|target| target.dyn_into::<HtmlElement>().ok())
    else {
        return;
    };
    let items = menu_items(&menu);
    if items.is_empty() {
        return;
    }
    let focused = document().active_element();
    let at = items
        .iter()
        .position(|item| focused.as_ref() == Some(item.unchecked_ref()));
    let last = items.len() - 1;
    let next = match (event.key().as_str(), at) {
        ("ArrowDown", None) | ("Home", _) => 0,
        ("ArrowDown", Some(at)) => (at + 1) % items.len(),
        ("ArrowUp", None) | ("End", _) => last,
        ("ArrowUp", Some(at)) => (at + last) % items.len(),
        (key, at) => match by_letter(&items, key, at) {
            Some(found) => found,
            None => return,
        },
    };
    event.prevent_default();
    focus(&items[next]);
}

/// Returns the items that can take the focus.
pub fn menu_items(menu: &HtmlElement) -> Vec<HtmlElement> {
    let Ok(nodes) = menu.query_selector_all("[role^='menuitem']:not([aria-disabled='true'])") else {
        return vec![];
    };
    (0..nodes.length())
        .filter_map(|index| nodes.get(index)?.dyn_into().ok())
        .collect()
}

fn by_letter(items: &[HtmlElement], key: &str, at: Option<usize>) -> Option<usize> {
    let mut letters = key.chars();
    let (Some(letter), None) = (letters.next(), letters.next()) else {
        return None;
    };
    let start = at.map_or(0, |at| at + 1);
    (0..items.len()).map(|step| (start + step) % items.len()).find(|index| {
        let text = items[*index].text_content().unwrap_or_default();
        text.trim_start()
            .to_lowercase()
            .starts_with(&letter.to_lowercase().to_string())
    })
}
