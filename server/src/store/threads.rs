//! Threads of comments: private replies, the chats that originate from them, and the threads under a post.

use std::collections::HashMap;

use causerie_shared::{
    Millis,
    ids::{AccountId, ConversationId, PostId, UserId},
    inbox::Channel,
    message::Author,
    row::ConversationRow,
};
use sqlx::Row as _;

use super::{Db, StoreError, conversations::many, folder_counts, id, optional_id};

/// Matches the JSON of a message's `extra` if the message is a private reply.
const PRIVATE: &str = "%\"private\":true%";

/// Returns whether a thread has a private reply, sent or on its way, and when the thread began.
pub async fn private_reply(db: &mut Db, account: AccountId, top: &str) -> Result<(bool, Option<Millis>), StoreError> {
    let of_thread = "c.account_id = $1 AND c.thread = $2";
    let sql = format!(
        "SELECT MIN(c.created_at) AS begun, (SELECT COUNT(*) FROM messages m JOIN conversations c ON c.id = \
         m.conversation_id WHERE {of_thread} AND m.delivery <> 'failed' AND m.extra LIKE '{PRIVATE}') AS n \
         FROM conversations c WHERE {of_thread}"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(account.to_string())
        .bind(top.to_owned())
        .fetch_one(db)
        .await?;
    Ok((row.try_get::<i64, _>("n")? > 0, row.try_get("begun")?))
}

/// Stores the receiver of a thread's private reply: the contact's id on the paired account, which is the only link
/// between the author of a comment and their direct messages.
pub async fn set_private_to(db: &mut Db, conversation: ConversationId, person: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE conversations SET private_to = $2 WHERE id = $1")
        .bind(conversation.to_string())
        .bind(person.to_owned())
        .execute(db)
        .await?;
    Ok(())
}

/// Links a new chat on the paired account to its originating thread, which is the newest thread with a private reply to
/// `person` that no chat is linked to. Returns the thread.
pub async fn link(
    db: &mut Db,
    conversation: ConversationId,
    account: AccountId,
    person: &str,
    comments: Channel,
) -> Result<Option<ConversationId>, StoreError> {
    let row = sqlx::query(
        "UPDATE conversations SET originating_thread = (SELECT c.id FROM conversations c JOIN accounts a \
         ON a.id = c.account_id JOIN accounts b ON b.external_id = a.external_id WHERE c.private_to = $2 \
         AND a.channel = $3 AND b.id = $4 AND NOT EXISTS (SELECT 1 FROM conversations d WHERE d.originating_thread = c.id) \
         ORDER BY c.created_at DESC, c.id DESC LIMIT 1) WHERE id = $1 RETURNING originating_thread",
    )
    .bind(conversation.to_string())
    .bind(person.to_owned())
    .bind(comments.as_str())
    .bind(account.to_string())
    .fetch_one(db)
    .await?;
    optional_id(row.try_get("originating_thread")?, "conversation id")
}

/// Returns which of these conversations answer a private reply, with the agent who wrote the reply.
pub async fn answered_agents(
    db: &mut Db,
    conversations: &[ConversationId],
) -> Result<HashMap<ConversationId, UserId>, StoreError> {
    if conversations.is_empty() {
        return Ok(HashMap::new());
    }
    let marks = folder_counts::marks(&mut 0, conversations.len());
    let sql = format!(
        "SELECT c.id AS id, m.author AS author FROM conversations c JOIN messages m ON m.conversation_id = c.originating_thread \
         WHERE c.id IN ({marks}) AND m.delivery <> 'failed' AND m.extra LIKE '{PRIVATE}' ORDER BY m.position"
    );
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for conversation in conversations {
        query = query.bind(conversation.to_string());
    }
    let mut agents = HashMap::new();
    for row in query.fetch_all(db).await? {
        let author = Author::from_key(&row.try_get::<String, _>("author")?).ok_or(StoreError::Damaged("author"))?;
        if let Some(agent) = author.user() {
            agents.insert(id(&row.try_get::<String, _>("id")?, "conversation id")?, agent);
        }
    }
    Ok(agents)
}

/// Returns the open threads under a post, given by the provider's id.
pub async fn open_under(db: &mut Db, account: AccountId, post: &str) -> Result<Vec<ConversationRow>, StoreError> {
    let filter = "account_id = $1 AND ended_at IS NULL AND post_id = \
                  (SELECT id FROM posts WHERE posts.account_id = $1 AND external_id = $2) ORDER BY id";
    many(db, filter, &[account.to_string(), post.to_owned()], 1000).await
}

/// Returns the thread under a post that has a comment whose id ends with `last`, and that comment's id. Providers write
/// the id of one comment with different prefixes.
pub async fn of_comment(
    db: &mut Db,
    account: AccountId,
    post: PostId,
    last: &str,
) -> Result<Option<(ConversationId, String)>, StoreError> {
    let rows = sqlx::query(
        "SELECT p.conversation_id AS id, p.external_id AS external FROM provider_messages p JOIN conversations c \
         ON c.id = p.conversation_id WHERE p.account_id = $1 AND c.post_id = $2 AND p.external_id LIKE $3 ORDER BY p.at",
    )
    .bind(account.to_string())
    .bind(post.to_string())
    .bind(format!("%{last}"))
    .fetch_all(db)
    .await?;
    for row in rows {
        let external: String = row.try_get("external")?;
        if ends_in(&external, last) {
            return Ok(Some((
                id(&row.try_get::<String, _>("id")?, "conversation id")?,
                external,
            )));
        }
    }
    Ok(None)
}

/// Whether the last part of a comment's id is `last`. `LIKE` also finds ids that only end with the same digits.
fn ends_in(comment: &str, last: &str) -> bool {
    comment.rsplit('_').next() == Some(last)
}

/// Returns the id of the top-level comment of a thread under a post, given the last part of the id. It is needed for
/// threads that began with a reply because their first comment never arrived.
pub async fn known_top(
    db: &mut Db,
    account: AccountId,
    post: PostId,
    last: &str,
) -> Result<Option<String>, StoreError> {
    let rows = sqlx::query(
        "SELECT thread FROM conversations WHERE account_id = $1 AND post_id = $2 AND thread LIKE $3 ORDER BY created_at",
    )
    .bind(account.to_string())
    .bind(post.to_string())
    .bind(format!("%{last}"))
    .fetch_all(db)
    .await?;
    for row in rows {
        let top: String = row.try_get("thread")?;
        if ends_in(&top, last) {
            return Ok(Some(top));
        }
    }
    Ok(None)
}
