//! Statements that may read a whole table, and why.

use crate::explain::Walk;

/// Tables that are as large as a company is, not as its conversations are.
const SMALL: [(&str, &str); 13] = [
    ("users", "a row a colleague"),
    ("members", "a row a colleague and inbox"),
    ("inboxes", "a row an inbox"),
    ("departments", "a row a department"),
    ("accounts", "a row a messaging account"),
    ("templates", "a row a messaging account"),
    ("settings", "a handful of values"),
    ("counters", "two rows"),
    ("leases", "a row a console that is connected"),
    ("visitor_leases", "a row a visitor who is connected"),
    ("push_subscriptions", "a row a device of a colleague"),
    ("crashes", "at most a thousand rows"),
    ("blacklist", "people whom somebody blocked by hand, one by one"),
];

/// Indexes that contain only work in progress: reading one completely reads only what was asked for.
const IN_PROGRESS: [&str; 9] = [
    "outbox_due",
    "outbox_waiting",
    "outbox_sending",
    "outbox_open",
    "raw_events_waiting",
    "conversations_online",
    "conversations_all",
    "files_removed",
    "conversations_engaged",
];

/// Statements that rarely run and may read a whole table, by a part of their text.
const SELDOM: [(&str, &str); 6] = [
    (
        "LOWER(name) LIKE",
        "somebody looks for a person by a part of a name or id",
    ),
    (
        "COUNT(DISTINCT contact_id)",
        "the page of the messaging accounts is opened",
    ),
    (
        "INSERT INTO folder_counts (owner_id, folder, account_id, channel, n) SELECT",
        "the first start counts",
    ),
    ("SELECT n FROM folder_counts LIMIT 1", "one row, at the start"),
    (
        "FROM folder_counts WHERE n <> 0",
        "tests compare what is kept with what is counted",
    ),
    (
        "channel <> 'web' ORDER BY number",
        "tests from outside look at everything",
    ),
];

pub fn is_allowed(walk: &Walk, statement: &str) -> bool {
    SMALL.iter().any(|(table, _)| *table == walk.table)
        || walk.index.as_deref().is_some_and(|index| IN_PROGRESS.contains(&index))
        // The addresses for tests delete everything.
        || (statement.starts_with("DELETE FROM ") && !statement.contains(" WHERE "))
        || SELDOM.iter().any(|(text, _)| statement.contains(text))
}

/// Whether a statement is only for PostgreSQL, which alone has several nodes.
pub fn is_of_postgres(literal: &str) -> bool {
    ["pg_", "SKIP LOCKED", "taken_by = $1"]
        .iter()
        .any(|word| literal.contains(word))
        || literal == "SELECT MIN(due) AS due FROM timers WHERE {}"
        || literal.starts_with("UPDATE counters SET value = value WHERE")
}
