//! One console: a core, a disk that keeps what was written, and a line that can be cut.

use std::collections::BTreeMap;

use causerie_shared::{
    Millis,
    frame::{ClientFrame, ServerFrame},
    ids::{ConversationId, MessageId},
};

use super::{me, server::Server};
use crate::store::{
    core::{Act, Core, DiskKey, Event, Step, Stored},
    view::{Bubble, MessageBubble},
};

pub(in crate::store::core) struct Desk {
    pub core: Core,
    pub disk: BTreeMap<DiskKey, Vec<u8>>,
    pub now: Millis,
    seed: u128,
    pub connected: bool,
    /// Frames on their way to the server.
    pub out: Vec<ClientFrame>,
}

impl Desk {
    /// A new device on which Ana signed in.
    pub fn new() -> Self {
        let mut desk = Self {
            core: Core::new(1_000),
            disk: BTreeMap::new(),
            now: 1_000,
            seed: 7,
            connected: false,
            out: vec![],
        };
        desk.start();
        desk
    }

    /// The page is loaded anew: what was in memory is gone.
    pub fn reload(&mut self) {
        self.now += 1_000;
        self.core = Core::new(self.now);
        self.connected = false;
        self.out.clear();
        self.start();
    }

    fn start(&mut self) {
        self.run(|core, step| core.enter(step, me()));
        let stored = self.disk.iter().map(|(key, bytes)| (*key, bytes.clone())).collect();
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
        for key in effects.dirty {
            match self.core.stored(key) {
                Stored::Put(bytes) => {
                    self.disk.insert(key, bytes);
                }
                Stored::Delete => {
                    self.disk.remove(&key);
                }
                Stored::Skip => {}
            }
        }
        effects.erase.iter().for_each(|key| {
            self.disk.remove(key);
        });
        if self.connected {
            self.out.extend(effects.frames);
        }
        if !effects.load.is_empty() {
            let found = effects
                .load
                .iter()
                .map(|key| (*key, self.disk.get(key).cloned()))
                .collect();
            self.handle(Event::Loaded(found));
        }
        answer
    }

    pub fn handle(&mut self, event: Event) {
        self.run(|core, step| core.handle(step, event));
    }

    pub fn act(&mut self, act: Act) {
        self.run(|core, step| core.act(step, act));
    }

    pub fn hear(&mut self, frame: ServerFrame) {
        self.handle(Event::Frame(frame));
    }

    pub fn connect(&mut self, server: &mut Server) {
        self.connected = true;
        self.handle(Event::Opened);
        self.pump(server);
    }

    /// The line is cut; what is on its way is lost.
    pub fn cut(&mut self) {
        self.connected = false;
        self.out.clear();
        self.handle(Event::Closed);
    }

    /// Lets both sides talk until nothing is on its way.
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
