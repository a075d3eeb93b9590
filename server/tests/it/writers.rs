//! Ordered and unordered writers and readers that share fewer connections than there are tasks.

use causerie_server::{
    clock::random_u128,
    store::{
        Connections, Store,
        feed::{self, FeedKind},
        raw_events::{self, RawEvent},
        retried,
        timers::{self, TimerRecord},
        users::{self, NewUser},
    },
};
use causerie_shared::{
    ids::{AccountId, InboxId, TimerId, UserId},
    inbox::{AccountRow, Channel, InboxRow, Rules},
    timer::TimerKind,
    user::{Grants, Role},
};
use tokio::task::JoinSet;

use crate::common::{self, START};

/// Concurrent writers, half of them ordered, and as many readers.
const WRITERS: usize = 64;
/// The number of rounds of each task.
const ROUNDS: usize = 8;

async fn account(store: &Store) -> AccountId {
    use causerie_server::store::places::{self, AccountRecord, WidgetSettings};
    let inbox = InboxRow {
        id: InboxId::from_u128(random_u128()),
        name: "Orders".to_owned(),
        rules: Rules::default(),
        members: vec![],
    };
    let account = AccountRecord {
        row: AccountRow {
            id: AccountId::from_u128(random_u128()),
            inbox: inbox.id,
            channel: Channel::Web,
            name: "Shop".to_owned(),
            enabled: true,
            trouble: false,
            human_agent: false,
        },
        key: "key".to_owned(),
        config: WidgetSettings::default(),
    };
    let mut tx = store.begin_ordered().await.unwrap();
    places::insert_inbox(&mut tx, &inbox).await.unwrap();
    places::insert_account(&mut tx, &account).await.unwrap();
    tx.commit().await.unwrap();
    account.row.id
}

fn timer(n: usize) -> TimerRecord {
    TimerRecord {
        id: TimerId::from_u128(n as u128 + 1),
        kind: TimerKind::Queue,
        subject: format!("chat {n}"),
        fence: 1,
        due: START,
    }
}

/// Appends to the feed, and writes rows that the unordered writers write too.
async fn ordered(store: &Store, n: usize) -> i64 {
    let mut tx = store.begin_ordered().await.unwrap();
    for n in [n % 4, (n + 1) % 4] {
        timers::set(&mut tx, &timer(n)).await.unwrap();
    }
    let entry = feed::append(&mut tx, FeedKind::User, format!("{n}"), None, None)
        .await
        .unwrap();
    // Every fourth transaction is rolled back and leaves no gap.
    if n % 4 == 3 {
        tx.rollback().await.unwrap();
        return 0;
    }
    tx.commit().await.unwrap();
    entry.seq
}

/// Stores a webhook's body, and removes a timer that an ordered writer may be setting.
async fn unordered(store: &Store, account: AccountId, n: usize) {
    retried(async || {
        let mut tx = store.begin().await?;
        let event = RawEvent {
            id: format!("{:032x}", random_u128()),
            account,
            body: b"{}".to_vec(),
            received_at: START,
        };
        raw_events::insert(&mut tx, &event).await?;
        timers::take(&mut tx, &timer(n % 4)).await?;
        Ok(tx.commit().await?)
    })
    .await
    .unwrap();
}

async fn add_user(store: &Store) -> UserId {
    let user = NewUser {
        id: UserId::from_u128(random_u128()),
        email: "ana@demo.test".to_owned(),
        name: "Ana".to_owned(),
        role: Role::Agent,
        grants: Grants::default(),
        password: None,
        capacity: 1,
        created_at: START,
    };
    let mut tx = store.begin_ordered().await.unwrap();
    users::insert_user(&mut tx, &user).await.unwrap();
    tx.commit().await.unwrap();
    user.id
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_of_both_kinds_and_readers_end_on_three_connections() {
    let folder = tempfile::tempdir().unwrap();
    for address in common::databases(folder.path()).await {
        let few = Connections { read: 1, write: 2 };
        let store = Store::open_with(&address, few).await.unwrap();
        let account = account(&store).await;
        let user = add_user(&store).await;
        let before = feed::newest(&mut store.read().await.unwrap()).await.unwrap();
        let mut tasks = JoinSet::new();
        for n in 0..WRITERS {
            let (writer, reader) = (store.clone(), store.clone());
            tasks.spawn(async move {
                let mut numbers = vec![];
                for round in 0..ROUNDS {
                    match n % 2 {
                        0 => numbers.push(ordered(&writer, n / 2 + round).await),
                        _ => unordered(&writer, account, n + round).await,
                    }
                }
                numbers
            });
            tasks.spawn(async move {
                for _ in 0..ROUNDS {
                    let mut db = reader.read().await.unwrap();
                    let newest = feed::newest(&mut db).await.unwrap();
                    let entries = feed::after(&mut db, before, i64::MAX).await.unwrap();
                    // A reader who sees a number can read all lower ones.
                    assert!(entries.len() as i64 >= newest - before);
                    assert!(users::user(&mut db, user).await.unwrap().is_some());
                }
                vec![]
            });
        }
        let mut given: Vec<i64> = tasks
            .join_all()
            .await
            .into_iter()
            .flatten()
            .filter(|seq| *seq > 0)
            .collect();
        given.sort_unstable();
        let expected: Vec<i64> = (before + 1..=before + given.len() as i64).collect();
        assert_eq!(given, expected, "a number is missing or was given twice");
        let mut db = store.read().await.unwrap();
        let stored = feed::after(&mut db, before, i64::MAX).await.unwrap();
        assert_eq!(stored.len(), given.len());
        let bodies = raw_events::waiting(&mut db, i64::MAX).await.unwrap();
        assert_eq!(bodies.len(), WRITERS / 2 * ROUNDS, "a body is lost or stored twice");
    }
}
