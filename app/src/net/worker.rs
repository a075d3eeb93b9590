//! The service worker: registered at the start, and checked for updates hourly and when the page is shown again.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use gloo_timers::callback::Interval;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    MessageEvent, RegistrationOptions, ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration,
    ServiceWorkerState,
};

const SCRIPT: &str = "/app/sw.js";
const SCOPE: &str = "/app/";
const HOUR_MS: u32 = 3_600_000;

type Answer = Box<dyn Fn(&str, bool)>;

thread_local! {
    static ANSWER: RefCell<Option<Answer>> = const { RefCell::new(None) };
}

fn container() -> Option<ServiceWorkerContainer> {
    let navigator = web_sys::window()?.navigator();
    // The container is absent on plain HTTP and in private windows of some browsers.
    let there = js_sys::Reflect::has(&navigator, &"serviceWorker".into()).unwrap_or(false);
    there.then(|| navigator.service_worker())
}

/// Registers the worker; `ready` is called when a newer console is installed and waiting.
pub async fn register(ready: impl Fn() + 'static) {
    if let Err(error) = try_register(Rc::new(ready)).await {
        web_sys::console::warn_2(&"no service worker, so no start without network".into(), &error);
    }
}

async fn try_register(ready: Rc<dyn Fn()>) -> Result<(), JsValue> {
    let Some(container) = container() else { return Ok(()) };
    let options = RegistrationOptions::new();
    options.set_scope(SCOPE);
    let promise = container.register_with_options(SCRIPT, &options);
    let registration: ServiceWorkerRegistration = JsFuture::from(promise).await?.dyn_into()?;
    if registration.waiting().is_some() && container.controller().is_some() {
        ready();
    }
    let found = {
        let (registration, container) = (registration.clone(), container.clone());
        Closure::<dyn Fn()>::new(move || {
            let Some(worker) = registration.installing() else {
                return;
            };
            watch(&worker, &container, Rc::clone(&ready));
        })
    };
    registration.set_onupdatefound(Some(found.as_ref().unchecked_ref()));
    found.forget();
    // The interval and the listener live as long as the page.
    let again = registration.clone();
    Interval::new(HOUR_MS, move || check(&again)).forget();
    let shown = Closure::<dyn Fn()>::new(move || {
        if !super::local::hidden() {
            check(&registration);
        }
    });
    if let Some(document) = web_sys::window().and_then(|window| window.document()) {
        document.add_event_listener_with_callback("visibilitychange", shown.as_ref().unchecked_ref())?;
    }
    shown.forget();
    Ok(())
}

fn check(registration: &ServiceWorkerRegistration) {
    if let Ok(promise) = registration.update() {
        leptos::task::spawn_local(async move {
            // Without a network there is no update to find.
            drop(JsFuture::from(promise).await);
        });
    }
}

/// Calls `ready` when the new worker is installed while another one is in use.
fn watch(worker: &ServiceWorker, container: &ServiceWorkerContainer, ready: Rc<dyn Fn()>) {
    let change = {
        let (worker, container) = (worker.clone(), container.clone());
        Closure::<dyn Fn()>::new(move || {
            if worker.state() == ServiceWorkerState::Installed && container.controller().is_some() {
                ready();
            }
        })
    };
    worker.set_onstatechange(Some(change.as_ref().unchecked_ref()));
    change.forget();
}

/// The worker's registration, or `None` if it is not registered.
pub(super) async fn registration() -> Result<Option<ServiceWorkerRegistration>, JsValue> {
    let Some(container) = container() else { return Ok(None) };
    let found = JsFuture::from(container.get_registration_with_document_url(SCOPE)).await?;
    Ok(found.dyn_into().ok())
}

/// Posts a message to the worker (`told` in `sw.js`), if one controls the page.
pub fn tell(what: &JsValue) {
    if let Some(worker) = container().and_then(|container| container.controller())
        && let Err(error) = worker.post_message(what)
    {
        web_sys::console::warn_2(&"the service worker was not told".into(), &error);
    }
}

/// Calls `go` with the path of a notification that the user clicks.
pub fn on_click(go: impl Fn(&str) + 'static) {
    let Some(container) = container() else { return };
    let hear = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let data = event.data();
        if let Some(path) = data.as_string() {
            go(&path);
        } else if let Ok(said) = data.dyn_into::<js_sys::Array>()
            && let Some(tag) = said.get(1).as_string()
        {
            let accepted = said.get(0) == "accept";
            ANSWER.with_borrow(|answer| answer.iter().for_each(|answer| answer(&tag, accepted)));
        }
    });
    container.set_onmessage(Some(hear.as_ref().unchecked_ref()));
    // The listener lives as long as the page.
    hear.forget();
}

/// Calls `answer` with the tag of a notification and whether the user clicked *Accept* (`true`) or *Decline*. It
/// replaces the previous callback.
pub fn on_answer(answer: impl Fn(&str, bool) + 'static) {
    ANSWER.set(Some(Box::new(answer)));
}

/// Activates the waiting console; the page reloads once when the new worker takes over.
pub fn apply() {
    leptos::task::spawn_local(async {
        if let Err(error) = try_apply().await {
            web_sys::console::warn_2(&"the update could not be applied".into(), &error);
        }
    });
}

async fn try_apply() -> Result<(), JsValue> {
    let Some(container) = container() else { return reload() };
    let Some(waiting) = registration().await?.and_then(|registration| registration.waiting()) else {
        return reload();
    };
    let once = Cell::new(false);
    let changed = Closure::<dyn Fn()>::new(move || {
        if !once.replace(true)
            && let Err(error) = reload()
        {
            web_sys::console::warn_1(&error);
        }
    });
    container.set_oncontrollerchange(Some(changed.as_ref().unchecked_ref()));
    changed.forget();
    waiting.post_message(&"SKIP_WAITING".into())
}

fn reload() -> Result<(), JsValue> {
    web_sys::window().map_or(Ok(()), |window| window.location().reload())
}
