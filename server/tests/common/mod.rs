//! A real application on each engine, with a clock turned by hand.
//!
//! PostgreSQL runs when `CAUSERIE_TEST_POSTGRES` names a server on which databases may be made
//! (`scripts/postgres.sh` starts one); `make test` always does.

#![allow(dead_code)] // Each test file uses its part.

use std::{future::Future, time::Duration};

use causerie_server::{
    Shared,
    clock::{ManualClock, random_u128},
    config::Config,
    demo::{self, Demo},
    desk::{ingest, presence},
    store::{Store, contacts, conversations, people},
    sync::access,
};
use causerie_shared::{
    access::Access,
    conversation::{EndReason, State},
    ids::{ContactId, ConversationId, UserId},
    row::{Head, Origin},
};
use sqlx::{AnyPool, any::install_default_drivers};

/// Where the clock stands when a test begins.
pub const START: i64 = 1_760_000_000_000;

/// Addresses of a fresh database on each engine.
pub async fn databases(folder: &std::path::Path) -> Vec<String> {
    let mut all = vec![format!("sqlite://{}/test.db", folder.display())];
    if let Ok(server) = std::env::var("CAUSERIE_TEST_POSTGRES") {
        install_default_drivers();
        let name = format!("test_{:032x}", random_u128());
        let admin = AnyPool::connect(&server).await.expect("the test's PostgreSQL answers");
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&admin)
            .await
            .expect("a database");
        admin.close().await;
        let (base, _) = server.rsplit_once('/').expect("an address with a database");
        all.push(format!("{base}/{name}"));
    }
    all
}

/// A store on each engine.
pub async fn stores() -> (tempfile::TempDir, Vec<Store>) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut stores = vec![];
    for address in databases(folder.path()).await {
        stores.push(Store::open(&address).await.expect("a database"));
    }
    (folder, stores)
}

/// A running application with the demo's people, inboxes and widgets, and no chats.
pub struct World {
    pub app: Shared,
    pub clock: ManualClock,
    pub demo: Demo,
    _folder: tempfile::TempDir,
}

/// A world on each engine.
pub async fn worlds() -> Vec<World> {
    let mut worlds = vec![];
    let first = tempfile::tempdir().expect("a folder");
    let addresses = databases(first.path()).await;
    drop(first);
    for address in addresses {
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = Config::for_test(folder.path());
        if address.starts_with("postgres") {
            config.database_url = address;
        }
        let (hand, clock) = ManualClock::new(START);
        let app = causerie_server::build(config, clock).await.expect("a server");
        let demo = demo::workspace(&app).await.expect("a workspace");
        worlds.push(World {
            app,
            clock: hand,
            demo,
            _folder: folder,
        });
    }
    worlds
}

impl World {
    /// What a user may see and do.
    pub async fn access(&self, user: UserId) -> Access {
        let mut db = self.app.store.read().await.expect("a connection");
        let record = people::user(&mut db, user).await.expect("a user").expect("a user");
        access::of(&mut db, &record).await.expect("access")
    }

    /// One of the demo's people by the name before the `@`.
    pub async fn who(&self, name: &str) -> UserId {
        let mut db = self.app.store.read().await.expect("a connection");
        let users = people::users(&mut db).await.expect("users");
        let email = format!("{name}@demo.test");
        users.iter().find(|user| user.email == email).expect("a user").id
    }

    pub async fn connect(&self, user: UserId) {
        presence::connected(&self.app, user).await.expect("connected");
    }

    /// A visitor's message on the widget whose chats are offered automatically.
    pub async fn ask(&self, visitor: &str, text: &str) -> ConversationId {
        self.write(&self.demo.advice, visitor, &format!("{:x}", random_u128()), text)
            .await
            .conversation
    }

    /// A visitor's message on the widget whose chats lie in everyone's queue.
    pub async fn order(&self, visitor: &str, text: &str) -> ConversationId {
        self.write(&self.demo.orders, visitor, &format!("{:x}", random_u128()), text)
            .await
            .conversation
    }

    pub async fn write(
        &self,
        account: &causerie_server::store::places::AccountRecord,
        visitor: &str,
        cid: &str,
        text: &str,
    ) -> ingest::Accepted {
        Self::write_at(&self.app, account, visitor, cid, text).await
    }

    /// A visitor's message on a node of one's choice.
    pub async fn write_at(
        app: &Shared,
        account: &causerie_server::store::places::AccountRecord,
        visitor: &str,
        cid: &str,
        text: &str,
    ) -> ingest::Accepted {
        let incoming = Self::incoming(account, visitor, cid, text);
        ingest::receive(app, incoming).await.expect("a stored message")
    }

    /// A visitor's message as the widget passes it on.
    pub fn incoming(
        account: &causerie_server::store::places::AccountRecord,
        visitor: &str,
        cid: &str,
        text: &str,
    ) -> ingest::Incoming {
        ingest::Incoming {
            account: account.clone(),
            external: visitor.into(),
            cid: cid.into(),
            text: text.into(),
            files: vec![],
            name: None,
            email: None,
            origin: Origin::default(),
        }
    }

    pub async fn head(&self, id: ConversationId) -> Head {
        let mut db = self.app.store.read().await.expect("a connection");
        conversations::get(&mut db, id).await.expect("a chat").expect("a chat")
    }

    pub async fn user(&self, id: UserId) -> people::UserRecord {
        let mut db = self.app.store.read().await.expect("a connection");
        people::user(&mut db, id).await.expect("a user").expect("a user")
    }

    /// Waits until a chat is as `wanted` says; fails after ten seconds with what it is instead.
    pub async fn until(&self, id: ConversationId, what: &str, wanted: impl Fn(&Head) -> bool) -> Head {
        let reached = eventually(|| async {
            let head = self.head(id).await;
            wanted(&head).then_some(head)
        })
        .await;
        match reached {
            Some(head) => head,
            None => panic!("{what} never came; the chat is {:?}", self.head(id).await.state),
        }
    }

    /// Turns the clock and lets due timers fire.
    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// Asks again until there is an answer, for at most ten seconds.
pub async fn eventually<T, F: Future<Output = Option<T>>>(ask: impl Fn() -> F) -> Option<T> {
    let mut ticks = tokio::time::interval(Duration::from_millis(5));
    for _ in 0..2000 {
        ticks.tick().await;
        if let Some(answer) = ask().await {
            return Some(answer);
        }
    }
    None
}

/// An ended chat for tables full of them; `n` makes it differ from the others.
pub fn ended(account: &causerie_server::store::places::AccountRecord, contact: ContactId, n: i64) -> Head {
    let at = START - 1_000_000_000 + n * 1000;
    let state = State::Ended {
        reason: EndReason::Agent,
        by: None,
        at,
        last_agent: None,
    };
    Head {
        id: ConversationId::new(at, random_u128()),
        number: 1_000_000 + n,
        inbox: account.row.inbox,
        account: account.row.id,
        channel: account.row.channel,
        contact,
        contact_name: "Brown Fox".into(),
        contact_since: START,
        state,
        version: 3,
        created_at: at - 60_000,
        waiting_since: at - 60_000,
        ring: None,
        active_at: at,
        ended_at: Some(at),
        preview: None,
        unread: 0,
        position: 4,
        seen: 4,
        online: false,
        origin: Origin::default(),
        invited: vec![],
        discussed: 0,
        segment: 1,
        seq: 1,
    }
}

/// A contact to whom chats can belong.
pub async fn contact(store: &Store) -> ContactId {
    let contact = contacts::ContactRecord {
        id: ContactId::from_u128(random_u128()),
        name: "Brown Fox".into(),
        email: None,
        created_at: START,
    };
    let mut tx = store.begin().await.expect("a transaction");
    contacts::insert(&mut tx, &contact).await.expect("a contact");
    tx.commit().await.expect("stored");
    contact.id
}
