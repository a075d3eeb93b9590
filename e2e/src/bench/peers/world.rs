//! The workspace of our side: one agent who writes in every chat, and chats of the measured lengths.

use std::{collections::HashMap, path::Path, sync::Arc};

use causerie_server::{
    access,
    clock::{Clock, random_u128},
    config::Config,
    contacts::messages,
    conversations::claim,
    demo::{self, PASSWORD},
    passwords,
    state::{App, Shared},
    store::{
        Store,
        documents::{self, StoredPush},
        places::{self, AccountRecord, WidgetSettings},
        users::{self, NewUser},
    },
};
use causerie_shared::{
    access::Access,
    conversation::transition::Event,
    document::{DocumentId, Pen, begin, timeline},
    ids::{AccountId, ConversationId, InboxId, IntentId, MessageId, UserId},
    inbox::{AccountRow, Channel, InboxRow, Member, Mode, Rules},
    message::{Author, Kind, Message},
    row::Origin,
    user::{Grants, Role},
    widget::Form,
};

/// The agent who answers in every chat.
pub const WRITER: &str = "writer@bench.test";
/// Supervisors, who see every chat of the inbox.
pub const READERS: [&str; 2] = ["reader-0@bench.test", "reader-1@bench.test"];
/// A capacity for more chats than the bench has.
const ROOM: u32 = 1_000_000;
/// No timer may be due while the bench runs, in seconds.
const LATER: u32 = 24 * 3600;

/// Chats by name, with the number of messages that each begins with.
pub type Plan = Vec<(String, usize)>;
/// Chats by name.
pub type Chats = HashMap<String, ConversationId>;

/// Fills a new database with the chats of `plan` and `idle` more (`idle-0` …), whose timelines have `messages` each.
/// Returns its address and the chats.
pub async fn furnish(folder: &Path, url: &str, plan: &Plan, idle: usize, messages: usize) -> (String, Chats) {
    let mut config = Config::for_test(folder);
    url.clone_into(&mut config.public_url);
    let address = config.database_url.clone();
    let store = Store::open(&address).await.expect("a database");
    let app = Arc::new(App::new(config, store, Clock::System).await.expect("the application"));
    demo::workspace(&app).await.expect("the demo's workspace");
    let (writer, account) = people_and_places(&app).await;
    let access = {
        let mut db = app.store.read().await.expect("a connection");
        let user = users::user(&mut db, writer).await.expect("users").expect("the writer");
        access::of(&mut db, &user).await.expect("rights")
    };
    let mut chats = Chats::new();
    for (name, messages) in plan {
        let id = chat(&app, &account, &access, name, *messages).await;
        chats.insert(name.clone(), id);
    }
    let tail = tail(messages.saturating_sub(1));
    for number in 0..idle {
        let name = format!("idle-{number}");
        let id = chat(&app, &account, &access, &name, 1).await;
        append(&app, id, &tail).await;
        chats.insert(name, id);
    }
    app.store.close().await;
    (address, chats)
}

async fn people_and_places(app: &Shared) -> (UserId, AccountRecord) {
    let now = app.clock.now();
    let Ok(hash) = passwords::hash(PASSWORD.to_owned()).await else {
        panic!("the password cannot be hashed")
    };
    let mut tx = app.store.begin_ordered().await.expect("a transaction");
    let mut members = vec![];
    let all = READERS.map(|email| (email, Role::Supervisor));
    for (email, role) in [(WRITER, Role::Agent)].into_iter().chain(all) {
        let user = NewUser {
            id: UserId::new(now, random_u128()),
            email: email.into(),
            name: email.into(),
            role,
            grants: Grants::default(),
            password: Some(hash.clone()),
            capacity: ROOM,
            created_at: now,
        };
        users::insert_user(&mut tx, &user).await.expect("a user");
        members.push(Member {
            user: user.id,
            capacity: ROOM,
        });
    }
    let writer = members[0].user;
    let inbox = InboxRow {
        id: InboxId::new(now, random_u128()),
        name: "Peers".into(),
        rules: Rules {
            mode: Mode::Broadcast,
            queue_secs: LATER,
            ..Rules::default()
        },
        members,
    };
    places::insert_inbox(&mut tx, &inbox).await.expect("an inbox");
    let account = AccountRecord {
        row: AccountRow {
            id: AccountId::new(now, random_u128()),
            inbox: inbox.id,
            channel: Channel::Web,
            name: "peers.example".into(),
            enabled: true,
            trouble: false,
            human_agent: false,
        },
        key: "peers".into(),
        config: WidgetSettings {
            title: "Peers".into(),
            origins: app.config.allowed_origins().collect(),
            form: Form::default(),
            lang: "en".into(),
        },
    };
    places::insert_account(&mut tx, &account).await.expect("an account");
    tx.commit().await.expect("the workspace is stored");
    (writer, account)
}

/// Creates a chat in which a visitor wrote `messages` messages, and lets the writer take it.
async fn chat(
    app: &Shared,
    account: &AccountRecord,
    writer: &Access,
    visitor: &str,
    messages: usize,
) -> ConversationId {
    let mut id = None;
    for number in 0..messages.max(1) {
        let incoming = messages::NewMessage {
            account: account.clone(),
            external: visitor.into(),
            cid: number.to_string(),
            text: super::text(number),
            files: vec![],
            name: None,
            email: None,
            said: None,
            origin: Origin::default(),
        };
        let accepted = messages::receive(app, incoming).await.expect("a message");
        id = Some(accepted.conversation);
    }
    let id = id.expect("at least one message");
    claim::act(app, writer, id, Event::Start, None)
        .await
        .expect("the chat is free");
    id
}

/// Messages of the server, as the changes of one document.
fn tail(messages: usize) -> Vec<Vec<u8>> {
    let mut doc = begin(DocumentId::Timeline(ConversationId::from_u128(0), 1).kind());
    let pen = Pen {
        actor: random_u128().to_be_bytes(),
        user: None,
    };
    let mut append = |number| {
        let message = Message {
            id: MessageId::new(0, random_u128()),
            author: Author::Contact,
            kind: Kind::Text,
            body: super::text(number),
            at: 0,
            reply_to: None,
            private: false,
            template: None,
            attachments: vec![],
        };
        timeline::append(&mut doc, &pen, &message).expect("a change")
    };
    (0..messages).map(&mut append).collect()
}

/// Adds changes to a timeline without their message rows, which is fast and makes no difference to the document.
async fn append(app: &Shared, chat: ConversationId, changes: &[Vec<u8>]) {
    let document = DocumentId::Timeline(chat, 1);
    let mut tx = app.store.begin_ordered().await.expect("a transaction");
    let bytes = changes.iter().map(|change| change.len() as i64).sum();
    assert!(
        documents::advance(&mut tx, document, 1, 1, bytes)
            .await
            .expect("a document"),
        "the timeline has one push"
    );
    let push = StoredPush {
        seq: 2,
        intent: IntentId::from_u128(random_u128()),
        changes: changes.to_vec(),
    };
    documents::insert_push(&mut tx, document, 1, &push)
        .await
        .expect("a push");
    tx.commit().await.expect("it is stored");
}
