//! Simulated days: consoles without browsers, each with the real client core and its own simulated disk, use the real
//! server while connections break, pages crash and the server restarts.
//!
//! At every calm moment all copies agree, every intent was applied once or is shown as refused, and no console holds
//! what its user may not see. The server never sends anything to a user who may not see it at that time.

mod desk;
mod verdict;

use std::time::Duration;

use causerie_server::{
    contacts::messages::{self, NewMessage},
    demo::{KEY, ORDERS_KEY},
    store::places,
};
use causerie_shared::{
    contact::Field, document::segment::SEGMENT_BYTES, frame::Command, ids::ConversationId, row::Origin, window::Folder,
};

use crate::{api, server::Server, wait::TIMEOUT};
use desk::Desk;

/// The users at the consoles, and how far their clocks are from the server's, in milliseconds (`docs/sync.md#failures`,
/// 20).
const PEOPLE: [(&str, i64); 3] = [
    ("ana@demo.test", 0),
    ("ben@demo.test", 86_400_000),
    ("sup@demo.test", -3_600_000),
];
/// Bytes of a long message.
const LONG: usize = 15 * 1024;
/// Number of consoles.
pub const DESKS: usize = PEOPLE.len();
/// Number of visitors.
pub const VISITORS: usize = 4;

/// A step of a day. `desk` and `visitor` are indexes into their lists.
#[derive(Debug, Clone)]
pub enum Happening {
    /// A visitor writes: those with an even index to the inbox that offers chats, the others to the one with a queue.
    Ask {
        visitor: usize,
    },
    /// A visitor writes so much that the segment of their chat is sealed.
    Fill {
        visitor: usize,
    },
    Connect {
        desk: usize,
    },
    /// The connection breaks, and everything in transit is lost.
    Cut {
        desk: usize,
    },
    /// The pending frames are sent and arrive, and the connection breaks before an answer.
    LoseAnswers {
        desk: usize,
    },
    /// Both sides exchange frames until neither has more to send.
    Talk {
        desk: usize,
    },
    /// The page crashes. What was not written to its disk yet is lost.
    Crash {
        desk: usize,
    },
    /// The pending writes reach the disk.
    Flush {
        desk: usize,
    },
    /// Takes the first offered chat, or else the first chat of the queue.
    Take {
        desk: usize,
    },
    Decline {
        desk: usize,
    },
    Reply {
        desk: usize,
    },
    /// Appends to the shared draft of a reply, which is sent when typing pauses.
    Draft {
        desk: usize,
    },
    /// Writes to the internal discussion.
    Discuss {
        desk: usize,
    },
    /// Redacts the newest reply that the console's user may redact.
    Redact {
        desk: usize,
    },
    AddNote {
        desk: usize,
    },
    EditNote {
        desk: usize,
    },
    SetField {
        desk: usize,
    },
    End {
        desk: usize,
    },
    /// The server stops and starts again.
    Restart,
    /// Time passes, and timers fire.
    Wait {
        seconds: u64,
    },
    /// Every console reconnects and exchanges all frames; then everything is checked.
    Calm,
}

/// A simulated day.
struct Day {
    server: Server,
    desks: Vec<Desk>,
    /// Number of the visitors' texts so far.
    asked: usize,
    work: Work,
}

/// The texts that users wrote, with their consoles. Each text is a word that occurs nowhere else.
#[derive(Default)]
struct Work {
    replies: Vec<(usize, String)>,
    discussed: Vec<(usize, String)>,
    words: Vec<(usize, String)>,
    /// Replies that a user redacted.
    redacted: Vec<String>,
}

/// Runs a schedule.
///
/// # Panics
/// Panics if a rule does not hold, with the rule in the message.
pub async fn run(schedule: &[Happening]) {
    let server = Server::start().await;
    let mut desks = vec![];
    for (number, (email, skew)) in PEOPLE.into_iter().enumerate() {
        let session = api::sign_in(&server.host(), email, causerie_server::demo::PASSWORD).await;
        let session = session.expect("the sign-in is right");
        desks.push(Desk::new(number, server.host(), session, skew));
    }
    let mut day = Day {
        server,
        desks,
        asked: 0,
        work: Work::default(),
    };
    for happening in morning().iter().chain(schedule) {
        day.happens(happening).await;
    }
    day.calm().await;
    for desk in &mut day.desks {
        desk.cut();
    }
    day.server.stop().await;
}

/// The beginning of every day: the visitors write, and every console that can take a chat does so and answers.
fn morning() -> Vec<Happening> {
    let asked = (0..VISITORS).map(|visitor| Happening::Ask { visitor });
    let begun = (0..DESKS).flat_map(|desk| {
        [
            Happening::Connect { desk },
            Happening::Talk { desk },
            Happening::Take { desk },
            Happening::Talk { desk },
            Happening::Reply { desk },
            Happening::Talk { desk },
        ]
    });
    asked.chain(begun).collect()
}

impl Day {
    async fn happens(&mut self, happening: &Happening) {
        let now = self.server.app().await.clock.now();
        for desk in &mut self.desks {
            desk.tell_time(now);
        }
        match *happening {
            Happening::Ask { visitor } => self.ask(visitor, "").await,
            Happening::Fill { visitor } => {
                // A change contains little besides its text.
                for _ in 0..=SEGMENT_BYTES / LONG as i64 {
                    self.ask(visitor, &"x".repeat(LONG)).await;
                }
            }
            Happening::Connect { desk } => self.connect(desk).await,
            Happening::Cut { desk } => self.desks[desk].cut(),
            Happening::LoseAnswers { desk } => {
                self.connect(desk).await;
                self.desks[desk].send_and_cut().await;
            }
            Happening::Talk { desk } => self.talk(desk).await,
            Happening::Crash { desk } => self.desks[desk].crash(),
            Happening::Flush { desk } => self.desks[desk].flush(),
            Happening::Take { desk } => {
                if let Some(id) = self.desks[desk].first(Folder::Engaged) {
                    self.desks[desk].command(Command::Accept(id));
                } else if let Some(id) = self.desks[desk].first(Folder::Queue) {
                    self.desks[desk].command(Command::Start(id));
                }
            }
            Happening::Decline { desk } => {
                if let Some(id) = self.desks[desk].first(Folder::Engaged) {
                    self.desks[desk].command(Command::Decline(id));
                }
            }
            Happening::Reply { desk } => {
                if let Some(id) = self.desks[desk].first(Folder::Mine) {
                    let text = format!("(reply{})", self.work.replies.len());
                    self.desks[desk].reply(id, &text);
                    self.work.replies.push((desk, text));
                }
            }
            Happening::Draft { desk } => {
                if let Some(id) = self.desks[desk].first(Folder::Mine) {
                    self.desks[desk].draft(id, "word ");
                }
            }
            Happening::Discuss { desk } => {
                if let Some(id) = self.chat(desk) {
                    let text = format!("(aside{})", self.work.discussed.len());
                    self.desks[desk].discuss(id, &text);
                    self.work.discussed.push((desk, text));
                }
            }
            Happening::Redact { desk } => {
                if let Some(id) = self.chat(desk)
                    && let Some(text) = self.desks[desk].redact(id)
                {
                    self.work.redacted.push(text);
                }
            }
            Happening::AddNote { desk } => {
                if let Some(id) = self.chat(desk) {
                    let word = format!("<{}>", self.work.words.len());
                    if self.desks[desk].add_note(id, &word) {
                        self.work.words.push((desk, word));
                    }
                }
            }
            Happening::EditNote { desk } => {
                if let Some(id) = self.chat(desk) {
                    let word = format!("<{}>", self.work.words.len());
                    if self.desks[desk].edit_note(id, &word) {
                        self.work.words.push((desk, word));
                    }
                }
            }
            Happening::SetField { desk } => {
                if let Some(id) = self.chat(desk) {
                    let value = format!("City {}", self.work.words.len());
                    self.desks[desk].set_field(id, Field::City, value);
                }
            }
            Happening::End { desk } => {
                if let Some(id) = self.desks[desk].first(Folder::Mine) {
                    self.desks[desk].command(Command::End(id));
                }
            }
            Happening::Restart => {
                self.desks.iter_mut().for_each(Desk::cut);
                self.server.restart().await;
            }
            Happening::Wait { seconds } => self.server.advance(Duration::from_secs(seconds)),
            Happening::Calm => self.calm().await,
        }
    }

    /// A chat that the console's user may write about.
    fn chat(&self, desk: usize) -> Option<ConversationId> {
        let desk = &self.desks[desk];
        [Folder::Mine, Folder::Engaged, Folder::History, Folder::Queue]
            .into_iter()
            .find_map(|folder| desk.first(folder))
    }

    async fn ask(&mut self, visitor: usize, more: &str) {
        let app = self.server.app().await;
        let key = [KEY, ORDERS_KEY][visitor % 2];
        let mut db = app.store.read().await.expect("a connection");
        let account = places::account_by_key(&mut db, key).await.expect("an account");
        drop(db);
        self.asked += 1;
        let incoming = NewMessage {
            account: account.expect("the demo's account"),
            external: format!("visitor {visitor}"),
            cid: self.asked.to_string(),
            text: format!("question{}{more}", self.asked),
            files: vec![],
            name: None,
            email: None,
            said: None,
            origin: Origin::default(),
        };
        messages::receive(&app, incoming).await.expect("a stored message");
    }

    async fn connect(&mut self, desk: usize) {
        let app = self.server.app().await;
        self.desks[desk].connect(&app).await;
    }

    async fn talk(&mut self, desk: usize) {
        let app = self.server.app().await;
        let heard = self.desks[desk].talk(&app).await;
        verdict::may_be_told(&app, &self.desks[desk], &heard).await;
    }

    /// Exchanges all frames, then checks everything.
    async fn calm(&mut self) {
        let deadline = tokio::time::Instant::now() + TIMEOUT;
        loop {
            for desk in 0..self.desks.len() {
                self.connect(desk).await;
                self.talk(desk).await;
                self.desks[desk].flush();
                self.desks[desk].answer_held();
                self.desks[desk].rest();
            }
            let wrong = self.wrong().await;
            let Err(wrong) = wrong else { return };
            // Workers of the server may still have something to send.
            assert!(tokio::time::Instant::now() < deadline, "{wrong}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn wrong(&mut self) -> Result<(), String> {
        let app = self.server.app().await;
        for desk in &mut self.desks {
            if desk.core.unsent() != desk.core.undelivered().len() {
                return Err(format!("{} has unsent work: {:?}", desk.name(), desk.outbox()));
            }
            verdict::agrees(&app, desk).await?;
        }
        verdict::once_or_refused(&app, &self.desks, &self.work).await
    }
}
