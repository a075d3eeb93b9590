//! Starts the console in the browser.

use causerie_app::{app::App, hooks::Preferences, i18n, store};

/// What stands there if even the texts cannot be had; so it is in no file of texts.
const NOT_LOADED: &str = "Causerie could not be loaded. Check your connection and load the page again.";

fn main() {
    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(store::prefetch());
    wasm_bindgen_futures::spawn_local(async {
        if i18n::load(Preferences::chosen_lang()).await.is_ok() {
            leptos::mount::mount_to_body(App);
        } else if let Some(body) = web_sys::window().and_then(|window| window.document()?.body()) {
            body.set_text_content(Some(NOT_LOADED));
        }
    });
}
