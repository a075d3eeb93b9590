//! Inboxes with their members, and messaging accounts.

use std::collections::HashMap;

use causerie_shared::{
    Millis,
    ids::{AccountId, InboxId, UserId},
    inbox::{AccountRow, Channel, InboxRow, Member, Mode, Rules, hours::Hours, inactivity::Inactivity},
    widget::Form,
};
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, any::AnyRow};

use super::{Db, StoreError, channel_accounts::Health, from_json, id, to_json};
use crate::hours;

/// Settings of a web account's widget.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WidgetSettings {
    /// Title of the panel.
    pub title: String,
    /// Origins (scheme, host and port) of the pages that may embed the widget.
    pub origins: Vec<String>,
    pub form: Form,
    /// `en` or `es`.
    pub lang: String,
}

/// A messaging account with the data that only the server needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRecord {
    pub row: AccountRow,
    /// Public key in the embed snippet.
    pub key: String,
    pub config: WidgetSettings,
}

async fn members(db: &mut Db, inbox: InboxId) -> Result<Vec<Member>, StoreError> {
    let rows = sqlx::query("SELECT user_id, capacity FROM members WHERE inbox_id = $1 ORDER BY user_id")
        .bind(inbox.to_string())
        .fetch_all(db)
        .await?;
    rows.iter().map(member).collect()
}

fn member(row: &AnyRow) -> Result<Member, StoreError> {
    Ok(Member {
        user: id(&row.try_get::<String, _>("user_id")?, "user id")?,
        capacity: row.try_get::<i64, _>("capacity")? as u32,
    })
}

pub(super) fn rules(row: &AnyRow) -> Result<Rules, StoreError> {
    Ok(Rules {
        mode: Mode::from_key(&row.try_get::<String, _>("mode")?).ok_or(StoreError::Damaged("mode"))?,
        accept_secs: row.try_get::<i64, _>("accept_secs")? as u32,
        queue_secs: row.try_get::<i64, _>("queue_secs")? as u32,
        overflow: row
            .try_get::<Option<String>, _>("overflow")?
            .map(|inbox| id(&inbox, "inbox id"))
            .transpose()?,
    })
}

/// Returns the routing rules of an inbox.
pub async fn rules_of(db: &mut Db, inbox: InboxId) -> Result<Option<Rules>, StoreError> {
    let row = sqlx::query("SELECT mode, accept_secs, queue_secs, overflow FROM inboxes WHERE id = $1")
        .bind(inbox.to_string())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(rules).transpose()
}

/// The settings of an inbox that decide where and when its chats are routed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routing {
    pub rules: Rules,
    pub inactivity: Option<Inactivity>,
    /// Business hours; `None` means always open.
    pub hours: Option<Hours>,
    /// Whether the inbox was deleted and gets no new chats.
    pub deleted: bool,
}

impl Routing {
    /// Whether `now` is within the business hours.
    pub fn is_open(&self, now: Millis) -> bool {
        self.hours.as_ref().is_none_or(|hours| hours::is_open(hours, now))
    }

    /// Returns the next opening time; `None` if the inbox is open, or does not open.
    pub fn opens_at(&self, now: Millis) -> Option<Millis> {
        hours::opens_at(self.hours.as_ref()?, now)
    }
}

/// Returns the routing settings of an inbox, with one statement.
pub async fn routing_of(db: &mut Db, inbox: InboxId) -> Result<Option<Routing>, StoreError> {
    let row = sqlx::query(
        "SELECT mode, accept_secs, queue_secs, overflow, inactivity, hours, deleted_at FROM inboxes WHERE id = $1",
    )
    .bind(inbox.to_string())
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let json = |column: &'static str| row.try_get::<Option<String>, _>(column);
    Ok(Some(Routing {
        rules: rules(&row)?,
        inactivity: json("inactivity")?
            .map(|text| from_json(&text, "inactivity"))
            .transpose()?,
        hours: json("hours")?.map(|text| from_json(&text, "hours")).transpose()?,
        deleted: row.try_get::<Option<i64>, _>("deleted_at")?.is_some(),
    }))
}

/// Returns the business hours of an inbox; `None` means always open.
pub async fn hours_of(db: &mut Db, inbox: InboxId) -> Result<Option<Hours>, StoreError> {
    Ok(routing_of(db, inbox).await?.and_then(|routing| routing.hours))
}

/// Returns the inactivity rule of an inbox; `None` means off.
pub async fn inactivity_of(db: &mut Db, inbox: InboxId) -> Result<Option<Inactivity>, StoreError> {
    Ok(routing_of(db, inbox).await?.and_then(|routing| routing.inactivity))
}

/// Returns one inbox with its members; `None` if it does not exist or was deleted.
pub async fn inbox(db: &mut Db, inbox: InboxId) -> Result<Option<InboxRow>, StoreError> {
    let row = sqlx::query(
        "SELECT id, name, mode, accept_secs, queue_secs, overflow FROM inboxes WHERE id = $1 AND deleted_at IS NULL",
    )
    .bind(inbox.to_string())
    .fetch_optional(&mut *db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let members = members(db, inbox).await?;
    Ok(Some(InboxRow {
        id: inbox,
        name: row.try_get("name")?,
        rules: rules(&row)?,
        members,
    }))
}

/// Returns all inboxes that were not deleted, ordered by name, with two statements.
pub async fn inboxes(db: &mut Db) -> Result<Vec<InboxRow>, StoreError> {
    let mut members: HashMap<InboxId, Vec<Member>> = HashMap::new();
    let rows = sqlx::query("SELECT inbox_id, user_id, capacity FROM members ORDER BY user_id")
        .fetch_all(&mut *db)
        .await?;
    for row in &rows {
        let inbox = id(&row.try_get::<String, _>("inbox_id")?, "inbox id")?;
        members.entry(inbox).or_default().push(member(row)?);
    }
    let rows = sqlx::query(
        "SELECT id, name, mode, accept_secs, queue_secs, overflow FROM inboxes WHERE deleted_at IS NULL \
         ORDER BY name, id",
    )
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            let id = id(&row.try_get::<String, _>("id")?, "inbox id")?;
            Ok(InboxRow {
                id,
                name: row.try_get("name")?,
                rules: rules(row)?,
                members: members.remove(&id).unwrap_or_default(),
            })
        })
        .collect()
}

/// Returns the ids of all inboxes, including deleted ones, whose history stays visible to users who see all inboxes.
pub async fn inbox_ids(db: &mut Db) -> Result<Vec<InboxId>, StoreError> {
    let rows = sqlx::query("SELECT id FROM inboxes").fetch_all(db).await?;
    rows.iter()
        .map(|row| id(&row.try_get::<String, _>("id")?, "inbox id"))
        .collect()
}

/// Creates an inbox with its members.
pub async fn insert_inbox(db: &mut Db, inbox: &InboxRow) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO inboxes (id, name, mode, accept_secs, queue_secs, overflow) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(inbox.id.to_string())
    .bind(inbox.name.clone())
    .bind(inbox.rules.mode.as_str())
    .bind(i64::from(inbox.rules.accept_secs))
    .bind(i64::from(inbox.rules.queue_secs))
    .bind(inbox.rules.overflow.map(|inbox| inbox.to_string()))
    .execute(&mut *db)
    .await?;
    for member in &inbox.members {
        add_member(&mut *db, inbox.id, *member).await?;
    }
    Ok(())
}

/// Makes a user a member of an inbox. Chats that the user has there already, from an earlier membership or as a
/// supervisor, count as load.
pub async fn add_member(db: &mut Db, inbox: InboxId, member: Member) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO members (inbox_id, user_id, capacity, load) SELECT $1, $2, $3, COUNT(*) FROM conversations \
         WHERE inbox_id = $1 AND ended_at IS NULL AND (agent_id = $2 OR asked_id = $2) ON CONFLICT DO NOTHING",
    )
    .bind(inbox.to_string())
    .bind(member.user.to_string())
    .bind(i64::from(member.capacity))
    .execute(db)
    .await?;
    Ok(())
}

/// Ends a membership. The user keeps the chats of the inbox, which still count in the user's own load.
pub async fn remove_member(db: &mut Db, inbox: InboxId, user: UserId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM members WHERE inbox_id = $1 AND user_id = $2")
        .bind(inbox.to_string())
        .bind(user.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Changes a member's capacity in an inbox.
pub async fn set_member_capacity(db: &mut Db, inbox: InboxId, member: Member) -> Result<(), StoreError> {
    sqlx::query("UPDATE members SET capacity = $3 WHERE inbox_id = $1 AND user_id = $2")
        .bind(inbox.to_string())
        .bind(member.user.to_string())
        .bind(i64::from(member.capacity))
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the inboxes of which the user is a member.
pub async fn memberships(db: &mut Db, user: UserId) -> Result<Vec<InboxId>, StoreError> {
    let rows = sqlx::query("SELECT inbox_id FROM members WHERE user_id = $1 ORDER BY inbox_id")
        .bind(user.to_string())
        .fetch_all(db)
        .await?;
    rows.iter()
        .map(|row| id(&row.try_get::<String, _>("inbox_id")?, "inbox id"))
        .collect()
}

fn account(row: &AnyRow) -> Result<AccountRecord, StoreError> {
    let text = |column: &'static str| row.try_get::<String, _>(column);
    let health = Health::read(row)?;
    Ok(AccountRecord {
        row: AccountRow {
            id: id(&text("id")?, "account id")?,
            inbox: id(&text("inbox_id")?, "inbox id")?,
            channel: Channel::from_key(&text("channel")?).ok_or(StoreError::Damaged("channel"))?,
            name: text("name")?,
            enabled: row.try_get::<i64, _>("enabled")? != 0,
            trouble: health.token_invalid,
            human_agent: health.human_agent,
        },
        key: text("key")?,
        config: from_json(&text("config")?, "account settings")?,
    })
}

const ACCOUNT: &str = "SELECT id, inbox_id, channel, name, key, enabled, config, health FROM accounts";

/// Creates a messaging account.
pub async fn insert_account(db: &mut Db, account: &AccountRecord) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO accounts (id, inbox_id, channel, name, key, enabled, config) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(account.row.id.to_string())
    .bind(account.row.inbox.to_string())
    .bind(account.row.channel.as_str())
    .bind(account.row.name.clone())
    .bind(account.key.clone())
    .bind(i64::from(account.row.enabled))
    .bind(to_json(&account.config, "account settings")?)
    .execute(db)
    .await?;
    Ok(())
}

/// Writes name, `enabled` and widget settings of an account.
pub async fn save_account(db: &mut Db, account: &AccountRecord) -> Result<(), StoreError> {
    sqlx::query("UPDATE accounts SET name = $2, enabled = $3, config = $4 WHERE id = $1")
        .bind(account.row.id.to_string())
        .bind(account.row.name.clone())
        .bind(i64::from(account.row.enabled))
        .bind(to_json(&account.config, "account settings")?)
        .execute(db)
        .await?;
    Ok(())
}

/// Returns all messaging accounts, ordered by name.
pub async fn accounts(db: &mut Db) -> Result<Vec<AccountRecord>, StoreError> {
    let rows = sqlx::query(sqlx::AssertSqlSafe(format!("{ACCOUNT} ORDER BY name")))
        .fetch_all(db)
        .await?;
    rows.iter().map(account).collect()
}

/// Returns one messaging account.
pub async fn account_by_id(db: &mut Db, account_id: AccountId) -> Result<Option<AccountRecord>, StoreError> {
    let sql = format!("{ACCOUNT} WHERE id = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(account_id.to_string())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(account).transpose()
}

/// Returns the account with the public key of an embed snippet, enabled or not.
pub async fn account_by_key(db: &mut Db, key: &str) -> Result<Option<AccountRecord>, StoreError> {
    let sql = format!("{ACCOUNT} WHERE key = $1");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(key.to_owned())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(account).transpose()
}
