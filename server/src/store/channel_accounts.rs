//! Messaging accounts of channels other than the web: the provider's id, encrypted secrets, health.

use causerie_shared::{
    Millis,
    ids::AccountId,
    inbox::{AccountRow, Channel},
};
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, any::AnyRow};

use super::{Db, StoreError, from_json, id, to_json};

/// Maximum number of errors that an account keeps.
const ERRORS: usize = 10;

/// The condition of an account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    pub last_webhook: Option<Millis>,
    /// The provider rejects the token. Nothing is sent until the token is renewed.
    pub token_invalid: bool,
    /// Time and text of the last errors, newest first.
    pub errors: Vec<(Millis, String)>,
    /// The next Telegram update to poll for; `None` if the account uses webhooks.
    pub polling: Option<i64>,
    /// The app has the human agent permission.
    pub human_agent: bool,
    /// The provider's business account that owns this account, from the form or a webhook.
    pub business: Option<String>,
}

impl Health {
    /// Reads the column `health` of an account.
    pub(super) fn read(row: &AnyRow) -> Result<Self, StoreError> {
        let text = row.try_get::<Option<String>, _>("health")?;
        from_json(text.as_deref().unwrap_or("{}"), "health")
    }

    /// Adds an error and drops the oldest one above the limit.
    pub fn note(&mut self, at: Millis, words: String) {
        self.errors.insert(0, (at, words));
        self.errors.truncate(ERRORS);
    }
}

/// An account with the data that its adapter needs.
#[derive(Clone)]
pub struct ChannelAccount {
    pub row: AccountRow,
    /// Key in the account's webhook address.
    pub key: String,
    /// The provider's id of the account.
    pub external: String,
    /// Credentials as JSON, encrypted.
    pub secrets: String,
    pub health: Health,
}

const COLUMNS: &str = "id, inbox_id, channel, name, key, enabled, external_id, secrets, health";

fn account(row: &AnyRow) -> Result<ChannelAccount, StoreError> {
    let text = |column: &'static str| row.try_get::<String, _>(column);
    let health = Health::read(row)?;
    Ok(ChannelAccount {
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
        external: text("external_id")?,
        secrets: text("secrets")?,
        health,
    })
}

/// Creates an account.
///
/// # Errors
/// [`StoreError::is_duplicate`] if the provider's id is connected already.
pub async fn insert(db: &mut Db, account: &ChannelAccount) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO accounts (id, inbox_id, channel, name, key, enabled, config, external_id, secrets, health) \
         VALUES ($1, $2, $3, $4, $5, $6, '{}', $7, $8, $9)",
    )
    .bind(account.row.id.to_string())
    .bind(account.row.inbox.to_string())
    .bind(account.row.channel.as_str())
    .bind(account.row.name.clone())
    .bind(account.key.clone())
    .bind(i64::from(account.row.enabled))
    .bind(account.external.clone())
    .bind(account.secrets.clone())
    .bind(to_json(&account.health, "health")?)
    .execute(db)
    .await?;
    Ok(())
}

async fn one(db: &mut Db, filter: &str, binds: &[String]) -> Result<Option<ChannelAccount>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM accounts WHERE external_id IS NOT NULL AND removed_at IS NULL AND {filter}");
    let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
    for bind in binds {
        query = query.bind(bind.clone());
    }
    query.fetch_optional(db).await?.as_ref().map(account).transpose()
}

/// Returns one account that was not removed.
pub async fn get(db: &mut Db, account: AccountId) -> Result<Option<ChannelAccount>, StoreError> {
    one(db, "id = $1", &[account.to_string()]).await
}

/// Returns one account and locks it until the transaction ends. Writers of its health, which is one JSON value, must
/// read it this way.
pub async fn lock(db: &mut Db, account_id: AccountId) -> Result<Option<ChannelAccount>, StoreError> {
    let sql = format!(
        "UPDATE accounts SET health = health WHERE id = $1 AND external_id IS NOT NULL AND removed_at IS NULL \
         RETURNING {COLUMNS}"
    );
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(account_id.to_string())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(account).transpose()
}

/// Returns the account with this key in its webhook address.
pub async fn by_key(db: &mut Db, key: &str) -> Result<Option<ChannelAccount>, StoreError> {
    one(db, "key = $1", &[key.to_owned()]).await
}

/// Returns the account with this provider's id.
pub async fn by_external(db: &mut Db, channel: Channel, external: &str) -> Result<Option<ChannelAccount>, StoreError> {
    one(
        db,
        "channel = $1 AND external_id = $2",
        &[channel.as_str().to_owned(), external.to_owned()],
    )
    .await
}

/// Returns all accounts, ordered by name.
pub async fn all(db: &mut Db) -> Result<Vec<ChannelAccount>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM accounts WHERE external_id IS NOT NULL AND removed_at IS NULL ORDER BY name, id"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(db).await?;
    rows.iter().map(account).collect()
}

/// Writes name, inbox, secrets, health and `enabled` of a locked account.
pub async fn save(db: &mut Db, account: &ChannelAccount) -> Result<(), StoreError> {
    sqlx::query("UPDATE accounts SET name = $2, enabled = $3, secrets = $4, health = $5, inbox_id = $6 WHERE id = $1")
        .bind(account.row.id.to_string())
        .bind(account.row.name.clone())
        .bind(i64::from(account.row.enabled))
        .bind(account.secrets.clone())
        .bind(to_json(&account.health, "health")?)
        .bind(account.row.inbox.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// Writes only the health of a locked account.
pub async fn save_health(db: &mut Db, account: AccountId, health: &Health) -> Result<(), StoreError> {
    sqlx::query("UPDATE accounts SET health = $2 WHERE id = $1")
        .bind(account.to_string())
        .bind(to_json(health, "health")?)
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the connected account on the [paired channel](Channel::paired), if there is one.
pub async fn paired(db: &mut Db, account: &ChannelAccount) -> Result<Option<ChannelAccount>, StoreError> {
    match account.row.channel.paired() {
        Some(channel) => by_external(db, channel, &account.external).await,
        None => Ok(None),
    }
}

/// Removes an account: its secrets are deleted, and the provider's id can be connected again.
pub async fn remove(db: &mut Db, account: AccountId, now: Millis) -> Result<(), StoreError> {
    sqlx::query("UPDATE accounts SET removed_at = $2, enabled = 0, external_id = NULL, secrets = NULL WHERE id = $1")
        .bind(account.to_string())
        .bind(now)
        .execute(db)
        .await?;
    Ok(())
}

/// Returns the number of contacts with an identity on each account.
pub async fn people(db: &mut Db) -> Result<Vec<(AccountId, u32)>, StoreError> {
    let rows = sqlx::query("SELECT account_id, COUNT(DISTINCT contact_id) AS n FROM identities GROUP BY account_id")
        .fetch_all(db)
        .await?;
    rows.iter()
        .map(|row| {
            Ok((
                id(&row.try_get::<String, _>("account_id")?, "account id")?,
                row.try_get::<i64, _>("n")? as u32,
            ))
        })
        .collect()
}
