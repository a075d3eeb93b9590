//! What a decision of the dispatcher costs with a long queue and many agents, and how the cost grows with them. The
//! dispatcher runs in this process without workers, so that the figure contains nothing else.

use std::time::Duration;

use causerie_server::{
    clock::Clock,
    config::Config,
    contacts::messages::{self, NewMessage},
    conversations::lifecycle,
    routing,
    state::App,
    store::{Store, agent_load, conversations, places, presence},
};
use causerie_shared::{
    conversation::transition::{Actor, Event},
    ids::InboxId,
    row::Origin,
    user::Availability,
};

use super::{figures, process, workspace};

/// Number of waiting chats and of agents. The second size is twice the first.
const SIZES: [(usize, usize); 2] = [(500, 250), (1_000, 500)];
/// Number of agents who become free, one after the other.
const FREED: usize = 200;

/// Measures and prints both sizes.
///
/// # Panics
/// Panics if the dispatcher does not offer the chats that it should.
pub async fn print() {
    for (waiting, agents) in SIZES {
        measure(waiting, agents).await;
    }
}

/// Gives every agent a capacity of one chat and lets all of them connect at once. Then one agent after the other
/// becomes free while `waiting` chats wait.
async fn measure(waiting: usize, agents: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let address = workspace::staffed(folder.path(), "http://127.0.0.1:1", agents, 1).await;
    let store = Store::open(&address).await.expect("the database");
    let config = Config::for_test(folder.path());
    let app = App::new(config, store, Clock::System).await.expect("the application");
    let inbox = {
        let mut db = app.store.read().await.expect("a connection");
        let account = places::account_by_key(&mut db, workspace::KEY).await;
        account.expect("the database answers").expect("the account").row.inbox
    };
    for number in 0..waiting + agents {
        arrive(&app, number).await;
    }
    routing::settle(&app).await;

    come(&app, inbox).await;
    let took = decide(&app).await;
    assert_eq!(in_line(&app, inbox).await, waiting, "each agent is offered one");
    let size = format!("{waiting} waiting chats and {agents} agents");
    figures::print(
        &format!("dispatcher, {size} who all come at once, processor time a decision"),
        took.as_secs_f64() * 1e6 / agents as f64,
        "µs",
    );

    let mut took = Duration::ZERO;
    for number in 0..FREED {
        // Keep the length of the queue constant.
        arrive(&app, waiting + agents + number).await;
        routing::settle(&app).await;
        leave(&app, inbox).await;
        took += decide(&app).await;
        assert_eq!(in_line(&app, inbox).await, waiting, "the free place is given away");
    }
    figures::print(
        &format!("dispatcher, {size} of whom one is free, processor time a decision"),
        took.as_secs_f64() * 1e6 / FREED as f64,
        "µs",
    );
    app.store.close().await;
}

/// Starts a chat as a visitor.
async fn arrive(app: &App, number: usize) {
    let mut db = app.store.read().await.expect("a connection");
    let account = places::account_by_key(&mut db, workspace::KEY).await;
    drop(db);
    let incoming = NewMessage {
        account: account.expect("the database answers").expect("the account"),
        external: format!("visitor {number}"),
        cid: "1".into(),
        text: "Hello".into(),
        files: vec![],
        name: None,
        email: None,
        origin: Origin::default(),
        said: None,
    };
    messages::receive(app, incoming).await.expect("a stored message");
}

/// Connects all agents of the inbox.
async fn come(app: &App, inbox: InboxId) {
    let mut tx = app.store.begin_ordered().await.expect("a transaction");
    for agent in agent_load::candidates(&mut tx, inbox).await.expect("the agents") {
        let there = presence::set_connected(&mut tx, agent.user, true).await;
        assert!(there.expect("the database answers"), "nobody was there before");
        presence::set_availability(&mut tx, agent.user, Availability::Available)
            .await
            .expect("the database answers");
    }
    tx.commit().await.expect("it is stored");
    app.dispatch(inbox, true);
}

/// Ends the chat that was offered first, which makes its agent free.
async fn leave(app: &App, inbox: InboxId) {
    let mut db = app.store.read().await.expect("a connection");
    let line = conversations::in_line(&mut db, inbox, conversations::ALL)
        .await
        .expect("the line");
    drop(db);
    let offered = line.iter().find(|head| conversations::asked(&head.state).is_some());
    let chat = offered.expect("a chat is offered").id;
    let left = lifecycle::apply_system_event(app, chat, Event::Leave, Actor::Contact).await;
    assert!(left.expect("the database answers"), "the visitor leaves");
}

/// The processor time that the dispatcher uses until it has nothing more to do.
async fn decide(app: &App) -> Duration {
    let before = process::own_time();
    routing::settle(app).await;
    process::own_time() - before
}

/// The number of waiting chats that are not offered to anybody.
async fn in_line(app: &App, inbox: InboxId) -> usize {
    let mut db = app.store.read().await.expect("a connection");
    let waiting = conversations::waiting(&mut db, inbox, None, conversations::ALL).await;
    waiting.expect("the database answers").len()
}
