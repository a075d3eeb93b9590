//! The workspace of the bench: ten agents with room for fifty chats, or more agents.

use std::{path::Path, sync::Arc};

use causerie_server::{
    clock::{Clock, random_u128},
    config::Config,
    demo::{self, PASSWORD},
    passwords,
    state::App,
    store::{
        Store,
        places::{self, AccountRecord, WidgetSettings},
        users::{self, NewUser},
    },
};
use causerie_shared::{
    ids::{AccountId, InboxId, UserId},
    inbox::{AccountRow, Channel, InboxRow, Member, Rules},
    user::{Grants, Role},
    widget::Form,
};

/// The public key of the bench's widget.
pub const KEY: &str = "bench";
/// Number of agents.
pub const AGENTS: usize = 10;
/// The capacity of each agent.
const CAPACITY: u32 = 5;

/// The e-mail address of an agent.
pub fn email(agent: usize) -> String {
    format!("agent-{agent}@bench.test")
}

/// Fills a new database in `folder`, and returns its address.
pub async fn furnish(folder: &Path, public_url: &str) -> String {
    staffed(folder, public_url, AGENTS, CAPACITY).await
}

/// Fills a new database as [`furnish`] does, with this number of agents and this capacity of each.
pub async fn staffed(folder: &Path, public_url: &str, agents: usize, capacity: u32) -> String {
    let mut config = Config::for_test(folder);
    public_url.clone_into(&mut config.public_url);
    let address = config.database_url.clone();
    let store = Store::open(&address).await.expect("a database");
    let app = Arc::new(App::new(config, store, Clock::System).await.expect("the application"));
    demo::workspace(&app).await.expect("the demo's workspace");

    let now = app.clock.now();
    let Ok(hash) = passwords::hash(PASSWORD.to_owned()).await else {
        panic!("the password cannot be hashed")
    };
    let mut tx = app.store.begin_ordered().await.expect("a transaction");
    let mut members = vec![];
    for agent in 0..agents {
        let id = UserId::new(now, random_u128());
        let user = NewUser {
            id,
            email: email(agent),
            name: format!("Agent {agent}"),
            role: Role::Agent,
            grants: Grants::default(),
            password: Some(hash.clone()),
            capacity,
            created_at: now,
        };
        users::insert_user(&mut tx, &user).await.expect("a user");
        members.push(Member { user: id, capacity });
    }
    let inbox = InboxRow {
        id: InboxId::new(now, random_u128()),
        name: "Bench".into(),
        rules: Rules::default(),
        members,
    };
    places::insert_inbox(&mut tx, &inbox).await.expect("an inbox");
    let account = AccountRecord {
        row: AccountRow {
            id: AccountId::new(now, random_u128()),
            inbox: inbox.id,
            channel: Channel::Web,
            name: "bench.example".into(),
            enabled: true,
            trouble: false,
            human_agent: false,
        },
        key: KEY.into(),
        config: WidgetSettings {
            title: "Bench".into(),
            origins: app.config.allowed_origins().collect(),
            form: Form::default(),
            lang: "en".into(),
        },
    };
    places::insert_account(&mut tx, &account).await.expect("an account");
    tx.commit().await.expect("the workspace is stored");
    app.store.close().await;
    address
}
