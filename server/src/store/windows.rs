//! Windows of the console's lists, and their totals. The rules of `Folder::holds`, `Filter::passes` and `List::key` in
//! SQL.
//!
//! The cost of a page does not depend on the number of chats: the query reads each inbox in the order of an index and
//! merges the inboxes row by row until the page is full.

use causerie_shared::{
    Millis,
    access::Access,
    ids::InboxId,
    row::ConversationRow,
    window::{Counts, Filter, Folder, List, Sort},
};
use sqlx::Row as _;

use super::{
    Db, StoreError,
    conversations::{COLUMNS, head},
    folder_counts::{self, marks},
    id,
};

/// Maximum number of inboxes that are merged. More are read together and sorted (SQLite joins at most 500 queries).
const MAX_MERGED: usize = 100;

/// Returns the inboxes whose waiting chats the user may take from a queue.
async fn queues(db: &mut Db, access: &Access) -> Result<Vec<InboxId>, StoreError> {
    let rows = sqlx::query("SELECT id FROM inboxes WHERE mode = 'broadcast' ORDER BY id")
        .fetch_all(db)
        .await?;
    let mut inboxes = vec![];
    for row in rows {
        let inbox = id(&row.try_get::<String, _>("id")?, "inbox id")?;
        if access.is_member(inbox) {
            inboxes.push(inbox);
        }
    }
    Ok(inboxes)
}

/// Returns the inboxes in which the user sees all open chats.
fn watched(access: &Access) -> Vec<InboxId> {
    let mut inboxes: Vec<InboxId> = access
        .sees
        .iter()
        .copied()
        .filter(|inbox| access.supervises(*inbox))
        .collect();
    inboxes.sort_unstable();
    inboxes
}

/// Returns the inboxes whose ended chats the user may read.
fn histories(access: &Access) -> Vec<InboxId> {
    let seen = access.sees.iter().chain(&access.member_of).copied();
    let mut inboxes: Vec<InboxId> = seen
        .filter(|inbox| access.is_member(*inbox) || access.supervises(*inbox))
        .collect();
    inboxes.sort_unstable();
    inboxes.dedup();
    inboxes
}

/// The rows from which a folder is read: those of inboxes, or those with the user in a column.
enum Source {
    Inboxes(Vec<InboxId>),
    User(&'static str),
}

/// The values to bind to a statement, in order. `numbers` has the integers by index; their slots in `binds` are empty.
#[derive(Default)]
struct Query {
    binds: Vec<String>,
    numbers: Vec<(usize, Millis)>,
}

impl Query {
    fn text(&mut self, value: impl ToString) -> String {
        self.binds.push(value.to_string());
        format!("${}", self.binds.len())
    }

    fn number(&mut self, value: Millis) -> String {
        self.binds.push(String::new());
        self.numbers.push((self.binds.len() - 1, value));
        format!("${}", self.binds.len())
    }

    async fn run(self, db: &mut Db, sql: String) -> Result<Vec<sqlx::any::AnyRow>, StoreError> {
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for (at, bind) in self.binds.into_iter().enumerate() {
            query = match self.numbers.iter().find(|(number, _)| *number == at) {
                Some((_, value)) => query.bind(*value),
                None => query.bind(bind),
            };
        }
        Ok(query.fetch_all(db).await?)
    }
}

/// Returns the folder's condition, as its partial index states it.
fn condition(folder: Folder) -> &'static str {
    match folder {
        Folder::Queue => "status = 'waiting'",
        Folder::Engaged => "asked_id IS NOT NULL",
        Folder::Mine => "agent_id IS NOT NULL AND status IN ('assigned', 'transferring')",
        Folder::All => "ended_at IS NULL",
        Folder::History => "ended_at IS NOT NULL",
    }
}

/// Returns the sort key and its direction. The id breaks ties.
fn order(list: &List) -> (&'static str, &'static str) {
    match (list.sort, list.folder) {
        (Sort::Newest, _) | (Sort::Folder, Folder::Mine | Folder::All) => ("active_at", "DESC"),
        (Sort::Oldest, _) => ("active_at", "ASC"),
        (Sort::Folder, Folder::Queue | Folder::Engaged) => ("COALESCE(ring_due, waiting_since)", "ASC"),
        (Sort::Folder, Folder::History) => ("ended_at", "DESC"),
    }
}

/// Returns the conditions of a filter, without that for the inbox, which the source covers.
fn narrow(filter: &Filter, now: Millis, query: &mut Query) -> String {
    let mut sql = String::new();
    if let Some(channel) = filter.channel {
        sql += &format!(" AND channel = {}", query.text(channel.as_str()));
    }
    if let Some(account) = filter.account {
        sql += &format!(" AND account_id = {}", query.text(account));
    }
    if filter.social {
        sql += " AND channel IN ('facebook_comments', 'instagram_comments')";
    }
    if let Some(post) = filter.post {
        sql += &format!(" AND post_id = {}", query.text(post));
    }
    if filter.unread {
        sql += " AND unread > 0";
    }
    if filter.overdue {
        // Only serde writes the column, so this is the form in which a waiting or offered chat is marked overdue.
        sql += &format!(
            " AND (state LIKE '%\"overdue\":true%' OR ring_due <= {})",
            query.number(now)
        );
    }
    sql
}

/// Returns the conditions of the queries whose union is the list.
fn arms(list: &List, access: &Access, source: &Source, now: Millis, query: &mut Query) -> Vec<String> {
    let narrowed = narrow(&list.filter, now, query);
    let own = condition(list.folder);
    match source {
        Source::User(column) => {
            let user = query.text(access.user);
            let inbox = match list.filter.inbox {
                Some(inbox) => format!(" AND inbox_id = {}", query.text(inbox)),
                None => String::new(),
            };
            vec![format!("{column} = {user} AND {own}{inbox}{narrowed}")]
        }
        Source::Inboxes(inboxes) if inboxes.len() <= MAX_MERGED => inboxes
            .iter()
            .map(|inbox| format!("inbox_id = {} AND {own}{narrowed}", query.text(inbox)))
            .collect(),
        Source::Inboxes(inboxes) => {
            let mut last = query.binds.len();
            let marks = marks(&mut last, inboxes.len());
            query.binds.extend(inboxes.iter().map(ToString::to_string));
            vec![format!("inbox_id IN ({marks}) AND {own}{narrowed}")]
        }
    }
}

async fn source(db: &mut Db, list: &List, access: &Access) -> Result<Source, StoreError> {
    let wanted = |inbox: &InboxId| list.filter.inbox.is_none_or(|only| only == *inbox);
    Ok(match list.folder {
        Folder::Queue => {
            let mut inboxes = queues(db, access).await?;
            inboxes.retain(wanted);
            Source::Inboxes(inboxes)
        }
        Folder::All => Source::Inboxes(watched(access).into_iter().filter(wanted).collect()),
        Folder::History => Source::Inboxes(histories(access).into_iter().filter(wanted).collect()),
        Folder::Engaged => Source::User("asked_id"),
        Folder::Mine => Source::User("agent_id"),
    })
}

/// Whether a list is always empty: an ended chat has no countdown and nothing unread (`conversations::change::follow`).
fn is_void(list: &List) -> bool {
    list.folder == Folder::History && (list.filter.unread || list.filter.overdue)
}

/// Returns the statement of a window; `None` if the list is empty whatever the database contains.
fn page(
    list: &List,
    access: &Access,
    source: &Source,
    range: std::ops::Range<u32>,
    now: Millis,
    query: &mut Query,
) -> Option<String> {
    let arms = arms(list, access, source, now, query);
    if arms.is_empty() || is_void(list) {
        return None;
    }
    let (key, direction) = order(list);
    let merged: Vec<String> = arms
        .iter()
        .map(|arm| format!("SELECT id, {key} AS k FROM conversations WHERE {arm}"))
        .collect();
    // A single query is ordered by the expression itself, because the index is on the expression.
    let by = if merged.len() == 1 { key } else { "k" };
    Some(format!(
        "SELECT {COLUMNS} FROM conversations WHERE id IN (SELECT id FROM ({} ORDER BY {by} {direction}, id LIMIT {} OFFSET {}) AS page)",
        merged.join(" UNION ALL "),
        range.end.saturating_sub(range.start),
        range.start
    ))
}

/// Returns rows `from..to` of a list and its total. `now` is the time of the server's clock.
pub async fn window(
    db: &mut Db,
    access: &Access,
    list: &List,
    from: u32,
    to: u32,
    now: Millis,
) -> Result<(Vec<ConversationRow>, u32), StoreError> {
    let source = source(&mut *db, list, access).await?;
    let total = total(&mut *db, list, access, &source, now).await?;
    let mut query = Query::default();
    let Some(sql) = page(list, access, &source, from..to, now, &mut query) else {
        return Ok((vec![], total));
    };
    let rows = query.run(db, sql).await?;
    let mut heads = rows.iter().map(head).collect::<Result<Vec<_>, _>>()?;
    heads.sort_by_key(|head| list.key(head));
    Ok((heads, total))
}

/// Returns the number of rows in a list: from the folder counters where they suffice, otherwise by counting rows.
async fn total(db: &mut Db, list: &List, access: &Access, source: &Source, now: Millis) -> Result<u32, StoreError> {
    if is_void(list) {
        return Ok(0);
    }
    let filter = &list.filter;
    let row_by_row = filter.unread || filter.overdue || filter.social || filter.post.is_some();
    match source {
        Source::Inboxes(inboxes) if !row_by_row => folder_counts::total(db, list.folder, inboxes, &list.filter).await,
        Source::User(_) if list.filter == Filter::default() => {
            Ok(folder_counts::counts(db, access.user, &[], &[], &[])
                .await?
                .of(list.folder))
        }
        Source::Inboxes(_) | Source::User(_) => {
            let mut query = Query::default();
            let arms: Vec<String> = arms(list, access, source, now, &mut query)
                .into_iter()
                .map(|arm| format!("({arm})"))
                .collect();
            if arms.is_empty() {
                return Ok(0);
            }
            let sql = format!("SELECT COUNT(*) AS n FROM conversations WHERE {}", arms.join(" OR "));
            let rows = query.run(db, sql).await?;
            match rows.first() {
                Some(row) => Ok(row.try_get::<i64, _>("n")? as u32),
                None => Ok(0),
            }
        }
    }
}

/// Returns the folder counters of a user. It reads a few rows, however many chats there are.
pub async fn counts(db: &mut Db, access: &Access) -> Result<Counts, StoreError> {
    let queues = queues(&mut *db, access).await?;
    folder_counts::counts(db, access.user, &queues, &watched(access), &histories(access)).await
}

/// Returns SQLite's query plan of a window, one step per line. Tests use it to check that the query uses an index.
pub async fn plan(db: &mut Db, access: &Access, list: &List, from: u32, to: u32) -> Result<Vec<String>, StoreError> {
    let source = source(&mut *db, list, access).await?;
    let mut query = Query::default();
    let Some(sql) = page(list, access, &source, from..to, 0, &mut query) else {
        return Ok(vec![]);
    };
    let rows = query.run(db, format!("EXPLAIN QUERY PLAN {sql}")).await?;
    rows.iter().map(|row| Ok(row.try_get("detail")?)).collect()
}
