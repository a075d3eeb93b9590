//! The device: width, platform, clipboard.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::JsFuture;

/// Media query of the phone layout: one screen at a time (`docs/ux.md#bands`).
pub const PHONE: &str = "(width < 640px)";
/// Media query of the widths with a docked profile (bands XL and XXL).
pub const DOCKED: &str = "(width >= 1200px)";

/// Whether a media query matches now.
pub fn matches_media_now(query: &str) -> bool {
    window()
        .match_media(query)
        .ok()
        .flatten()
        .is_some_and(|list| list.matches())
}

/// A signal of whether a media query matches, updated while the owner lives.
pub fn matches_media(query: &str) -> Signal<bool> {
    let Some(list) = window().match_media(query).ok().flatten() else {
        return Signal::stored(false);
    };
    let holds = RwSignal::new(list.matches());
    let changed = {
        let list = list.clone();
        Closure::<dyn FnMut()>::new(move || holds.set(list.matches()))
    };
    list.set_onchange(Some(changed.as_ref().unchecked_ref()));
    let kept = StoredValue::new_local((list, changed));
    on_cleanup(move || {
        kept.with_value(|(list, _)| list.set_onchange(None));
    });
    holds.into()
}

/// Whether the platform's main modifier key is ⌘.
pub fn is_mac() -> bool {
    window()
        .navigator()
        .user_agent()
        .is_ok_and(|agent| agent.contains("Mac OS X"))
}

/// Copies a text to the clipboard; returns `false` if the browser refuses.
pub async fn copy(text: &str) -> bool {
    let clipboard = window().navigator().clipboard();
    // The clipboard is absent on plain HTTP.
    !clipboard.is_undefined() && JsFuture::from(clipboard.write_text(text)).await.is_ok()
}
