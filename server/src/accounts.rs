//! Messaging accounts: their credentials, their health, and the templates that their providers approved.

pub mod health;
pub mod templates;

use crate::{
    channels::{Credentials, adapter},
    state::App,
    store::{StoreError, channel_accounts::ChannelAccount},
};

/// Returns the credentials of an account; `None` if they cannot be read with this server's key.
pub fn credentials(app: &App, account: &ChannelAccount) -> Option<Credentials> {
    let plain = app.vault.unseal(&account.secrets)?;
    let mut credentials: Credentials = serde_json::from_slice(&plain).ok()?;
    credentials.external_id.clone_from(&account.external);
    Some(credentials)
}

/// Completes the connection of an account that was created or got other secrets.
///
/// Schedules a fetch of the account's templates. Where the provider allows it, sets the webhook, or removes it if this
/// server has no public address and the account must be polled. Elsewhere, a person enters the callback address at the
/// provider.
pub async fn connected(app: &App, account: &ChannelAccount) -> Result<(), StoreError> {
    let mut tx = app.store.begin().await?;
    templates::ask(&mut tx, account, app.clock.now()).await?;
    tx.commit().await?;
    app.templates_changed.notify_one();
    let (Some(adapter), Some(credentials)) = (adapter(account.row.channel), credentials(app, account)) else {
        return Ok(());
    };
    let webhook = format!("{}/hooks/{}", app.config.public_url, account.key);
    let webhook = app.config.secure().then_some(webhook.as_str());
    let Some(call) = adapter.connect(&credentials, webhook) else {
        return Ok(());
    };
    let answer = app.client.call(&app.config, &call, None).await;
    health::note(app, account.row.id, |health| {
        health.polling = match webhook {
            Some(_) => None,
            None => Some(health.polling.unwrap_or(0)),
        };
        if let Err(problem) = adapter.connected(&answer) {
            health.note(app.clock.now(), problem);
        }
    })
    .await?;
    app.polling_changed.notify_one();
    Ok(())
}
