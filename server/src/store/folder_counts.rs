//! Folder counters, updated with each chat so that no read has to count chats. Queue, All and History have one row per
//! inbox, account and channel; Engaged and Mine have one row per user.

use causerie_shared::{
    conversation::Status,
    ids::{ConversationId, InboxId, UserId},
    inbox::Channel,
    row::ConversationRow,
    window::{Counts, Filter, Folder},
};
use sqlx::Row as _;

use super::{Db, StoreError, conversations::asked};

/// The key of a row in the table of counters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counter {
    /// Id of the inbox or user.
    owner: String,
    folder: Folder,
    account: String,
    channel: String,
}

/// Returns the counters of a chat. A waiting chat always counts in Queue; reads consider only inboxes whose mode shows
/// a queue.
fn places(
    status: Status,
    inbox: String,
    account: String,
    channel: String,
    agent: Option<String>,
    asked: Option<String>,
) -> Vec<Counter> {
    let here = |folder| Counter {
        owner: inbox.clone(),
        folder,
        account: account.clone(),
        channel: channel.clone(),
    };
    let of = |user: Option<String>, folder| {
        user.map(|owner| Counter {
            owner,
            folder,
            account: String::new(),
            channel: String::new(),
        })
    };
    let mut places = vec![here(if status.is_final() {
        Folder::History
    } else {
        Folder::All
    })];
    match status {
        Status::Bot | Status::Ended | Status::Failed => {}
        Status::Waiting => places.push(here(Folder::Queue)),
        Status::Assigning => places.extend(of(asked, Folder::Engaged)),
        Status::Assigned => places.extend(of(agent, Folder::Mine)),
        Status::Transferring => {
            places.extend(of(asked, Folder::Engaged));
            places.extend(of(agent, Folder::Mine));
        }
    }
    places
}

/// Returns the counters of a conversation row.
pub(super) fn of(head: &ConversationRow) -> Vec<Counter> {
    places(
        head.state.status(),
        head.inbox.to_string(),
        head.account.to_string(),
        head.channel.as_str().to_owned(),
        head.state.agent().map(|user| user.to_string()),
        asked(&head.state).map(|user| user.to_string()),
    )
}

/// Returns the counters of a chat as it is stored.
pub(super) async fn stored(db: &mut Db, conversation: ConversationId) -> Result<Vec<Counter>, StoreError> {
    let row = sqlx::query(
        "SELECT status, inbox_id, account_id, channel, agent_id, asked_id FROM conversations WHERE id = $1",
    )
    .bind(conversation.to_string())
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(vec![]) };
    let status: String = row.try_get("status")?;
    let status = Status::ALL.into_iter().find(|known| known.as_str() == status);
    Ok(places(
        status.ok_or(StoreError::Damaged("status"))?,
        row.try_get("inbox_id")?,
        row.try_get("account_id")?,
        row.try_get("channel")?,
        row.try_get("agent_id")?,
        row.try_get("asked_id")?,
    ))
}

/// Moves a chat from the counters `before` to the counters `after`.
pub(super) async fn moved(db: &mut Db, before: &[Counter], after: &[Counter]) -> Result<(), StoreError> {
    for place in before.iter().filter(|place| !after.contains(place)) {
        add(&mut *db, place, -1).await?;
    }
    for place in after.iter().filter(|place| !before.contains(place)) {
        add(&mut *db, place, 1).await?;
    }
    Ok(())
}

async fn add(db: &mut Db, place: &Counter, n: i64) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO folder_counts (owner_id, folder, account_id, channel, n) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (owner_id, folder, account_id, channel) DO UPDATE SET n = folder_counts.n + excluded.n",
    )
    .bind(place.owner.clone())
    .bind(place.folder.as_str())
    .bind(place.account.clone())
    .bind(place.channel.clone())
    .bind(n)
    .execute(db)
    .await?;
    Ok(())
}

/// Recomputes all counters.
pub async fn recount(db: &mut Db) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM folder_counts").execute(&mut *db).await?;
    let groups = [
        ("inbox_id", Folder::Queue, "account_id, channel", "status = 'waiting'"),
        ("inbox_id", Folder::All, "account_id, channel", "ended_at IS NULL"),
        (
            "inbox_id",
            Folder::History,
            "account_id, channel",
            "status IN ('ended', 'failed')",
        ),
        (
            "asked_id",
            Folder::Engaged,
            "'', ''",
            "status IN ('assigning', 'transferring')",
        ),
        (
            "agent_id",
            Folder::Mine,
            "'', ''",
            "status IN ('assigned', 'transferring')",
        ),
    ];
    for (owner, folder, account, filter) in groups {
        let by = if account.starts_with('\'') {
            owner.to_owned()
        } else {
            format!("{owner}, {account}")
        };
        let sql = format!(
            "INSERT INTO folder_counts (owner_id, folder, account_id, channel, n) \
             SELECT {owner}, '{}', {account}, COUNT(*) FROM conversations WHERE {filter} GROUP BY {by}",
            folder.as_str()
        );
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *db).await?;
    }
    Ok(())
}

/// Computes the counters if there are none, which is so in a database from before the counters.
pub(super) async fn begin(db: &mut Db) -> Result<(), StoreError> {
    let any = sqlx::query("SELECT n FROM folder_counts LIMIT 1")
        .fetch_optional(&mut *db)
        .await?;
    match any {
        Some(_) => Ok(()),
        None => recount(db).await,
    }
}

/// Returns all counters above zero as owner, folder, account, channel and number, for comparisons.
pub async fn all(db: &mut Db) -> Result<Vec<(String, String, String, String, i64)>, StoreError> {
    let rows = sqlx::query(
        "SELECT owner_id, folder, account_id, channel, n FROM folder_counts WHERE n <> 0 \
         ORDER BY owner_id, folder, account_id, channel",
    )
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            Ok((
                row.try_get("owner_id")?,
                row.try_get("folder")?,
                row.try_get("account_id")?,
                row.try_get("channel")?,
                row.try_get("n")?,
            ))
        })
        .collect()
}

/// Returns the folder counters of a user who sees the queues, the open chats and the histories of these inboxes. Runs
/// one statement that reads a few rows.
pub(super) async fn counts(
    db: &mut Db,
    user: UserId,
    queues: &[InboxId],
    watched: &[InboxId],
    histories: &[InboxId],
) -> Result<Counts, StoreError> {
    let mut next = 1;
    let sql = format!(
        "SELECT folder, CAST(SUM(n) AS BIGINT) AS n FROM folder_counts WHERE \
         (owner_id = $1 AND folder IN ('engaged', 'mine')) \
         OR (folder = 'queue' AND owner_id IN ({})) OR (folder = 'all' AND owner_id IN ({})) \
         OR (folder = 'history' AND owner_id IN ({})) GROUP BY folder",
        marks(&mut next, queues.len()),
        marks(&mut next, watched.len()),
        marks(&mut next, histories.len()),
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(user.to_string());
    for inbox in queues.iter().chain(watched).chain(histories) {
        query = query.bind(inbox.to_string());
    }
    let mut counts = Counts::default();
    for row in query.fetch_all(db).await? {
        let n = row.try_get::<i64, _>("n")?.max(0) as u32;
        match Folder::from_key(&row.try_get::<String, _>("folder")?).ok_or(StoreError::Damaged("folder"))? {
            Folder::Queue => counts.queue = n,
            Folder::Engaged => counts.engaged = n,
            Folder::Mine => counts.mine = n,
            Folder::All => counts.all = n,
            Folder::History => counts.history = n,
        }
    }
    Ok(counts)
}

/// Returns the number of chats of these inboxes in Queue, All or History, filtered by account and channel.
pub(super) async fn total(
    db: &mut Db,
    folder: Folder,
    inboxes: &[InboxId],
    filter: &Filter,
) -> Result<u32, StoreError> {
    let mut next = 3;
    let sql = format!(
        "SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) AS n FROM folder_counts WHERE folder = $1 \
         AND ($2 = '' OR account_id = $2) AND ($3 = '' OR channel = $3) AND owner_id IN ({})",
        marks(&mut next, inboxes.len())
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(folder.as_str())
        .bind(filter.account.map(|account| account.to_string()).unwrap_or_default())
        .bind(filter.channel.map(Channel::as_str).unwrap_or_default());
    for inbox in inboxes {
        query = query.bind(inbox.to_string());
    }
    Ok(query.fetch_one(db).await?.try_get::<i64, _>("n")?.max(0) as u32)
}

/// Returns `n` placeholders after number `last`, and advances `last`. Zero placeholders are `NULL`, which matches
/// nothing.
pub(super) fn marks(last: &mut usize, n: usize) -> String {
    if n == 0 {
        return "NULL".to_owned();
    }
    let all: Vec<String> = (0..n)
        .map(|_| {
            *last += 1;
            format!("${last}")
        })
        .collect();
    all.join(", ")
}
