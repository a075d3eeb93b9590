//! A console for tests: a core, a disk that keeps what was written, and a connection that can be cut.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use causerie_shared::{
    Millis,
    frame::{ClientFrame, ServerFrame, encode},
    ids::{ConversationId, MessageId},
};

use super::{me, server::Server};
use crate::{
    net::{
        disk_key::{BOOT_STORES, CACHES, DiskKey},
        tabs::TabMessage,
    },
    store::{
        core::{Act, Core, DOCUMENTS, Event, Step, Stored, is_shared, lasting},
        view::{Bubble, MessageBubble},
    },
};

pub(crate) struct Desk {
    pub core: Core,
    pub disk: Rc<RefCell<BTreeMap<DiskKey, Vec<u8>>>>,
    /// Capacity of the disk in bytes.
    pub room: usize,
    pub now: Millis,
    seed: u128,
    pub connected: bool,
    /// Frames in flight to the server.
    pub out: Vec<ClientFrame>,
    /// Messages to the other tabs.
    pub said: Vec<TabMessage>,
    welcome: Option<Vec<u8>>,
}

impl Desk {
    /// Creates a new device on which Ana is signed in.
    pub fn new() -> Self {
        let mut desk = Self {
            core: Core::new(1_000),
            disk: Rc::default(),
            room: usize::MAX,
            now: 1_000,
            seed: 7,
            connected: false,
            out: vec![],
            said: vec![],
            welcome: None,
        };
        desk.start(true);
        desk
    }

    /// Creates another tab of the same browser while `leader` leads.
    pub fn beside(leader: &Self, seed: u128) -> Self {
        let mut desk = Self {
            core: Core::new(leader.now),
            disk: Rc::clone(&leader.disk),
            seed,
            now: leader.now,
            ..Self::new()
        };
        desk.start(false);
        if let Some(welcome) = leader.welcome.clone() {
            desk.handle(Event::Word(TabMessage::Frame(welcome)));
        }
        desk
    }

    /// Gives this tab the lock of a leader that is gone.
    pub fn take_over(&mut self) {
        let stored = self.stored();
        self.handle(Event::Lead(stored));
    }

    fn stored(&self) -> Vec<(DiskKey, Vec<u8>)> {
        let disk = self.disk.borrow();
        let kept = disk.iter().filter(|(key, _)| BOOT_STORES.contains(&key.store()));
        kept.map(|(key, bytes)| (*key, bytes.clone())).collect()
    }

    /// Delivers a message from another tab.
    pub fn told(&mut self, word: TabMessage) {
        match word {
            TabMessage::Changed(keys) => {
                let keys = keys.iter().filter_map(|(store, name)| DiskKey::parse(store, name));
                let found = keys.map(|key| (key, self.disk.borrow().get(&key).cloned())).collect();
                self.handle(Event::Changed(found));
            }
            word => self.handle(Event::Word(word)),
        }
    }

    /// Loads the page again; everything in memory is lost.
    pub fn reload(&mut self) {
        self.now += 1_000;
        self.core = Core::new(self.now);
        self.connected = false;
        self.out.clear();
        self.start(true);
    }

    /// Like [`Self::reload`], but in the engine's order: the copy is read before the user is known.
    pub fn reload_unknown(&mut self) {
        self.core = Core::new(self.now);
        self.connected = false;
        let stored = self.stored();
        self.handle(Event::Boot(stored));
        self.run(|core, step| core.enter(step, me()));
    }

    fn start(&mut self, leads: bool) {
        if !leads {
            self.handle(Event::Follow);
        }
        self.run(|core, step| core.enter(step, me()));
        let stored = self.stored();
        self.handle(Event::Boot(stored));
    }

    pub fn run<T>(&mut self, change: impl FnOnce(&mut Core, &mut Step<'_>) -> T) -> T {
        let mut seed = self.seed;
        let mut random = || {
            seed = seed
                .wrapping_mul(0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645)
                .wrapping_add(0x9E37_79B9_7F4A_7C15);
            seed ^ (seed >> 64)
        };
        let mut step = Step::new(self.now, &mut random);
        let answer = change(&mut self.core, &mut step);
        let effects = step.effects;
        self.seed = seed;
        if effects.clear {
            self.disk.borrow_mut().retain(|key, _| !CACHES.contains(&key.store()));
        }
        self.disk.borrow_mut().retain(|key, _| !effects.evict.contains(key));
        let mut values: Vec<(DiskKey, Option<Vec<u8>>)> = vec![];
        for (key, erase) in lasting(effects.writes) {
            match if erase { Stored::Delete } else { self.core.stored(key) } {
                Stored::Put(bytes) => values.push((key, Some(bytes))),
                Stored::Delete => values.push((key, None)),
                Stored::Skip => {}
            }
        }
        let refused = self.write(&values);
        if !self.core.leads() {
            let asked = effects.frames.iter().map(|frame| TabMessage::Ask(7, encode(frame)));
            self.said.extend(asked);
        } else if self.connected {
            self.out.extend(effects.frames);
        }
        self.said.extend(effects.words);
        if refused {
            let writes = values.into_iter().map(|(key, value)| (key, value.is_none()));
            self.handle(Event::DiskFull(writes.collect()));
        }
        if !effects.load.is_empty() {
            let found = effects
                .load
                .iter()
                .map(|key| (*key, self.disk.borrow().get(key).cloned()))
                .collect();
            self.handle(Event::Loaded(DOCUMENTS, found));
        }
        answer
    }

    /// Writes all values or none, and tells the other tabs. Returns `true` if there is no room.
    fn write(&mut self, values: &[(DiskKey, Option<Vec<u8>>)]) -> bool {
        let mut disk = self.disk.borrow().clone();
        for (key, value) in values {
            match value {
                Some(bytes) => disk.insert(*key, bytes.clone()),
                None => disk.remove(key),
            };
        }
        if !values.is_empty() && disk.values().map(Vec::len).sum::<usize>() > self.room {
            return true;
        }
        *self.disk.borrow_mut() = disk;
        let shared = values.iter().map(|(key, _)| *key).filter(|key| is_shared(*key));
        let shared: Vec<_> = shared.map(|key| (key.store().to_owned(), key.name())).collect();
        if !shared.is_empty() {
            self.said.push(TabMessage::Changed(shared));
        }
        false
    }

    pub fn handle(&mut self, event: Event) {
        self.run(|core, step| core.handle(step, event));
    }

    pub fn act(&mut self, act: Act) {
        self.run(|core, step| core.act(step, act));
    }

    pub fn hear(&mut self, frame: ServerFrame) {
        let bytes = encode(&frame);
        let passed_on = Core::passes_on(&frame);
        if matches!(frame, ServerFrame::Welcome { .. }) {
            self.welcome = Some(bytes.clone());
        }
        self.handle(Event::Frame(frame));
        if passed_on {
            self.said.push(TabMessage::Frame(bytes));
        }
    }

    pub fn connect(&mut self, server: &mut Server) {
        self.connected = true;
        self.handle(Event::Opened);
        self.pump(server);
    }

    /// Cuts the connection; frames in flight are lost.
    pub fn cut(&mut self) {
        self.connected = false;
        self.out.clear();
        self.welcome = None;
        self.handle(Event::Closed);
        self.said.push(TabMessage::Closed);
    }

    /// Exchanges frames until none are in flight.
    pub fn pump(&mut self, server: &mut Server) {
        for _ in 0..200 {
            let frames = std::mem::take(&mut self.out);
            if frames.is_empty() {
                return;
            }
            for frame in frames {
                for answer in server.answer(frame) {
                    self.hear(answer);
                }
            }
        }
        panic!("the two sides never come to rest");
    }

    pub fn reply(&mut self, id: ConversationId, text: &str) -> MessageId {
        self.now += 10;
        self.run(|core, step| core.reply(step, id, text.into(), vec![]))
            .expect("a reply")
    }

    pub fn messages(&self, id: ConversationId) -> Vec<MessageBubble> {
        let bubbles = self.core.bubbles(id).into_iter();
        bubbles
            .filter_map(|bubble| match bubble {
                Bubble::Message(message) => Some(message),
                Bubble::Line(_) => None,
            })
            .collect()
    }

    pub fn texts(&self, id: ConversationId) -> Vec<String> {
        self.messages(id).into_iter().map(|message| message.body).collect()
    }
}
