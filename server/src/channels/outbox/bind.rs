//! Which of our messages a provider means: by our own reference, or by its text.

use causerie_shared::{
    ids::{AccountId, ConversationId, MessageId},
    message::Delivery,
};

use super::bound;
use crate::{
    channels::{adapter, element::Person, parts},
    desk::{DeskError, marks},
    state::App,
    store::{
        Db, StoreError, contacts, conversations, messages,
        outbox::{self, OutboxRow, Stage},
        provider::{self, ProviderMessage},
    },
};

/// A provider that cannot hand our reference back shows a text that is on its way now, or of which nobody knows whether
/// it went: it is that message. `person`: to whom it went; `None`: whoever it was.
pub async fn bind_by_text(
    app: &App,
    account: AccountId,
    person: Option<&Person>,
    external: &str,
    text: &str,
) -> Result<Option<ProviderMessage>, DeskError> {
    let candidates = outbox::open_of(&mut *app.store.read().await?, account).await?;
    for row in candidates {
        let mut db = app.store.read().await?;
        let record = messages::get(&mut db, row.conversation, row.message).await?;
        let says = record.is_some_and(|record| !text.trim().is_empty() && record.body.trim() == text.trim());
        if says && went_to(&mut db, account, row.conversation, person).await? {
            drop(db);
            let opaque = row.message.to_string();
            return bind_by_opaque(app, account, external, Some(&opaque)).await;
        }
    }
    Ok(None)
}

/// The conversation is this person's.
async fn went_to(
    db: &mut Db,
    account: AccountId,
    conversation: ConversationId,
    person: Option<&Person>,
) -> Result<bool, StoreError> {
    let Some(person) = person else { return Ok(true) };
    let Some(head) = conversations::get(&mut *db, conversation).await? else {
        return Ok(false);
    };
    for id in std::iter::once(&person.id).chain(&person.aliases) {
        if contacts::by_identity(&mut *db, account, id).await? == Some(head.contact) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A provider hands our own reference back with an id that is not bound yet: binds it. A part of which nobody knew
/// whether it went did go: what comes after it goes on, unless a person gave the message up.
pub async fn bind_by_opaque(
    app: &App,
    account: AccountId,
    external: &str,
    opaque: Option<&str>,
) -> Result<Option<ProviderMessage>, DeskError> {
    let Some(message) = opaque.and_then(|opaque| opaque.parse::<MessageId>().ok()) else {
        return Ok(None);
    };
    let now = app.clock.now();
    let mut tx = app.store.begin().await?;
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
        if has_more(app, &mut tx, &row).await? {
            row.stage = Stage::Waiting;
            row.due = now;
        }
        outbox::save(&mut tx, &row).await?;
    }
    tx.commit().await?;
    if was_unknown {
        marks::went_after_all(app, &bound).await?;
        app.outbox_changed.notify_one();
    }
    Ok(Some(bound))
}

/// Parts of a message are left, and its agent still waits for it.
async fn has_more(app: &App, db: &mut Db, row: &OutboxRow) -> Result<bool, DeskError> {
    let head = conversations::get(&mut *db, row.conversation).await?;
    let record = messages::get(db, row.conversation, row.message).await?;
    let (Some(head), Some(record)) = (head, record) else {
        return Ok(false);
    };
    let Some(adapter) = adapter(head.channel).filter(|_| record.row.delivery == Delivery::Unconfirmed) else {
        return Ok(false);
    };
    let parts = parts::split(app, adapter.capabilities(), &record).await;
    Ok(parts.is_ok_and(|parts| parts.len() > row.progress.sent as usize))
}
