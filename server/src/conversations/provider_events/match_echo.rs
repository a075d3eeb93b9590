//! Matches echoes with our messages: by our reference, or by the text.

use causerie_shared::{
    ids::{AccountId, ContactId, MessageId},
    message::Delivery,
};

use crate::{
    channels::{inbound_event::InboundMessage, parts},
    conversations::message_updates,
    error::ServiceError,
    state::App,
    store::{
        Db,
        channel_accounts::ChannelAccount,
        conversations, messages,
        outbox::{self, OutboxRow, Stage},
        provider::{self, ProviderMessage},
    },
};

/// Which messages an echo can belong to.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// Messages in a conversation with this contact.
    Contact(ContactId),
    /// Messages in this comment thread.
    Thread(&'a str),
    /// Private replies under posts: in direct messages, their recipient has another id than in the thread.
    Privately,
}

/// Matches an echo without our reference by its text or file, and binds its id. Only messages to the same recipient
/// that are being sent or are unconfirmed can match.
pub async fn bind_by_text(
    app: &App,
    account: &ChannelAccount,
    arrived: &InboundMessage,
    whose: Whose<'_>,
) -> Result<Option<ProviderMessage>, ServiceError> {
    let candidates = outbox::open_of(&mut *app.store.read().await?, account.row.id).await?;
    for row in candidates {
        let mut db = app.store.read().await?;
        let Some(head) = conversations::get(&mut db, row.conversation).await? else {
            continue;
        };
        let Some(record) = messages::get(&mut db, row.conversation, row.message).await? else {
            continue;
        };
        let is_private = record.row.extra.as_ref().is_some_and(|extra| extra.private);
        let fits = match whose {
            Whose::Contact(contact) => !is_private && head.contact == contact,
            Whose::Thread(top) => {
                !is_private && conversations::thread_of(&mut db, head.id).await?.as_deref() == Some(top)
            }
            Whose::Privately => is_private,
        };
        drop(db);
        let capabilities = parts::capabilities(head.channel, is_private).filter(|_| fits);
        let Some(capabilities) = capabilities else { continue };
        // A message that cannot be split is not being sent.
        let pieces = parts::split(capabilities, &record).unwrap_or_default();
        if pieces
            .iter()
            .skip(row.progress.sent as usize)
            .any(|piece| piece.is_seen_as(arrived))
        {
            let opaque = row.message.to_string();
            return bind_by_opaque(app, account.row.id, &arrived.id, Some(&opaque)).await;
        }
    }
    Ok(None)
}

/// Binds the provider's id of the message whose reference the provider returned. If a part of the message was
/// unconfirmed, it now counts as sent: the remaining parts follow, unless a person gave the message up.
pub async fn bind_by_opaque(
    app: &App,
    account: AccountId,
    external: &str,
    opaque: Option<&str>,
) -> Result<Option<ProviderMessage>, ServiceError> {
    let Some(message) = opaque.and_then(|opaque| opaque.parse::<MessageId>().ok()) else {
        return Ok(None);
    };
    let now = app.clock.now();
    let mut tx = app.store.begin_ordered().await?;
    let Some(mut row) = outbox::get(&mut tx, message)
        .await?
        .filter(|row| row.account == account)
    else {
        return Ok(None);
    };
    let bound = ProviderMessage {
        at: now,
        ..bound(&row, external.to_owned())
    };
    let is_news = provider::bind(&mut tx, &bound).await?;
    let was_unknown = is_news && row.stage == Stage::Unconfirmed;
    if was_unknown {
        row.progress.sent += 1;
        row.progress.begun = false;
        row.stage = Stage::Settled;
        if has_more(&mut tx, &row).await? {
            row.stage = Stage::Waiting;
            row.due = now;
        }
        outbox::save(&mut tx, &row).await?;
    }
    tx.commit().await?;
    if was_unknown {
        message_updates::went_after_all(app, &bound).await?;
        app.outbox_changed.notify_one();
    }
    Ok(Some(bound))
}

/// Whether parts of an unconfirmed message remain, and nobody gave the message up.
async fn has_more(db: &mut Db, row: &OutboxRow) -> Result<bool, ServiceError> {
    let head = conversations::get(&mut *db, row.conversation).await?;
    let record = messages::get(db, row.conversation, row.message).await?;
    let (Some(head), Some(record)) = (head, record) else {
        return Ok(false);
    };
    let is_private = record.row.extra.as_ref().is_some_and(|extra| extra.private);
    let waits = record.row.delivery == Delivery::Unconfirmed;
    let Some(capabilities) = parts::capabilities(head.channel, is_private).filter(|_| waits) else {
        return Ok(false);
    };
    let parts = parts::split(capabilities, &record);
    Ok(parts.is_ok_and(|parts| parts.len() > row.progress.sent as usize))
}

/// Returns what binds a provider's id to the message of an outbox row.
pub fn bound(row: &OutboxRow, external: String) -> ProviderMessage {
    ProviderMessage {
        account: row.account,
        external,
        message: row.message,
        conversation: row.conversation,
        outgoing: true,
        quoted: None,
        at: 0,
    }
}
