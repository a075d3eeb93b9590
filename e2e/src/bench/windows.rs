//! What a first list and a reconnect cost with few and with many chats.

use std::time::{Duration, Instant};

use causerie_server::{
    clock::random_u128,
    demo::PASSWORD,
    store::{
        Store,
        contacts::{self, ContactRecord},
        conversations,
        places::{self, AccountRecord},
    },
};
use causerie_shared::{
    conversation::{EndReason, State},
    frame::ServerFrame,
    ids::{ContactId, ConversationId},
    message::{Author, Kind},
    row::{ConversationRow, Origin, Preview},
    window::Folder,
};

use super::{figures, server::Released, workspace};
use crate::{api, client::Client};

const ROUNDS: usize = 20;
const SIZES: [i64; 2] = [1_000, 100_000];
/// When the first of the old chats ended, in ms since the epoch.
const LONG_AGO: i64 = 1_600_000_000_000;

/// Prints both times for 1,000 and for 100,000 ended chats, and returns the server with the latter.
///
/// # Panics
/// Panics if the server does not work.
pub async fn print() -> Released {
    let server = Released::start().await;
    let store = Store::open(&server.database).await.expect("the database");
    let mut there = 0;
    for size in SIZES {
        fill(&store, there..size).await;
        there = size;
        let (mut first, mut again) = (vec![], vec![]);
        for _ in 0..ROUNDS {
            let (time, cursor, grants) = lists(&server.host, None, 0).await;
            first.push(time);
            again.push(lists(&server.host, cursor, grants).await.0);
        }
        figures::print_median(&format!("first list with {size} conversations"), first);
        figures::print_median(&format!("reconnect with {size} conversations"), again);
    }
    store.close().await;
    server
}

/// Sends the hello and requests the first window of every folder. Returns the time, and the cursor and grants for a
/// reconnect.
async fn lists(host: &str, cursor: Option<i64>, grants: u64) -> (Duration, Option<i64>, u64) {
    let session = api::sign_in(host, &workspace::email(0), PASSWORD).await;
    let Ok(session) = session else {
        panic!("the sign-in was refused")
    };
    let began = Instant::now();
    let mut client = Client::resume(host, session, cursor, grants, vec![]).await;
    for folder in Folder::ALL {
        client.folder(folder).await;
    }
    let took = began.elapsed();
    let (cursor, grants) = client
        .until("the welcome", |frame| match frame {
            ServerFrame::Welcome { cursor, grants, .. } => Some((*cursor, *grants)),
            _ => None,
        })
        .await;
    (took, Some(cursor), grants)
}

/// Stores ended chats in the bench's inbox.
async fn fill(store: &Store, range: std::ops::Range<i64>) {
    let mut tx = store.begin_ordered().await.expect("a transaction");
    let account = places::account_by_key(&mut tx, workspace::KEY)
        .await
        .expect("the database");
    let account = account.expect("the bench's widget");
    let contact = ContactRecord {
        id: ContactId::from_u128(random_u128()),
        name: "Brown Fox".into(),
        email: None,
        created_at: LONG_AGO,
    };
    contacts::insert(&mut tx, &contact).await.expect("a contact");
    for n in range {
        conversations::insert(&mut tx, &ended(&account, contact.id, n))
            .await
            .expect("a chat");
    }
    tx.commit().await.expect("the chats are stored");
}

fn ended(account: &AccountRecord, contact: ContactId, n: i64) -> ConversationRow {
    let at = LONG_AGO + n * 1000;
    ConversationRow {
        id: ConversationId::new(at, random_u128()),
        number: 1_000_000 + n,
        inbox: account.row.inbox,
        account: account.row.id,
        channel: account.row.channel,
        contact,
        contact_name: "Brown Fox".into(),
        contact_since: LONG_AGO,
        state: State::Ended {
            reason: EndReason::Agent,
            by: None,
            at,
            last_agent: None,
        },
        version: 3,
        created_at: at,
        waiting_since: at,
        ring: None,
        active_at: at,
        ended_at: Some(at),
        preview: Some(Preview {
            author: Author::Contact,
            kind: Kind::Text,
            text: format!("Thanks for the answer to question {n}, that was all I wanted to know."),
            files: 0,
            at,
        }),
        unread: 0,
        position: 4,
        seen: 4,
        online: false,
        origin: Origin::default(),
        invited: vec![],
        discussed: 0,
        post: None,
        window: None,
        segment: 1,
        seq: 1,
    }
}
