//! The checks of the database after every death of the server.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

use causerie_server::store::{
    Db, Store, agent_load, conversation_events, conversations, documents,
    feed::{self, FeedKind},
    messages::{self, MessageRecord},
    places, users,
};
use causerie_shared::{
    document::{DocumentId, load, timeline},
    ids::{ConversationId, InboxId, MessageId, UserId},
    row::ConversationRow,
};

use super::{
    ledger::{Ledger, Place},
    process::DATABASE,
};

/// A limit above any possible number of rows.
const ALL: i64 = 1_000_000;

/// The number of messages in the database.
pub(super) struct Found {
    pub(super) acknowledged: usize,
    /// Stored messages that were not acknowledged to any client.
    pub(super) unacknowledged: usize,
}

/// Checks the database in `folder`.
///
/// # Panics
/// Panics if a check fails, with the reason in the message.
pub(super) async fn check(folder: &Path, ledger: &Ledger) -> Found {
    let address = format!("sqlite://{}", folder.join(DATABASE).display());
    let store = Store::open(&address).await.expect("the database can be opened");
    let mut db = store.read().await.expect("a connection");
    let heads = feed_and_heads(&mut db).await;
    let mut stored: HashMap<String, Place> = HashMap::new();
    for head in &heads {
        let rows = messages::newest(&mut db, head.id, ALL).await.expect("messages");
        whole(&mut db, head, &rows).await;
        for record in rows {
            let place = Place {
                id: record.row.id,
                position: Some(record.row.position),
            };
            let twice = stored.insert(record.body.clone(), place);
            assert!(twice.is_none(), "{} is there twice", record.body);
        }
    }
    loads_are_right(&mut db, &heads).await;
    drop(db);
    store.close().await;

    let book = ledger.book();
    for (text, told) in &book.said {
        let there = stored.get(text);
        let same = there
            .is_some_and(|there| there.id == told.id && (told.position.is_none() || told.position == there.position));
        assert!(same, "{text} was acknowledged as {told:?}, but there is {there:?}");
    }
    for text in &book.refused {
        assert!(!stored.contains_key(text), "{text} was refused and is there");
    }
    for id in &book.ended {
        let state = heads.iter().find(|head| head.id == *id).map(|head| &head.state);
        let over = state.is_some_and(|state| state.status().is_final());
        assert!(over, "the end of a chat was acknowledged, but it is {state:?}");
    }
    Found {
        acknowledged: book.said.len(),
        unacknowledged: stored.len() - book.said.len(),
    }
}

/// Checks that the feed has every number once, and returns the conversation rows that it names.
async fn feed_and_heads(db: &mut Db) -> Vec<ConversationRow> {
    let newest = feed::newest(&mut *db).await.expect("the newest number");
    let entries = feed::after(&mut *db, 0, ALL).await.expect("the feed");
    let numbers = entries.iter().map(|entry| entry.seq);
    assert!(numbers.eq(1..=newest), "the feed has gaps");
    let named: BTreeSet<ConversationId> = entries
        .iter()
        .filter(|entry| entry.kind == FeedKind::Conversation)
        .map(|entry| entry.row_id.parse().expect("an id"))
        .collect();
    let mut heads = vec![];
    for id in named {
        let head = conversations::get(&mut *db, id).await.expect("a chat");
        heads.push(head.expect("a chat that the feed names"));
    }
    heads
}

/// Checks that rows, events and documents of a chat agree, and that every author's messages are in order.
async fn whole(db: &mut Db, head: &ConversationRow, rows: &[MessageRecord]) {
    let id = head.id;
    let positions = rows.iter().map(|record| record.row.position);
    assert!(positions.eq(1..=head.position), "{id}: positions have gaps");
    let events = conversation_events::after(&mut *db, id, 0).await.expect("a journey");
    let versions = events.iter().map(|row| row.version);
    assert!(versions.eq(1..=head.version), "{id}: the journey has gaps");

    let mut latest: BTreeMap<&str, u64> = BTreeMap::new();
    for record in rows {
        let (author, number) = record.body.rsplit_once('-').expect("a text of ours");
        let number = number.parse().expect("a number");
        let before = latest.insert(author, number);
        assert!(
            before.is_none_or(|before| before < number),
            "{id}: {author} wrote {number} before {before:?}"
        );
    }
    let mut told: BTreeSet<MessageId> = BTreeSet::new();
    for segment in 1..=head.segment {
        told.extend(in_document(&mut *db, DocumentId::Timeline(id, segment)).await);
    }
    let kept: BTreeSet<MessageId> = rows.iter().map(|record| record.row.id).collect();
    assert_eq!(told, kept, "{id}: the document has other messages than the rows");
}

async fn in_document(db: &mut Db, document: DocumentId) -> Vec<MessageId> {
    let Some(record) = documents::get(&mut *db, document).await.expect("a document") else {
        return vec![];
    };
    let pushes = documents::pushes_after(&mut *db, document, record.epoch, record.snapshot_seq).await;
    let pushes = pushes.expect("its changes");
    let numbers = pushes.iter().map(|push| push.seq);
    assert!(numbers.eq(record.snapshot_seq + 1..=record.seq), "{document} has gaps");
    let changes: Vec<Vec<u8>> = pushes.into_iter().flat_map(|push| push.changes).collect();
    let doc = load(document.kind(), record.snapshot.as_deref(), &changes).expect("a document that can be read");
    timeline::ids(&doc).expect("a timeline")
}

/// Checks that every user's load is the number of chats that the user holds.
async fn loads_are_right(db: &mut Db, heads: &[ConversationRow]) {
    let mut held: HashMap<UserId, u32> = HashMap::new();
    let mut here: HashMap<(InboxId, UserId), u32> = HashMap::new();
    for head in heads {
        for user in head.state.holders() {
            *held.entry(user).or_default() += 1;
            *here.entry((head.inbox, user)).or_default() += 1;
        }
    }
    for user in users::users(&mut *db).await.expect("users") {
        let has = held.get(&user.id).copied().unwrap_or(0);
        assert_eq!(user.load, has, "{} is counted with another number of chats", user.name);
    }
    for inbox in places::inboxes(&mut *db).await.expect("inboxes") {
        for member in agent_load::candidates(&mut *db, inbox.id).await.expect("members") {
            let has = here.get(&(inbox.id, member.user)).copied().unwrap_or(0);
            assert_eq!(
                member.load.active_here, has,
                "in {} a member is counted wrongly",
                inbox.name
            );
        }
    }
}
