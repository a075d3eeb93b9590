//! Runs the core in the browser: hands it events, carries out its effects, wakes signals.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use causerie_shared::{
    Millis, SCHEMA,
    api::SessionInfo,
    frame::{ServerFrame, encode},
    refusal::Code,
    user::Me,
};
use gloo_timers::callback::{Interval, Timeout};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, closure::Closure};

use super::core::{Core, DiskKey, Effects, Event, Key, Step, Stored, Word, is_shared};
use super::view::Session;
use crate::net::{
    clock,
    disk::Disk,
    http::{self, Failure},
    local,
    socket::{Socket, Told},
    tabs::Tabs,
    worker,
};

/// How long cache writes are gathered, milliseconds.
const BATCH_MS: u32 = 150;
/// Failed connections in a row after which the server is asked whether the sign-in still holds.
const ASK_SESSION_EVERY: u32 = 3;

/// How long the tab that leads may take to store what it has, before this one begins with what is there.
const READY_MS: u32 = 1_000;
/// A page out of sight for so long may load a newer console by itself.
const UNSEEN_MS: Millis = 5 * 60_000;
/// A tab that follows has the leader look at the clock this often, seconds.
const LOOK_EVERY: Millis = 5;

/// The core with its surroundings.
pub(super) struct Engine {
    core: RefCell<Core>,
    triggers: RefCell<HashMap<Key, ArcTrigger>>,
    pub(super) now: ArcRwSignal<Millis>,
    pub(super) update_ready: ArcRwSignal<bool>,
    disk: RefCell<Option<Disk>>,
    socket: RefCell<Option<Rc<Socket>>>,
    tabs: RefCell<Option<Tabs>>,
    /// This tab's number among the others.
    tab: u64,
    /// Other tabs follow this one.
    followed: Cell<bool>,
    /// The server's last welcome, while the line is up; for tabs that come later.
    welcome: RefCell<Option<Vec<u8>>>,
    /// What the leader says while this tab begins.
    early: RefCell<Option<Vec<Word>>>,
    /// Wakes the beginning of this tab.
    ready: RefCell<Option<js_sys::Function>>,
    /// Uploads under way.
    pub(super) uploads: Cell<u32>,
    /// Since when nobody sees the page.
    hidden_since: Cell<Option<Millis>>,
    /// Copies are to be dropped with the next write.
    clear: Cell<bool>,
    /// Keys to write; `true` deletes.
    batch: RefCell<BTreeMap<DiskKey, bool>>,
    flush: RefCell<Option<Timeout>>,
    /// The disk already refused something: said once.
    disk_failed: Cell<bool>,
}

impl Engine {
    /// Starts everything that lives as long as the page.
    pub(super) fn start() -> Rc<Self> {
        let now = clock::now();
        let engine = Rc::new(Self {
            core: RefCell::new(Core::new(now)),
            triggers: RefCell::new(HashMap::new()),
            now: ArcRwSignal::new(now),
            update_ready: ArcRwSignal::new(false),
            disk: RefCell::new(None),
            socket: RefCell::new(None),
            tabs: RefCell::new(None),
            tab: clock::random() as u64,
            followed: Cell::new(false),
            welcome: RefCell::new(None),
            early: RefCell::new(None),
            ready: RefCell::new(None),
            uploads: Cell::new(0),
            hidden_since: Cell::new(None),
            clear: Cell::new(false),
            batch: RefCell::new(BTreeMap::new()),
            flush: RefCell::new(None),
            disk_failed: Cell::new(false),
        });
        let ticking = Rc::clone(&engine);
        Interval::new(1_000, move || ticking.tick()).forget();
        let ready = engine.update_ready.clone();
        spawn_local(worker::register(move || ready.set(true)));
        engine.follow_other_tabs();
        spawn_local(Rc::clone(&engine).boot());
        engine
    }

    /// Makes the running signal depend on `key`.
    pub(super) fn track(&self, key: Key) {
        let trigger = self.triggers.borrow_mut().entry(key).or_default().clone();
        trigger.track();
    }

    pub(super) fn with<T>(&self, read: impl FnOnce(&Core) -> T) -> T {
        read(&self.core.borrow())
    }

    /// Changes the core and carries out what comes of it.
    pub(super) fn run<T>(self: &Rc<Self>, change: impl FnOnce(&mut Core, &mut Step<'_>) -> T) -> T {
        let mut random = clock::random;
        let mut step = Step::new(clock::now(), &mut random);
        let answer = change(&mut self.core.borrow_mut(), &mut step);
        let effects = step.effects;
        self.carry_out(effects);
        answer
    }

    fn handle(self: &Rc<Self>, event: Event) {
        self.run(|core, step| core.handle(step, event));
    }

    fn tick(self: &Rc<Self>) {
        self.now.set(clock::now() + self.with(Core::offset));
        self.handle(Event::Tick);
        if !self.with(Core::leads) && clock::now() / 1_000 % LOOK_EVERY == 0 {
            self.say(&Word::Look);
        }
        self.update_unseen();
    }

    /// A newer console is put to use by itself when the page was out of sight for a while and nothing is under way.
    fn update_unseen(&self) {
        let now = clock::now();
        let since = local::hidden().then(|| self.hidden_since.get().unwrap_or(now));
        self.hidden_since.set(since);
        let unseen = since.is_some_and(|since| now - since >= UNSEEN_MS);
        let at_work =
            self.uploads.get() > 0 || self.with(|core| !core.drafts.is_empty() || !core.discussion_drafts.is_empty());
        if unseen && !at_work && self.update_ready.get_untracked() {
            self.update_ready.set(false);
            worker::apply();
        }
    }

    fn carry_out(self: &Rc<Self>, effects: Effects) {
        if effects.clear {
            self.clear.set(true);
            self.batch.borrow_mut().clear();
        }
        {
            let mut batch = self.batch.borrow_mut();
            batch.extend(effects.dirty.into_iter().map(|key| (key, false)));
            batch.extend(effects.erase.into_iter().map(|key| (key, true)));
        }
        if effects.urgent {
            self.write_now(true);
        } else if (effects.clear || !self.batch.borrow().is_empty()) && self.flush.borrow().is_none() {
            let engine = Rc::clone(self);
            *self.flush.borrow_mut() = Some(Timeout::new(BATCH_MS, move || engine.write_now(false)));
        }
        if !self.with(Core::leads) {
            for frame in &effects.frames {
                self.say(&Word::Ask(self.tab, encode(frame)));
            }
        } else if let Some(socket) = &*self.socket.borrow() {
            effects.frames.iter().for_each(|frame| socket.send(frame));
        }
        if self.followed.get() {
            effects.words.iter().for_each(|word| self.say(word));
        }
        if !effects.load.is_empty() {
            spawn_local(Rc::clone(self).load(effects.load));
        }
        if effects.hang_up {
            self.hang_up();
        }
        if (effects.all_changed || effects.changed.contains(&Key::Me))
            && let Some(me) = self.with(|core| core.me.clone())
        {
            local::set_me(&me);
        }
        let woken: Vec<ArcTrigger> = {
            let triggers = self.triggers.borrow();
            match effects.all_changed {
                true => triggers.values().cloned().collect(),
                false => effects
                    .changed
                    .iter()
                    .filter_map(|key| triggers.get(key).cloned())
                    .collect(),
            }
        };
        woken.iter().for_each(|trigger| trigger.notify());
    }

    async fn load(self: Rc<Self>, keys: Vec<DiskKey>) {
        let disk = self.disk.borrow().clone();
        let found = match disk {
            Some(disk) => disk.read(&keys).await.map_err(|error| error.0),
            None => Ok(vec![]),
        };
        let found = found.unwrap_or_else(|error| {
            self.disk_trouble(error);
            vec![]
        });
        let mut found: HashMap<DiskKey, Option<Vec<u8>>> = found.into_iter().collect();
        let answer = keys
            .into_iter()
            .map(|key| (key, found.remove(&key).flatten()))
            .collect();
        self.handle(Event::Loaded(answer));
    }

    fn write_now(self: &Rc<Self>, durable: bool) {
        spawn_local(Rc::clone(self).write(durable));
    }

    /// Writes everything that is dirty in one transaction, then tells the other tabs.
    fn write(self: Rc<Self>, durable: bool) -> impl Future<Output = ()> {
        self.flush.borrow_mut().take();
        let batch = std::mem::take(&mut *self.batch.borrow_mut());
        let clear = self.clear.replace(false);
        let values: Vec<_> = self.with(|core| {
            batch
                .into_iter()
                .filter_map(
                    |(key, erase)| match if erase { Stored::Delete } else { core.stored(key) } {
                        Stored::Put(bytes) => Some((key, Some(bytes))),
                        Stored::Delete => Some((key, None)),
                        Stored::Skip => None,
                    },
                )
                .collect()
        });
        let disk = self.disk.borrow().clone().filter(|_| clear || !values.is_empty());
        async move {
            let Some(disk) = disk else { return };
            let keys: Vec<DiskKey> = values.iter().map(|(key, _)| *key).collect();
            match disk.write(values, durable, clear).await {
                Ok(()) => {
                    let shared = keys.into_iter().filter(|key| is_shared(*key));
                    let shared: Vec<_> = shared.map(|key| (key.store().to_owned(), key.name())).collect();
                    if !shared.is_empty() {
                        self.say(&Word::Changed(shared));
                    }
                }
                Err(error) if error.is_full() => self.handle(Event::DiskFull(keys)),
                Err(error) => self.disk_trouble(error.0),
            }
        }
    }

    /// Says something to the other tabs.
    fn say(&self, word: &Word) {
        if let Some(tabs) = &*self.tabs.borrow() {
            tabs.say(word);
        }
    }

    /// Another tab said something.
    fn heard(self: &Rc<Self>, word: Word) {
        if let Some(early) = &mut *self.early.borrow_mut() {
            match word {
                Word::Ready { tab, welcome } if tab == self.tab => {
                    early.clear();
                    early.extend(welcome.map(Word::Frame));
                    if let Some(ready) = self.ready.borrow_mut().take() {
                        drop(ready.call0(&wasm_bindgen::JsValue::NULL));
                    }
                }
                word => early.push(word),
            }
            return;
        }
        let leads = self.with(Core::leads);
        match word {
            Word::Join(tab) if leads => {
                self.followed.set(true);
                let engine = Rc::clone(self);
                spawn_local(async move {
                    Rc::clone(&engine).write(false).await;
                    let welcome = engine.welcome.borrow().clone();
                    engine.say(&Word::Ready { tab, welcome });
                });
            }
            Word::Changed(keys) => {
                let keys: Vec<_> = keys
                    .iter()
                    .filter_map(|(store, name)| DiskKey::parse(store, name))
                    .collect();
                let engine = Rc::clone(self);
                spawn_local(async move {
                    let disk = engine.disk.borrow().clone();
                    let Some(disk) = disk else { return };
                    match disk.read(&keys).await {
                        Ok(found) => engine.handle(Event::Changed(found)),
                        Err(error) => engine.disk_trouble(error.0),
                    }
                });
            }
            // The leader took its time: this tab began with an older copy.
            Word::Ready { tab, welcome } if tab == self.tab && !leads => {
                let engine = Rc::clone(self);
                spawn_local(async move {
                    let stored = engine.stored().await;
                    engine.handle(Event::Boot(stored));
                    if let Some(welcome) = welcome {
                        engine.handle(Event::Word(Word::Frame(welcome)));
                    }
                });
            }
            Word::Look | Word::Hurry if leads => {
                let socket = self.socket.borrow().clone();
                match socket {
                    Some(socket) if word == Word::Look => socket.look(),
                    Some(socket) => socket.hurry(),
                    // Signed in again in the other tab.
                    None if word == Word::Hurry => {
                        let engine = Rc::clone(self);
                        spawn_local(async move { engine.ask_session(Session::Expired).await });
                    }
                    None => {}
                }
            }
            word => self.handle(Event::Word(word)),
        }
    }

    fn disk_trouble(self: &Rc<Self>, text: String) {
        // After a sign-out in another tab nothing is to be stored any more.
        if !self.disk_failed.replace(true) && self.with(|core| core.session) != Session::SignedOut {
            self.handle(Event::DiskFailed(text));
        }
    }

    /// Paints from the disk first; then the server says whether the sign-in still holds.
    async fn boot(self: Rc<Self>) {
        match local::me() {
            Some(me) => {
                self.open(me).await;
                self.ask_session(Session::SignedOut).await;
            }
            None => match http::ask::<SessionInfo>("/api/session").await {
                Ok(info) => self.open(info.me).await,
                Err(Failure::Refused(_) | Failure::Unreachable) => self.run(Core::leave),
            },
        }
    }

    /// Asks whether the sign-in still holds; `without` is what follows when it does not.
    async fn ask_session(self: &Rc<Self>, without: Session) {
        let mine = self.with(|core| core.me.as_ref().map(|me| me.id));
        match http::ask::<SessionInfo>("/api/session").await {
            Ok(info) if Some(info.me.id) == mine && self.with(|core| core.session) != Session::Expired => {}
            Ok(info) => self.enter(info).await,
            Err(Failure::Refused(refusal)) if refusal.code == Code::Unauthorized => {
                self.hang_up();
                self.run(|core, step| core.expire(step, without));
            }
            Err(Failure::Refused(_) | Failure::Unreachable) => {}
        }
    }

    /// Signed in: the same user goes on, another one starts with an empty copy.
    pub(super) async fn enter(self: &Rc<Self>, info: SessionInfo) {
        let before = self
            .with(|core| core.me.as_ref().map(|me| me.id))
            .or_else(|| local::me().map(|me| me.id));
        if before.is_some_and(|before| before != info.me.id) {
            self.forget().await;
        }
        self.open(info.me).await;
        spawn_local(local::persist());
    }

    /// Reads the user's copy, and connects if this tab leads.
    async fn open(self: &Rc<Self>, me: Me) {
        let known = self.with(|core| core.booted());
        if !known {
            let database = local::database(me.id);
            match Disk::open(&database).await {
                Ok(disk) => *self.disk.borrow_mut() = Some(disk),
                Err(error) => self.disk_trouble(error.0),
            }
            self.join(format!("{database}-{SCHEMA}")).await;
            self.handle(Event::Boot(self.stored().await));
        }
        self.run(|core, step| core.enter(step, me));
        if self.with(Core::leads) {
            self.connect();
        } else if known {
            self.say(&Word::Hurry);
        }
        let early = self.early.borrow_mut().take();
        early.unwrap_or_default().into_iter().for_each(|word| self.heard(word));
    }

    /// What is needed for the first paint.
    async fn stored(self: &Rc<Self>) -> Vec<(DiskKey, Vec<u8>)> {
        let disk = self.disk.borrow().clone();
        let Some(disk) = disk else { return vec![] };
        disk.boot().await.unwrap_or_else(|error| {
            self.disk_trouble(error.0);
            vec![]
        })
    }

    /// Finds out whether this tab leads; one that follows waits until the leader has stored what it knows.
    async fn join(self: &Rc<Self>, name: String) {
        // A copy that other tabs cannot read is nobody else's.
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
                    move || drop(resolve.call0(&wasm_bindgen::JsValue::NULL))
                })
                .forget();
                *self.ready.borrow_mut() = Some(resolve);
            });
            self.say(&Word::Join(self.tab));
            drop(wasm_bindgen_futures::JsFuture::from(ready).await);
        }
    }

    /// The tab that led is gone.
    async fn take_over(self: Rc<Self>) {
        let stored = self.stored().await;
        // While this tab still begins, its own beginning reads the disk.
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

    fn connect(self: &Rc<Self>) {
        self.hang_up();
        let engine = Rc::downgrade(self);
        let socket = Socket::start(move |told| {
            if let Some(engine) = engine.upgrade() {
                engine.told(told);
            }
        });
        *self.socket.borrow_mut() = Some(socket);
    }

    fn told(self: &Rc<Self>, told: Told) {
        match told {
            Told::Opened => self.handle(Event::Opened),
            Told::Frame(frame, bytes) => {
                let passed_on = self.followed.get() && Core::passes_on(&frame);
                if matches!(frame, ServerFrame::Welcome { .. }) {
                    *self.welcome.borrow_mut() = Some(bytes.clone());
                }
                self.handle(Event::Frame(frame));
                if passed_on {
                    self.say(&Word::Frame(bytes));
                }
            }
            Told::OtherSchema => self.handle(Event::OtherSchema),
            Told::Closed { attempt } => {
                self.line_closed();
                // A browser does not say why a socket was refused.
                if attempt % ASK_SESSION_EVERY == 1 {
                    let engine = Rc::clone(self);
                    spawn_local(async move { engine.ask_session(Session::Expired).await });
                }
            }
        }
    }

    fn line_closed(self: &Rc<Self>) {
        self.welcome.borrow_mut().take();
        self.handle(Event::Closed);
        if self.followed.get() {
            self.say(&Word::Closed);
        }
    }

    /// Tries the line again now.
    pub(super) fn hurry(&self) {
        match &*self.socket.borrow() {
            Some(socket) => socket.hurry(),
            None => self.say(&Word::Hurry),
        }
    }

    fn hang_up(self: &Rc<Self>) {
        let socket = self.socket.borrow_mut().take();
        if let Some(socket) = socket {
            socket.stop();
            self.line_closed();
        }
    }

    /// Signed out: nothing local is left but the shell and the choices of this device.
    pub(super) async fn leave(self: &Rc<Self>) {
        self.forget().await;
        self.run(Core::leave);
    }

    async fn forget(self: &Rc<Self>) {
        self.hang_up();
        self.batch.borrow_mut().clear();
        if let Some(tabs) = self.tabs.borrow_mut().take() {
            tabs.say(&Word::Leave(self.tab));
            tabs.leave();
        }
        self.followed.set(false);
        let user = self
            .with(|core| core.me.as_ref().map(|me| me.id))
            .or_else(|| local::me().map(|me| me.id));
        if let Some(disk) = self.disk.borrow_mut().take() {
            disk.close();
        }
        self.run(Core::leave);
        worker::unsubscribe().await;
        local::wipe().await;
        if let Some(user) = user
            && let Err(error) = Disk::delete(&local::database(user)).await
        {
            web_sys::console::warn_1(&format!("the local copy could not be deleted: {}", error.0).into());
        }
        self.disk_failed.set(false);
    }

    /// A sign-out in another tab is one here too.
    fn follow_other_tabs(self: &Rc<Self>) {
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
                engine.say(&Word::Leave(engine.tab));
            }
        });
        if let Some(window) = web_sys::window() {
            window.set_onpagehide(Some(going.as_ref().unchecked_ref()));
        }
        going.forget();
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl super::Store {
    pub(super) fn with_core<T>(self, change: impl FnOnce(&mut Core, &mut Step<'_>) -> T) -> T {
        self.engine.get_value().run(change)
    }

    pub(super) fn act(self, act: super::core::Act) {
        self.with_core(|core, step| core.act(step, act));
    }

    pub(super) fn hurry(self) {
        self.engine.get_value().hurry();
    }

    pub(super) async fn enter(self, info: SessionInfo) {
        self.engine.get_value().enter(info).await;
    }

    pub(super) async fn leave(self) {
        self.engine.get_value().leave().await;
    }
}
