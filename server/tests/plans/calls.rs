//! Calls each function of the store once, on filled tables.

mod channels;
mod conversations;
mod people;

use std::future::Future;

use causerie_server::{
    clock::random_u128,
    demo::Demo,
    store::{
        Engine, Store, StoreError,
        channel_accounts::{self, ChannelAccount, Health},
        contacts, conversations as chats, folder_counts,
        messages::{self, MessageRecord},
        nodes::Work,
        test_reset,
        timers::{self, TimerRecord},
        users,
    },
};
use causerie_shared::{
    conversation::State,
    ids::{AccountId, ContactId, ConversationId, MessageId, TimerId},
    inbox::{AccountRow, Channel},
    message::{Author, Delivery, Kind, MessageRow},
    row::ConversationRow,
    timer::TimerKind,
};

use crate::common::{self, START};

/// Rows of each table that grows.
const MANY: i64 = 60;

/// The records that the calls use.
pub struct Ground {
    pub demo: Demo,
    pub engine: Engine,
    pub line: ChannelAccount,
    pub contact: ContactId,
    pub other: ContactId,
    pub chat: ConversationRow,
    pub ended: ConversationRow,
    pub message: MessageId,
}

/// Runs a call whose statement must work. Its result does not matter here.
pub async fn sent<T>(call: impl Future<Output = Result<T, StoreError>>) -> T {
    call.await.expect("a statement that works")
}

pub async fn every(store: &Store, demo: &Demo) {
    let ground = fill(store, demo).await;
    let mut tx = sent(store.begin_ordered()).await;
    people::every(&mut tx, &ground).await;
    conversations::every(&mut tx, &ground).await;
    channels::every(&mut tx, &ground).await;
    tx.commit().await.unwrap();
    let mut db = sent(store.read()).await;
    conversations::windows(&mut db, &ground).await;
    drop(sent(store.node_session(7)).await);
    // The second lock waits until the first one is released.
    for _ in 0..2 {
        drop(sent(store.cluster_lock(Work::Inbound)).await);
    }
    sent(store.notify_nodes(7)).await;
    // These calls come last, since they empty tables.
    let mut tx = sent(store.begin_ordered()).await;
    sent(test_reset::wipe(&mut tx)).await;
    sent(folder_counts::recount(&mut tx)).await;
    tx.rollback().await.unwrap();
}

fn open(demo: &Demo, line: &ChannelAccount, contact: ContactId, n: i64) -> ConversationRow {
    let ended = common::ended(&demo.advice, contact, 10_000 + n);
    ConversationRow {
        inbox: line.row.inbox,
        account: line.row.id,
        channel: line.row.channel,
        state: State::Waiting {
            since: START,
            overdue: false,
            offline: false,
        },
        ended_at: None,
        ..ended
    }
}

pub fn message(chat: &ConversationRow, author: Author, position: i64) -> MessageRecord {
    MessageRecord {
        row: MessageRow {
            id: MessageId::new(START, random_u128()),
            conversation: chat.id,
            position,
            segment: 1,
            author,
            accepted_at: START,
            said_at: None,
            delivery: Delivery::Queued,
            reason: None,
            files: vec![],
            redacted_at: None,
            extra: None,
            seq: 1,
        },
        kind: Kind::Text,
        body: "Hello".to_owned(),
        reply_to: None,
        contact: None,
        cid: None,
    }
}

pub fn timer(kind: TimerKind, subject: String) -> TimerRecord {
    TimerRecord {
        id: TimerId::new(START, random_u128()),
        kind,
        subject,
        fence: 1,
        due: START,
    }
}

fn line(demo: &Demo) -> ChannelAccount {
    ChannelAccount {
        row: AccountRow {
            id: AccountId::new(START, random_u128()),
            inbox: demo.orders.row.inbox,
            channel: Channel::FacebookComments,
            name: "Lumbre".to_owned(),
            enabled: true,
            trouble: false,
            human_agent: false,
        },
        key: "key".to_owned(),
        external: "page".to_owned(),
        secrets: String::new(),
        health: Health::default(),
    }
}

async fn fill(store: &Store, demo: &Demo) -> Ground {
    let contact = common::contact(store).await;
    let other = common::contact(store).await;
    let mut tx = sent(store.begin_ordered()).await;
    let line = line(demo);
    sent(channel_accounts::insert(&mut tx, &line)).await;
    let mut first: Option<(ConversationRow, ConversationRow, MessageId)> = None;
    for n in 0..MANY {
        sent(contacts::add_identity(
            &mut tx,
            line.row.id,
            &format!("person {n}"),
            contact,
        ))
        .await;
        let over = common::ended(&demo.orders, contact, n);
        let chat = open(demo, &line, contact, n);
        sent(chats::insert(&mut tx, &over)).await;
        sent(chats::insert(&mut tx, &chat)).await;
        let written = message(&chat, Author::Agent(demo.ana), 1);
        sent(messages::insert(&mut tx, &written)).await;
        sent(timers::set(
            &mut tx,
            &timer(TimerKind::Queue, ConversationId::from_u128(n as u128).to_string()),
        ))
        .await;
        first.get_or_insert((chat, over, written.row.id));
    }
    sent(users::users(&mut tx)).await;
    tx.commit().await.unwrap();
    let (chat, ended, message) = first.expect("a chat");
    Ground {
        demo: Demo {
            ana: demo.ana,
            ben: demo.ben,
            advice: demo.advice.clone(),
            orders: demo.orders.clone(),
        },
        engine: store.engine(),
        line,
        contact,
        other,
        chat,
        ended,
        message,
    }
}
