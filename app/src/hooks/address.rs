//! The address bar: the console's current address, and navigation without loading the page again.
//!
//! [`crate::navigation::place::Place`] parses every address of the console, so a router's route tables would only add weight (about
//! 30 KB of WebAssembly).

use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlAnchorElement, MouseEvent};

/// Path prefix of the console's addresses.
const BASE: &str = "/app/";

/// The current address, in context of every view; `Copy`.
#[derive(Clone, Copy)]
pub struct Address {
    /// Path without host, query and fragment.
    pub path: RwSignal<String>,
    /// Query with its `?`; empty if there is none.
    pub search: RwSignal<String>,
}

impl Address {
    /// Reads the address and follows history steps and clicks on links of the console. Call it once.
    pub fn follow() -> Self {
        let address = Self {
            path: RwSignal::new(String::new()),
            search: RwSignal::new(String::new()),
        };
        address.read();
        drop(window_event_listener_untyped("popstate", move |_| address.read()));
        drop(window_event_listener(ev::click, move |event| {
            if let Some(path) = inner_link(&event) {
                event.prevent_default();
                address.go(&path, false);
            }
        }));
        crate::net::worker::on_click(move |path| address.go(path, false));
        address
    }

    /// Goes to an address of the console, with a new history entry or with `replace` in place of the current one.
    pub fn go(self, path: &str, replace: bool) {
        let changed = window().history().and_then(|history| {
            if replace {
                history.replace_state_with_url(&JsValue::NULL, "", Some(path))
            } else {
                history.push_state_with_url(&JsValue::NULL, "", Some(path))
            }
        });
        match changed {
            Ok(()) => self.read(),
            // Browsers limit how often a page may change the history; past the limit the page is loaded instead.
            Err(_) => drop(window().location().assign(path)),
        }
    }

    fn read(self) {
        let location = window().location();
        let update = |signal: RwSignal<String>, value: Result<String, JsValue>| {
            let value = value.unwrap_or_default();
            if signal.with_untracked(|known| *known != value) {
                signal.set(value);
            }
        };
        update(self.search, location.search());
        update(self.path, location.pathname());
    }
}

/// The address of a plain click on a link that stays inside the console; `None` for other clicks.
pub(crate) fn inner_link(event: &MouseEvent) -> Option<String> {
    let modified = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
    if modified || event.button() != 0 || event.default_prevented() {
        return None;
    }
    let target: Element = event.target()?.dyn_into().ok()?;
    let link: HtmlAnchorElement = target.closest("a[href]").ok()??.dyn_into().ok()?;
    let href = link.get_attribute("href")?;
    let inside = href.starts_with(BASE) && !link.has_attribute("download") && link.target().is_empty();
    inside.then_some(href)
}
