//! Helpers for the attacks.

use automerge::{Automerge, Change, ExpandedChange, legacy};
use causerie_e2e::{
    Stage,
    client::{Client, random},
    visitor::Visitor,
};
use causerie_shared::{
    document::{self, DocumentId, Pen, begin, timeline},
    frame::{ClientFrame, Command, Part, ServerFrame},
    ids::{ConversationId, IntentId, MessageId, UserId},
    message::{Author, Kind, Message},
    refusal::{Code, Refusal},
};

/// A chat that Ana has, its visitor, and Ana's client.
pub struct Desk {
    pub visitor: Visitor,
    pub chat: ConversationId,
    pub ana: Client,
    pub replica: Replica,
}

/// A client's replica of a document.
pub struct Replica {
    pub id: DocumentId,
    pub epoch: u32,
    pub doc: Automerge,
}

pub fn pen(user: UserId) -> Pen {
    Pen {
        actor: random().to_be_bytes(),
        user: Some(user),
    }
}

/// Creates a chat in the common queue, lets Ana take it, and opens its timeline.
pub async fn desk(stage: &Stage) -> Desk {
    let mut visitor = stage.orders_visitor().await;
    let chat = visitor.start("Lucia", "My lamp hums").await;
    let mut ana = stage.client("ana@demo.test").await;
    ana.command(Command::Start(chat)).await.expect("nobody else wants it");
    let replica = open(&mut ana, DocumentId::Timeline(chat, 1)).await;
    Desk {
        visitor,
        chat,
        ana,
        replica,
    }
}

/// Opens a document and reads it completely.
pub async fn open(client: &mut Client, id: DocumentId) -> Replica {
    let known = client.frames().len();
    client
        .send(&ClientFrame::Open {
            document: id,
            have: None,
            rows_after: 0,
        })
        .await;
    let mut replica = Replica {
        id,
        epoch: 0,
        doc: begin(id.kind()),
    };
    let part = after(client, known, "a document", |frame| match frame {
        // An earlier change may still be in transit. The whole document begins at 0.
        ServerFrame::Part(part) if part.document == id && part.from == 0 => Some(part.clone()),
        _ => None,
    })
    .await;
    replica.take(&part);
    replica
}

/// Returns the first value that `look` finds, as [`Client::until`] does, in frames after the first `known` ones.
pub async fn after<T>(
    client: &mut Client,
    known: usize,
    what: &str,
    mut look: impl FnMut(&ServerFrame) -> Option<T>,
) -> T {
    if let Some(found) = client.frames()[known..].iter().find_map(&mut look) {
        return found;
    }
    loop {
        if let Some(found) = look(client.next(what).await) {
            return found;
        }
    }
}

/// Sends a push and waits for the answer: the sequence number and the changes that the server had stored, or the
/// refusal.
pub async fn push(
    client: &mut Client,
    document: DocumentId,
    epoch: u32,
    intent: IntentId,
    changes: Vec<Vec<u8>>,
) -> Result<(i64, Vec<Vec<u8>>), Refusal> {
    let known = client.frames().len();
    client
        .send(&ClientFrame::Push {
            document,
            epoch,
            intent,
            changes,
        })
        .await;
    after(client, known, "an answer to a push", |frame| match frame {
        ServerFrame::Applied {
            intent: its,
            seq,
            changes,
            ..
        } if *its == intent => Some(Ok((*seq, changes.clone()))),
        ServerFrame::Refused {
            intent: its, refusal, ..
        } if *its == intent => Some(Err(refusal.clone())),
        _ => None,
    })
    .await
}

impl Replica {
    pub fn take(&mut self, part: &Part) {
        if part.epoch != self.epoch {
            self.doc = document::load(self.id.kind(), part.snapshot.as_deref(), &part.changes).expect("readable");
            self.epoch = part.epoch;
        } else {
            document::apply(&mut self.doc, &part.changes).expect("changes that fit");
        }
    }

    pub fn texts(&self) -> Vec<String> {
        let ids = timeline::ordered(&self.doc).expect("a timeline");
        let said = |id| timeline::get(&self.doc, id).expect("a timeline").expect("a message");
        ids.into_iter().map(|id| said(id).body).collect()
    }

    /// A message of the pen's user, made on a copy: the replica stays as the server confirmed it.
    pub fn message(&self, pen: &Pen, text: &str) -> (MessageId, Vec<u8>) {
        let message = message(pen.user.expect("a user"), text);
        let change = timeline::append(&mut self.doc.clone(), pen, &message).expect("a change");
        (message.id, change)
    }
}

pub fn message(user: UserId, text: &str) -> Message {
    Message {
        id: MessageId::new(0, random()),
        author: Author::Agent(user),
        kind: Kind::Text,
        body: text.into(),
        at: 0,
        reply_to: None,
        private: false,
        template: None,
        attachments: vec![],
    }
}

/// Decodes a change, modifies it with `bend` and encodes it again with a correct checksum.
pub fn bent(bytes: &[u8], bend: impl FnOnce(&mut ExpandedChange)) -> Vec<u8> {
    let mut expanded = document::parse(bytes).expect("a change").decode();
    bend(&mut expanded);
    expanded.hash = None;
    Change::from(expanded).raw_bytes().to_vec()
}

/// Moves a change's operations to begin at `start`, together with its references to itself.
pub fn moved(change: &mut ExpandedChange, start: u64) {
    let old = change.start_op.get();
    change.start_op = start.try_into().expect("not 0");
    for op in &mut change.operations {
        if let legacy::ObjectId::Id(id) = &mut op.obj
            && id.1 == change.actor_id
        {
            id.0 = id.0 - old + start;
        }
    }
}

/// Checks that an attack had no effect: the attacker's socket works, an honest reply is stored and reaches the
/// customer, and the database contains only `before` and this reply.
pub async fn goes_on(stage: &Stage, desk: &mut Desk, before: &[&str]) {
    let user = desk.ana.me.id;
    let (id, change) = desk.replica.message(&pen(user), "All is well");
    push(
        &mut desk.ana,
        desk.replica.id,
        desk.replica.epoch,
        id.into(),
        vec![change],
    )
    .await
    .expect("an honest reply");
    desk.visitor.hears("All is well").await;
    let texts: Vec<String> = stage
        .server
        .texts(desk.chat)
        .await
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    assert_eq!(texts, [before, &["All is well"]].concat());
    let fresh = open(&mut desk.ana, desk.replica.id).await;
    let mut shown = fresh.texts();
    let mut stored = texts;
    shown.sort();
    stored.sort();
    assert_eq!(shown, stored, "a new replica agrees with the rows");
}

/// Sends one change by Ana, which must be refused with `code`.
pub async fn refused(desk: &mut Desk, change: Vec<u8>, code: Code) {
    let (id, epoch) = (desk.replica.id, desk.replica.epoch);
    let answer = push(&mut desk.ana, id, epoch, IntentId::from_u128(random()), vec![change]).await;
    assert_eq!(answer.map_err(|refusal| refusal.code), Err(code));
}
