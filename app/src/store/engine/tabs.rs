//! The other tabs: their messages, and which tab leads.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};

use super::Engine;
use crate::{
    net::{
        disk_key::DiskKey,
        local,
        tabs::{TabMessage, Tabs},
    },
    store::{
        core::{Core, Event},
        view::Session,
    },
};

/// How long the leader may take to store its data before this tab starts with the stored copy, in milliseconds.
const READY_MS: u32 = 1_000;

impl Engine {
    /// Sends a message to the other tabs.
    pub(super) fn say(&self, word: &TabMessage) {
        if let Some(tabs) = &*self.tabs.borrow() {
            tabs.say(word);
        }
    }

    /// Processes a message from another tab.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all other messages go to the core")]
    pub(super) fn heard(self: &Rc<Self>, word: TabMessage) {
        if let Some(early) = &mut *self.early.borrow_mut() {
            match word {
                TabMessage::Ready { tab, welcome } if tab == self.tab => {
                    early.clear();
                    early.extend(welcome.map(TabMessage::Frame));
                    if let Some(ready) = self.ready.borrow_mut().take() {
                        drop(ready.call0(&JsValue::NULL));
                    }
                }
                word => early.push(word),
            }
            return;
        }
        let leads = self.with(Core::leads);
        match word {
            TabMessage::Join(tab) if leads => {
                self.followed.set(true);
                if let Some(disk) = &*self.disk.borrow() {
                    disk.share();
                }
                let engine = Rc::clone(self);
                spawn_local(async move {
                    Rc::clone(&engine).write(false).await;
                    let welcome = engine.welcome.borrow().clone();
                    engine.say(&TabMessage::Ready { tab, welcome });
                });
            }
            TabMessage::Changed(keys) => {
                let keys: Vec<_> = keys
                    .iter()
                    .filter_map(|(store, name)| DiskKey::parse(store, name))
                    .collect();
                let asked = self.disk.borrow().as_ref().and_then(|disk| disk.read(&keys));
                let Some(asked) = asked else { return };
                let engine = Rc::clone(self);
                spawn_local(async move {
                    match asked.await {
                        Ok(found) => engine.handle(Event::Changed(found)),
                        Err(error) => engine.disk_trouble(error.0),
                    }
                });
            }
            // The leader was slow, so this tab started with an older copy.
            TabMessage::Ready { tab, welcome } if tab == self.tab && !leads => {
                let engine = Rc::clone(self);
                spawn_local(async move {
                    let stored = engine.stored().await;
                    engine.handle(Event::Boot(stored));
                    if let Some(welcome) = welcome {
                        engine.handle(Event::Word(TabMessage::Frame(welcome)));
                    }
                });
            }
            TabMessage::Look | TabMessage::Hurry if leads => {
                let socket = self.socket.borrow().clone();
                match socket {
                    Some(socket) if word == TabMessage::Look => socket.look(),
                    Some(socket) => socket.hurry(),
                    // The user has signed in again in the other tab.
                    None if word == TabMessage::Hurry => {
                        let engine = Rc::clone(self);
                        spawn_local(async move { engine.ask_session(Session::Expired).await });
                    }
                    None => {}
                }
            }
            word => self.handle(Event::Word(word)),
        }
    }

    /// Finds out whether this tab leads. A follower waits until the leader has stored its data.
    pub(super) async fn join(self: &Rc<Self>, name: String) {
        // Without a disk there is no copy to share with other tabs.
        if self.disk.borrow().is_none() {
            return;
        }
        let engine = Rc::downgrade(self);
        let tabs = Tabs::join(name, move |word| {
            if let Some(engine) = engine.upgrade() {
                engine.heard(word);
            }
        });
        let leads = tabs.lead().await;
        if !leads {
            self.handle(Event::Follow);
            *self.early.borrow_mut() = Some(vec![]);
            let engine = Rc::clone(self);
            tabs.succeed(move || spawn_local(async move { engine.take_over().await }));
        }
        *self.tabs.borrow_mut() = Some(tabs);
        if !leads {
            let ready = js_sys::Promise::new(&mut |resolve, _| {
                Timeout::new(READY_MS, {
                    let resolve = resolve.clone();
                    move || drop(resolve.call0(&JsValue::NULL))
                })
                .forget();
                *self.ready.borrow_mut() = Some(resolve);
            });
            self.say(&TabMessage::Join(self.tab));
            drop(wasm_bindgen_futures::JsFuture::from(ready).await);
        }
    }

    /// Takes over from a leader that is gone.
    pub(super) async fn take_over(self: Rc<Self>) {
        let stored = self.stored().await;
        // While this tab is starting, its start reads the disk.
        let stored = if self.with(|core| core.booted()) {
            stored
        } else {
            vec![]
        };
        self.handle(Event::Lead(stored));
        if self.with(|core| core.session) == Session::SignedIn {
            self.connect();
        }
    }

    /// Listens for a sign-out in another tab, which signs out here, too.
    pub(super) fn follow_other_tabs(self: &Rc<Self>) {
        let engine = Rc::clone(self);
        let changed = Closure::<dyn Fn(web_sys::StorageEvent)>::new(move |event: web_sys::StorageEvent| {
            if local::is_sign_out(event.key().as_deref(), event.new_value().as_deref()) {
                let engine = Rc::clone(&engine);
                spawn_local(async move { engine.leave().await });
            }
        });
        let listening = web_sys::window()
            .map(|window| window.add_event_listener_with_callback("storage", changed.as_ref().unchecked_ref()));
        if !matches!(listening, Some(Ok(()))) {
            web_sys::console::warn_1(&"no events of other tabs".into());
        }
        changed.forget();
        let engine = Rc::clone(self);
        let going = Closure::<dyn Fn()>::new(move || {
            if !engine.with(Core::leads) {
                engine.say(&TabMessage::Leave(engine.tab));
            }
        });
        if let Some(window) = web_sys::window() {
            window.set_onpagehide(Some(going.as_ref().unchecked_ref()));
        }
        going.forget();
    }
}
