//! The first objects of a new organization: one inbox with the owner as its member, and a widget for the web site.

use causerie_shared::{
    Millis,
    ids::{AccountId, InboxId, UserId},
    inbox::{AccountRow, Channel, InboxRow, Member, Rules},
    user::DEFAULT_CAPACITY,
};

use crate::{
    clock::{hex, random_bytes, random_u128},
    config::Config,
    state::App,
    store::{
        OrderedTx, StoreError,
        feed::{self, FeedEntry, FeedKind},
        places::{self, AccountRecord, WidgetSettings},
    },
};

/// Creates the first inbox and widget in the transaction that creates the owner. Returns their feed entries.
pub async fn first_places(
    db: &mut OrderedTx,
    config: &Config,
    organization: &str,
    owner: UserId,
    now: Millis,
) -> Result<Vec<FeedEntry>, StoreError> {
    let inbox = InboxRow {
        id: InboxId::new(now, random_u128()),
        name: organization.to_owned(),
        rules: Rules::default(),
        members: vec![Member {
            user: owner,
            capacity: DEFAULT_CAPACITY,
        }],
    };
    places::insert_inbox(&mut *db, &inbox).await?;
    let account = AccountRecord {
        row: AccountRow {
            id: AccountId::new(now, random_u128()),
            inbox: inbox.id,
            channel: Channel::Web,
            name: organization.to_owned(),
            enabled: true,
            trouble: false,
            human_agent: false,
        },
        key: hex(&random_bytes::<12>()),
        config: WidgetSettings {
            title: organization.to_owned(),
            origins: config.widget_origins.clone(),
            lang: "en".to_owned(),
            ..WidgetSettings::default()
        },
    };
    places::insert_account(&mut *db, &account).await?;
    let inbox_entry = feed::append(&mut *db, FeedKind::Inbox, inbox.id.to_string(), None, None).await?;
    let account_entry = feed::append(db, FeedKind::Account, account.row.id.to_string(), None, None).await?;
    Ok(vec![inbox_entry, account_entry])
}

/// Returns the line of HTML that puts a widget on a page.
pub fn embed_line(config: &Config, key: &str) -> String {
    let url = &config.public_url;
    format!(r#"<script async src="{url}/widget/loader.js" data-key="{key}"></script>"#)
}

/// Returns the lines of HTML of all enabled widgets.
pub async fn embed_lines(app: &App) -> Result<Vec<String>, StoreError> {
    let accounts = places::accounts(&mut *app.store.read().await?).await?;
    Ok(accounts
        .iter()
        .filter(|account| account.row.channel == Channel::Web && account.row.enabled)
        .map(|account| embed_line(&app.config, &account.key))
        .collect())
}
