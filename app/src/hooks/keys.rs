//! Helpers for key presses.

use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, KeyboardEvent};

/// Whether the event's target takes letters as text.
pub fn in_text(event: &KeyboardEvent) -> bool {
    let Some(target) = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok()) else {
        return false;
    };
    let tag = target.tag_name();
    let typing = match tag.as_str() {
        "TEXTAREA" | "SELECT" => true,
        "INPUT" => !matches!(
            target.get_attribute("type").as_deref(),
            Some("checkbox" | "radio" | "button" | "submit" | "file")
        ),
        _ => target.is_content_editable(),
    };
    // Menus and dialogs filter by typed letters, too.
    typing || target.closest("[role='menu'], dialog").ok().flatten().is_some()
}

/// Whether Ctrl, or ⌘ on a Mac, is pressed with no other modifier than Shift.
pub fn primary(event: &KeyboardEvent) -> bool {
    let (main, other) = if super::is_mac() {
        (event.meta_key(), event.ctrl_key())
    } else {
        (event.ctrl_key(), event.meta_key())
    };
    main && !other && !event.alt_key()
}
