//! Runs the core in the browser: passes events to it, executes its effects, updates signals.

mod disk;
mod documents;
mod tabs;

pub use documents::prefetch;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
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

use super::{
    core::{Core, Documents, Effects, Event, Key, Step},
    view::Session,
};
use crate::net::{
    clock,
    disk::Disk,
    disk_key::DiskKey,
    http::{self, Failure},
    local, push,
    socket::{Socket, SocketEvent},
    tabs::{TabMessage, Tabs},
    worker,
};

/// How long writes of copies are collected before they go to the disk, in milliseconds.
const BATCH_MS: u32 = 150;
/// Number of failed connections after which the server is asked whether the sign-in is still valid.
const ASK_SESSION_EVERY: u32 = 3;
/// How long a page must be hidden before it may load a newer console by itself.
const UNSEEN_MS: Millis = 5 * 60_000;
/// How often a follower asks the leader to check the clock, in seconds.
const LOOK_EVERY: Millis = 5;

/// The core with the disk, socket, tabs and signals around it.
pub(super) struct Engine {
    core: RefCell<Core>,
    triggers: RefCell<HashMap<Key, ArcTrigger>>,
    pub(super) now: ArcRwSignal<Millis>,
    pub(super) update_ready: ArcRwSignal<bool>,
    /// Constructors of documents, once that part of the program is loaded.
    documents: Cell<Option<Documents>>,
    /// Keys to read after that.
    waiting: RefCell<Vec<DiskKey>>,
    disk: RefCell<Option<Disk>>,
    socket: RefCell<Option<Rc<Socket>>>,
    tabs: RefCell<Option<Tabs>>,
    /// This tab's number among the user's tabs.
    tab: u64,
    /// Whether other tabs follow this one.
    followed: Cell<bool>,
    /// The server's last welcome while the connection is up, for tabs that join later.
    welcome: RefCell<Option<Vec<u8>>>,
    /// The leader's messages while this tab starts.
    early: RefCell<Option<Vec<TabMessage>>>,
    /// Resumes this tab's start.
    ready: RefCell<Option<js_sys::Function>>,
    /// Number of uploads in progress.
    pub(super) uploads: Cell<u32>,
    /// Since when the page has been hidden.
    hidden_since: Cell<Option<Millis>>,
    /// Whether the next write empties the stores of copies.
    clear: Cell<bool>,
    /// Keys to write; `true` deletes.
    batch: RefCell<Vec<(DiskKey, bool)>>,
    flush: RefCell<Option<Timeout>>,
    /// Whether a disk failure was already reported.
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
            documents: Cell::new(None),
            waiting: RefCell::default(),
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
            batch: RefCell::default(),
            flush: RefCell::new(None),
            disk_failed: Cell::new(false),
        });
        spawn_local(Rc::clone(&engine).ask_for_documents());
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

    /// Changes the core and executes the effects.
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
            self.say(&TabMessage::Look);
        }
        self.update_unseen();
    }

    /// Loads a newer console by itself when the page has been hidden for a while and no work is in progress.
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
        if !effects.evict.is_empty() {
            self.evict(effects.evict);
        }
        self.batch.borrow_mut().extend(effects.writes);
        if effects.urgent {
            self.write_now(true);
        } else if (effects.clear || !self.batch.borrow().is_empty()) && self.flush.borrow().is_none() {
            let engine = Rc::clone(self);
            *self.flush.borrow_mut() = Some(Timeout::new(BATCH_MS, move || engine.write_now(false)));
        }
        if !self.with(Core::leads) {
            for frame in &effects.frames {
                self.say(&TabMessage::Ask(self.tab, encode(frame)));
            }
        } else if let Some(socket) = &*self.socket.borrow() {
            effects.frames.iter().for_each(|frame| socket.send(frame));
        }
        if self.followed.get() {
            effects.words.iter().for_each(|word| self.say(word));
        }
        if !effects.load.is_empty() {
            self.load(effects.load);
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

    /// Renders the local copy first, and then asks the server whether the sign-in is still valid.
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

    /// Asks the server whether the sign-in is still valid; if not, the session becomes `without`.
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

    /// Enters the console after a sign-in: the same user continues, another one starts with an empty copy.
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
            self.say(&TabMessage::Hurry);
        }
        let early = self.early.borrow_mut().take();
        early.unwrap_or_default().into_iter().for_each(|word| self.heard(word));
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

    fn told(self: &Rc<Self>, told: SocketEvent) {
        match told {
            SocketEvent::Opened => self.handle(Event::Opened),
            SocketEvent::Frame(frame, bytes) => {
                let passed_on = self.followed.get() && Core::passes_on(&frame);
                if matches!(frame, ServerFrame::Welcome { .. }) {
                    *self.welcome.borrow_mut() = Some(bytes.clone());
                }
                self.handle(Event::Frame(frame));
                if passed_on {
                    self.say(&TabMessage::Frame(bytes));
                }
            }
            SocketEvent::OtherSchema => self.handle(Event::OtherSchema),
            SocketEvent::Closed { attempt } => {
                self.line_closed();
                // A browser does not tell why a socket was refused.
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
            self.say(&TabMessage::Closed);
        }
    }

    /// Tries to connect now.
    pub(super) fn hurry(&self) {
        match &*self.socket.borrow() {
            Some(socket) => socket.hurry(),
            None => self.say(&TabMessage::Hurry),
        }
    }

    fn hang_up(self: &Rc<Self>) {
        let socket = self.socket.borrow_mut().take();
        if let Some(socket) = socket {
            socket.stop();
            self.line_closed();
        }
    }

    /// Signs out: deletes all local data except the shell and this device's choices.
    pub(super) async fn leave(self: &Rc<Self>) {
        self.forget().await;
        self.run(Core::leave);
    }

    async fn forget(self: &Rc<Self>) {
        self.hang_up();
        self.batch.borrow_mut().clear();
        self.waiting.borrow_mut().clear();
        if let Some(tabs) = self.tabs.borrow_mut().take() {
            tabs.say(&TabMessage::Leave(self.tab));
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
        push::end().await;
        // The worker removes the badge and notifications, which contain contacts' names.
        worker::tell(&"FORGET".into());
        local::wipe().await;
        if let Some(user) = user
            && let Err(error) = Disk::delete(&local::database(user)).await
        {
            web_sys::console::warn_1(&format!("the local copy could not be deleted: {}", error.0).into());
        }
        self.disk_failed.set(false);
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
