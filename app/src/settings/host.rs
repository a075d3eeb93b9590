//! The console's side of the settings: loads their program, gives it an element, and tells it what changes.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::Uint8Array;
use leptos::{prelude::*, task::spawn_local};
use wasm_bindgen::prelude::*;

use super::here::About;
use crate::{
    hooks::Address,
    i18n::{Key, t},
    pages::Place,
    store::{Store, view::Connection},
    ui::{ErrorBox, Skeleton},
};

const ELEMENT: &str = "settings";

#[wasm_bindgen(inline_js = "export const load = (address) => import(address);")]
extern "C" {
    #[wasm_bindgen(catch, js_name = load)]
    async fn import(address: &str) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen]
extern "C" {
    /// The module of the settings' program.
    #[derive(Clone)]
    type Program;
    #[wasm_bindgen(method, catch, js_name = default)]
    async fn start(this: &Program, options: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    async fn mount(this: &Program, element: &str, path: &str, about: Uint8Array) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method)]
    fn go(this: &Program, path: &str);
    #[wasm_bindgen(method)]
    fn tell(this: &Program, about: Uint8Array);
    #[wasm_bindgen(method)]
    fn unmount(this: &Program);
}

thread_local! {
    /// Loaded once a page.
    static PROGRAM: RefCell<Option<Program>> = const { RefCell::new(None) };
}

/// Loads the program from where the build put it: it names script and module in the page.
async fn program(attempt: u32) -> Result<Program, JsValue> {
    if let Some(program) = PROGRAM.with_borrow(Clone::clone) {
        return Ok(program);
    }
    let names = document()
        .query_selector("meta[name='settings']")?
        .and_then(|meta| meta.get_attribute("content"))
        .unwrap_or_default();
    let (script, module) = names.split_once(' ').ok_or("the page names no settings")?;
    // Browsers remember that a script could not be loaded, by its address.
    let script = match attempt {
        0 => script.to_owned(),
        more => format!("{script}?{more}"),
    };
    let program: Program = import(&script).await?.unchecked_into();
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &"module_or_path".into(), &module.into())?;
    program.start(&options).await?;
    PROGRAM.set(Some(program.clone()));
    Ok(program)
}

/// The element in which the settings live, what stands there while they load, and what when they cannot.
#[component]
pub fn SettingsHost(place: Memo<Place>) -> impl IntoView {
    let store: Store = expect_context();
    let address: Address = expect_context();
    let (me, users, online, now) = (store.me(), store.users(), store.online(), store.now());
    let about = Memo::new(move |_| {
        Some(About {
            me: me.get()?,
            users: users.get(),
            // Requests go without the socket, so a line that is being tried again stops nothing.
            online: !matches!(online.get(), Connection::Offline { .. }),
            now: now.get_untracked(),
        })
    });
    // Old addresses are shown as the new ones.
    Effect::new(move |_| {
        let path = place.read().path();
        if matches!(*place.read(), Place::Settings(_)) && address.path.get_untracked() != path {
            address.go(&path, true);
        }
    });
    let shown = StoredValue::new_local(None::<Program>);
    let failed = RwSignal::new(None::<u32>);
    let gone = Rc::new(Cell::new(false));
    let load = {
        let gone = Rc::clone(&gone);
        move |attempt: u32| {
            let gone = Rc::clone(&gone);
            failed.set(None);
            spawn_local(async move {
                let drawn = async {
                    let program = program(attempt).await?;
                    if gone.get() {
                        return Ok(None);
                    }
                    let path = place.get_untracked().path();
                    // Nobody is signed in yet.
                    let about = if place.with_untracked(Place::is_outside) {
                        vec![]
                    } else {
                        about.get_untracked().ok_or(JsValue::NULL)?.pack()
                    };
                    program
                        .mount(ELEMENT, &path, Uint8Array::from(about.as_slice()))
                        .await?;
                    Ok::<_, JsValue>(Some(program))
                };
                match drawn.await {
                    // Left meanwhile.
                    Ok(program) if gone.get() => program.iter().for_each(Program::unmount),
                    Ok(None) => {}
                    Ok(Some(program)) => {
                        // What changed while it was mounted could not be told yet.
                        program.go(&place.get_untracked().path());
                        if let Some(about) = about.get_untracked() {
                            program.tell(Uint8Array::from(about.pack().as_slice()));
                        }
                        shown.set_value(Some(program));
                    }
                    Err(error) => {
                        crate::hooks::warn("the settings did not load", &error);
                        failed.try_set(Some(attempt + 1));
                    }
                }
            });
        }
    };
    Effect::new({
        let load = load.clone();
        move |_| load(0)
    });
    let with = move |act: &dyn Fn(&Program)| {
        shown.with_value(|program| program.iter().for_each(act));
    };
    Effect::new(move |_| {
        let path = place.read().path();
        with(&|program| program.go(&path));
    });
    Effect::new(move |_| {
        if let Some(about) = about.get() {
            let bytes = about.pack();
            with(&|program| program.tell(Uint8Array::from(bytes.as_slice())));
        }
    });
    let gone = StoredValue::new_local(gone);
    on_cleanup(move || {
        gone.with_value(|gone| gone.set(true));
        with(&Program::unmount);
    });
    let load = StoredValue::new_local(load);
    view! {
        <div class="settings-host" id=ELEMENT></div>
        // The style hides this once the element is filled.
        <div class="settings-wait">
            {move || match failed.get() {
                Some(attempt) => view! {
                    <ErrorBox text=t(Key::SettingsNotLoaded) retry=move |()| load.with_value(|load| load(attempt)) />
                }
                .into_any(),
                None => view! { <div class="late"><Skeleton rows=4 /></div> }.into_any(),
            }}
        </div>
    }
}
