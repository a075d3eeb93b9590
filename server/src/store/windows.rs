//! The folders of the console as sorted windows, and their counters.

use causerie_shared::{
    ids::UserId,
    row::Head,
    window::{Counts, Folder},
};
use sqlx::Row as _;

use super::{
    Db, StoreError,
    conversations::{COLUMNS, head},
};

/// Which chats a folder holds for user `$1`; `$2` is 1 when the user sees every inbox.
/// The same rule as `Folder::holds`, in SQL.
fn filter(folder: Folder) -> &'static str {
    match folder {
        Folder::Queue => {
            "status = 'waiting' AND $2 >= 0 AND inbox_id IN (SELECT m.inbox_id FROM members m \
             JOIN inboxes i ON i.id = m.inbox_id WHERE m.user_id = $1 AND i.mode = 'broadcast')"
        }
        Folder::Engaged => "asked_id = $1 AND $2 >= 0 AND status IN ('assigning', 'transferring')",
        Folder::Mine => "agent_id = $1 AND $2 >= 0 AND status IN ('assigned', 'transferring')",
        Folder::History => {
            "ended_at IS NOT NULL AND ($2 = 1 OR inbox_id IN (SELECT inbox_id FROM members WHERE user_id = $1))"
        }
    }
}

fn order(folder: Folder) -> &'static str {
    match folder {
        Folder::Queue | Folder::Engaged => "COALESCE(ring_due, waiting_since), id",
        Folder::Mine => "active_at DESC, id",
        Folder::History => "ended_at DESC, id",
    }
}

/// Rows `from..to` of a folder, and how many it holds.
pub async fn window(
    db: &mut Db,
    folder: Folder,
    user: UserId,
    sees_all: bool,
    from: u32,
    to: u32,
) -> Result<(Vec<Head>, u32), StoreError> {
    let total = count(&mut *db, folder, user, sees_all).await?;
    let sql = format!(
        "SELECT {COLUMNS} FROM conversations WHERE {} ORDER BY {} LIMIT $3 OFFSET $4",
        filter(folder),
        order(folder)
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(user.to_string())
        .bind(i64::from(sees_all))
        .bind(i64::from(to.saturating_sub(from)))
        .bind(i64::from(from))
        .fetch_all(db)
        .await?;
    let heads = rows.iter().map(head).collect::<Result<Vec<_>, _>>()?;
    Ok((heads, total))
}

async fn count(db: &mut Db, folder: Folder, user: UserId, sees_all: bool) -> Result<u32, StoreError> {
    let sql = format!("SELECT COUNT(*) AS n FROM conversations WHERE {}", filter(folder));
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(user.to_string())
        .bind(i64::from(sees_all))
        .fetch_one(db)
        .await?;
    Ok(row.try_get::<i64, _>("n")? as u32)
}

/// All counters of a user.
pub async fn counts(db: &mut Db, user: UserId, sees_all: bool) -> Result<Counts, StoreError> {
    Ok(Counts {
        queue: count(&mut *db, Folder::Queue, user, sees_all).await?,
        engaged: count(&mut *db, Folder::Engaged, user, sees_all).await?,
        mine: count(&mut *db, Folder::Mine, user, sees_all).await?,
        history: count(&mut *db, Folder::History, user, sees_all).await?,
    })
}
