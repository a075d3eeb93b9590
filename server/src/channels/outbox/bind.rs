//! Which of our messages a provider means: by our own reference, or by its text.

use causerie_shared::{
    ids::{AccountId, MessageId},
    message::Delivery,
};

use super::bound;
use crate::{
    desk::{DeskError, marks},
    state::App,
    store::{
        messages,
        outbox::{self, Stage},
        provider::{self, ProviderMessage},
    },
};

/// A provider that cannot hand our reference back shows a text that is on its way now, or of which nobody knows whether
/// it went: it is that message.
pub async fn bind_by_text(
    app: &App,
    account: AccountId,
    external: &str,
    text: &str,
) -> Result<Option<ProviderMessage>, DeskError> {
    let candidates = outbox::open_of(&mut *app.store.read().await?, account).await?;
    for row in candidates {
        let record = messages::get(&mut *app.store.read().await?, row.conversation, row.message).await?;
        if record.is_some_and(|record| !text.trim().is_empty() && record.body.trim() == text.trim()) {
            let opaque = row.message.to_string();
            return bind_by_opaque(app, account, external, Some(&opaque)).await;
        }
    }
    Ok(None)
}

/// A provider hands our own reference back with an id that is not bound yet: binds it.
pub async fn bind_by_opaque(
    app: &App,
    account: AccountId,
    external: &str,
    opaque: Option<&str>,
) -> Result<Option<ProviderMessage>, DeskError> {
    let Some(message) = opaque.and_then(|opaque| opaque.parse::<MessageId>().ok()) else {
        return Ok(None);
    };
    let mut tx = app.store.begin().await?;
    let Some(mut row) = outbox::get(&mut tx, message)
        .await?
        .filter(|row| row.account == account)
    else {
        return Ok(None);
    };
    let bound = ProviderMessage {
        at: app.clock.now(),
        ..bound(&row, external.to_owned())
    };
    provider::bind(&mut tx, &bound).await?;
    let was_unknown = row.stage == Stage::Unconfirmed;
    if was_unknown {
        row.stage = Stage::Settled;
        outbox::save(&mut tx, &row).await?;
    }
    tx.commit().await?;
    if was_unknown {
        marks::deliver(app, &bound, Delivery::Sent, None).await?;
    }
    Ok(Some(bound))
}
