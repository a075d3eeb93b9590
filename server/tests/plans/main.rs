//! Sends every statement of the store and checks that none reads a whole table, unless the list allows it. The test
//! runs alone in its process, since it records all statements.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test ends where its expectation fails"
)]

#[allow(dead_code, reason = "listening needs a part of it")]
#[path = "../it/common/mod.rs"]
mod common;

mod allowed;
mod calls;
mod explain;
mod literals;

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use causerie_server::{
    clock::ManualClock,
    config::Config,
    demo,
    state::App,
    store::{Engine, Store},
};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

static SENT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Records the text of the statements that sqlx reports.
struct Listener;

/// A statement's text. The summary is the whole text if that is short.
#[derive(Default)]
struct Text {
    summary: String,
    whole: String,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => self.summary = value.to_owned(),
            "db.statement" => self.whole = value.to_owned(),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Listener {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let mut text = Text::default();
        event.record(&mut text);
        let text = match text.whole.is_empty() {
            true => text.summary,
            false => text.whole,
        };
        let mut sent = SENT.lock().unwrap_or_else(PoisonError::into_inner);
        sent.insert(literals::plain(&text));
    }
}

/// Takes the statements that were sent so far, without those that do not read or write the product's tables.
fn take() -> BTreeSet<String> {
    let mut sent = SENT.lock().unwrap_or_else(PoisonError::into_inner);
    let mut taken = std::mem::take(&mut *sent);
    let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];
    taken.retain(|text| verbs.iter().any(|verb| text.starts_with(verb)));
    // Statements of sqlx itself during a migration.
    taken.retain(|text| !text.contains("_sqlx_migrations") && !text.contains("current_database()"));
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_of_the_store_is_sent_and_finds_its_rows_by_an_index() {
    let listening = tracing_subscriber::registry().with(Listener);
    tracing::subscriber::set_global_default(listening).expect("the only subscriber");
    let folder = tempfile::tempdir().unwrap();
    let mut all = BTreeSet::new();
    let mut walked = BTreeSet::new();
    let mut engines = vec![];
    for address in common::databases(folder.path()).await {
        let mut config = Config::for_test(folder.path());
        config.database_url = address;
        let store = Store::open(&config.database_url).await.unwrap();
        let engine = store.engine();
        let (_hand, clock) = ManualClock::new(common::START);
        let app = Arc::new(App::new(config, store.clone(), clock).await.unwrap());
        let demo = demo::workspace(&app).await.unwrap();
        calls::every(&store, &demo).await;
        let sent = take();
        let mut db = store.read().await.unwrap();
        explain::prepare(&mut db, engine).await;
        for statement in &sent {
            if statement.contains("pg_advisory") || statement.contains("pg_notify") {
                continue;
            }
            for walk in explain::walks(&mut db, engine, statement).await {
                if !allowed::is_allowed(&walk, statement) {
                    walked.insert(format!("{engine:?}: {walk:?}\n    {statement}"));
                }
            }
        }
        all.extend(sent);
        engines.push(engine);
    }
    let literals = literals::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store"));
    assert!(
        literals.len() > 200,
        "the sources were not understood: {}",
        literals.len()
    );
    let missing: Vec<String> = literals
        .iter()
        .filter(|literal| !all.iter().any(|statement| literal.is_in(statement)))
        .filter(|literal| engines.contains(&Engine::Postgres) || !allowed::is_of_postgres(&literal.text))
        .map(|literal| format!("{}: {}", literal.file, literal.text))
        .collect();
    assert!(missing.is_empty(), "never sent:\n{}", missing.join("\n"));
    let walked: Vec<String> = walked.into_iter().collect();
    assert!(walked.is_empty(), "read whole:\n{}", walked.join("\n"));
}
