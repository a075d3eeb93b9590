//! A database of the version before today's opens with today's server and keeps its rows.

use std::{fs, path::Path};

use causerie_server::{
    documents::OpenDocuments,
    store::{Store, conversations, messages, places, users},
};
use causerie_shared::{document::DocumentId, ids::ConversationId};
use sqlx::{
    AnyPool, AssertSqlSafe, Row as _, SqlSafeStr as _,
    any::install_default_drivers,
    migrate::{Migration, MigrationType, Migrator},
};

use crate::common;

/// The files `<version>_<name>.sql` or `<version>.sql` of a folder of this crate, by version.
fn files(folder: &str) -> Vec<(i64, String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder")
        .map(|file| {
            let path = file.expect("a file").path();
            let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let (version, name) = stem.split_once('_').unwrap_or((&stem, ""));
            let version = version.parse().expect("a version");
            (version, name.to_owned(), fs::read_to_string(&path).expect("a text"))
        })
        .collect();
    files.sort();
    files
}

/// Replaces the bytes of a dump, `X'..'`, by what the engine takes.
fn in_dialect(dump: &str, address: &str) -> String {
    if address.starts_with("sqlite:") {
        return dump.to_owned();
    }
    // Bytes are never the first value of a row, and a text never holds this.
    let mut parts = dump.split(", X'");
    let mut text = parts.next().expect("the beginning").to_owned();
    for part in parts {
        text.push_str(", '\\x");
        let (hex, rest) = part.split_once('\'').expect("the end of the bytes");
        text.push_str(hex);
        text.push_str("'::bytea");
        text.push_str(rest);
    }
    text
}

/// The tables that a schema creates.
fn tables(schema: &str) -> Vec<&str> {
    let created = schema.lines().filter_map(|line| line.strip_prefix("CREATE TABLE "));
    created.map(|line| line.trim_end_matches(" (")).collect()
}

async fn pool(address: &str) -> AnyPool {
    install_default_drivers();
    let address = match address.starts_with("sqlite:") {
        true => format!("{address}?mode=rwc"),
        false => address.to_owned(),
    };
    AnyPool::connect(&address).await.expect("a database")
}

async fn count(pool: &AnyPool, table: &str) -> i64 {
    let row = sqlx::query(AssertSqlSafe(format!("SELECT COUNT(*) AS n FROM {table}")))
        .fetch_one(pool)
        .await
        .expect("a number");
    row.try_get("n").expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_the_version_before_opens_and_keeps_its_rows() {
    let migrations = files("migrations");
    // While there is only one version, it is the one to start from.
    let before = migrations.len().saturating_sub(1).max(1);
    let (from, ..) = migrations[before - 1];
    let dumps = files("tests/it/dumps");
    let dump = dumps.iter().find(|(version, ..)| *version == from);
    let (.., dump) =
        dump.unwrap_or_else(|| panic!("tests/it/dumps/{from:04}.sql is missing: write it with the migration"));

    let folder = tempfile::tempdir().expect("a folder");
    for address in common::databases(folder.path()).await {
        let old = pool(&address).await;
        let applied = migrations[..before].iter().map(|(version, name, text)| {
            let text = AssertSqlSafe(text.clone()).into_sql_str();
            Migration::new(*version, name.clone().into(), MigrationType::Simple, text, false)
        });
        let migrator = Migrator::with_migrations(applied.collect());
        migrator.run(&old).await.expect("the older version");
        sqlx::raw_sql(AssertSqlSafe(in_dialect(dump, &address)))
            .execute(&old)
            .await
            .expect("the dump fits its version");
        let mut rows = vec![];
        for table in migrations[..before].iter().flat_map(|(.., text)| tables(text)) {
            let known = count(&old, table).await;
            assert!(known > 0, "the dump has no row of {table}");
            rows.push((table, known));
        }
        old.close().await;

        let store = Store::open(&address)
            .await
            .expect("the server opens the older database");
        let new = pool(&address).await;
        for (table, known) in rows {
            // The feed and the counters of folders may be written while the server starts, but nothing gets lost.
            assert!(count(&new, table).await >= known, "{table} has lost rows");
        }
        can_be_read(&store, &new).await;
        new.close().await;
    }
}

/// Checks that users, inboxes, chats, messages and documents of the old database can be read.
async fn can_be_read(store: &Store, pool: &AnyPool) {
    let mut db = store.read().await.expect("a connection");
    assert!(!users::users(&mut db).await.expect("users").is_empty());
    assert!(!places::inboxes(&mut db).await.expect("inboxes").is_empty());
    let chats = sqlx::query("SELECT id FROM conversations").fetch_all(pool).await;
    let open = OpenDocuments::default();
    for row in chats.expect("chats") {
        let id: String = row.try_get("id").expect("an id");
        let id: ConversationId = id.parse().expect("an id");
        let head = conversations::get(&mut db, id).await.expect("a chat").expect("a chat");
        let records = messages::after(&mut db, id, 0).await.expect("messages");
        assert_eq!(records.len() as i64, head.position, "{id} has lost messages");
        let document = open.lock(store, DocumentId::Timeline(id, head.segment)).await;
        let document = document.expect("a document");
        assert!(document.usable().is_ok(), "the document of {id} can be read");
    }
}
