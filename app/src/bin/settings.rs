//! The settings in the browser: a second program that the console loads into its own page
//! (`settings::SettingsHost`). The console keeps the socket and the address; this program draws into the element it
//! is given and speaks HTTP. The pages before a sign-in that are seldom seen are here too ([`Outside`]).

use std::{any::Any, cell::RefCell};

use causerie_app::{
    hooks::Preferences,
    i18n,
    pages::{Outside, Place},
    settings::{About, Here, Settings},
};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;

/// What is on screen.
struct Shown {
    /// `None` for a page without a sign-in.
    here: Option<Here>,
    /// Keeps it there.
    _handle: Box<dyn Any>,
}

thread_local! {
    static SHOWN: RefCell<Option<Shown>> = const { RefCell::new(None) };
}

fn main() {
    console_error_panic_hook::set_once();
}

/// Draws the page of an address into an element, in the language of the console. `about` is an [`About`]; for pages
/// that are seen without a sign-in it is not read.
///
/// # Errors
/// In plain words, when the texts cannot be had or the element is not there.
#[wasm_bindgen]
pub async fn mount(element_id: String, path: String, about: Vec<u8>) -> Result<(), JsValue> {
    let place = Place::parse(&path);
    let about = if place.is_outside() {
        None
    } else {
        Some(About::unpack(&about).ok_or("the console is of another version")?)
    };
    i18n::load(Preferences::chosen_lang())
        .await
        .map_err(|_| "the texts could not be loaded")?;
    let element: web_sys::HtmlElement = document()
        .get_element_by_id(&element_id)
        .and_then(|element| element.dyn_into().ok())
        .ok_or("there is no element to draw into")?;
    unmount();
    let here = about.map(|about| Here::new(path, about));
    let handle = leptos::mount::mount_to(element, move || match here {
        Some(here) => view! { <Settings here /> }.into_any(),
        None => view! { <Outside place /> }.into_any(),
    });
    SHOWN.set(Some(Shown {
        here,
        _handle: Box::new(handle),
    }));
    Ok(())
}

/// The address changed.
#[wasm_bindgen]
pub fn go(path: String) {
    with(|here| here.show(path));
}

/// The person, the colleagues or the line changed.
#[wasm_bindgen]
pub fn tell(about: Vec<u8>) {
    if let Some(about) = About::unpack(&about) {
        with(|here| here.learn(about));
    }
}

/// Takes everything away.
#[wasm_bindgen]
pub fn unmount() {
    drop(SHOWN.take());
}

fn with(act: impl FnOnce(Here)) {
    let here = SHOWN.with_borrow(|shown| shown.as_ref().and_then(|shown| shown.here));
    if let Some(here) = here {
        act(here);
    }
}
