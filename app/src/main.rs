//! Starts the console in the browser.

use causerie_app::{app::App, hooks::Preferences, i18n, store};

fn main() {
    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(crate::store::prefetch());
    wasm_bindgen_futures::spawn_local(async {
        if crate::i18n::load(Preferences::chosen_lang()).await.is_err() {
            // The page shows that the console could not start (`public/crash.js`).
            wasm_bindgen::throw_str("the texts could not be loaded");
        }
        leptos::mount::mount_to_body(App);
    });
}
