//! One console without a browser: the real client core, a simulated disk, and a connection.

use std::collections::BTreeMap;

use causerie_app::{
    net::disk_key::DiskKey,
    store::{
        core::{Act, Core, DOCUMENTS, Event, Step, Stored},
        view::Bubble,
    },
};
use causerie_server::{Shared, store::feed};
use causerie_shared::{
    Millis,
    contact::Field,
    frame::{ClientFrame, Command, ServerFrame, decode, encode},
    ids::{ContactId, ConversationId, IntentId, UserId},
    intent::{Action, Queued},
    message::Author,
    user::Role,
    window::Folder,
};
use tokio_tungstenite::tungstenite::Message;

use crate::{api::Session, client::random, line::Line};

/// After this time a typing pause begins, also for text that was typed before a reload.
const REST: Millis = 4_000;
/// More turns than any exchange takes.
const TURNS: usize = 100;

/// The frames that a console received, and the feed number since which it had not known everything.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) since: i64,
    pub(super) frames: Vec<ServerFrame>,
}

pub(super) struct Desk {
    pub(super) core: Core,
    pub(super) disk: BTreeMap<DiskKey, Vec<u8>>,
    /// Pending writes to the disk, lost when the page crashes. `true` deletes the key.
    batch: BTreeMap<DiskKey, bool>,
    host: String,
    session: Session,
    skew: Millis,
    now: Millis,
    seed: u128,
    line: Option<Line>,
    /// The keys that the core asks the disk for while the page starts.
    loads: Option<Vec<DiskKey>>,
    /// Frames to send.
    out: Vec<ClientFrame>,
    /// The newest feed number when the console last knew everything.
    since: i64,
}

impl Desk {
    pub(super) fn new(number: usize, host: String, session: Session, skew: Millis) -> Self {
        let mut desk = Self {
            core: Core::new(0),
            disk: BTreeMap::new(),
            batch: BTreeMap::new(),
            host,
            session,
            skew,
            now: 0,
            seed: number as u128 + 1,
            line: None,
            loads: None,
            out: vec![],
            since: 0,
        };
        desk.start();
        desk
    }

    pub(super) fn user(&self) -> UserId {
        self.session.info.me.id
    }

    pub(super) fn name(&self) -> &str {
        &self.session.info.me.name
    }

    pub(super) fn tell_time(&mut self, server: Millis) {
        self.now = server + self.skew;
    }

    fn start(&mut self) {
        let me = self.session.info.me.clone();
        let stored = self.disk.iter().map(|(key, bytes)| (*key, bytes.clone())).collect();
        // The disk answers after one turn of the browser's event loop.
        self.loads = Some(vec![]);
        self.handle(Event::Boot(stored));
        self.run(|core, step| core.enter(step, me));
        let loads = self.loads.take().unwrap_or_default();
        self.load(&loads);
    }

    /// Reloads the page. What was only in memory is lost.
    pub(super) fn crash(&mut self) {
        self.line = None;
        self.out.clear();
        self.batch.clear();
        self.core = Core::new(self.now);
        self.start();
    }

    /// Writes the pending keys to the disk.
    pub(super) fn flush(&mut self) {
        for (key, erase) in std::mem::take(&mut self.batch) {
            match if erase { Stored::Delete } else { self.core.stored(key) } {
                Stored::Put(bytes) => drop(self.disk.insert(key, bytes)),
                Stored::Delete => drop(self.disk.remove(&key)),
                Stored::Skip => {}
            }
        }
    }

    fn run<T>(&mut self, change: impl FnOnce(&mut Core, &mut Step<'_>) -> T) -> T {
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
        for key in &effects.evict {
            self.disk.remove(key);
        }
        self.batch.extend(effects.writes);
        if effects.urgent {
            self.flush();
        }
        if self.line.is_some() {
            self.out.extend(effects.frames);
        }
        match &mut self.loads {
            Some(loads) => loads.extend(effects.load),
            None => self.load(&effects.load),
        }
        if effects.hang_up {
            self.cut();
        }
        answer
    }

    fn load(&mut self, keys: &[DiskKey]) {
        if !keys.is_empty() {
            let found = keys.iter().map(|key| (*key, self.disk.get(key).cloned()));
            let found = found.collect();
            self.handle(Event::Loaded(DOCUMENTS, found));
        }
    }

    fn handle(&mut self, event: Event) {
        self.run(|core, step| core.handle(step, event));
    }

    pub(super) fn act(&mut self, act: Act) {
        self.run(|core, step| core.act(step, act));
    }

    pub(super) fn cut(&mut self) {
        if self.line.take().is_some() {
            self.out.clear();
            self.handle(Event::Closed);
        }
    }

    pub(super) async fn connect(&mut self, app: &Shared) {
        if self.line.is_some() {
            return;
        }
        let line = Line::open(&self.host, "/api/socket", Some(&self.session.cookie)).await;
        self.since = newest(app).await;
        self.line = Some(line.expect("the server takes the socket"));
        self.handle(Event::Opened);
    }

    /// Sends the pending frames and a command without effect, and returns the command's intent, or `None` if the
    /// connection broke. When the answer to the command comes, the server has processed all earlier frames.
    async fn send(&mut self) -> Option<IntentId> {
        let line = self.line.as_mut()?;
        for frame in std::mem::take(&mut self.out) {
            line.send(Message::Binary(encode(&frame).into())).await?;
        }
        let intent = IntentId::from_u128(random());
        let question = ClientFrame::Command {
            intent,
            expect_version: None,
            body: Command::Seen(ConversationId::from_u128(0), 0),
        };
        line.send(Message::Binary(encode(&question).into())).await?;
        Some(intent)
    }

    /// Reads all frames up to the answer to a command.
    async fn hear(&mut self, question: IntentId) -> Option<Vec<ServerFrame>> {
        let line = self.line.as_mut()?;
        let mut frames = vec![];
        loop {
            let Message::Binary(bytes) = line.next().await? else {
                continue;
            };
            match decode(&bytes).expect("the server speaks our schema") {
                ServerFrame::Outcome { intent, .. } if intent == question => return Some(frames),
                frame => frames.push(frame),
            }
        }
    }

    /// Sends the pending frames, waits until the server has processed them, and breaks the connection without using the
    /// answers.
    pub(super) async fn send_and_cut(&mut self) {
        if let Some(question) = self.send().await {
            // The answers are lost with the connection.
            drop(self.hear(question).await);
        }
        self.cut();
    }

    /// Exchanges frames until neither side has more to send.
    pub(super) async fn talk(&mut self, app: &Shared) -> Heard {
        let mut heard = Heard {
            since: self.since,
            frames: vec![],
        };
        for _ in 0..TURNS {
            if self.line.is_none() {
                return heard;
            }
            let before = newest(app).await;
            let frames = match self.send().await {
                Some(question) => self.hear(question).await,
                None => None,
            };
            let Some(frames) = frames else {
                self.cut();
                return heard;
            };
            for frame in frames {
                heard.frames.push(frame.clone());
                self.handle(Event::Frame(frame));
            }
            if self.out.is_empty() {
                self.since = before;
                return heard;
            }
        }
        panic!("{} and the server never come to rest", self.name());
    }

    /// The queued intents of the outbox, from the disk.
    pub(super) fn outbox(&self) -> Vec<Queued> {
        let stored = self.disk.iter().filter(|(key, _)| matches!(key, DiskKey::Outbox(_)));
        stored.filter_map(|(_, bytes)| decode(bytes).ok()).collect()
    }

    /// Chooses "send anyway" for every reply that is held because it is stale.
    pub(super) fn answer_held(&mut self) {
        for queued in self.outbox() {
            if let Action::Reply { conversation, .. } = queued.intent.action
                && self.core.held(conversation).contains(&queued.intent.id)
            {
                self.act(Act::SendAnyway(queued.intent.id));
            }
        }
    }

    pub(super) fn first(&self, folder: Folder) -> Option<ConversationId> {
        self.core.folder(folder).into_iter().next()
    }

    pub(super) fn command(&mut self, command: Command) {
        self.act(Act::Command(command));
    }

    pub(super) fn reply(&mut self, id: ConversationId, text: &str) {
        let reply = self.run(|core, step| core.reply(step, id, text.to_owned(), vec![]));
        reply.expect("a reply");
    }

    pub(super) fn discuss(&mut self, id: ConversationId, text: &str) {
        let said = self.run(|core, step| core.discuss(step, id, text.to_owned(), vec![]));
        said.expect("a message");
    }

    /// Appends to the draft.
    pub(super) fn draft(&mut self, id: ConversationId, more: &str) {
        self.act(Act::Open(Some(id)));
        let text = format!("{}{more}", self.core.draft(id));
        self.act(Act::SetDraft(id, text));
    }

    /// Makes a typing pause, after which the draft is shared.
    pub(super) fn rest(&mut self) {
        self.now += REST;
        self.handle(Event::Tick);
        self.now -= REST;
    }

    /// Redacts the newest reply of a chat that this console's user may redact, and returns its text.
    pub(super) fn redact(&mut self, id: ConversationId) -> Option<String> {
        let (me, supervises) = (self.user(), self.session.info.me.role == Role::Supervisor);
        let newest = self.core.bubbles(id).into_iter().rev().find_map(|bubble| match bubble {
            Bubble::Message(message) => {
                let may = match message.author {
                    Author::Agent(author) => supervises || author == me,
                    Author::Contact | Author::Bot | Author::System | Author::Elsewhere => false,
                };
                (may && message.position.is_some() && !message.redacted).then_some((message.id, message.body))
            }
            Bubble::Line(_) => None,
        });
        let (message, text) = newest?;
        self.command(Command::Redact(id, message));
        Some(text)
    }

    /// Opens a chat, and returns its contact.
    fn contact(&mut self, id: ConversationId) -> Option<ContactId> {
        self.act(Act::Open(Some(id)));
        self.core.head(id).map(|head| head.contact)
    }

    pub(super) fn add_note(&mut self, id: ConversationId, text: &str) -> bool {
        let Some(contact) = self.contact(id) else { return false };
        let note = self.run(|core, step| core.add_note(step, contact, text.to_owned()));
        note.is_ok()
    }

    /// Appends to the first note of a chat's contact. Returns `false` if there is none.
    pub(super) fn edit_note(&mut self, id: ConversationId, word: &str) -> bool {
        let Some(contact) = self.contact(id) else { return false };
        let Some(base) = self.core.notes(contact).into_iter().next() else {
            return false;
        };
        let text = format!("{}{word}", base.note.text);
        self.run(|core, step| core.edit_note(step, contact, &base, &text))
            .is_ok()
    }

    pub(super) fn set_field(&mut self, id: ConversationId, field: Field, value: String) {
        if let Some(contact) = self.contact(id) {
            let set = self.run(|core, step| core.set_field(step, contact, field, Some(value)));
            set.expect("a value");
        }
    }
}

async fn newest(app: &Shared) -> i64 {
    let mut db = app.store.read().await.expect("a connection");
    feed::newest(&mut db).await.expect("the feed")
}
