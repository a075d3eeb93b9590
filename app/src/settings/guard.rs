//! The guard of unsaved changes: leaving a page that has some asks for a confirmation.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

use super::here::Here;
use crate::{
    hooks::inner_link,
    i18n::{Key, t},
    ui::Dialog,
};

/// Whether there are unsaved changes, and the address that the user wants to go to.
#[derive(Clone, Copy)]
pub struct Guard {
    pub dirty: RwSignal<bool>,
    pub wanted: RwSignal<Option<String>>,
}

impl Guard {
    pub fn new() -> Self {
        Self {
            dirty: RwSignal::new(false),
            wanted: RwSignal::new(None),
        }
    }
}

/// Listens before the console's own listeners: to links anywhere on the page, history navigation and closing the page.
pub fn watch(here: Here) {
    let guard = here.guard;
    listen(document().as_ref(), "click", move |event| {
        let Some(mouse) = event.dyn_ref::<web_sys::MouseEvent>() else {
            return;
        };
        if let Some(path) = inner_link(mouse)
            && guard.dirty.get_untracked()
        {
            event.prevent_default();
            event.stop_propagation();
            guard.wanted.set(Some(path));
        }
    });
    listen(window().as_ref(), "popstate", move |event| {
        let now = window().location().pathname().unwrap_or_default();
        let before = here.path();
        if guard.dirty.get_untracked() && now != before {
            event.stop_immediate_propagation();
            let back = window()
                .history()
                .and_then(|history| history.push_state_with_url(&JsValue::NULL, "", Some(&before)));
            if let Err(error) = back {
                crate::hooks::warn("the address does not fit the page", &error);
            }
            guard.wanted.set(Some(now));
        }
    });
    listen(window().as_ref(), "beforeunload", move |event| {
        if guard.dirty.get_untracked() {
            event.prevent_default();
        }
    });
}

/// Adds a listener for the capture phase, which is removed with its owner.
fn listen(target: &web_sys::EventTarget, name: &'static str, heard: impl Fn(web_sys::Event) + 'static) {
    let closure = Closure::<dyn Fn(web_sys::Event)>::new(heard);
    let function = closure.as_ref().unchecked_ref();
    if let Err(error) = target.add_event_listener_with_callback_and_bool(name, function, true) {
        crate::hooks::warn("unsaved changes are not guarded", &error);
    }
    let kept = StoredValue::new_local((target.clone(), closure));
    on_cleanup(move || {
        kept.with_value(|(target, closure)| {
            let function = closure.as_ref().unchecked_ref();
            if let Err(error) = target.remove_event_listener_with_callback_and_bool(name, function, true) {
                crate::hooks::warn("a listener stayed", &error);
            }
        });
    });
}

/// The dialog that asks whether to leave.
#[component]
pub fn LeaveDialog() -> impl IntoView {
    let here: Here = expect_context();
    let guard = here.guard;
    move || {
        guard.wanted.get().map(|path| {
            view! {
                <Dialog labelled_by="leave-title" closed=move |()| guard.wanted.set(None)>
                    <h2 class="dialog-title" id="leave-title">{t(Key::LeaveTitle)}</h2>
                    <p class="dialog-text">{t(Key::LeaveText)}</p>
                    <div class="dialog-acts">
                        <button type="button" class="btn" on:click=move |_| guard.wanted.set(None)>{t(Key::KeepEditing)}</button>
                        <button
                            type="button" class="btn btn-danger"
                            on:click=move |_| {
                                guard.wanted.set(None);
                                guard.dirty.set(false);
                                here.visit(&path);
                            }
                        >
                            {t(Key::DiscardChanges)}
                        </button>
                    </div>
                </Dialog>
            }
        })
    }
}
