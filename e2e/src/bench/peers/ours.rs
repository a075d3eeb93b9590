//! The compared load on our own server.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use automerge::Automerge;
use causerie_server::demo::PASSWORD;
use causerie_shared::{
    document::{DocumentId, Pen, apply, load, segment::SEGMENT_MESSAGES, timeline},
    frame::{ClientFrame, DocumentCursor, Part, ServerFrame},
    ids::{IntentId, MessageId, UserId},
    message::{Author, Kind, Message},
    row::Row,
};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, JoinSet},
    time::{sleep, sleep_until, timeout},
};

use super::{
    super::server::Released,
    line::{Kept, Line},
    world::{self, Chats},
};
use crate::{api, client::random};

/// How long to wait at most for messages in transit, the same as for the peers.
const LATE: Duration = Duration::from_secs(20);

/// The writer's replica of a document.
struct Replica {
    doc: Automerge,
    epoch: u32,
    seq: i64,
}

impl Replica {
    fn of(part: &Part) -> Self {
        Self {
            doc: load(part.document.kind(), part.snapshot.as_deref(), &part.changes).expect("a document"),
            epoch: part.epoch,
            seq: part.to,
        }
    }
}

/// The messages that reached the followers: the number of a message, and its time of arrival.
type Arrivals = mpsc::UnboundedReceiver<(usize, Instant)>;

struct Group {
    documents: Vec<DocumentId>,
    followers: Vec<JoinHandle<()>>,
    arrivals: Arrivals,
}

/// Our server and the load on it.
pub struct Ours {
    pub server: Released,
    chats: Chats,
    me: UserId,
    pen: Pen,
    cookies: Vec<String>,
    writer: mpsc::UnboundedSender<ClientFrame>,
    /// How many of the writer's pushes were answered, and how many of those were refused.
    answers: Arc<Mutex<(usize, usize)>>,
    parts: mpsc::UnboundedReceiver<Part>,
    replicas: HashMap<DocumentId, Replica>,
    groups: HashMap<String, Group>,
    remembered: HashMap<String, (Kept, Part)>,
    next: usize,
}

impl Ours {
    /// Signs all users in and connects the writer.
    pub async fn start(server: Released, chats: Chats) -> Self {
        let session = api::sign_in(&server.host, world::WRITER, PASSWORD)
            .await
            .expect("a sign-in");
        let me = session.info.me.id;
        let line = Line::open(&server.host, &session.cookie, Kept::default(), vec![]).await;
        let mut cookies = vec![];
        for reader in world::READERS {
            cookies.push(
                api::sign_in(&server.host, reader, PASSWORD)
                    .await
                    .expect("a sign-in")
                    .cookie,
            );
        }
        let answers = Arc::<Mutex<(usize, usize)>>::default();
        let (out, parts) = mpsc::unbounded_channel();
        let count = Arc::clone(&answers);
        let (writer, _) = line.run(move |frame| {
            let mut count = count.lock().expect("nobody panics while holding it");
            match frame {
                ServerFrame::Part(part) => out.send(part).unwrap_or_default(),
                ServerFrame::Applied { .. } => count.0 += 1,
                ServerFrame::Refused { .. } => *count = (count.0 + 1, count.1 + 1),
                _ => {}
            }
        });
        Self {
            server,
            chats,
            me,
            pen: Pen {
                actor: random().to_be_bytes(),
                user: Some(me),
            },
            cookies,
            writer,
            answers,
            parts,
            replicas: HashMap::new(),
            groups: HashMap::new(),
            remembered: HashMap::new(),
            next: 0,
        }
    }

    fn document(&self, name: &str) -> DocumentId {
        DocumentId::Timeline(self.chats[name], 1)
    }

    fn cookie(&self, number: usize) -> &str {
        &self.cookies[number % self.cookies.len()]
    }

    fn answers(&self) -> (usize, usize) {
        *self.answers.lock().expect("nobody panics while holding it")
    }

    /// The writer's replica of a document, which is opened if it is not open yet.
    async fn replica(&mut self, document: DocumentId) -> &mut Replica {
        if !self.replicas.contains_key(&document) {
            let open = ClientFrame::Open {
                document,
                have: None,
                rows_after: 0,
            };
            self.writer.send(open).expect("the writer is connected");
            let part = self.parts.recv().await.expect("the writer is connected");
            assert_eq!(part.document, document, "nobody else writes");
            self.replicas.insert(document, Replica::of(&part));
        }
        self.replicas.get_mut(&document).expect("it was just put there")
    }

    /// Sends a message, and returns its number.
    async fn append(&mut self, document: DocumentId, author: UserId) -> usize {
        let number = self.next;
        self.next += 1;
        let id = MessageId::new(0, random());
        let message = Message {
            id,
            author: Author::Agent(author),
            kind: Kind::Text,
            body: super::text(number),
            at: 0,
            reply_to: None,
            private: false,
            template: None,
            attachments: vec![],
        };
        let pen = self.pen.clone();
        let replica = self.replica(document).await;
        let change = timeline::append(&mut replica.doc, &pen, &message).expect("a change");
        let push = ClientFrame::Push {
            document,
            epoch: replica.epoch,
            intent: IntentId::from(id),
            changes: vec![change],
        };
        self.writer.send(push).expect("the writer is connected");
        number
    }

    /// Waits until the server has answered `count` pushes in total.
    async fn answered(&self, count: usize) {
        while self.answers().0 < count {
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// Fills a document with messages, as fast as the server accepts them.
    pub async fn fill(&mut self, name: &str, messages: usize) {
        let document = self.document(name);
        let before = self.answers().0;
        for _ in 0..messages {
            self.append(document, self.me).await;
        }
        self.answered(before + messages).await;
        assert_eq!(self.answers().1, 0, "everything is taken");
    }

    /// Connects clients, spread over the documents `<group>-0` …. The first client of each document is the writer.
    pub async fn join(&mut self, group: &str, clients: usize, documents: usize) {
        let documents: Vec<_> = (0..documents).map(|n| self.document(&format!("{group}-{n}"))).collect();
        let (put, arrivals) = mpsc::unbounded_channel();
        let mut followers = vec![];
        for number in documents.len()..clients {
            let document = documents[number % documents.len()];
            let mut line = Line::open(&self.server.host, self.cookie(number), Kept::default(), vec![]).await;
            line.follow(document).await;
            let put = put.clone();
            let (_, task) = line.run(move |frame| {
                let ServerFrame::Part(part) = frame else { return };
                let now = Instant::now();
                for mark in part.changes.iter().filter_map(|change| super::mark(change)) {
                    put.send((mark, now)).unwrap_or_default();
                }
            });
            followers.push(task);
        }
        for document in &documents {
            self.replica(*document).await;
        }
        let group_of = Group {
            documents,
            followers,
            arrivals,
        };
        self.groups.insert(group.into(), group_of);
    }

    /// Sends messages at a pace, and returns how long each took to each follower, in ms.
    pub async fn write(&mut self, group: &str, messages: usize, pace: Duration) -> Vec<f64> {
        let mut group = self.groups.remove(group).expect("a group that joined");
        let wanted = messages * group.followers.len() / group.documents.len();
        let mut sent = HashMap::new();
        let begun = tokio::time::Instant::now();
        for number in 0..messages {
            sleep_until(begun + pace * number as u32).await;
            let now = Instant::now();
            let document = group.documents[number % group.documents.len()];
            sent.insert(self.append(document, self.me).await, now);
        }
        let mut took = vec![];
        let all = async {
            while took.len() < wanted {
                let (mark, at) = group.arrivals.recv().await.expect("the followers are there");
                if let Some(sent) = sent.get(&mark) {
                    took.push(millis(at.duration_since(*sent)));
                }
            }
        };
        // A message that did not come in time counts as infinite.
        let in_time = timeout(LATE, all).await.is_ok();
        assert!(in_time || took.len() < wanted, "all came in time, or some are missing");
        took.resize(wanted, f64::INFINITY);
        group.followers.iter().for_each(JoinHandle::abort);
        took
    }

    async fn fresh(&self, document: DocumentId, messages: usize) -> (Line, Part) {
        let mut line = Line::open(&self.server.host, self.cookie(0), Kept::default(), vec![]).await;
        let part = line.follow(document).await;
        // The chat's rows come after its document; only together they are the conversation.
        let mut rows = 0;
        while rows == 0 {
            if let ServerFrame::Rows { upserts, .. } = line.next().await {
                rows = upserts.iter().filter(|row| matches!(row, Row::Message(_))).count();
            }
        }
        let doc = Replica::of(&part).doc;
        let ids = timeline::ids(&doc).expect("a timeline");
        assert!(ids.len() >= messages, "the timeline has {messages} messages");
        (line, part)
    }

    /// Opens a conversation on a new client: its newest segment, as the console does. Returns the times in ms.
    pub async fn open(&mut self, name: &str, messages: usize, times: usize) -> Vec<f64> {
        let full = (messages - 1) / SEGMENT_MESSAGES as usize;
        let document = DocumentId::Timeline(self.chats[name], full as u32 + 1);
        let mut took = vec![];
        for _ in 0..times {
            let begun = Instant::now();
            self.fresh(document, messages - full * SEGMENT_MESSAGES as usize).await;
            took.push(millis(begun.elapsed()));
        }
        took
    }

    /// Keeps a client's present copy of a document for [`Self::back`].
    pub async fn remember(&mut self, name: &str) {
        let (line, part) = self.fresh(self.document(name), 1).await;
        self.remembered.insert(name.into(), (line.kept, part));
    }

    /// Reconnects with the remembered copy and waits for all later messages. Returns the times in ms.
    pub async fn back(&mut self, name: &str, times: usize) -> Vec<f64> {
        let (kept, part) = self.remembered.get(name).expect("it was remembered");
        let count = timeline::ids(&self.replicas[&part.document].doc)
            .expect("a timeline")
            .len();
        let mut took = vec![];
        for _ in 0..times {
            let mut replica = Replica::of(part);
            let begun = Instant::now();
            let have = vec![cursor(part.document, &replica)];
            let mut line = Line::open(&self.server.host, self.cookie(0), *kept, have).await;
            let since = line.part(part.document).await;
            apply(&mut replica.doc, &since.changes).expect("changes");
            took.push(millis(begun.elapsed()));
            let ids = timeline::ids(&replica.doc).expect("a timeline");
            assert_eq!(ids.len(), count, "everything came");
        }
        took
    }

    /// Lets many clients reconnect at once, each with its replica. Returns the times in ms.
    pub async fn crowd(&mut self, name: &str, clients: usize) -> Vec<f64> {
        let (line, part) = self.fresh(self.document(name), 1).await;
        let (kept, have) = (line.kept, cursor(part.document, &Replica::of(&part)));
        drop(line);
        let begun = Instant::now();
        let mut crowd = JoinSet::new();
        for number in 0..clients {
            let (host, cookie) = (self.server.host.clone(), self.cookie(number).to_owned());
            crowd.spawn(async move {
                let mut line = Line::open(&host, &cookie, kept, vec![have]).await;
                line.part(have.document).await;
                (millis(begun.elapsed()), line)
            });
        }
        // All connections stay open until the last one is complete.
        crowd.join_all().await.into_iter().map(|(took, _)| took).collect()
    }

    /// Opens the documents `idle-0` … and leaves them and the returned connection open.
    pub async fn idle(&mut self, documents: usize) -> Line {
        let mut line = Line::open(&self.server.host, self.cookie(0), Kept::default(), vec![]).await;
        for number in 0..documents {
            line.follow(self.document(&format!("idle-{number}"))).await;
        }
        line
    }

    /// The resident memory of the server, in MB.
    pub async fn resident_megabytes(&self) -> f64 {
        sleep(super::SETTLE).await;
        self.server.resident_megabytes()
    }

    /// Sends a message in the name of another user, and returns whether the server refuses it.
    pub async fn forbidden(&mut self, name: &str) -> bool {
        let before = self.answers();
        let document = self.document(name);
        self.append(document, UserId::from_u128(random())).await;
        self.answered(before.0 + 1).await;
        self.replicas.remove(&document);
        self.answers().1 == before.1 + 1
    }
}

fn cursor(document: DocumentId, replica: &Replica) -> DocumentCursor {
    DocumentCursor {
        document,
        epoch: replica.epoch,
        seq: replica.seq,
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
