//! The cost of a first list and a reconnect does not depend on the number of chats: the same statements, the same
//! number of rows read, the same bytes sent. The test runs alone in its process, since it counts statements.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends where its expectation fails"
)]

#[allow(dead_code, reason = "counting needs a part of it")]
#[path = "it/common/mod.rs"]
mod common;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use causerie_server::{
    Shared, access,
    clock::ManualClock,
    config::Config,
    demo::{self, Demo},
    presence,
    realtime::catchup,
    state::App,
    store::{Store, conversations, users, windows},
};
use causerie_shared::{
    frame::{ServerFrame, encode},
    ids::UserId,
    window::{Folder, List},
};
use tracing::{
    Event, Instrument, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

static STATEMENTS: AtomicU64 = AtomicU64::new(0);
static ROWS: AtomicU64 = AtomicU64::new(0);

/// Counts the statements and rows that sqlx reports.
struct Counter;

struct Rows;

impl Visit for Rows {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "rows_returned" {
            ROWS.fetch_add(value, Ordering::Relaxed);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

/// The name of the span in which statements count. Work in the background, such as publishing presence, is outside of
/// it.
const COUNTED: &str = "counted";

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Counter {
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let counted = context.event_scope(event);
        let counted = counted.is_some_and(|mut spans| spans.any(|span| span.name() == COUNTED));
        if counted && event.metadata().target() == "sqlx::query" {
            STATEMENTS.fetch_add(1, Ordering::Relaxed);
            event.record(&mut Rows);
        }
    }
}

/// The statements and rows that an operation cost.
#[derive(Debug, PartialEq, Eq)]
struct Cost {
    statements: u64,
    rows: u64,
}

/// An application without workers, so that nothing else queries the database, with `chats` ended ones.
async fn filled(folder: &Path, address: String, chats: i64) -> (Shared, Demo) {
    let mut config = Config::for_test(folder);
    config.database_url = address;
    let store = Store::open(&config.database_url).await.expect("a database");
    let (_hand, clock) = ManualClock::new(common::START);
    let app = Arc::new(App::new(config, store, clock).await.expect("an application"));
    let demo = demo::workspace(&app).await.expect("a workspace");
    let contact = common::contact(&app.store).await;
    let mut tx = app.store.begin_ordered().await.expect("a transaction");
    for n in 0..chats {
        let account = [&demo.orders, &demo.advice][n as usize % 2];
        conversations::insert(&mut tx, &common::ended(account, contact, n))
            .await
            .expect("a chat");
    }
    tx.commit().await.expect("stored");
    (app, demo)
}

/// The frames that a console gets for its hello and its folders, from `cursor` on, and the new cursor.
async fn hello(app: &App, user: UserId, cursor: Option<i64>) -> (Vec<ServerFrame>, i64) {
    let mut db = app.store.read().await.unwrap();
    let record = users::user(&mut db, user).await.unwrap().unwrap();
    let access = access::of(&mut db, &record).await.unwrap();
    presence::connected(app, user).await.unwrap();
    let (mut frames, newest) = catchup::since(&mut db, &access, cursor, true).await.unwrap();
    frames.push(ServerFrame::Counts(windows::counts(&mut db, &access).await.unwrap()));
    for folder in Folder::ALL {
        let window = catchup::window(&mut db, &access, List::of(folder), 0, 50, app.clock.now());
        frames.extend(window.await.unwrap());
    }
    (frames, newest)
}

async fn counted(app: &App, user: UserId, cursor: Option<i64>) -> (Cost, Vec<ServerFrame>, i64) {
    let before = (STATEMENTS.load(Ordering::Relaxed), ROWS.load(Ordering::Relaxed));
    let (frames, newest) = hello(app, user, cursor).instrument(tracing::info_span!(COUNTED)).await;
    let cost = Cost {
        statements: STATEMENTS.load(Ordering::Relaxed) - before.0,
        rows: ROWS.load(Ordering::Relaxed) - before.1,
    };
    (cost, frames, newest)
}

fn bytes(frames: &[ServerFrame]) -> usize {
    frames.iter().map(|frame| encode(frame).len()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn first_list_and_reconnect_cost_the_same_with_1_000_and_with_20_000_chats() {
    let counting = tracing_subscriber::registry().with(Counter);
    tracing::subscriber::set_global_default(counting).expect("the only subscriber");
    let folder = tempfile::tempdir().unwrap();
    let few = common::databases(folder.path()).await;
    let other = tempfile::tempdir().unwrap();
    let many = common::databases(other.path()).await;
    for (few, many) in few.into_iter().zip(many) {
        let (small, demo) = filled(folder.path(), few, 1_000).await;
        let (large, same) = filled(other.path(), many, 20_000).await;
        for (user, twin) in [(demo.ana, same.ana), (demo.ben, same.ben)] {
            let (cost, frames, cursor) = counted(&small, user, None).await;
            let (cost_of_many, frames_of_many, cursor_of_many) = counted(&large, twin, None).await;
            assert_eq!(cost, cost_of_many, "first list");
            assert!(cost.statements > 10 && cost.statements < 60, "{cost:?}");
            assert!(
                frames
                    .iter()
                    .any(|frame| matches!(frame, ServerFrame::Window { order, .. } if order.len() == 50))
            );
            same_size(&frames, &frames_of_many);
            let (cost, frames, _) = counted(&small, user, Some(cursor)).await;
            let (cost_of_many, frames_of_many, _) = counted(&large, twin, Some(cursor_of_many)).await;
            assert_eq!(cost, cost_of_many, "reconnect");
            same_size(&frames, &frames_of_many);
        }
    }
}

/// Asserts that both are about equally large: larger numbers take a few bytes more.
fn same_size(few: &[ServerFrame], many: &[ServerFrame]) {
    let (few, many) = (bytes(few), bytes(many));
    assert!(few.abs_diff(many) * 100 <= few, "{few} and {many} bytes");
}
