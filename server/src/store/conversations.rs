//! Conversation rows. Clients get the whole row.

use causerie_shared::{
    Millis,
    conversation::State,
    ids::{AccountId, ContactId, ConversationId, InboxId, UserId},
    inbox::{Channel, Rules},
    row::ConversationRow,
    timer::Countdown,
};
use sqlx::{Row as _, any::AnyRow};

use super::{Db, OrderedTx, StoreError, folder_counts, from_json, id, places, to_json};

/// The `LIMIT` of queries that read all matching chats.
pub const ALL: i64 = 1_000_000;

pub(super) const COLUMNS: &str = "id, number, inbox_id, account_id, channel, contact_id, contact_name, contact_since, state, \
     version, created_at, waiting_since, ring_due, ring_total, active_at, ended_at, preview, unread, position, seen, \
     online, origin, segment, invited, discussed, post, closes_at, seq";

pub(super) fn head(row: &AnyRow) -> Result<ConversationRow, StoreError> {
    let text = |column: &'static str| row.try_get::<String, _>(column);
    let number = |column: &'static str| row.try_get::<i64, _>(column);
    let optional = |column: &'static str| row.try_get::<Option<i64>, _>(column);
    let ring = match (optional("ring_due")?, optional("ring_total")?) {
        (Some(due), Some(total)) => Some(Countdown { due, total }),
        _ => None,
    };
    let preview: Option<String> = row.try_get("preview")?;
    Ok(ConversationRow {
        id: id(&text("id")?, "conversation id")?,
        number: number("number")?,
        inbox: id(&text("inbox_id")?, "inbox id")?,
        account: id(&text("account_id")?, "account id")?,
        channel: Channel::from_key(&text("channel")?).ok_or(StoreError::Damaged("channel"))?,
        contact: id(&text("contact_id")?, "contact id")?,
        contact_name: text("contact_name")?,
        contact_since: number("contact_since")?,
        state: from_json(&text("state")?, "state")?,
        version: number("version")?,
        created_at: number("created_at")?,
        waiting_since: number("waiting_since")?,
        ring,
        active_at: number("active_at")?,
        ended_at: optional("ended_at")?,
        preview: preview.map(|text| from_json(&text, "preview")).transpose()?,
        unread: number("unread")? as u32,
        position: number("position")?,
        seen: number("seen")?,
        online: number("online")? != 0,
        origin: from_json(&text("origin")?, "origin")?,
        segment: number("segment")? as u32,
        invited: from_json(&text("invited")?, "invited")?,
        discussed: number("discussed")? as u32,
        post: row
            .try_get::<Option<String>, _>("post")?
            .map(|post| from_json(&post, "post"))
            .transpose()?,
        window: optional("closes_at")?,
        seq: number("seq")?,
    })
}

/// Returns the user who has an offer or a transfer request for the chat.
pub fn asked(state: &State) -> Option<UserId> {
    match state {
        State::Assigning { agent, .. } => Some(*agent),
        State::Transferring { to, .. } => Some(*to),
        State::Bot { .. }
        | State::Waiting { .. }
        | State::Assigned { .. }
        | State::Ended { .. }
        | State::Failed { .. } => None,
    }
}

/// Stores a new conversation.
pub async fn insert(db: &mut Db, head: &ConversationRow) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO conversations (id, number, inbox_id, account_id, channel, contact_id, contact_name, contact_since, \
         state, status, agent_id, asked_id, version, created_at, waiting_since, ring_due, ring_total, active_at, \
         ended_at, preview, unread, position, seen, online, origin, segment, seq, invited, discussed, post, post_id, \
         closes_at) VALUES ($1, $2, $3, $4, $5, $6, $7, \
         $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32)",
    )
    .bind(head.id.to_string())
    .bind(head.number)
    .bind(head.inbox.to_string())
    .bind(head.account.to_string())
    .bind(head.channel.as_str())
    .bind(head.contact.to_string())
    .bind(head.contact_name.clone())
    .bind(head.contact_since)
    .bind(to_json(&head.state, "state")?)
    .bind(head.state.status().as_str())
    .bind(head.state.agent().map(|user| user.to_string()))
    .bind(asked(&head.state).map(|user| user.to_string()))
    .bind(head.version)
    .bind(head.created_at)
    .bind(head.waiting_since)
    .bind(head.ring.map(|ring| ring.due))
    .bind(head.ring.map(|ring| ring.total))
    .bind(head.active_at)
    .bind(head.ended_at)
    .bind(head.preview.as_ref().map(|preview| to_json(preview, "preview")).transpose()?)
    .bind(i64::from(head.unread))
    .bind(head.position)
    .bind(head.seen)
    .bind(i64::from(head.online))
    .bind(to_json(&head.origin, "origin")?)
    .bind(i64::from(head.segment))
    .bind(head.seq)
    .bind(to_json(&head.invited, "invited")?)
    .bind(i64::from(head.discussed))
    .bind(head.post.as_ref().map(|post| to_json(post, "post")).transpose()?)
    .bind(head.post.as_ref().map(|post| post.id.to_string()))
    .bind(head.window)
    .execute(&mut *db)
    .await?;
    folder_counts::moved(db, &[], &folder_counts::of(head)).await
}

/// Writes a changed conversation row and the folder counters, if the stored version is still `read_version`. Returns
/// `false` otherwise.
pub async fn save(db: &mut Db, head: &ConversationRow, read_version: i64) -> Result<bool, StoreError> {
    let before = folder_counts::stored(&mut *db, head.id).await?;
    let written = rewrite(&mut *db, head, read_version).await?;
    if written {
        folder_counts::moved(db, &before, &folder_counts::of(head)).await?;
    }
    Ok(written)
}

/// As [`save`], but does not touch the folder counters: state and inbox must not have changed.
pub async fn rewrite(db: &mut Db, head: &ConversationRow, read_version: i64) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE conversations SET inbox_id = $3, contact_name = $4, state = $5, status = $6, agent_id = $7, \
         asked_id = $8, version = $9, waiting_since = $10, ring_due = $11, ring_total = $12, active_at = $13, \
         ended_at = $14, preview = $15, unread = $16, position = $17, seen = $18, online = $19, origin = $20, \
         segment = $21, seq = $22, invited = $23, discussed = $24, closes_at = $25 WHERE id = $1 AND version = $2",
    )
    .bind(head.id.to_string())
    .bind(read_version)
    .bind(head.inbox.to_string())
    .bind(head.contact_name.clone())
    .bind(to_json(&head.state, "state")?)
    .bind(head.state.status().as_str())
    .bind(head.state.agent().map(|user| user.to_string()))
    .bind(asked(&head.state).map(|user| user.to_string()))
    .bind(head.version)
    .bind(head.waiting_since)
    .bind(head.ring.map(|ring| ring.due))
    .bind(head.ring.map(|ring| ring.total))
    .bind(head.active_at)
    .bind(head.ended_at)
    .bind(
        head.preview
            .as_ref()
            .map(|preview| to_json(preview, "preview"))
            .transpose()?,
    )
    .bind(i64::from(head.unread))
    .bind(head.position)
    .bind(head.seen)
    .bind(i64::from(head.online))
    .bind(to_json(&head.origin, "origin")?)
    .bind(i64::from(head.segment))
    .bind(head.seq)
    .bind(to_json(&head.invited, "invited")?)
    .bind(i64::from(head.discussed))
    .bind(head.window)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Returns one conversation.
pub async fn get(db: &mut Db, conversation: ConversationId) -> Result<Option<ConversationRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM conversations WHERE id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(conversation.to_string())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(head).transpose()
}

/// Returns one conversation and locks it until the transaction ends.
///
/// An update that changes nothing takes the row's lock on both engines.
pub async fn lock(db: &mut Db, conversation: ConversationId) -> Result<Option<ConversationRow>, StoreError> {
    let sql = format!("UPDATE conversations SET seq = seq WHERE id = $1 RETURNING {COLUMNS}");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(conversation.to_string())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(head).transpose()
}

/// Returns one conversation with its inbox's rules. Ordered transactions run one at a time ([`super::OrderedTx`]), so
/// the conversation does not change until the transaction ends.
pub async fn ruled(
    tx: &mut OrderedTx,
    conversation: ConversationId,
) -> Result<Option<(ConversationRow, Rules)>, StoreError> {
    let of_inbox =
        |column| format!("(SELECT {column} FROM inboxes WHERE inboxes.id = conversations.inbox_id) AS {column}");
    let rules = ["mode", "accept_secs", "queue_secs", "overflow"]
        .map(of_inbox)
        .join(", ");
    let sql = format!("SELECT {COLUMNS}, {rules} FROM conversations WHERE id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(conversation.to_string())
        .fetch_optional(&mut **tx)
        .await?;
    row.map(|row| Ok((head(&row)?, places::rules(&row)?))).transpose()
}

pub(super) async fn many(
    db: &mut Db,
    filter: &str,
    binds: &[String],
    limit: i64,
) -> Result<Vec<ConversationRow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM conversations WHERE {filter} LIMIT {limit}");
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for bind in binds {
        query = query.bind(bind.clone());
    }
    query.fetch_all(db).await?.iter().map(head).collect()
}

/// Returns waiting chats of an inbox, longest waiting first, after the one with this `waiting_since` and id.
pub async fn waiting(
    db: &mut Db,
    inbox: InboxId,
    after: Option<(Millis, ConversationId)>,
    limit: i64,
) -> Result<Vec<ConversationRow>, StoreError> {
    let Some((since, id)) = after else {
        let filter = "inbox_id = $1 AND status = 'waiting' ORDER BY waiting_since, id";
        return many(db, filter, &[inbox.to_string()], limit).await;
    };
    // The number is part of the text, because `many` binds only strings.
    let filter = format!(
        "inbox_id = $1 AND status = 'waiting' AND (waiting_since > {since} OR (waiting_since = {since} AND id > $2)) \
         ORDER BY waiting_since, id"
    );
    many(db, &filter, &[inbox.to_string(), id.to_string()], limit).await
}

/// Returns the assigned chats of an inbox.
pub async fn assigned(db: &mut Db, inbox: InboxId) -> Result<Vec<ConversationRow>, StoreError> {
    let filter = "inbox_id = $1 AND status = 'assigned' ORDER BY id";
    many(db, filter, &[inbox.to_string()], ALL).await
}

/// Returns chats of an inbox without an agent (Waiting and Assigning), longest waiting first.
pub async fn in_line(db: &mut Db, inbox: InboxId, limit: i64) -> Result<Vec<ConversationRow>, StoreError> {
    let filter = "inbox_id = $1 AND status IN ('waiting', 'assigning') ORDER BY waiting_since, id";
    many(db, filter, &[inbox.to_string()], limit).await
}

/// Returns the chats for which this user has an offer or a transfer request.
pub async fn asking(db: &mut Db, user: UserId) -> Result<Vec<ConversationRow>, StoreError> {
    let filter = "asked_id = $1 AND status IN ('assigning', 'transferring') ORDER BY id";
    many(db, filter, &[user.to_string()], ALL).await
}

/// Returns open chats that this user has or is asked to take.
pub async fn of_user(db: &mut Db, user: UserId) -> Result<Vec<ConversationRow>, StoreError> {
    let filter = "(agent_id = $1 OR asked_id = $1) AND ended_at IS NULL ORDER BY id";
    many(db, filter, &[user.to_string()], ALL).await
}

/// Returns the open chat of a thread of comments, if there is one.
pub async fn open_thread(db: &mut Db, account: AccountId, top: &str) -> Result<Option<ConversationRow>, StoreError> {
    let filter = "account_id = $1 AND thread = $2 AND ended_at IS NULL ORDER BY created_at DESC";
    Ok(many(db, filter, &[account.to_string(), top.to_owned()], 1).await?.pop())
}

/// Returns the newest chat of a thread of comments, open or not.
pub async fn of_thread(db: &mut Db, account: AccountId, top: &str) -> Result<Option<ConversationRow>, StoreError> {
    let filter = "account_id = $1 AND thread = $2 ORDER BY created_at DESC";
    Ok(many(db, filter, &[account.to_string(), top.to_owned()], 1).await?.pop())
}

/// Returns the provider's id of the top-level comment of a conversation's thread.
pub async fn thread_of(db: &mut Db, conversation: ConversationId) -> Result<Option<String>, StoreError> {
    let row = sqlx::query("SELECT thread FROM conversations WHERE id = $1")
        .bind(conversation.to_string())
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| row.try_get("thread")).transpose()?.flatten())
}

/// Stores the provider's id of the top-level comment of a conversation's thread.
pub async fn set_thread(db: &mut Db, conversation: ConversationId, top: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE conversations SET thread = $2 WHERE id = $1")
        .bind(conversation.to_string())
        .bind(top.to_owned())
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the open chat of a contact on an account, ignoring threads of comments.
pub async fn open_on(
    db: &mut Db,
    contact: ContactId,
    account: AccountId,
) -> Result<Option<ConversationRow>, StoreError> {
    let filter = "contact_id = $1 AND account_id = $2 AND thread IS NULL AND ended_at IS NULL ORDER BY created_at DESC";
    Ok(many(db, filter, &[contact.to_string(), account.to_string()], 1)
        .await?
        .pop())
}

/// Returns the ids of all open chats of an account.
pub async fn open_at(db: &mut Db, account: AccountId) -> Result<Vec<ConversationId>, StoreError> {
    let rows = sqlx::query("SELECT id FROM conversations WHERE account_id = $1 AND ended_at IS NULL ORDER BY id")
        .bind(account.to_string())
        .fetch_all(db)
        .await?;
    rows.iter()
        .map(|row| id(&row.try_get::<String, _>("id")?, "conversation id"))
        .collect()
}

/// Returns the newest chat of a contact on an account, open or not, ignoring threads of comments.
pub async fn newest_on(
    db: &mut Db,
    contact: ContactId,
    account: AccountId,
) -> Result<Option<ConversationRow>, StoreError> {
    let filter = "contact_id = $1 AND account_id = $2 AND thread IS NULL ORDER BY created_at DESC";
    Ok(many(db, filter, &[contact.to_string(), account.to_string()], 1)
        .await?
        .pop())
}

/// Returns the conversation's reply address: the provider's id to which answers are sent.
pub async fn reply_address(db: &mut Db, conversation: ConversationId) -> Result<Option<String>, StoreError> {
    let row = sqlx::query("SELECT reply_address FROM conversations WHERE id = $1")
        .bind(conversation.to_string())
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| row.try_get("reply_address")).transpose()?.flatten())
}

/// Stores the conversation's reply address.
pub async fn set_reply_address(db: &mut Db, conversation: ConversationId, person: &str) -> Result<(), StoreError> {
    sqlx::query("UPDATE conversations SET reply_address = $2 WHERE id = $1")
        .bind(conversation.to_string())
        .bind(person.to_owned())
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the open chat of a contact, if there is one.
pub async fn open_of(db: &mut Db, contact: ContactId) -> Result<Option<ConversationRow>, StoreError> {
    let filter = "contact_id = $1 AND ended_at IS NULL ORDER BY created_at DESC";
    Ok(many(db, filter, &[contact.to_string()], 1).await?.pop())
}

/// Returns at most `limit` chats of a contact, newest first.
pub async fn of_contact(db: &mut Db, contact: ContactId, limit: i64) -> Result<Vec<ConversationRow>, StoreError> {
    many(
        db,
        "contact_id = $1 ORDER BY created_at DESC, id DESC",
        &[contact.to_string()],
        limit,
    )
    .await
}

/// Returns the number of chats of the inbox that have waited longer (Waiting and Assigning count).
pub async fn ahead_of(db: &mut Db, head: &ConversationRow) -> Result<u32, StoreError> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS n FROM conversations WHERE inbox_id = $1 AND status IN ('waiting', 'assigning') \
         AND (waiting_since < $2 OR (waiting_since = $2 AND id < $3))",
    )
    .bind(head.inbox.to_string())
    .bind(head.waiting_since)
    .bind(head.id.to_string())
    .fetch_one(db)
    .await?;
    Ok(row.try_get::<i64, _>("n")? as u32)
}

/// Marks the visitors of ended chats as offline if no node has a socket of theirs; this publishes nothing. Returns the
/// contacts of open chats in the same situation, which the caller must mark and publish.
pub async fn adrift(db: &mut Db) -> Result<Vec<ContactId>, StoreError> {
    const ADRIFT: &str = "online = 1 AND contact_id NOT IN (SELECT contact_id FROM visitor_leases)";
    let ended = format!("UPDATE conversations SET online = 0 WHERE {ADRIFT} AND ended_at IS NOT NULL");
    sqlx::query(sqlx::AssertSqlSafe(ended)).execute(&mut *db).await?;
    let open = format!("SELECT DISTINCT contact_id FROM conversations WHERE {ADRIFT}");
    let rows = sqlx::query(sqlx::AssertSqlSafe(open)).fetch_all(db).await?;
    rows.iter()
        .map(|row| id(&row.try_get::<String, _>("contact_id")?, "contact id"))
        .collect()
}
