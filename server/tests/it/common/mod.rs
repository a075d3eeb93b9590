//! A real application on each engine, with a manual clock.
//!
//! Tests use PostgreSQL if `CAUSERIE_TEST_POSTGRES` names a server on which they may create databases
//! (`scripts/postgres.sh` starts one); `make test` always does.

pub mod desk;
pub mod line;
pub mod mutate;
pub mod panics;
pub mod push;
pub mod signed;

use std::{
    cell::RefCell,
    future::Future,
    io::Write as _,
    panic::Location,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use causerie_server::{
    Shared, access,
    clock::{Clock, ManualClock, random_u128},
    config::Config,
    contacts::messages,
    conversations::claim,
    demo::{self, Demo},
    error::ServiceError,
    presence, settings,
    store::{
        Store, contacts, conversation_events, conversations,
        inboxes::{self, InboxRecord},
        timers, users,
    },
};
use causerie_shared::{
    access::Access,
    api::settings::{InboxSettings, SaveInbox},
    conversation::{EndReason, State, transition::Event},
    document::DocumentId,
    ids::{ContactId, ConversationId, InboxId, UserId},
    refusal::Code,
    row::{ConversationRow, Origin},
};
use sqlx::{AnyPool, any::install_default_drivers};

use desk::Desk;

/// How long anything may take on a busy machine before the test fails.
pub const TIMEOUT: Duration = Duration::from_secs(60);
/// A longer wait is reported in the output of the tests.
const LONG: Duration = Duration::from_secs(5);
/// The pause between two polls.
const LOOK: Duration = Duration::from_millis(5);

/// The clock's time when a test begins, in ms since the epoch.
pub const START: i64 = 1_760_000_000_000;

/// PostgreSQL databases whose test is over. The next test drops them, since hundreds of them would fill the disk of a
/// small machine.
static OVER: Mutex<Vec<String>> = Mutex::new(vec![]);

/// The databases of one test, which are over when its thread ends.
struct Own(RefCell<Vec<String>>);

impl Drop for Own {
    fn drop(&mut self) {
        OVER.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .append(self.0.get_mut());
    }
}

thread_local! {
    static OWN: Own = const { Own(RefCell::new(vec![])) };
}

/// The addresses of a new database on each engine.
pub async fn databases(folder: &std::path::Path) -> Vec<String> {
    let mut all = vec![format!("sqlite://{}/test.db", folder.display())];
    if let Ok(server) = std::env::var("CAUSERIE_TEST_POSTGRES") {
        install_default_drivers();
        let name = format!("test_{:032x}", random_u128());
        let admin = AnyPool::connect(&server).await.expect("the test's PostgreSQL answers");
        let over = std::mem::take(&mut *OVER.lock().unwrap_or_else(PoisonError::into_inner));
        for statement in over.iter().map(|over| format!("DROP DATABASE {over} WITH (FORCE)")) {
            sqlx::query(sqlx::AssertSqlSafe(statement))
                .execute(&admin)
                .await
                .expect("an old database goes");
        }
        sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
            .execute(&admin)
            .await
            .expect("a database");
        admin.close().await;
        OWN.with(|own| own.0.borrow_mut().push(name.clone()));
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

/// A running application with the demo's users, inboxes and widgets, and no chats.
pub struct World {
    pub app: Shared,
    pub clock: ManualClock,
    pub demo: Demo,
    time: Clock,
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
        let app = causerie_server::build(config, clock.clone()).await.expect("a server");
        let demo = demo::workspace(&app).await.expect("a workspace");
        worlds.push(World {
            app,
            clock: hand,
            demo,
            time: clock,
            _folder: folder,
        });
    }
    worlds
}

impl World {
    /// The access of a user.
    pub async fn access(&self, user: UserId) -> Access {
        let mut db = self.app.store.read().await.expect("a connection");
        let record = users::user(&mut db, user).await.expect("a user").expect("a user");
        access::of(&mut db, &record).await.expect("access")
    }

    /// The id of the demo's user whose e-mail address begins with `name`.
    pub async fn who(&self, name: &str) -> UserId {
        let mut db = self.app.store.read().await.expect("a connection");
        let users = users::users(&mut db).await.expect("users");
        let email = format!("{name}@demo.test");
        users.iter().find(|user| user.email == email).expect("a user").id
    }

    pub async fn connect(&self, user: UserId) {
        presence::connected(&self.app, user).await.expect("connected");
    }

    /// Sends a visitor's message on the widget whose chats are offered automatically.
    pub async fn ask(&self, visitor: &str, text: &str) -> ConversationId {
        self.write(&self.demo.advice, visitor, &format!("{:x}", random_u128()), text)
            .await
            .conversation
    }

    /// Sends a visitor's message on the widget whose chats wait in everyone's queue.
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
    ) -> messages::Accepted {
        Self::write_at(&self.app, account, visitor, cid, text).await
    }

    /// Sends a visitor's message on the given node.
    pub async fn write_at(
        app: &Shared,
        account: &causerie_server::store::places::AccountRecord,
        visitor: &str,
        cid: &str,
        text: &str,
    ) -> messages::Accepted {
        let incoming = Self::incoming(account, visitor, cid, text);
        messages::receive(app, incoming).await.expect("a stored message")
    }

    /// A visitor's message, as the widget passes it to the server.
    pub fn incoming(
        account: &causerie_server::store::places::AccountRecord,
        visitor: &str,
        cid: &str,
        text: &str,
    ) -> messages::NewMessage {
        messages::NewMessage {
            account: account.clone(),
            external: visitor.into(),
            cid: cid.into(),
            text: text.into(),
            files: vec![],
            name: None,
            email: None,
            said: None,
            origin: Origin::default(),
        }
    }

    pub async fn head(&self, id: ConversationId) -> ConversationRow {
        let mut db = self.app.store.read().await.expect("a connection");
        conversations::get(&mut db, id).await.expect("a chat").expect("a chat")
    }

    pub async fn user(&self, id: UserId) -> users::UserRecord {
        let mut db = self.app.store.read().await.expect("a connection");
        users::user(&mut db, id).await.expect("a user").expect("a user")
    }

    /// Waits until `wanted` accepts a conversation row. Panics with the present row otherwise.
    pub async fn until(
        &self,
        id: ConversationId,
        what: &str,
        wanted: impl Fn(&ConversationRow) -> bool,
    ) -> ConversationRow {
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

    /// Advances the clock. Timers that are due fire.
    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Advances the clock as [`World::advance`] does, and waits until no timer is due.
    pub async fn pass(&self, seconds: u64) {
        self.advance(seconds);
        let done = eventually(|| async {
            let mut db = self.app.store.read().await.expect("a connection");
            let due = timers::due(&mut db, self.app.clock.now(), 1).await.expect("the timers");
            due.is_empty().then_some(())
        });
        assert!(done.await.is_some(), "a timer that is due does not fire");
    }

    /// Stops the server and starts another one on the same database.
    pub async fn restart(&mut self) {
        self.app.shutdown.send_replace(true);
        let config = self.app.config.clone();
        self.app = causerie_server::build(config, self.time.clone())
            .await
            .expect("a second start");
    }

    /// Applies an agent's event to a chat.
    pub async fn act(&self, user: UserId, chat: ConversationId, event: Event) -> Result<(), Code> {
        let access = self.access(user).await;
        code(claim::act(&self.app, &access, chat, event, None).await)
    }

    /// Creates a chat in the broadcast inbox and starts it as this user.
    pub async fn start(&self, user: UserId, visitor: &str) -> ConversationId {
        let chat = self.order(visitor, "Hello").await;
        self.act(user, chat, Event::Start).await.expect("a started chat");
        chat
    }

    /// Sends a message of the chat's agent, as a console would.
    pub async fn reply(&self, user: UserId, chat: ConversationId, text: &str) {
        let segment = self.head(chat).await.segment;
        let mut desk = Desk::open(self, user, DocumentId::Timeline(chat, segment)).await;
        desk.say(text).await.expect("a reply");
        desk.close();
    }

    /// Changes an inbox's settings as the owner.
    pub async fn configure(&self, inbox: InboxId, change: impl FnOnce(&mut InboxSettings)) {
        let owner = self.user(self.who("owner").await).await;
        let mut db = self.app.store.read().await.expect("a connection");
        let record = inboxes::record(&mut db, inbox).await.expect("an inbox");
        drop(db);
        let InboxRecord {
            version, mut settings, ..
        } = record.expect("an inbox");
        change(&mut settings);
        let body = SaveInbox { version, settings };
        settings::inboxes::save(&self.app, &owner, inbox, body)
            .await
            .expect("settings that are right");
    }

    /// The causes of a conversation's events, in order.
    pub async fn causes(&self, chat: ConversationId) -> Vec<String> {
        let mut db = self.app.store.read().await.expect("a connection");
        let events = conversation_events::after(&mut db, chat, 0).await.expect("a journey");
        events.into_iter().map(|row| row.cause).collect()
    }

    /// Waits until a chat is offered to this user.
    pub async fn until_offered(&self, chat: ConversationId, user: UserId) {
        self.until(chat, "the offer", |head| offered_to(&head.state) == Some(user))
            .await;
    }
}

/// The agent to whom the chat is offered.
pub fn offered_to(state: &State) -> Option<UserId> {
    match state {
        State::Assigning { agent, .. } => Some(*agent),
        _ => None,
    }
}

/// The result with the code of a refusal as its error.
pub fn code(result: Result<(), ServiceError>) -> Result<(), Code> {
    result.map_err(|error| match error {
        ServiceError::Refused(refusal) => refusal.code,
        other => panic!("{other}"),
    })
}

/// Polls `ask` until it returns a value, for at most [`TIMEOUT`].
#[track_caller]
pub fn eventually<T, F: Future<Output = Option<T>>>(ask: impl Fn() -> F) -> impl Future<Output = Option<T>> {
    let place = Location::caller();
    async move {
        let begun = Instant::now();
        while begun.elapsed() < TIMEOUT {
            if let Some(answer) = ask().await {
                let took = begun.elapsed();
                if took > LONG {
                    // The test harness captures the output of `eprintln!` in a test that passes.
                    drop(writeln!(
                        std::io::stderr(),
                        "{place}: a wait of {:.1} s",
                        took.as_secs_f64()
                    ));
                }
                return Some(answer);
            }
            tokio::time::sleep(LOOK).await;
        }
        None
    }
}

/// A row of an ended chat, for tables full of them. `n` makes it unique.
pub fn ended(account: &causerie_server::store::places::AccountRecord, contact: ContactId, n: i64) -> ConversationRow {
    let at = START - 1_000_000_000 + n * 1000;
    let state = State::Ended {
        reason: EndReason::Agent,
        by: None,
        at,
        last_agent: None,
    };
    ConversationRow {
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
        post: None,
        window: None,
        segment: 1,
        seq: 1,
    }
}

/// Stores a contact to which chats can belong.
pub async fn contact(store: &Store) -> ContactId {
    let contact = contacts::ContactRecord {
        id: ContactId::from_u128(random_u128()),
        name: "Brown Fox".into(),
        email: None,
        created_at: START,
    };
    let mut tx = store.begin_ordered().await.expect("a transaction");
    contacts::insert(&mut tx, &contact).await.expect("a contact");
    tx.commit().await.expect("stored");
    contact.id
}
