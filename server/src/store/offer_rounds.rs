//! Rounds of offers: the users who were asked about a waiting chat, and the inboxes that it overflowed from.

use std::collections::{HashMap, HashSet};

use causerie_shared::{
    ids::{ConversationId, InboxId, UserId},
    timer::TimerKind,
};
use sqlx::Row as _;

use super::{Db, StoreError, folder_counts, from_json, id, to_json};

/// Returns the users who were asked in the current round of each of these chats, and the chats that have a timer for
/// their next round.
pub async fn of(
    db: &mut Db,
    conversations: &[ConversationId],
) -> Result<(HashMap<ConversationId, HashSet<UserId>>, HashSet<ConversationId>), StoreError> {
    let mut last = 0;
    let marks = folder_counts::marks(&mut last, conversations.len());
    let ids = |sql: String| {
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for conversation in conversations {
            query = query.bind(conversation.to_string());
        }
        query
    };
    let mut asked: HashMap<ConversationId, HashSet<UserId>> = HashMap::new();
    let sql = format!("SELECT conversation_id, user_id FROM asked WHERE conversation_id IN ({marks})");
    for row in ids(sql).fetch_all(&mut *db).await? {
        let conversation = id(&row.try_get::<String, _>("conversation_id")?, "conversation id")?;
        let user = id(&row.try_get::<String, _>("user_id")?, "user id")?;
        asked.entry(conversation).or_default().insert(user);
    }
    let kind = TimerKind::Round.as_str();
    let sql = format!("SELECT subject FROM timers WHERE kind = '{kind}' AND subject IN ({marks})");
    let over = ids(sql).fetch_all(db).await?;
    let over = over
        .iter()
        .map(|row| id(&row.try_get::<String, _>("subject")?, "conversation id"))
        .collect::<Result<_, StoreError>>()?;
    Ok((asked, over))
}

/// Returns the inboxes from which the chat overflowed on its way to its current inbox.
pub async fn overflowed(db: &mut Db, conversation: ConversationId) -> Result<Vec<InboxId>, StoreError> {
    let row = sqlx::query("SELECT overflowed FROM conversations WHERE id = $1")
        .bind(conversation.to_string())
        .fetch_one(db)
        .await?;
    from_json(&row.try_get::<String, _>("overflowed")?, "overflowed")
}

/// Stores the inboxes from which the chat overflowed.
pub async fn set_overflowed(db: &mut Db, conversation: ConversationId, inboxes: &[InboxId]) -> Result<(), StoreError> {
    sqlx::query("UPDATE conversations SET overflowed = $2 WHERE id = $1")
        .bind(conversation.to_string())
        .bind(to_json(&inboxes, "overflowed")?)
        .execute(db)
        .await?;
    Ok(())
}

/// Records that a user was asked in this round.
pub async fn add(db: &mut Db, conversation: ConversationId, user: UserId) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO asked (conversation_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(conversation.to_string())
        .bind(user.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Starts a new round of offers.
pub async fn begin(db: &mut Db, conversation: ConversationId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM asked WHERE conversation_id = $1")
        .bind(conversation.to_string())
        .execute(db)
        .await?;
    Ok(())
}
